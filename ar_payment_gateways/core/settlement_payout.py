"""Which line of a bank's statement is which payout of a gateway."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_BRACKETS = str.maketrans("（）", "()")


@dataclass(frozen=True)
class Payout:
    """Money that a gateway sent to the bank.

    `words` are what banks call this sender, `payers` its company as the payer of a line; both in lower case, payers
    without blanks and with plain brackets.
    """

    id: int
    day: date
    amount_minor: int
    words: tuple[str, ...]
    payers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrival:
    """An unmatched line of a bank's statement; `text` is what it is about."""

    id: int
    day: date
    amount_minor: int
    text: str
    payer: str = ""
    """Who paid, as the bank says; empty if it does not."""
    is_customers: bool = False
    """It is, or names, a customer or one of his invoices."""


def _names(arrival: Arrival, payout: Payout) -> bool:
    """Tell whether a line comes from the payout's gateway. Whoever pays may write a gateway's name into his text: that
    counts only where nobody else is known to have paid."""
    if arrival.is_customers:
        return False
    if arrival.payer:
        payer = "".join(arrival.payer.lower().translate(_BRACKETS).split())
        return any(name in payer for name in payout.payers)
    return any(word in arrival.text.lower() for word in payout.words)


def pair(payouts: Iterable[Payout], arrivals: Iterable[Arrival], days: int) -> dict[int, int]:
    """Return {id of a payout: id of the line it arrived as}, only where nothing else could be meant.

    The amounts are equal, the line is of the same day or up to `days` later, and it is the gateway's (`_names`). A
    payout that could be two lines, or a line that could be two payouts, is left to a person.
    """
    payouts, arrivals = tuple(payouts), tuple(arrivals)
    fits = [
        (payout.id, arrival.id)
        for payout in payouts
        for arrival in arrivals
        if payout.amount_minor == arrival.amount_minor
        and timedelta(0) <= arrival.day - payout.day <= timedelta(days=days)
        and _names(arrival, payout)
    ]
    return {
        payout: arrival
        for payout, arrival in fits
        if sum(p == payout for p, _a in fits) == 1 and sum(a == arrival for _p, a in fits) == 1
    }
