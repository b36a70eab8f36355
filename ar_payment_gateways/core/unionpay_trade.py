"""What UnionPay says about an order or a refund, and what we may do about it.

Sources: UnionPay open platform, ACP 5.1.0 access manual: "应答码", "交易状态查询", "后台通知".
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from .trade import Expected, Judgement, RefundReport, RefundVerdict, Report, Vocabulary, judge_with
from .unionpay_requests import CURRENCY, parse_time

SUCCESS_CODES = frozenset({"00", "A6"})
"""A6 is "success with a defect": the money moved."""
UNKNOWN_CODES = frozenset({"03", "04", "05", ""})
"""Sent, outcome unknown (also an answer that never came): ask what became of it."""
NOT_FOUND = "34"
"""Of a query: no such order (yet)."""

PAYMENT, REFUND, CANCEL = "01", "04", "31"
_FEN = re.compile(r"0|[1-9][0-9]{0,11}")
_CURRENCIES = {CURRENCY: "CNY", "344": "HKD", "840": "USD"}

_WORDS = Vocabulary(
    paid=SUCCESS_CODES,
    # A failed attempt does not close an order: the buyer may try another card until the order's time is over.
    closed=frozenset(),
    order_number="orderId",
    amount="txnAmt",
    app_id="",
    seller_id="merId",
    currency="currencyCode",
    ordered_at="txnTime",
)


class Outcome(Enum):
    """What an answer to a request of ours means."""

    DONE = "done"
    """Accepted. For a refund or a cancellation: accepted only, ask or wait for the notification."""
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"
    REFUSED = "refused"


def outcome(resp_code: str) -> Outcome:
    """Return what the `respCode` of a signed answer means for the request it answers."""
    if resp_code in SUCCESS_CODES:
        return Outcome.DONE
    if resp_code in UNKNOWN_CODES:
        return Outcome.UNKNOWN
    return Outcome.NOT_FOUND if resp_code == NOT_FOUND else Outcome.REFUSED


def report_of_notification(params: Mapping[str, str]) -> Report:
    """Read a notification whose signature has been checked.

    The same address may get those of refunds and cancellations (`txnType`): read those with `report_of_refund`.
    """
    return _report(params, params.get("respCode", ""))


def report_of_query(params: Mapping[str, str]) -> Report:
    """Read an answer to a query whose signature has been checked and whose `respCode` is a success.

    That code says only that the query was answered; what became of the order is in `origRespCode`. All other fields
    are the order's own (`txnType` 01, its `txnTime` and amount).
    """
    return _report(params, params.get("origRespCode", ""))


def judge(report: Report, expected: Expected) -> Judgement:
    """Return what `report` means for the order `expected`; `expected.ordered_at` is compared to the second."""
    return judge_with(_WORDS, report, expected)


def is_refund(params: Mapping[str, str]) -> bool:
    """Tell whether a notification is about money going back."""
    return params.get("txnType", "") in (REFUND, CANCEL)


def report_of_refund(params: Mapping[str, str], status_field: str = "respCode") -> RefundReport:
    """Read a notification about a refund or cancellation, or (`origRespCode`) the answer to a query of one.

    They name the refund's own number only.
    """
    code = params.get(status_field, "")
    if not is_refund(params) or code in UNKNOWN_CODES:
        verdict = RefundVerdict.WAITING
    else:
        verdict = RefundVerdict.DONE if code in SUCCESS_CODES else RefundVerdict.FAILED
    return RefundReport(
        refund_number=params.get("orderId", ""),
        order_number=None,
        verdict=verdict,
        amount_minor=parse_fen(params.get("txnAmt", "")),
        refund_no=params.get("queryId", ""),
        seller_id=params.get("merId", ""),
        refunded_at=_trace_time(params),
    )


def parse_fen(text: str) -> int | None:
    """Return an amount in fen, or None if it is not a plain whole number."""
    return int(text) if _FEN.fullmatch(text) else None


def _report(params: Mapping[str, str], status: str) -> Report:
    code = params.get("currencyCode", "")
    return Report(
        order_number=params.get("orderId", ""),
        status=status,
        amount_minor=parse_fen(params.get("txnAmt", "")),
        trade_no=params.get("queryId", ""),
        app_id=None,
        seller_id=params.get("merId", ""),
        is_refund=params.get("txnType", "") != PAYMENT,
        paid_at=_trace_time(params),
        currency=_CURRENCIES.get(code, code),
        ordered_at=parse_time(params.get("txnTime", "")),
    )


def _trace_time(params: Mapping[str, str]) -> datetime | None:
    """Return `traceTime` (mmddhhmmss) with the year that puts it closest to the order's own time."""
    ordered_at = parse_time(params.get("txnTime", ""))
    if ordered_at is None:
        return None
    years = (ordered_at.year - 1, ordered_at.year, ordered_at.year + 1)
    moments = [parse_time(f"{year}{params.get('traceTime', '')}") for year in years]
    near = (
        min((abs(moment - ordered_at), moment) for moment in [*moments] if moment) if any(moments) else None
    )
    return near[1] if near and near[0] < timedelta(days=60) else None
