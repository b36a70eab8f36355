"""Alipay's own cashier: alipay.trade.page.pay on computers, alipay.trade.wap.pay on phones.

Sources: Alipay open platform, alipay.trade.page.pay, alipay.trade.wap.pay, "同步通知参数说明". Nothing is called here:
the buyer's browser goes to the gateway with the signed request in the address, and Alipay hears of the trade only when
he has identified himself there. So the request can be signed anew whenever its page is shown.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from .alipay_precreate import clean_subject
from .alipay_signing import sign_request
from .alipay_trade import format_time
from .money import format_minor
from .visitor import Channel

PAGE_PRODUCT, WAP_PRODUCT = "FAST_INSTANT_TRADE_PAY", "QUICK_WAP_WAY"
METHODS = {PAGE_PRODUCT: "alipay.trade.page.pay", WAP_PRODUCT: "alipay.trade.wap.pay"}
"""By product: those that are paid on Alipay's own page."""

CHARSET = "utf-8"


def choose_product(channel: Channel, *, code: str, page: bool, wap: bool) -> str:
    """Return the product to ask for, of those that the merchant has signed for; '' if there is none.

    :param code: the product of codes that are scanned; '' if it is not signed for.
    """
    page_product, wap_product = (PAGE_PRODUCT if page else ""), (WAP_PRODUCT if wap else "")
    if channel is Channel.SCREEN:
        return page_product or code or wap_product
    return wap_product or code or page_product


def page_content(
    *,
    order_number: str,
    amount_minor: int,
    subject: str,
    product: str,
    expires_at: datetime,
    quit_url: str,
) -> dict[str, str]:
    """Return the `biz_content`. Same arguments, same content: Alipay takes a repeated number only with it.

    The seller is the one whose application signs; neither method names another.

    :param amount_minor: fen.
    :param product: of METHODS.
    :param expires_at: with a zone; the trade can be paid until then.
    :param quit_url: where a buyer on a phone goes who gives up.
    """
    content = {
        "out_trade_no": order_number,
        "total_amount": format_minor(amount_minor),
        "subject": clean_subject(subject),
        "product_code": product,
        "time_expire": format_time(expires_at),
    }
    return {**content, "quit_url": quit_url} if product == WAP_PRODUCT else content


def common_params(app_id: str, method: str, now: datetime) -> dict[str, str]:
    """Return what every request of ours says, whether a server or a browser sends it.

    :param now: with a zone; Alipay reads China time.
    """
    return {
        "app_id": app_id,
        "method": method,
        "format": "JSON",
        "charset": CHARSET,
        "sign_type": "RSA2",
        "timestamp": format_time(now),
        "version": "1.0",
    }


def page_address(gateway_url: str, params: Mapping[str, str], key: RSAPrivateKey) -> str:
    """Return the address of Alipay's page: the gateway's with the signed `params`.

    The raw values are signed; UTF-8 is what they are percent-encoded in, and what `charset` says.
    """
    return f"{gateway_url}?{urlencode(sign_request(params, key), encoding=CHARSET)}"
