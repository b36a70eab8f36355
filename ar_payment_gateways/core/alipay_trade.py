"""What Alipay says about a trade, and what we may do about it.

Sources: Alipay open platform, alipay.trade.query and "异步通知参数说明" (opendocs 194/103296).
Times are China time (UTC+8, no daylight saving) without a zone.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from .money import parse_minor
from .trade import CHINA, Expected, Judgement, Report, Verdict, Vocabulary, judge_with

__all__ = [
    "CHINA", "Expected", "Judgement", "Report", "Verdict",
    "format_time", "judge", "parse_time", "refunded_of_notification", "refunded_of_query",
    "report_of_notification", "report_of_query",
]  # fmt: skip

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

PAID_STATUSES = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
CLOSED_STATUSES = frozenset({"TRADE_CLOSED"})


_WORDS = Vocabulary(
    paid=PAID_STATUSES,
    closed=CLOSED_STATUSES,
    order_number="out_trade_no",
    amount="total_amount",
    app_id="app_id",
    seller_id="seller_id",
)


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


def refunded_of_notification(params: Mapping[str, str]) -> tuple[str, int | None]:
    """Return (our number of the refund a notification is about, all that went back so far in fen).

    `out_biz_no` is the `out_request_no` of the refund, or Alipay's own where it was made in its console;
    `refund_fee` there is "总退款金额", the sum of all refunds.
    """
    return params.get("out_biz_no", ""), parse_minor(params.get("refund_fee", ""))


def refunded_of_query(report: Report) -> int | None:
    """Return what went back of a trade as far as a query tells it, in fen: all of it, or None for "not known".

    A trade of which a part went back looks like one of which nothing did.
    """
    paid_and_closed = report.status in CLOSED_STATUSES and report.paid_at is not None
    return report.amount_minor if paid_and_closed else None


def judge(report: Report, expected: Expected) -> Judgement:
    """Return what `report` means for the order `expected`.

    Only `total_amount` counts: what the buyer paid himself may be less (coupons). A trade is TRADE_CLOSED when
    nobody paid it in time, and also when it was paid and all of it went back ("支付完成后全额退款"): then it has a
    time of payment.
    """
    if report.status in CLOSED_STATUSES and report.paid_at is not None:
        report = replace(report, status="TRADE_FINISHED")
    return judge_with(_WORDS, report, expected)


def parse_time(text: str) -> datetime | None:
    """Return a time of a message, with its zone, or None if there is none."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=CHINA)
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """Return a time (with a zone) the way Alipay writes it."""
    return moment.astimezone(CHINA).strftime(TIME_FORMAT)
