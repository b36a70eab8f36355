"""Statement of open items: what one customer owes in one currency, as it is printed for him."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import aging


@dataclass(frozen=True)
class Item:
    """An open item. `amount` is what is open of it in its currency, negative in the customer's favour."""

    key: int
    currency: int
    due: date
    amount: Decimal


@dataclass(frozen=True)
class Page:
    """What is open in one currency.

    items: the oldest due first.
    total: debts less what is in the customer's favour.
    overdue: debts past their due date.
    aged: debts by bucket of `aging.buckets()`, in their order; credits are in none.
    credits: what is in the customer's favour, zero or negative.
    """

    currency: int
    items: tuple[Item, ...]
    total: Decimal
    overdue: Decimal
    aged: tuple[Decimal, ...]
    credits: Decimal


def pages(items: Iterable[Item], as_of: date) -> tuple[Page, ...]:
    """Return a page for each currency in which something is open, by currency id.

    Exact: amounts are added up, never rounded. `sum(page.aged) + page.credits == page.total`.
    """
    by_currency: dict[int, list[Item]] = {}
    for item in sorted(items, key=lambda item: (item.due, item.key)):
        by_currency.setdefault(item.currency, []).append(item)
    return tuple(_page(currency, tuple(found), as_of) for currency, found in sorted(by_currency.items()))


def _page(currency: int, items: tuple[Item, ...], as_of: date) -> Page:
    aged = [Decimal(0)] * len(aging.buckets())
    for item in items:
        if item.amount > 0:
            aged[aging.bucket_index(as_of, item.due)] += item.amount
    credits = sum((item.amount for item in items if item.amount < 0), Decimal(0))
    return Page(currency, items, sum(aged, credits), sum(aged[1:], Decimal(0)), tuple(aged), credits)
