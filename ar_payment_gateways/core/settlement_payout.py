"""Which line of a bank's statement is which payout of a gateway."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Payout:
    """Money that a gateway sent to the bank; `words` are what banks call this sender, in lower case."""

    id: int
    day: date
    amount_minor: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Arrival:
    """An unmatched line of a bank's statement; `text` is all it says."""

    id: int
    day: date
    amount_minor: int
    text: str


def pair(payouts: Iterable[Payout], arrivals: Iterable[Arrival], days: int) -> dict[int, int]:
    """Return {id of a payout: id of the line it arrived as}, only where nothing else could be meant.

    The amounts are equal, the line is of the same day or up to `days` later, and it names the gateway. A payout that
    could be two lines, or a line that could be two payouts, is left to a person.
    """
    payouts, arrivals = tuple(payouts), tuple(arrivals)
    fits = [
        (payout.id, arrival.id)
        for payout in payouts
        for arrival in arrivals
        if payout.amount_minor == arrival.amount_minor
        and timedelta(0) <= arrival.day - payout.day <= timedelta(days=days)
        and any(word in arrival.text.lower() for word in payout.words)
    ]
    return {
        payout: arrival
        for payout, arrival in fits
        if sum(p == payout for p, _a in fits) == 1 and sum(a == arrival for _p, a in fits) == 1
    }
