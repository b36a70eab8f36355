"""What WeChat Pay says about an order or a refund, and what we may do about it.

Sources: pay.weixin.qq.com/doc/v3/merchant: "商户订单号查询订单", "支付成功回调通知", "退款申请",
"退款结果回调通知", "错误码".
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from .trade import Expected, Judgement, RefundReport, RefundVerdict, Report, Vocabulary, judge_with
from .wechat_message import Notification
from .wechat_requests import parse_time

PAID_STATUSES = frozenset({"SUCCESS", "REFUND"})
"""REFUND is an order that was paid and of which anything, even one fen, went back."""
CLOSED_STATUSES = frozenset({"CLOSED", "REVOKED", "PAYERROR"})

REFUND_EVENT_PREFIX = "REFUND."

_WORDS = Vocabulary(
    paid=PAID_STATUSES,
    closed=CLOSED_STATUSES,
    order_number="out_trade_no",
    amount="amount.total",
    app_id="appid",
    seller_id="mchid",
    currency="amount.currency",
)

_REFUND_VERDICTS = {
    "SUCCESS": RefundVerdict.DONE,
    "PROCESSING": RefundVerdict.WAITING,
    "CLOSED": RefundVerdict.FAILED,
    "ABNORMAL": RefundVerdict.STUCK,
}


def is_refund(notification: Notification) -> bool:
    """Tell whether a notification is about a refund; read it with `report_of_refund` then."""
    return notification.event_type.startswith(REFUND_EVENT_PREFIX)


def report_of_transaction(content: Mapping[str, Any]) -> Report:
    """Read an order as a notification or an answer to a query gives it: both have the same members.

    Only `amount.total` counts: `payer_total` is less when the buyer used a coupon.
    """
    amount = _members(content, "amount")
    return Report(
        order_number=_text(content, "out_trade_no"),
        status=_text(content, "trade_state"),
        amount_minor=_fen(amount, "total"),
        trade_no=_text(content, "transaction_id"),
        app_id=_text(content, "appid"),
        seller_id=_text(content, "mchid"),
        is_refund=False,
        paid_at=parse_time(_text(content, "success_time")),
        # Documented as optional; what is not named is the one currency of domestic merchants.
        currency=_text(amount, "currency") if "currency" in amount else None,
    )


def judge(report: Report, expected: Expected) -> Judgement:
    """Return what `report` means for the order `expected`."""
    return judge_with(_WORDS, report, expected)


def report_of_refund(content: Mapping[str, Any]) -> RefundReport:
    """Read a refund as a notification (`refund_status`) or an answer (`status`) gives it.

    Answers name no merchant: the request's signature has settled that.
    """
    status = _text(content, "refund_status") or _text(content, "status")
    return RefundReport(
        refund_number=_text(content, "out_refund_no"),
        order_number=_text(content, "out_trade_no"),
        verdict=_REFUND_VERDICTS.get(status, RefundVerdict.WAITING),
        amount_minor=_fen(_members(content, "amount"), "refund"),
        refund_no=_text(content, "refund_id"),
        # A notification without its merchant is nobody's: an empty name matches none of ours.
        seller_id=_text(content, "mchid") if "mchid" in content or "refund_status" in content else None,
        refunded_at=parse_time(_text(content, "success_time")),
    )


class Advice(Enum):
    """What to do about an answer that is no success."""

    RETRY_SAME = "retry_same"
    """Send the very same again, after a while; nothing was done, or doing it twice does nothing."""
    ASK = "ask"
    """It may have happened: query before anything else."""
    NEW_NUMBER = "new_number"
    """This number is used up."""
    NOT_FOUND = "not_found"
    SETTLED = "settled"
    """The order is paid or closed already: query what became of it."""
    REFUSED = "refused"
    """Something is wrong with the request, the keys or the contract: a person has to look."""


_ADVICE = {
    "OUT_TRADE_NO_USED": Advice.NEW_NUMBER,
    "ORDER_CLOSED": Advice.NEW_NUMBER,
    "ORDERPAID": Advice.SETTLED,
    "ORDER_PAID": Advice.SETTLED,
    "TRADE_ERROR": Advice.SETTLED,
    "ORDER_NOT_EXIST": Advice.NOT_FOUND,
    "ORDERNOTEXIST": Advice.NOT_FOUND,
    "RESOURCE_NOT_EXISTS": Advice.NOT_FOUND,
    "NO_STATEMENT_EXIST": Advice.NOT_FOUND,
    "STATEMENT_CREATING": Advice.RETRY_SAME,
    "NOT_ENOUGH": Advice.RETRY_SAME,
    "FREQUENCY_LIMITED": Advice.ASK,
    "RATELIMIT_EXCEEDED": Advice.ASK,
    "SYSTEM_ERROR": Advice.ASK,
}


def advise(http_status: int, code: str) -> Advice:
    """Return what to do about an answer outside 2xx (or 202), by its `code` and never by its wording.

    :param code: of the body; empty if there was none. Such answers are unsigned: no advice is ever "paid".
    """
    if code in _ADVICE:
        return _ADVICE[code]
    if http_status == 202:
        return Advice.RETRY_SAME
    return Advice.ASK if http_status >= 500 or http_status == 429 else Advice.REFUSED


def _members(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""


def _fen(amount: Mapping[str, Any], name: str) -> int | None:
    value = amount.get(name)
    # True is an int to Python; a float is no amount of fen even if it is whole.
    return value if isinstance(value, int) and not isinstance(value, bool) else None
