"""What a customer owes and will owe: the formulas of exposure, without a database.

Quantities are in the unit of the order line, amounts in one currency per call and inclusive of tax. Nothing is
rounded before the caller does it once, at the end, to the currency of the result (`round_to`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Exposure:
    """What one customer owes one company, in company currency.

    The parts that sum up to `total`:

    - receivable: open debit items of the ledger;
    - unapplied_credits: open credit items (payments on account, refunds), negative; zero where the company
      ignores them;
    - payments_in_process: negative for payments registered that the ledger does not show yet, positive for those
      that it shows and the bank has not confirmed, as the company counts payments;
    - open_orders: confirmed and not on posted invoices;
    - draft_invoices: drafts that don't come from an order.

    Facts about a part, not added again: `overdue` is what of `receivable` is past due by more than the days of grace,
    `days_overdue` how many days the oldest such item is past due.
    """

    receivable: Decimal = ZERO
    open_orders: Decimal = ZERO
    draft_invoices: Decimal = ZERO
    unapplied_credits: Decimal = ZERO
    payments_in_process: Decimal = ZERO
    overdue: Decimal = ZERO
    days_overdue: int = 0

    @property
    def total(self) -> Decimal:
        """Sum of the parts, company currency."""
        return sum((getattr(self, part) for part in PARTS), ZERO)

    def plus_order(self, amount: Decimal) -> "Exposure":
        """Return it with a confirmed order of `amount` (negative: without it) added."""
        return replace(self, open_orders=self.open_orders + amount)

    def as_dict(self) -> dict[str, str]:
        """Return the parts and their sum as plain decimal strings, fit for a JSON column."""
        return {part: str(getattr(self, part)) for part in PARTS} | {"total": str(self.total)}


PARTS = ("receivable", "unapplied_credits", "payments_in_process", "open_orders", "draft_invoices")


def uninvoiced_quantity(ordered: Decimal, delivered: Decimal, invoiced: Decimal) -> Decimal:
    """Return the quantity that was promised or delivered and isn't on a posted invoice yet.

    The larger of ordered and delivered counts, whatever the invoicing policy: both will be invoiced. Invoices only
    reduce it, and refunds never raise it above what was promised. A negative ordered quantity (goods taken back) is
    treated as the mirror image.
    """
    if ordered < 0:
        return -uninvoiced_quantity(-ordered, -delivered, -invoiced)
    promised = max(ordered, delivered)
    return max(ZERO, promised - max(ZERO, invoiced))


def open_amount(
    *,
    price_total: Decimal,
    unit_total: Decimal,
    ordered: Decimal,
    delivered: Decimal,
    invoiced: Decimal,
    promised: bool = True,
) -> Decimal:
    """Return what is still to be invoiced of an order line, tax included.

    :param price_total: total of the line for the ordered quantity, after discount.
    :param unit_total: total of one unit; used only where nothing was ordered (re-invoiced expenses), because there
        `price_total` is zero.
    :param promised: whether what was ordered will still be delivered; if not, only what was delivered counts, or
        for a negative quantity what was taken back.
    """
    unit = price_total / ordered if ordered else unit_total
    if ordered < 0:
        return -unit * uninvoiced_quantity(-ordered if promised else ZERO, -delivered, -invoiced)
    return unit * uninvoiced_quantity(ordered if promised else ZERO, delivered, invoiced)


def share_of_invoice_line(claims: Mapping[int, Decimal], line_id: int) -> Decimal:
    """Return which part (0 to 1) of an invoice line one of the order lines that claim it may count as invoiced.

    By ordered quantity, and evenly where nothing was ordered; the shares of all claimants sum to one.

    :param claims: ordered quantity per order line id.
    """
    weights = {key: abs(ordered) for key, ordered in claims.items()}
    whole = sum(weights.values())
    return weights[line_id] / whole if whole else 1 / Decimal(len(weights))


def round_to(amount: Decimal, rounding: Decimal) -> Decimal:
    """Return an amount rounded to a currency, half away from zero.

    >>> round_to(Decimal("-1.025"), Decimal("0.05"))
    Decimal('-1.05')

    :param rounding: the smallest part of the currency, as 0.01, 0.05 or 1.
    """
    return (amount / rounding).quantize(Decimal(1), ROUND_HALF_UP) * rounding
