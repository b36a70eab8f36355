"""UnionPay ACP 5.1.0: what we ask for. Fields before signing; amounts in fen, times in China time.

Sources: UnionPay open platform: 在线网关支付 (front pay, 754), 二维码支付 主扫 (792 query, 793 apply, 799 refund, 800
cancel), 文件下载 in the access manual.
"""

import re
from datetime import date, datetime

from .trade import CHINA
from .unionpay_signing import SIGN_METHOD, VERSION

HOST = "https://gateway.95516.com"
TEST_HOST = "https://gateway.test.95516.com"
FILE_HOST = "https://filedownload.95516.com"
TEST_FILE_HOST = "https://filedownload.test.95516.com"
FRONT_PATH = "/gateway/api/frontTransReq.do"
BACK_PATH = "/gateway/api/backTransReq.do"
QUERY_PATH = "/gateway/api/queryTrans.do"
FILE_PATH = "/"
"""At the host of files."""

CURRENCY = "156"
"""CNY in ISO 4217's digits."""
QR_PRODUCT, FRONT_PRODUCT = "000000", "000201"
DESKTOP, MOBILE = "07", "08"
NO_FILE = "98"
"""respCode of a file download: no settlement file that day."""

_ORDER_ID = re.compile(r"[0-9A-Za-z]{8,40}")
TIME_FORMAT = "%Y%m%d%H%M%S"


def _common(mer_id: str, **fields: str) -> dict[str, str]:
    return {
        "version": VERSION,
        "encoding": "UTF-8",
        "signMethod": SIGN_METHOD,
        "accessType": "0",
        "merId": mer_id,
        **fields,
    }


def _order(order_number: str, ordered_at: datetime) -> dict[str, str]:
    if not _ORDER_ID.fullmatch(order_number):
        raise ValueError("an orderId has 8 to 40 letters and digits")
    return {"orderId": order_number, "txnTime": format_time(ordered_at)}


def _amount(amount_minor: int) -> dict[str, str]:
    if amount_minor < 1:
        raise ValueError("an amount is at least one fen")
    return {"txnAmt": str(amount_minor), "currencyCode": CURRENCY}


def qr_fields(
    *,
    mer_id: str,
    order_number: str,
    ordered_at: datetime,
    amount_minor: int,
    notify_url: str,
    expires_at: datetime,
) -> dict[str, str]:
    """Return the fields that ask for a code to scan (BACK_PATH); the answer has `qrCode`.

    :param ordered_at: UnionPay knows an order by merchant, number and this time together: keep it, to the second.
    """
    return {
        **_common(mer_id, txnType="01", txnSubType="07", bizType=QR_PRODUCT, channelType=MOBILE),
        **_order(order_number, ordered_at),
        **_amount(amount_minor),
        "backUrl": notify_url,
        "payTimeout": format_time(expires_at),
    }


def front_fields(
    *,
    mer_id: str,
    order_number: str,
    ordered_at: datetime,
    amount_minor: int,
    notify_url: str,
    return_url: str,
    expires_at: datetime,
    channel: str = MOBILE,
) -> dict[str, str]:
    """Return the fields of the form that the buyer's browser posts to the cashier (FRONT_PATH).

    :param channel: DESKTOP or MOBILE.
    """
    return {
        **_common(mer_id, txnType="01", txnSubType="01", bizType=FRONT_PRODUCT, channelType=channel),
        **_order(order_number, ordered_at),
        **_amount(amount_minor),
        "frontUrl": return_url,
        "backUrl": notify_url,
        "payTimeout": format_time(expires_at),
    }


def query_fields(
    *, mer_id: str, order_number: str, ordered_at: datetime, product: str = QR_PRODUCT
) -> dict[str, str]:
    """Return the fields of a query of a payment, refund or cancellation (QUERY_PATH).

    :param ordered_at: the `txnTime` of what is asked about, not of now.
    :param product: QR_PRODUCT or FRONT_PRODUCT, as it was ordered.
    """
    return {
        **_common(mer_id, txnType="00", txnSubType="00", bizType=product),
        **_order(order_number, ordered_at),
    }


def refund_fields(
    *,
    mer_id: str,
    refund_number: str,
    refunded_at: datetime,
    amount_minor: int,
    query_id: str,
    notify_url: str,
    product: str = QR_PRODUCT,
) -> dict[str, str]:
    """Return the fields of a refund (BACK_PATH), whole or in part, from the next day on or on the same.

    :param query_id: UnionPay's `queryId` of the payment.
    """
    return {
        **_common(mer_id, txnType="04", txnSubType="00", bizType=product, channelType=MOBILE),
        **_order(refund_number, refunded_at),
        **_amount(amount_minor),
        "origQryId": query_id,
        "backUrl": notify_url,
    }


def cancel_fields(
    *,
    mer_id: str,
    refund_number: str,
    refunded_at: datetime,
    amount_minor: int,
    query_id: str,
    notify_url: str,
    product: str = QR_PRODUCT,
) -> dict[str, str]:
    """Return the fields that undo a payment of the same settlement day, the whole of it (BACK_PATH), without a fee."""
    fields = refund_fields(
        mer_id=mer_id,
        refund_number=refund_number,
        refunded_at=refunded_at,
        amount_minor=amount_minor,
        query_id=query_id,
        notify_url=notify_url,
        product=product,
    )
    return {**fields, "txnType": "31"}


def file_fields(*, mer_id: str, settled_on: date, now: datetime) -> dict[str, str]:
    """Return the fields that fetch the settlement file of a day (the file host)."""
    return _common(
        mer_id,
        txnType="76",
        txnSubType="01",
        bizType="000000",
        fileType="00",
        settleDate=f"{settled_on:%m%d}",
        txnTime=format_time(now),
    )


def format_time(moment: datetime) -> str:
    """Return a time (with a zone) as UnionPay writes it: yyyymmddhhmmss in China."""
    return moment.astimezone(CHINA).strftime(TIME_FORMAT)


def parse_time(text: str) -> datetime | None:
    """Return a time of a message, with its zone, or None if there is none."""
    if len(text) != 14 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=CHINA)
    except ValueError:
        return None
