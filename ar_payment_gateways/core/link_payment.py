"""What a payment link asks for, out of what is open at the moment it is opened.

Amounts are Decimals in the link's currency, without rounding beyond that currency's.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_UP, Decimal
from enum import Enum

_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]+)?")


class Source(Enum):
    """Where the open items of a link come from."""

    MOVES = "moves"
    """The invoices that it names."""
    ORDER = "order"
    """The sales order that it names: what is invoiced of it and open, else what is not invoiced yet."""
    PARTNER = "partner"
    """Whatever is posted and open of its customer in its currency."""


@dataclass(frozen=True)
class Kind:
    """What links of one kind do differently; everything else is the same for all."""

    source: Source
    due_only: bool = False
    """Ask for what is due by now, or for what comes due next, instead of all."""
    partial: bool = True
    """A customer may pay less at a time, if the company allows it."""
    one_each: bool = False
    """Pays one document only."""


KINDS = {
    "invoices": Kind(Source.MOVES),
    "instalment": Kind(Source.MOVES, due_only=True, one_each=True),
    "order": Kind(Source.ORDER, partial=False),
    "deposit": Kind(Source.ORDER, due_only=True, partial=False),
    "customer": Kind(Source.PARTNER),
}
"""Kinds of links by the value of ar.payment.link.kind."""


@dataclass(frozen=True)
class Item:
    """An amount that is open: of an invoice or a credit note by one date, or of an order."""

    document: int
    """Id of the invoice, credit note or order."""
    due: date
    amount: Decimal
    """Negative on a credit note."""
    account: int = 0
    """Id of the receivable account it is booked on; 0 where nothing is booked yet: the document is an order then."""


def total(items: Iterable[Item]) -> Decimal:
    """Return the sum of the items."""
    return sum((item.amount for item in items), Decimal(0))


def asked(items: Iterable[Item], today: date, due_only: bool = False) -> tuple[Item, ...]:
    """Return the items to ask for, the oldest first; none if credit notes cover all of them.

    Those of one account only: a payment is booked on one, and credit notes are set off on theirs. It is the account of
    the oldest invoice on which credit notes leave something open; the others are asked for when these are paid.

    :param due_only: what is due by `today`; if nothing is, what comes due next. For items without credit notes.
    """
    ordered = sorted(items, key=lambda item: (item.due, item.document))
    for account in dict.fromkeys(item.account for item in ordered if item.amount > 0):
        chosen = tuple(item for item in ordered if item.account == account)
        if total(chosen) > 0:
            break
    else:
        return ()
    if not due_only:
        return chosen
    until = max(today, chosen[0].due)
    return tuple(item for item in chosen if item.due <= until)


def set_off(items: Iterable[Item], credit: Decimal) -> tuple[Item, ...]:
    """Return what is left of the items after `credit` has paid the first of them; what is paid is left out."""
    left = []
    for item in items:
        paid = min(max(credit, Decimal(0)), item.amount)
        credit -= paid
        if item.amount > paid:
            left.append(replace(item, amount=item.amount - paid))
    return tuple(left)


def smallest_part(due: Decimal, minimum: Decimal, percent: Decimal, decimals: int = 2) -> Decimal:
    """Return the least that may be paid of `due`: `minimum`, `percent` of it, whichever is more; never more than all.

    :param percent: 30 for 30 %.
    :param decimals: decimal places of the currency; the part is rounded up to them, and is one of them at least.
    """
    step = Decimal(1).scaleb(-decimals)
    share = (due * percent / 100).quantize(step, rounding=ROUND_UP)
    return min(due, max(minimum, share, step))


def read_amount(text: str, decimals: int = 2) -> Decimal | None:
    """Return the amount somebody has typed, or None if it is not one or has more decimals than the currency.

    Full-width digits, blanks and commas between thousands are taken as meant; signs and exponents are refused.
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", plain):
        plain = plain.replace(",", "")
    if not plain.isascii() or not _AMOUNT.fullmatch(plain):
        return None
    amount = Decimal(plain)
    step = Decimal(1).scaleb(-decimals)
    return amount.quantize(step) if amount == amount.quantize(step) else None
