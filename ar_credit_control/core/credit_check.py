"""May this order be added to that exposure? The decision, its reasons and its numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from .exposure import ZERO, Exposure
from .rule import Facts, Verdict

# No currency has smaller parts: what dividing by a rate leaves behind this digit is not money.
FINEST = 6

# Whom a position is of: whatever the caller tells customers apart by.
Customer = TypeVar("Customer")


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
class Bound:
    """One limit that binds a customer (his own, or his group's) and what already counts against it.

    `limit` and `exposure` are in the currency of the customer's company. `key` tells bounds apart: customers that
    share a limit have bounds of the same key. `rate` turns company currency into the one of the shared limit, so
    that members in companies of different currencies add up.
    """

    key: str
    limit: Limit
    exposure: Exposure
    rate: Decimal = Decimal(1)


@dataclass(frozen=True)
class Position:
    """All that bounds one customer in one company, his own limit first; the tightest bound is the one in force."""

    bounds: tuple[Bound, ...]

    @property
    def is_checked(self) -> bool:
        """Whether orders of this customer are checked at all."""
        return any(bound.limit.is_checked for bound in self.bounds)

    def with_added(self, added: Mapping[str, Decimal]) -> "Position":
        """Return the position after orders that were confirmed meanwhile: amount per key, in the bound's currency."""
        return Position(
            tuple(
                replace(
                    bound,
                    exposure=bound.exposure.plus_order(
                        round(added.get(bound.key, ZERO) / bound.rate, FINEST)
                    ),
                )
                for bound in self.bounds
            )
        )

    @property
    def tightest(self) -> Bound:
        """The bound that leaves least; the first one where nothing bounds."""

        def left(bound: Bound) -> tuple[bool, Decimal]:
            available = bound.limit.available(bound.exposure)
            return available is None, available or ZERO

        return min(self.bounds, key=left)


@dataclass(frozen=True)
class Decision:
    """The outcome for one order. Amounts in company currency; `exposure` is without the order.

    `owed`: what counts against the customer's own limit, where `exposure` may be that of his group.
    `verdict`: what the rules say about it; before they were asked, `reasons` (the limit alone) decide.
    `approved`: somebody with the authority took the risk.
    """

    limit: Limit
    exposure: Exposure
    order_amount: Decimal
    excess: Decimal
    reasons: tuple[Reason, ...]
    verdict: Verdict | None = None
    approved: bool = False
    owed: Decimal = ZERO

    @property
    def passed(self) -> bool:
        """Whether the order may be confirmed."""
        refused = bool(self.reasons) if self.verdict is None else self.verdict.refuses
        return self.approved or not refused


def decide(position: Position, order_amount: Decimal) -> Decision:
    """Decide on adding `order_amount` to a position (which does not contain it).

    Exactly at the limit passes. An order that adds nothing (paid in advance, or a credit) passes even where the
    customer is over the limit already: refusing it would not lower the risk.
    """
    bound = position.tightest
    limit, exposure = bound.limit, bound.exposure
    free = Decision(limit, exposure, order_amount, ZERO, (), owed=position.bounds[0].exposure.total)
    ceiling = limit.ceiling
    if ceiling is None:
        return free
    excess = max(ZERO, exposure.total + order_amount - ceiling)
    if excess == 0 or order_amount <= 0:
        return replace(free, excess=excess)
    reason = Reason.NO_CREDIT if limit.control is Control.NO_CREDIT else Reason.OVER_LIMIT
    return replace(free, excess=excess, reasons=(reason,))


def take_apart(
    positions: Mapping[Customer, Position], pair_of: Mapping[int, Customer], amounts: Mapping[int, Decimal]
) -> Mapping[Customer, Position]:
    """Return positions without what the documents asked about have added to them already.

    :param positions: position per customer; those who share a limit have it lowered together.
    :param pair_of: customer per document.
    :param amounts: what of each document counts, in company currency.
    """
    for key, amount in amounts.items():
        taken = {bound.key: -amount * bound.rate for bound in positions[pair_of[key]].bounds}
        positions = {pair: position.with_added(taken) for pair, position in positions.items()}
    return positions


def complete(facts: Facts, decision: Decision) -> Facts:
    """Return the facts of a document with those that depend on its amount and on what was decided before it.

    A document that adds nothing to the exposure has no use of the limit: refusing it would not lower the risk.
    """
    ceiling = decision.limit.ceiling
    facts = replace(facts, order_amount=decision.order_amount, account_status=decision.limit.control.value)
    if facts.uncovered:
        facts = replace(facts, unsecured_amount=facts.uncovered(decision.order_amount, decision.owed))
    if decision.order_amount <= 0:
        return facts
    use = decision.exposure.total + decision.order_amount
    percent = None
    if decision.limit.control is Control.LIMITED:
        percent = use / decision.limit.amount * 100 if decision.limit.amount else _percent_of_nothing(use)
    excess = None if ceiling is None else decision.excess
    return replace(facts, use_amount=use, use_percent=percent, excess=excess)


def _percent_of_nothing(use: Decimal) -> Decimal:
    return Decimal("Infinity") if use > 0 else ZERO


def decide_in_turn(
    orders: Iterable[tuple[Position, Decimal]],
    judge: Callable[[int, Decision], Decision] = lambda _number, decision: decision,
) -> Iterator[Decision]:
    """Decide on several orders, each seeing those before it that passed, also of others who share a limit with it.

    :param orders: position without any of the orders, and amount in company currency, in the order of confirmation.
    :param judge: gets the number of the order (from 0) and what the limit alone says, returns the final decision.
    """
    added: dict[str, Decimal] = {}
    for number, (position, amount) in enumerate(orders):
        decision = judge(number, decide(position.with_added(added), amount))
        if decision.passed:
            for bound in position.bounds:
                added[bound.key] = added.get(bound.key, ZERO) + amount * bound.rate
        yield decision
