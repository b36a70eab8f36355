"""Who has to approve what: rules, steps, authority, delegation and quorum.

Users, groups' members and records are ids; amounts are in company currency; nothing here knows what a document is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

MAX_CHAIN = 3  # hops of a delegation: A's absence may pass through B and C to D, and no further


class Measure(StrEnum):
    """What bands of a rule are about."""

    EXCESS = "excess"
    EXCESS_PERCENT = "excess_percent"
    DAYS_OVERDUE = "days_overdue"
    AMOUNT = "amount"


class Quorum(StrEnum):
    """How many of a step have to say yes."""

    ANY = "any"
    ALL = "all"
    COUNT = "count"


class Authority(StrEnum):
    """When a step is needed.

    ALWAYS takes part whatever the excess. LIMITED and UNLIMITED form the ladder of a rule: of these only the first
    whose cap suffices decides.
    """

    ALWAYS = "always"
    LIMITED = "limited"
    UNLIMITED = "unlimited"


class Fault(StrEnum):
    """Why a delegation can't be."""

    SELF = "self"
    CYCLE = "cycle"
    TOO_LONG = "too_long"


@dataclass(frozen=True)
class Facts:
    """The numbers of a document that its approval is about, in company currency.

    `limit` is what `excess` exceeds. `risk_class_id` is 0 where there is none.
    """

    company_id: int
    excess: Decimal = Decimal(0)
    limit: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    days_overdue: int = 0
    risk_class_id: int = 0

    @property
    def excess_percent(self) -> Decimal:
        """The excess in per cent of the limit; infinite over a limit of zero."""
        if self.excess <= 0:
            return Decimal(0)
        return self.excess * 100 / self.limit if self.limit > 0 else Decimal("Infinity")

    def measure(self, measure: Measure) -> Decimal:
        """Return the number that a band compares."""
        return Decimal(getattr(self, measure.value))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data, amounts as decimal strings."""
        return {
            "company_id": self.company_id,
            "excess": str(self.excess),
            "limit": str(self.limit),
            "amount": str(self.amount),
            "days_overdue": self.days_overdue,
            "risk_class_id": self.risk_class_id,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Facts":
        """Rebuild what `as_dict` returned."""
        amounts = {name: Decimal(data[name]) for name in ("excess", "limit", "amount")}
        return cls(**{**data, **amounts})


@dataclass(frozen=True)
class Band:
    """Numbers above `above`, up to and including `up_to`; None where there is no bound on that side.

    So bands that follow each other leave no gap and never overlap: 1,000.00 is in (0, 1,000], 1,000.01 in the next.
    """

    above: Decimal | None = None
    up_to: Decimal | None = None

    def __contains__(self, value: Decimal) -> bool:
        return (self.above is None or value > self.above) and (self.up_to is None or value <= self.up_to)


@dataclass(frozen=True)
class Rule:
    """Conditions of an approval rule; all must hold. No company and no risk class: any."""

    rule_id: int
    sequence: int
    company_id: int = 0
    bands: tuple[tuple[Measure, Band], ...] = ()
    risk_class_ids: frozenset[int] = frozenset()

    def applies(self, facts: Facts) -> bool:
        """Whether all conditions hold."""
        return (
            self.company_id in (0, facts.company_id)
            and (not self.risk_class_ids or facts.risk_class_id in self.risk_class_ids)
            and all(facts.measure(measure) in band for measure, band in self.bands)
        )


def choose_rule(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """Return the applicable rule of lowest sequence (then id), or None."""
    applicable = [rule for rule in rules if rule.applies(facts)]
    return min(applicable, key=lambda rule: (rule.sequence, rule.rule_id), default=None)


@dataclass(frozen=True)
class Step:
    """A step of a rule. `cap` (company currency, on the excess, inclusive) counts for LIMITED only."""

    key: int
    sequence: int
    authority: Authority = Authority.ALWAYS
    cap: Decimal = Decimal(0)

    def suffices(self, excess: Decimal) -> bool:
        """Whether the authority of the step covers an excess."""
        return self.authority is not Authority.LIMITED or excess <= self.cap


@dataclass(frozen=True)
class Plan:
    """Keys of the steps that are needed, in order. `unauthorised`: the ladder has nobody whose cap suffices, so
    the fallback of its last step (`last_of_ladder`) decides.
    """

    keys: tuple[int, ...]
    unauthorised: bool = False
    last_of_ladder: int = 0


def plan(steps: Iterable[Step], excess: Decimal) -> Plan:
    """Return which steps of a rule an excess needs: all ALWAYS ones, and the first of the ladder that suffices."""
    ordered = sorted(steps, key=lambda step: (step.sequence, step.key))
    ladder = [step for step in ordered if step.authority is not Authority.ALWAYS]
    chosen = next((step for step in ladder if step.suffices(excess)), None)
    keys = tuple(s.key for s in ordered if s.authority is Authority.ALWAYS or s is chosen)
    return Plan(keys, bool(ladder) and chosen is None, ladder[-1].key if ladder else 0)


def current(open_steps: Mapping[int, int]) -> frozenset[int]:
    """Return the keys of the steps whose turn it is: of those not done, all of the lowest sequence.

    :param open_steps: sequence by key.
    """
    turn = min(open_steps.values(), default=None)
    return frozenset(key for key, sequence in open_steps.items() if sequence == turn)


# --- delegation --------------------------------------------------------------------------------------------


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


# --- how long and how far ----------------------------------------------------------------------------------


def deadline(started: datetime, sla_hours: float) -> datetime | None:
    """Return when a step is overdue; None without an SLA (zero hours)."""
    return started + timedelta(hours=sla_hours) if sla_hours > 0 else None


@dataclass(frozen=True)
class Grant:
    """What an approval is good for: the facts approved, tolerance in per cent, last day, and the cap of those who
    approved (None: none). Amounts in company currency.
    """

    facts: Facts
    tolerance: Decimal = Decimal(0)
    last_day: date | None = None
    cap: Decimal | None = None

    def is_in_time(self, day: date) -> bool:
        """Whether it still holds on a day."""
        return self.last_day is None or day <= self.last_day

    def ceiling(self, amount: Decimal) -> Decimal:
        """Return the highest excess that is covered when the document now amounts to `amount`.

        The excess approved, plus the tolerance on it (other debts of the customer may move that much), plus what
        the document itself grew, that too by no more than the tolerance on its amount. It never exceeds the cap of
        those who approved: a tolerance does not lend authority.
        """
        share = self.tolerance / 100
        grown = min(max(Decimal(0), amount - self.facts.amount), share * self.facts.amount)
        allowed = self.facts.excess * (1 + share) + grown
        return allowed if self.cap is None else min(allowed, max(self.cap, self.facts.excess))

    def covers(self, excess: Decimal, amount: Decimal, day: date) -> bool:
        """Whether an excess and amount of today are covered."""
        return self.is_in_time(day) and excess <= self.ceiling(amount)
