"""What a gateway reports about an attempt to pay, in one shape for all gateways, and what we may do about it.

Each gateway has a module of its own that reads its messages into a `Report` and judges it with its `Vocabulary`.
Times of Chinese gateways are China time (UTC+8, no daylight saving).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

CHINA = timezone(timedelta(hours=8))


class Verdict(Enum):
    """What a message means for our order."""

    PAID = "paid"
    WAITING = "waiting"
    CLOSED = "closed"
    REFUND = "refund"
    """About money that went back; says nothing about the payment itself."""
    MISMATCH = "mismatch"
    """Money moved, but not what we asked for: a person has to look."""
    FOREIGN = "foreign"
    """About another application or another seller: not ours to act on."""


@dataclass(frozen=True)
class Expected:
    """What an order of ours must come back as.

    `currency` is an ISO 4217 code. `ordered_at` is only compared where the gateway knows an order by number and
    time together (UnionPay).
    """

    order_number: str
    amount_minor: int
    app_id: str
    seller_id: str
    currency: str = "CNY"
    ordered_at: datetime | None = None


@dataclass(frozen=True)
class Report:
    """What a gateway reported, by notification or by query; None where it said nothing (or nonsense)."""

    order_number: str
    status: str
    amount_minor: int | None
    trade_no: str
    app_id: str | None
    seller_id: str | None
    is_refund: bool
    paid_at: datetime | None
    """With zone UTC+8."""
    currency: str | None = None
    """None where the gateway does not name one (Alipay's domestic products: always CNY)."""
    ordered_at: datetime | None = None


@dataclass(frozen=True)
class Judgement:
    """A verdict and, for a mismatch, the fields that differ, by the gateway's own names."""

    verdict: Verdict
    differing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """A gateway's words: which statuses mean paid and closed, and what its fields are called."""

    paid: frozenset[str]
    closed: frozenset[str]
    order_number: str
    amount: str
    app_id: str
    seller_id: str
    currency: str = "currency"
    ordered_at: str = ""


def judge_with(words: Vocabulary, report: Report, expected: Expected) -> Judgement:
    """Return what `report` means for the order `expected`.

    The amount is compared in integers against what was asked for when the order was made, never against what is
    open now.
    """
    foreign = _foreign_field(words, report, expected)
    if foreign:
        return Judgement(Verdict.FOREIGN, (foreign,))
    if report.is_refund:
        return Judgement(Verdict.REFUND)
    if report.status in words.paid:
        differing = []
        if report.amount_minor != expected.amount_minor:
            differing.append(words.amount)
        if report.currency is not None and report.currency != expected.currency:
            differing.append(words.currency)
        return Judgement(Verdict.MISMATCH if differing else Verdict.PAID, tuple(differing))
    return Judgement(Verdict.CLOSED if report.status in words.closed else Verdict.WAITING)


def _foreign_field(words: Vocabulary, report: Report, expected: Expected) -> str:
    if report.order_number != expected.order_number:
        return words.order_number
    if report.app_id is not None and report.app_id != expected.app_id:
        return words.app_id
    if report.seller_id is not None and report.seller_id != expected.seller_id:
        return words.seller_id
    if words.ordered_at and report.ordered_at != expected.ordered_at:
        return words.ordered_at
    return ""


class RefundVerdict(Enum):
    """What a message means for a refund of ours."""

    DONE = "done"
    WAITING = "waiting"
    """Accepted, not yet paid out: ask again."""
    FAILED = "failed"
    """Over without money having moved; trying again needs a new number."""
    STUCK = "stuck"
    """The gateway could not pay it out (a cancelled card): a person has to settle it in the gateway's console."""
    MISMATCH = "mismatch"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class ExpectedRefund:
    """What a refund of ours must come back as; both amounts in minor units."""

    refund_number: str
    order_number: str
    amount_minor: int
    seller_id: str


@dataclass(frozen=True)
class RefundReport:
    """What a gateway reported about a refund; None where it said nothing (or nonsense)."""

    refund_number: str
    order_number: str | None
    verdict: RefundVerdict
    """DONE, WAITING, FAILED or STUCK by the gateway's own word, not compared with ours yet."""
    amount_minor: int | None
    refund_no: str
    """The gateway's number of the refund."""
    seller_id: str | None
    refunded_at: datetime | None


def judge_refund(report: RefundReport, expected: ExpectedRefund) -> RefundVerdict:
    """Return what `report` means for the refund `expected`."""
    if report.refund_number != expected.refund_number:
        return RefundVerdict.FOREIGN
    if report.order_number is not None and report.order_number != expected.order_number:
        return RefundVerdict.FOREIGN
    if report.seller_id is not None and report.seller_id != expected.seller_id:
        return RefundVerdict.FOREIGN
    if report.verdict is RefundVerdict.DONE and report.amount_minor != expected.amount_minor:
        return RefundVerdict.MISMATCH
    return report.verdict
