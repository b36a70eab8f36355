"""May this order be added to that exposure? The decision, its reasons and its numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from .exposure import ZERO, Exposure


class Control(StrEnum):
    """How a customer is controlled. Zero is an amount, so the other cases need names of their own."""

    NONE = "none"
    UNLIMITED = "unlimited"
    LIMITED = "limited"
    NO_CREDIT = "no_credit"


class Reason(StrEnum):
    """Why an order does not pass."""

    OVER_LIMIT = "over_limit"
    NO_CREDIT = "no_credit"


@dataclass(frozen=True)
class Limit:
    """The limit in force. `amount` (company currency) counts for LIMITED only."""

    control: Control
    amount: Decimal = ZERO

    @property
    def is_checked(self) -> bool:
        """Whether orders of this customer are checked at all."""
        return self.control in (Control.LIMITED, Control.NO_CREDIT)

    @property
    def ceiling(self) -> Decimal | None:
        """The highest exposure allowed, or None where there is none."""
        if self.control is Control.LIMITED:
            return self.amount
        return ZERO if self.control is Control.NO_CREDIT else None

    def available(self, exposure: Exposure) -> Decimal | None:
        """Return what may still be sold (negative: over the limit), or None where nothing bounds it."""
        return None if self.ceiling is None else self.ceiling - exposure.total


@dataclass(frozen=True)
class Decision:
    """The outcome for one order. Amounts in company currency; `exposure` is without the order."""

    limit: Limit
    exposure: Exposure
    order_amount: Decimal
    excess: Decimal
    reasons: tuple[Reason, ...]

    @property
    def passed(self) -> bool:
        """Whether the order may be confirmed."""
        return not self.reasons


def decide(limit: Limit, exposure: Exposure, order_amount: Decimal) -> Decision:
    """Decide on adding `order_amount` to `exposure` (which does not contain it).

    Exactly at the limit passes. An order that adds nothing (paid in advance, or a credit) passes even where the
    customer is over the limit already: refusing it would not lower the risk.
    """
    ceiling = limit.ceiling
    if ceiling is None:
        return Decision(limit, exposure, order_amount, ZERO, ())
    excess = max(ZERO, exposure.total + order_amount - ceiling)
    if excess == 0 or order_amount <= 0:
        return Decision(limit, exposure, order_amount, excess, ())
    reason = Reason.NO_CREDIT if limit.control is Control.NO_CREDIT else Reason.OVER_LIMIT
    return Decision(limit, exposure, order_amount, excess, (reason,))


def decide_in_turn(limit: Limit, exposure: Exposure, amounts: Iterable[Decimal]) -> Iterator[Decision]:
    """Decide on several orders of one customer, each seeing those before it that passed.

    :param exposure: without any of the orders.
    :param amounts: of the orders, company currency, in the order of their confirmation.
    """
    running = exposure
    for amount in amounts:
        decision = decide(limit, running, amount)
        if decision.passed:
            running = Exposure(running.receivable, running.open_orders + amount, running.draft_invoices)
        yield decision
