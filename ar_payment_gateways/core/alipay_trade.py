"""What Alipay says about a trade, and what we may do about it.

Sources: Alipay open platform, alipay.trade.query and "异步通知参数说明" (opendocs 194/103296).
Times are China time (UTC+8, no daylight saving) without a zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

from .money import parse_minor

CHINA = timezone(timedelta(hours=8))
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

PAID_STATUSES = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
CLOSED_STATUSES = frozenset({"TRADE_CLOSED"})


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
    """What an order of ours must come back as."""

    order_number: str
    amount_minor: int
    app_id: str
    seller_id: str


@dataclass(frozen=True)
class Report:
    """What Alipay reported, by notification or by query; None where it said nothing (or nonsense)."""

    order_number: str
    status: str
    amount_minor: int | None
    trade_no: str
    app_id: str | None
    seller_id: str | None
    is_refund: bool
    paid_at: datetime | None
    """With zone UTC+8."""


@dataclass(frozen=True)
class Judgement:
    """A verdict and, for a mismatch, the fields that differ."""

    verdict: Verdict
    differing: tuple[str, ...] = ()


def report_of_notification(params: Mapping[str, str]) -> Report:
    """Read a notification whose signature has been checked."""
    return Report(
        order_number=params.get("out_trade_no", ""),
        status=params.get("trade_status", ""),
        amount_minor=parse_minor(params.get("total_amount", "")),
        trade_no=params.get("trade_no", ""),
        app_id=params.get("app_id", ""),
        seller_id=params.get("seller_id", ""),
        is_refund=bool(params.get("refund_fee") or params.get("gmt_refund") or params.get("out_biz_no")),
        paid_at=parse_time(params.get("gmt_payment", "")),
    )


def report_of_query(data: Mapping[str, str]) -> Report:
    """Read a successful answer of alipay.trade.query whose signature has been checked.

    It names neither application nor seller: the request's signature has settled those.
    """
    return Report(
        order_number=str(data.get("out_trade_no", "")),
        status=str(data.get("trade_status", "")),
        amount_minor=parse_minor(str(data.get("total_amount", ""))),
        trade_no=str(data.get("trade_no", "")),
        app_id=None,
        seller_id=None,
        is_refund=False,
        paid_at=parse_time(str(data.get("send_pay_date", ""))),
    )


def judge(report: Report, expected: Expected) -> Judgement:
    """Return what `report` means for the order `expected`.

    The amount is compared in integers against what was asked for when the order was made, never against what
    is open now, and only `total_amount` counts: what the buyer paid himself may be less (coupons).
    """
    if report.order_number != expected.order_number:
        return Judgement(Verdict.FOREIGN, ("out_trade_no",))
    if report.app_id is not None and report.app_id != expected.app_id:
        return Judgement(Verdict.FOREIGN, ("app_id",))
    if report.seller_id is not None and report.seller_id != expected.seller_id:
        return Judgement(Verdict.FOREIGN, ("seller_id",))
    if report.is_refund:
        return Judgement(Verdict.REFUND)
    if report.status in PAID_STATUSES:
        if report.amount_minor != expected.amount_minor:
            return Judgement(Verdict.MISMATCH, ("total_amount",))
        return Judgement(Verdict.PAID)
    return Judgement(Verdict.CLOSED if report.status in CLOSED_STATUSES else Verdict.WAITING)


def parse_time(text: str) -> datetime | None:
    """Return a time of a message, with its zone, or None if there is none."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=CHINA)
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """Return a time (with a zone) the way Alipay writes it."""
    return moment.astimezone(CHINA).strftime(TIME_FORMAT)
