"""Our cores against the WeChat Pay simulator over HTTP: what the addon will do, without Odoo."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, date, datetime

import pytest

from odoo.addons.ar_payment_gateways.core import (
    settlement_wechat,
    trade,
    wechat_message,
    wechat_requests,
    wechat_signing,
    wechat_trade,
)
from odoo.addons.ar_payment_gateways.core.settlement_bill import Kind
from odoo.addons.ar_payment_gateways.core.trade import RefundVerdict, Verdict
from odoo.addons.ar_payment_gateways.core.wechat_signing import RefusedMessageError

from ..simulators import wechat_keys as simulator_keys
from ..simulators.wechat import WechatSimulator
from .merchant_site import MerchantSite
from .wechat_client import Client

MERCHANT = simulator_keys.Merchant()


@pytest.fixture
def shop():
    with WechatSimulator(MERCHANT) as simulator:
        client = Client(simulator)
        with MerchantSite(client.notified) as site:
            client.url = site.url
            yield client


def test_order_pay_notify_query(shop):
    order = shop.order(shop.url)
    status, answer = shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    assert status == 200
    assert answer["code_url"].startswith(shop.simulator.base_url)
    assert shop.call("POST", wechat_requests.NATIVE_TARGET, order) == (200, answer)
    assert shop.verdict(order, shop.query(order)[1]) is Verdict.WAITING
    assert shop.simulator.pay(order["out_trade_no"])
    (notification,) = shop.contents
    assert not wechat_trade.is_refund(notification)
    assert shop.verdict(order, notification.content) is Verdict.PAID
    assert shop.verdict(order, shop.query(order)[1]) is Verdict.PAID
    assert shop.simulator.ledger() == {order["out_trade_no"]: (12345, 0)}


@pytest.mark.parametrize("kind", ["jsapi", "h5"])
def test_other_ways_to_pay(shop, kind):
    order = shop.order(shop.url)
    if kind == "jsapi":
        content = wechat_requests.jsapi_content(order, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
        _status, answer = shop.call("POST", wechat_requests.JSAPI_TARGET, content)
        parameters = wechat_signing.jsapi_parameters(
            appid=order["appid"], prepay_id=answer["prepay_id"], timestamp=1, nonce="n", key=shop.key
        )
        assert not shop.simulator.jsapi_pay({**parameters, "timeStamp": "2"})
        assert shop.simulator.jsapi_pay(parameters)
    else:
        content = wechat_requests.h5_content(order, "203.0.113.7")
        _status, answer = shop.call("POST", wechat_requests.H5_TARGET, content)
        link = wechat_requests.h5_link(answer["h5_url"], shop.url)
        with pytest.raises(urllib.error.HTTPError, match="Referer"):  # a visitor who comes from nowhere
            urllib.request.urlopen(link)
        visit = urllib.request.Request(link, headers={"Referer": shop.url})
        assert "确认付款" in urllib.request.urlopen(visit).read().decode()
        shop.simulator.pay(order["out_trade_no"])
    assert shop.verdict(order, shop.contents[0].content) is Verdict.PAID


def test_a_person_pays_on_the_cashier_page(shop):
    order = shop.order(shop.url)
    _status, answer = shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    pay = urllib.request.Request(f"{answer['code_url']}/pay", data=b"", method="POST")
    assert "支付成功" in urllib.request.urlopen(pay).read().decode()
    for _ in range(100):
        if shop.contents:
            break
        time.sleep(0.05)
    assert shop.verdict(order, shop.contents[0].content) is Verdict.PAID


def test_close_and_what_comes_too_late(shop):
    order = shop.order(shop.url)
    shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    target = wechat_requests.close_target(order["out_trade_no"])
    for _ in range(2):
        assert shop.call("POST", target, wechat_requests.close_content(order["mchid"])) == (204, {})
    assert shop.verdict(order, shop.query(order)[1]) is Verdict.CLOSED
    status, answer = shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    assert wechat_trade.advise(status, answer["code"]).name == "NEW_NUMBER"
    with pytest.raises(ValueError, match="not payable"):
        shop.simulator.pay(order["out_trade_no"])
    shop.simulator.knobs.paid_after_close = True
    shop.simulator.pay(order["out_trade_no"])
    assert shop.verdict(order, shop.contents[0].content) is Verdict.PAID
    assert shop.call("POST", target, wechat_requests.close_content(order["mchid"]))[1]["code"] == "ORDERPAID"


def test_refunds(shop):
    order = shop.order(shop.url)
    shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    shop.simulator.pay(order["out_trade_no"])
    shop.simulator.knobs.hold_refunds = True
    first = shop.refund(order, "RF00000001", 345, shop.url)
    assert shop.refund(order, "RF00000001", 345, shop.url) == first
    expected = trade.ExpectedRefund("RF00000001", order["out_trade_no"], 345, order["mchid"])

    def verdict(content):
        return trade.judge_refund(wechat_trade.report_of_refund(content), expected)

    assert verdict(first[1]) is RefundVerdict.WAITING
    assert shop.refund(order, "RF00000001", 346, shop.url)[0] == 400
    assert shop.refund(order, "RF00000002", 12001, shop.url)[0] == 400
    # Money that went back leaves the order paid.
    assert shop.query(order)[1]["trade_state"] == "REFUND"
    assert shop.verdict(order, shop.query(order)[1]) is Verdict.PAID
    assert shop.simulator.finish_refund("RF00000001")
    assert wechat_trade.is_refund(shop.contents[-1])
    assert verdict(shop.contents[-1].content) is RefundVerdict.DONE
    status, answer = shop.call("GET", wechat_requests.refund_query_target("RF00000001"))
    assert (status, verdict(answer)) == (200, RefundVerdict.DONE)
    status, answer = shop.call("GET", wechat_requests.refund_query_target("RF00000009"))
    assert wechat_trade.advise(status, answer["code"]).name == "NOT_FOUND"
    assert shop.simulator.ledger() == {order["out_trade_no"]: (12345, 345)}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"order_number": "AR/2026"}, "PARAM_ERROR"),
        ({"order_number": "A" * 33}, "PARAM_ERROR"),
        ({"amount_minor": 1.5}, "PARAM_ERROR"),
        ({"amount_minor": 0}, "PARAM_ERROR"),
        ({"notify_url": "https://x.example/n?a=1"}, "PARAM_ERROR"),
        ({"notify_url": "http://x.example/n"}, "PARAM_ERROR"),
        ({"expires_at": datetime.now(UTC)}, "PARAM_ERROR"),
        ({"appid": "wx1"}, "APPID_MCHID_NOT_MATCH"),
    ],
)
def test_what_the_gateway_refuses(shop, change, code):
    status, answer = shop.call("POST", wechat_requests.NATIVE_TARGET, shop.order(shop.url, **change))
    assert (status, answer["code"]) == (400, code)


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": 1554208460},
        {"nonce": "x" * 33},
        {"certificate_serial": "ABC"},
        {"mchid": "1"},
        {"body": b"{}"},
        {"method": "GET"},
        {"target": "/v3/pay/transactions/native?"},
        {"key": simulator_keys.new_key()},
    ],
)
def test_signatures_the_gateway_refuses(shop, change):
    shop.signing = change
    status, answer = shop.call("POST", wechat_requests.NATIVE_TARGET, shop.order(shop.url))
    assert (status, answer["code"]) == (401, "SIGN_ERROR")
    assert not shop.simulator.requests


def test_answers_we_refuse(shop):
    order = shop.order(shop.url)
    for knob, value in (("unsigned", 1), ("tamper_answer", True), ("signtest", True), ("clock_skew", 290)):
        setattr(shop.simulator.knobs, knob, value)
        if knob == "clock_skew":
            shop.call("POST", wechat_requests.NATIVE_TARGET, order)
            continue
        with pytest.raises(RefusedMessageError):
            shop.call("POST", wechat_requests.NATIVE_TARGET, order)
        setattr(shop.simulator.knobs, knob, 0)
    shop.simulator.knobs.clock_skew = 400
    assert shop.query(order)[1]["code"] == "SIGN_ERROR"


def test_both_keys_of_the_gateway(shop):
    order = shop.order(shop.url)
    shop.serial = shop.simulator.merchant.platform_serial
    assert shop.call("POST", wechat_requests.NATIVE_TARGET, order)[0] == 200
    shop.simulator.knobs.by_certificate = True
    assert shop.simulator.pay(order["out_trade_no"])
    _status, answer = shop.call("GET", wechat_requests.CERTIFICATES_TARGET)
    (certificate,) = wechat_message.read_certificates(answer, shop.apiv3_key)
    assert certificate == shop.ring[certificate.serial]


@pytest.mark.parametrize(
    ("knob", "value", "refusal"),
    [
        ("notify_tamper", True, "BAD_SIGNATURE"),
        ("notify_other_key", True, "BAD_SIGNATURE"),
        ("wrong_apiv3_key", True, "UNDECIPHERABLE"),
        ("signtest", True, "PROBE"),
        ("clock_skew", -400, "STALE"),
    ],
)
def test_notifications_we_refuse(shop, knob, value, refusal):
    order = shop.order(shop.url)
    shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    setattr(shop.simulator.knobs, knob, value)
    assert not shop.simulator.pay(order["out_trade_no"])
    assert shop.refused == [refusal]
    assert not shop.contents


def test_genuine_but_wrong_notifications(shop):
    for change, verdict in (({"mchid": "1"}, Verdict.FOREIGN), ({"appid": "wx1"}, Verdict.FOREIGN)):
        order = shop.order(shop.url)
        shop.call("POST", wechat_requests.NATIVE_TARGET, order)
        shop.simulator.knobs.notify_change = change
        shop.simulator.pay(order["out_trade_no"])
        assert shop.verdict(order, shop.contents[-1].content) is verdict
    shop.simulator.knobs.notify_change = {}
    shop.simulator.knobs.amount_delta = -1
    order = shop.order(shop.url)
    shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    shop.simulator.pay(order["out_trade_no"])
    assert shop.verdict(order, shop.contents[-1].content) is Verdict.MISMATCH


def test_lost_repeated_and_reordered(shop):
    order = shop.order(shop.url)
    knobs = shop.simulator.knobs
    for knob in ("drop_request", "drop_response_after_commit"):
        setattr(knobs, knob, 1)
        with pytest.raises((urllib.error.URLError, ConnectionError, OSError)):
            shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    knobs.http_500 = 1
    with pytest.raises(json.JSONDecodeError):
        shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    # The order exists since the answer was lost: the very same request finds it.
    assert shop.query(order)[1]["trade_state"] == "NOTPAY"
    assert shop.call("POST", wechat_requests.NATIVE_TARGET, order)[0] == 200
    knobs.hold_notifications, knobs.notify_count = True, 1
    shop.simulator.pay(order["out_trade_no"])
    shop.refund(order, "RF00000001", 5, shop.url)
    while len(shop.simulator.held) < 2:
        time.sleep(0.02)
    assert shop.simulator.release(newest_first=True) == [True, True]
    assert [each.event_type for each in shop.contents] == ["REFUND.SUCCESS", "TRANSACTION.SUCCESS"]
    knobs.hold_notifications, knobs.notify_count = False, 3
    shop.simulator.notify_payment(shop.simulator.orders.by_number[order["out_trade_no"]])
    assert len(shop.contents) == 5


def test_bills(shop):
    status, answer = shop.call("GET", wechat_requests.trade_bill_target(date(2020, 1, 1)))
    assert wechat_trade.advise(status, answer["code"]).name == "NOT_FOUND"
    order = shop.order(shop.url)
    shop.call("POST", wechat_requests.NATIVE_TARGET, order)
    shop.simulator.pay(order["out_trade_no"])
    shop.refund(order, "RF00000001", 345, shop.url)
    today = shop.simulator.now().date()
    _status, answer = shop.call("GET", wechat_requests.trade_bill_target(today))
    parts = urllib.parse.urlsplit(answer["download_url"])
    with pytest.raises(urllib.error.HTTPError):  # the download wants a signature, too
        urllib.request.urlopen(answer["download_url"])
    _status, content = shop.call("GET", f"{parts.path}?{parts.query}")
    settlement_wechat.check_sha1(content, answer["hash_value"])
    bill = settlement_wechat.parse_trade_bill(content)
    assert bill.account == order["mchid"]
    assert [(line.kind, line.amount_minor) for line in bill.lines] == [
        (Kind.PAYMENT, 12345),
        (Kind.REFUND, 345),
    ]
    assert {line.order_number for line in bill.lines} == {order["out_trade_no"]}
    _status, answer = shop.call("GET", wechat_requests.fund_bill_target(today))
    parts = urllib.parse.urlsplit(answer["download_url"])
    lines = settlement_wechat.parse_fund_bill(shop.call("GET", f"{parts.path}?{parts.query}")[1])
    assert [line.kind for line in lines] == [Kind.PAYMENT, Kind.FEE, Kind.REFUND]
    shop.simulator.knobs.bill_not_ready = True
    status, answer = shop.call("GET", wechat_requests.trade_bill_target(today))
    assert wechat_trade.advise(status, answer["code"]).name == "RETRY_SAME"
