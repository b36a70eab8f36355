"""Alipay's own page: which product, what is asked for, and an address that the simulator takes byte for byte."""

import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from odoo.addons.ar_payment_gateways.core import alipay_page, alipay_signing
from odoo.addons.ar_payment_gateways.core.alipay_page import PAGE_PRODUCT, WAP_PRODUCT, choose_product
from odoo.addons.ar_payment_gateways.core.visitor import Channel

from tests.simulators import alipay_keys
from tests.simulators.alipay import AlipaySimulator

CODE = "QR_CODE_OFFLINE"
MERCHANT = alipay_keys.Merchant.new()
NOTIFY = "http://127.0.0.1:1/payment/alipay/notify/1"


@pytest.mark.parametrize(
    ("channel", "signed", "product"),
    [
        (Channel.SCREEN, (CODE, False, False), CODE),
        (Channel.SCREEN, (CODE, True, True), PAGE_PRODUCT),
        (Channel.SCREEN, (CODE, False, True), CODE),  # a phone's page is the last resort of a computer
        (Channel.SCREEN, ("", False, True), WAP_PRODUCT),
        (Channel.PHONE, (CODE, True, False), CODE),
        (Channel.PHONE, (CODE, True, True), WAP_PRODUCT),
        (Channel.PHONE, ("", True, False), PAGE_PRODUCT),
        (Channel.WALLET, (CODE, True, True), WAP_PRODUCT),
        (Channel.SCREEN, ("", False, False), ""),
    ],
)
def test_the_product_is_one_that_was_signed_for(channel, signed, product):
    code, page, wap = signed
    assert choose_product(channel, code=code, page=page, wap=wap) == product


@pytest.fixture(scope="module")
def alipay():
    with AlipaySimulator(MERCHANT) as simulator:
        yield simulator


def params(number, product=WAP_PRODUCT, minutes=0, **more):
    """What is asked for so many minutes ago."""
    now = datetime.now(UTC) - timedelta(minutes=minutes)
    content = alipay_page.page_content(
        order_number=number,
        amount_minor=1234,
        subject="上海 & 公司 INV/2026=1 “发票” 1+1 50%",
        product=product,
        expires_at=datetime.now(UTC) + timedelta(minutes=30),
        quit_url="http://127.0.0.1:1/pay/order/x",
    )
    return {
        **alipay_page.common_params(MERCHANT.app_id, alipay_page.METHODS[product], now),
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        "notify_url": NOTIFY,
        "return_url": "http://127.0.0.1:1/payment/alipay/return/x",
        **more,
    }


def browse(url, body=None):
    """Open an address as a browser does; return where one ends, and what is shown."""
    with urllib.request.urlopen(url, body, 10) as response:
        return response.url, response.read().decode()


def address(alipay, number, key=MERCHANT.merchant_key, **kwargs):
    return alipay_page.page_address(alipay.url, params(number, **kwargs), key)


@pytest.mark.parametrize("product", [PAGE_PRODUCT, WAP_PRODUCT])
def test_the_address_leads_to_the_cashier(alipay, product):
    number = f"AR20260101000000{product[:4]}"
    url, shown = browse(address(alipay, number, product=product))
    assert "/cashier/" in url
    assert "确认付款" in shown
    assert "12.34" in shown
    trade = alipay.trades.by_number[number]
    assert trade.content["subject"] == "上海 公司 INV 2026 1 “发票” 1+1 50%"
    assert trade.content.get("quit_url", "") == (
        "" if product == PAGE_PRODUCT else "http://127.0.0.1:1/pay/order/x"
    )
    assert browse(address(alipay, number, product=product))[0] == url  # signed anew: the same trade


def test_the_same_request_posted(alipay):
    """Alipay's own kits post a form; it is the same request."""
    signed = alipay_signing.sign_request(params("AR20260101000000POST"), MERCHANT.merchant_key)
    body = urllib.parse.urlencode(signed).encode()
    assert "确认付款" in browse(f"{alipay.url}?charset=utf-8", body)[1]


def test_times_are_chinas():
    moment = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    assert alipay_page.common_params("a", "m", moment)["timestamp"] == "2026-11-24 00:30:00"
    content = alipay_page.page_content(
        order_number="A",
        amount_minor=1,
        subject="x",
        product=PAGE_PRODUCT,
        expires_at=moment,
        quit_url="http://a/",
    )
    assert content["time_expire"] == "2026-11-24 00:30:00"
    assert "quit_url" not in content


def refused(alipay, url):
    shown = browse(url)[1]
    assert "确认付款" not in shown
    return shown


def test_what_alipay_refuses(alipay):
    other = alipay_keys.new_key()
    assert "isv.invalid-signature" in refused(alipay, address(alipay, "AR20260101000000REF1", key=other))
    good = address(alipay, "AR20260101000000REF2")
    assert "isv.invalid-signature" in refused(alipay, good.replace("12.34", "0.01"))
    # Without a charset in the address it is read as GBK, and then the signature is over other characters.
    assert "isv." in refused(alipay, good.replace("charset=utf-8", "charset=gbk"))
    old = address(alipay, "AR20260101000000REF3", minutes=20)
    assert "isv.invalid-timestamp" in refused(alipay, old)
    local = address(alipay, "AR20260101000000REF4", minutes=8 * 60)  # the time of a server in London
    assert "isv.invalid-timestamp" in refused(alipay, local)
    assert not {number for number in alipay.trades.by_number if "REF" in number}
    alipay.pages.signed_for.discard("alipay.trade.wap.pay")
    try:
        assert "ACQ.ACCESS_FORBIDDEN" in refused(alipay, address(alipay, "AR20260101000000REF5"))
    finally:
        alipay.pages.signed_for.add("alipay.trade.wap.pay")
