"""Giving money back through Alipay: what we ask for and what the answers mean.

Sources: Alipay open platform, alipay.trade.refund and alipay.trade.fastpay.refund.query. A refund is known by the
trade and `out_request_no`; asking again with the same one moves no money twice. `refund_fee` in an answer is the sum
of all refunds of the trade, not this one's amount.
"""

from collections.abc import Mapping

from .gateway import RefundAnswer
from .money import format_minor, parse_minor
from .trade import RefundReport, RefundVerdict

SUCCESS = "10000"
# After these nothing is known: "以查询结果为准".
_UNKNOWN_CODES = frozenset({"20000", "10003"})
_UNKNOWN_SUB_CODES = frozenset({"ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error"})
# "业务错误码" of alipay.trade.refund that are about this refund and mean that it was not made. Every other error is
# about the call (a limit, a right, a system at rest) and says nothing of a refund that an earlier call may have made;
# ACQ.DISCORDANT_REPEAT_REQUEST even says that there is one.
_REFUSALS = frozenset(
    f"ACQ.{code}"
    for code in (
        "ALLOC_AMOUNT_VALIDATE_ERROR", "BUYER_ENABLE_STATUS_FORBID", "BUYER_ERROR", "BUYER_NOT_EXIST",
        "CUSTOMER_VALIDATE_ERROR", "INVALID_PARAMETER", "NOT_ALLOW_PARTIAL_REFUND",
        "ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND", "REASON_TRADE_BEEN_FREEZEN", "REASON_TRADE_REFUND_FEE_ERR",
        "REFUND_ACCOUNT_NOT_EXIST", "REFUND_AMT_NOT_EQUAL_TOTAL", "REFUND_CHARGE_ERROR", "REFUND_FEE_ERROR",
        "SELLER_BALANCE_NOT_ENOUGH", "TRADE_HAS_CLOSE", "TRADE_HAS_FINISHED", "TRADE_NOT_ALLOW_REFUND",
        "TRADE_NOT_EXIST", "TRADE_SETTLE_ERROR", "TRADE_STATUS_ERROR", "USER_NOT_MATCH_ERR",
    )
)  # fmt: skip
_NO_TRADE = frozenset({"ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST"})
REASON_MAX_CHARS = 256


def refund_content(
    *, order_number: str, refund_number: str, amount_minor: int, reason: str = ""
) -> dict[str, str]:
    """Return the `biz_content` of alipay.trade.refund. Same arguments, same content.

    :param amount_minor: fen.
    """
    content = {
        "out_trade_no": order_number,
        "refund_amount": format_minor(amount_minor),
        "out_request_no": refund_number,
    }
    return {**content, "refund_reason": reason[:REASON_MAX_CHARS]} if reason else content


def read_refund(data: Mapping[str, object], refund_number: str, amount_minor: int) -> RefundAnswer | None:
    """Read the answer of alipay.trade.refund, whose signature has been checked.

    :param refund_number: what was sent; the answer does not repeat it.
    :param amount_minor: what was asked for, in fen. Money that moved (`fund_change`) is that much, or the call fails.
    :return: `report` None where only a query can tell: "fund_change N" may be a repetition or work in progress. None
        if the answer refuses the call and says nothing of the refund: nothing more may be taken from it.
    """
    code, sub_code = _text(data, "code"), _text(data, "sub_code")
    if code == SUCCESS:
        total = parse_minor(_text(data, "refund_fee"))
        if _text(data, "fund_change") != "Y":
            return RefundAnswer(None)
        return RefundAnswer(_report(data, refund_number, RefundVerdict.DONE, amount_minor), "", total)
    if code in _UNKNOWN_CODES or sub_code in _UNKNOWN_SUB_CODES:
        return RefundAnswer(None)
    if sub_code not in _REFUSALS:
        return None
    reason = f"{sub_code or code} {_text(data, 'sub_msg') or _text(data, 'msg')}".strip()
    return RefundAnswer(_report(data, refund_number, RefundVerdict.FAILED, None), reason)


def read_refund_query(data: Mapping[str, object], refund_number: str) -> RefundAnswer | None:
    """Read the answer of alipay.trade.fastpay.refund.query, whose signature has been checked.

    Without `refund_status` there is no such refund, or not yet; asking for it again is safe.

    :return: None if the query was refused: then nothing is known, not even that there is no such refund.
    """
    if _text(data, "code") != SUCCESS:
        return RefundAnswer(None) if _text(data, "sub_code") in _NO_TRADE else None
    if _text(data, "refund_status") != "REFUND_SUCCESS":
        return RefundAnswer(None)
    amount = parse_minor(_text(data, "refund_amount"))
    number = _text(data, "out_request_no") or refund_number
    return RefundAnswer(_report(data, number, RefundVerdict.DONE, amount))


def _report(
    data: Mapping[str, object], refund_number: str, verdict: RefundVerdict, amount_minor: int | None
) -> RefundReport:
    return RefundReport(
        refund_number=refund_number,
        order_number=_text(data, "out_trade_no") or None,
        verdict=verdict,
        amount_minor=amount_minor,
        refund_no=_text(data, "trade_no"),
        seller_id=None,
        refunded_at=None,
    )


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
