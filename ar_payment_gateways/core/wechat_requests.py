"""WeChat Pay APIv3: what we ask for. Targets (path and query, as sent) and bodies (the exact bytes that are signed).

Sources: pay.weixin.qq.com/doc/v3/merchant: "Native下单", "JSAPI下单", "H5下单", "商户订单号查询订单", "关闭订单",
"退款申请", "查询单笔退款", "申请交易账单", "申请资金账单", "获取平台证书".
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from .trade import CHINA

HOST = "https://api.mch.weixin.qq.com"
NATIVE_TARGET = "/v3/pay/transactions/native"
JSAPI_TARGET = "/v3/pay/transactions/jsapi"
H5_TARGET = "/v3/pay/transactions/h5"
REFUND_TARGET = "/v3/refund/domestic/refunds"
CERTIFICATES_TARGET = "/v3/certificates"

DESCRIPTION_MAX_BYTES = 127
"""The documentation says 127 characters; cut to as many bytes of UTF-8 a text fits either way it is counted."""
REASON_MAX_BYTES = 80
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\s]+")


def encode(content: Mapping[str, Any]) -> bytes:
    """Return a body as it is signed and sent: both must be the same bytes, so never let a library serialise again."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def order_content(
    *,
    mchid: str,
    appid: str,
    order_number: str,
    amount_minor: int,
    description: str,
    notify_url: str,
    expires_at: datetime,
) -> dict[str, Any]:
    """Return the body of a Native order, and what all kinds of orders share.

    Same arguments, same content: WeChat answers a repeated number with the same order only if nothing differs
    (else OUT_TRADE_NO_USED).

    :param amount_minor: fen, at least 1.
    :param expires_at: with a zone; one minute to seven days ahead.
    """
    return {
        "mchid": mchid,
        "appid": appid,
        "out_trade_no": order_number,
        "description": clean_text(description, DESCRIPTION_MAX_BYTES),
        "notify_url": notify_url,
        "time_expire": format_time(expires_at),
        "amount": {"total": amount_minor, "currency": "CNY"},
    }


def jsapi_content(order: Mapping[str, Any], openid: str) -> dict[str, Any]:
    """Return the body of an order that is paid inside WeChat's browser.

    :param openid: of the visitor, as the order's appid knows him.
    """
    return {**order, "payer": {"openid": openid}}


def h5_content(order: Mapping[str, Any], client_ip: str) -> dict[str, Any]:
    """Return the body of an order that is paid from another browser of a telephone."""
    return {**order, "scene_info": {"payer_client_ip": client_ip, "h5_info": {"type": "Wap"}}}


def h5_link(h5_url: str, back_url: str) -> str:
    """Return the address that opens WeChat from a browser and comes back to `back_url` (registered domain)."""
    return f"{h5_url}&redirect_url={quote(back_url, safe='')}"


def query_target(mchid: str, order_number: str) -> str:
    """Return the target of a query by our number (GET)."""
    return f"/v3/pay/transactions/out-trade-no/{quote(order_number, safe='')}?{urlencode({'mchid': mchid})}"


def close_target(order_number: str) -> str:
    """Return the target that closes an order (POST `close_content`, answered with 204; may be repeated)."""
    return f"/v3/pay/transactions/out-trade-no/{quote(order_number, safe='')}/close"


def close_content(mchid: str) -> dict[str, Any]:
    """Return the body of closing."""
    return {"mchid": mchid}


def refund_content(
    *,
    order_number: str,
    refund_number: str,
    amount_minor: int,
    total_minor: int,
    reason: str,
    notify_url: str,
) -> dict[str, Any]:
    """Return the body of a refund (POST REFUND_TARGET). An answer of 200 means accepted, not paid out.

    :param refund_number: ours; a repeated one never refunds twice. Up to 50 refunds an order, within a year.
    :param total_minor: fen of the whole order.
    """
    content: dict[str, Any] = {
        "out_trade_no": order_number,
        "out_refund_no": refund_number,
        "notify_url": notify_url,
        "amount": {"refund": amount_minor, "total": total_minor, "currency": "CNY"},
    }
    reason = clean_text(reason, REASON_MAX_BYTES)
    return {**content, "reason": reason} if reason else content


def refund_query_target(refund_number: str) -> str:
    """Return the target of a query of a refund (GET)."""
    return f"{REFUND_TARGET}/{quote(refund_number, safe='')}"


def trade_bill_target(day: date) -> str:
    """Return the target that gives the address of a day's trade bill (GET); not packed, so that its SHA1 is plain."""
    return f"/v3/bill/tradebill?{urlencode({'bill_date': day.isoformat(), 'bill_type': 'ALL'})}"


def fund_bill_target(day: date, account: str = "BASIC") -> str:
    """Return the target that gives the address of a day's fund flow (GET); `account`: BASIC, OPERATION or FEES."""
    return f"/v3/bill/fundflowbill?{urlencode({'bill_date': day.isoformat(), 'account_type': account})}"


def format_time(moment: datetime) -> str:
    """Return a time (with a zone) as RFC 3339 in China time."""
    return moment.astimezone(CHINA).replace(microsecond=0).isoformat()


def parse_time(text: str) -> datetime | None:
    """Return a time of a message (RFC 3339, with a zone), or None if there is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(CHINA) if moment.tzinfo else None


def clean_text(text: str, max_bytes: int) -> str:
    """Return `text` in one line, cut at a character's end to `max_bytes` of UTF-8."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line.encode("utf-8", "ignore")[:max_bytes].decode("utf-8", "ignore").strip()
