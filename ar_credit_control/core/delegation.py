"""Who sits in an approval step: delegation, exclusion, the fallback, and when the quorum is reached.

Users are ids.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .approval import Quorum

MAX_CHAIN = 3  # hops of a delegation: A's absence may pass through B and C to D, and no further


class Fault(StrEnum):
    """Why a delegation can't be."""

    SELF = "self"
    CYCLE = "cycle"
    TOO_LONG = "too_long"


@dataclass(frozen=True)
class Delegation:
    """`delegate` stands in for `principal` from one day to another, both included."""

    principal: int
    delegate: int
    date_from: date
    date_to: date

    def covers(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.date_from <= day <= self.date_to

    def overlaps(self, other: "Delegation") -> bool:
        """Whether both hold on some day."""
        return self.date_from <= other.date_to and other.date_from <= self.date_to

    def intersect(self, other: "Delegation") -> "Delegation":
        """Return the delegation from the first's principal to the other's delegate, on their common days."""
        return Delegation(
            self.principal,
            other.delegate,
            max(self.date_from, other.date_from),
            min(self.date_to, other.date_to),
        )


def check_delegation(new: Delegation, others: Collection[Delegation]) -> Fault | None:
    """Return why a delegation may not be added: to oneself, in a circle, or longer than MAX_CHAIN hops.

    Only chains whose delegations have a day in common count.
    """
    if new.principal == new.delegate:
        return Fault.SELF
    ahead = _longest(new, others, forward=True)
    behind = _longest(new, others, forward=False)
    if ahead is None or behind is None:
        return Fault.CYCLE
    # `ahead` and `behind` need not share days with each other: refusing these too keeps the rule simple to explain
    return Fault.TOO_LONG if ahead + 1 + behind > MAX_CHAIN else None


def _longest(
    link: Delegation, others: Collection[Delegation], *, forward: bool, seen: frozenset[int] = frozenset()
) -> int | None:
    """Return the number of hops that follow (or precede) a link on its days, or None for a circle."""
    start, end = (link.principal, link.delegate) if forward else (link.delegate, link.principal)
    seen = seen | {start}
    if end in seen:
        return None
    longest = 0
    for other in others:
        if (other.principal if forward else other.delegate) != end or not link.overlaps(other):
            continue
        joined = link.intersect(other) if forward else other.intersect(link)
        onward = Delegation(
            *((end, joined.delegate) if forward else (joined.principal, end)),
            joined.date_from,
            joined.date_to,
        )
        hops = _longest(onward, others, forward=forward, seen=seen)
        if hops is None:
            return None
        longest = max(longest, hops + 1)
    return longest


# --- who may decide ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seat:
    """`user` may decide for `principal`; for himself where they are the same."""

    user: int
    principal: int


def seats(
    pool: Iterable[int],
    delegations: Collection[Delegation],
    day: date,
    *,
    excluded: Collection[int] = (),
    able: Collection[int] | None = None,
) -> tuple[Seat, ...]:
    """Return who may decide for whom: own seats first, then those of delegates.

    Whoever had a part in the document (`excluded`) has no seat, can't hand one on, and can't take one as a delegate;
    a chain of delegations stops at him. `able`, where given, are those who can open the document at all: the others
    have no own seat, but theirs can still be taken.
    """
    principals = [user for user in dict.fromkeys(pool) if user not in excluded]
    found = [Seat(user, user) for user in principals]
    valid = [delegation for delegation in delegations if delegation.covers(day)]
    for principal in principals:
        reached, frontier = {principal}, [principal]
        for _hop in range(MAX_CHAIN):
            frontier = [
                d.delegate
                for d in valid
                if d.principal in frontier and d.delegate not in reached and d.delegate not in excluded
            ]
            reached.update(frontier)
            found += [Seat(delegate, principal) for delegate in dict.fromkeys(frontier)]
    return tuple(seat for seat in dict.fromkeys(found) if able is None or seat.user in able)


@dataclass(frozen=True)
class Bench:
    """The seats of a step. `fallback`: the step's own pool could not fill it, so the fallback group sits too."""

    seats: tuple[Seat, ...]
    fallback: bool = False

    @property
    def users(self) -> tuple[int, ...]:
        """Everybody with a seat, once."""
        return tuple(dict.fromkeys(seat.user for seat in self.seats))

    def seats_of(self, user: int) -> tuple[Seat, ...]:
        """The seats of one user, his own first."""
        return tuple(sorted((s for s in self.seats if s.user == user), key=lambda s: s.principal != user))


def bench(own: Sequence[Seat], fallback: Sequence[Seat], *, quorum: Quorum, count: int = 1) -> Bench:
    """Return the seats of a step, joined by those of the fallback group where its own can't reach the quorum."""
    needed = max(1, count) if quorum is Quorum.COUNT else 1
    if len({seat.user for seat in own}) >= needed:
        return Bench(tuple(own))
    return Bench(tuple(dict.fromkeys([*own, *fallback])), fallback=True)


def is_met(votes: Collection[Seat], bench: Bench, *, quorum: Quorum, count: int = 1) -> bool:
    """Whether the approvals given reach the quorum of a step.

    COUNT counts people, so nobody makes two of himself by a delegation. ALL needs every member of the pool, each
    present or represented; where the fallback stands in for an empty pool, one of it is enough.
    """
    voters = {vote.user for vote in votes}
    if quorum is Quorum.ALL and not bench.fallback:
        return bool(voters) and {s.principal for s in bench.seats} <= {v.principal for v in votes}
    if quorum is Quorum.COUNT:
        return len(voters) >= max(1, count)
    return bool(voters)
