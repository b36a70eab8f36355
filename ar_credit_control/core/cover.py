"""Which part of an order a credit cover secures, and why the rest is not secured."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from .exposure import ZERO
from .limit import Why


class Gap(StrEnum):
    """Why a cover does not secure an order, or not all of it."""

    NOT_YET = "not_yet"
    ENDED = "ended"
    BUYER = "buyer"
    TERM = "term"
    METHOD = "method"
    DAYS = "days"
    USED_UP = "used_up"
    SHARE = "share"


class Method(StrEnum):
    """How money is had for documents and goods, from the safest for the seller to the riskiest."""

    ADVANCE = "advance"
    CREDIT = "lc"
    PAYMENT = "dp"
    ACCEPTANCE = "da"
    OPEN_ACCOUNT = "oa"

    def is_riskier(self, other: "Method") -> bool:
        """Whether the seller risks more this way than in the other."""
        order = list(Method)
        return order.index(self) > order.index(other)


@dataclass(frozen=True)
class Policy:
    """The conditions of one cover. `amount` is its full value; of a loss it pays `percent`.

    An empty set of `buyer_ids` or `term_ids`, and None for `max_days` or `method`, set no condition. `method` is the
    riskiest one that the cover allows.
    """

    reference: int
    amount: Decimal
    percent: Decimal
    in_window: Why
    buyer_ids: frozenset[int] = frozenset()
    term_ids: frozenset[int] = frozenset()
    max_days: int | None = None
    method: Method | None = None


@dataclass(frozen=True)
class Sale:
    """What is to be secured: `amount` of the document, and `used`, what the same customer owes already."""

    buyer_id: int
    term_id: int
    credit_days: int
    amount: Decimal = ZERO
    used: Decimal = ZERO
    method: Method = Method.OPEN_ACCOUNT


@dataclass(frozen=True)
class Secured:
    """How much of a sale is covered, and why the rest is not: (reference of the cover, reason)."""

    covered: Decimal
    uncovered: Decimal
    gaps: tuple[tuple[int, Gap], ...]


def gap_of(policy: Policy, sale: Sale) -> Gap | None:
    """Return the first condition of the cover that the sale breaks, or None."""
    if policy.in_window is not Why.COUNTS:
        return Gap.NOT_YET if policy.in_window is Why.NOT_YET else Gap.ENDED
    if policy.buyer_ids and sale.buyer_id not in policy.buyer_ids:
        return Gap.BUYER
    if policy.term_ids and sale.term_id not in policy.term_ids:
        return Gap.TERM
    if policy.method is not None and sale.method.is_riskier(policy.method):
        return Gap.METHOD
    if policy.max_days is not None and sale.credit_days > policy.max_days:
        return Gap.DAYS
    return None


def uncovered_part(
    policies: Collection[Policy], sale: Sale, digits: int
) -> Callable[[Decimal, Decimal], Decimal] | None:
    """Return what tells how much of an amount stays uncovered, given what is owed before it.

    None where no cover is in force: who has none is bound by his plain limit, and nobody relies on a cover.

    :param digits: of the currency.
    """
    if not any(policy.in_window is Why.COUNTS for policy in policies):
        return None
    return lambda amount, used: round(
        secured_part(policies, replace(sale, amount=amount, used=used)).uncovered, digits
    )


def secured_part(policies: Iterable[Policy], sale: Sale) -> Secured:
    """Return what of a sale is secured. What the customer owes already uses the covers up first, in their order.

    A cover that pays 90 % of a loss secures 90 % of the part that falls under it. Each part falls under one cover.
    """
    gaps: list[tuple[int, Gap]] = []
    used, rest, covered = max(ZERO, sale.used), max(ZERO, sale.amount), ZERO
    for policy in policies:
        gap = gap_of(policy, sale)
        if gap is not None:
            gaps.append((policy.reference, gap))
            continue
        free = max(ZERO, policy.amount - used)
        used = max(ZERO, used - policy.amount)
        part = min(free, rest)
        if part < rest:
            gaps.append((policy.reference, Gap.USED_UP))
        if part and policy.percent < 100:
            gaps.append((policy.reference, Gap.SHARE))
        covered += part * policy.percent / 100
        rest -= part
    return Secured(covered, max(ZERO, sale.amount) - covered, tuple(gaps))
