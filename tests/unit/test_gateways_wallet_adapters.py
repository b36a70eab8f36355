"""WeChat Pay and UnionPay in the shape that all gateways share, against their simulators."""

from datetime import UTC, datetime

import pytest

from odoo.addons.ar_payment_gateways.core import (
    trade,
    unionpay_form,
    unionpay_gateway,
    unionpay_requests,
    unionpay_trade,
    wechat_gateway,
    wechat_requests,
    wechat_trade,
)
from odoo.addons.ar_payment_gateways.core.gateway import Answer, Closing
from odoo.addons.ar_payment_gateways.core.trade import RefundVerdict, Verdict

from ..simulators import unionpay_keys, wechat_keys
from ..simulators.unionpay import UnionpaySimulator
from ..simulators.wechat import WechatSimulator
from . import unionpay_client, unionpay_messages, wechat_client, wechat_messages
from .merchant_site import MerchantSite

WECHAT, UNIONPAY = wechat_keys.Merchant(), unionpay_keys.Merchant.new()


@pytest.fixture(params=["wechat", "unionpay"])
def shop(request):
    make, merchant, client = {
        "wechat": (WechatSimulator, WECHAT, wechat_client.Client),
        "unionpay": (UnionpaySimulator, UNIONPAY, unionpay_client.Client),
    }[request.param]
    with make(merchant) as simulator:
        shop = client(simulator)
        with MerchantSite(shop.notified) as site:
            shop.url = site.url
            yield (Wechat if request.param == "wechat" else Unionpay)(shop)


class Wechat:
    """The steps of an adapter."""

    def __init__(self, client):
        self.client, self.simulator = client, client.simulator
        self.order = client.order(client.url)
        self.number = self.order["out_trade_no"]

    def call(self, *args):
        return wechat_gateway.Reply(*self.client.call(*args))

    def create(self):
        return wechat_gateway.created(self.call("POST", wechat_requests.NATIVE_TARGET, self.order))

    def query(self):
        target = wechat_requests.query_target(self.order["mchid"], self.number)
        return wechat_gateway.answer(self.call("GET", target))

    def verdict(self, report):
        merchant = self.simulator.merchant
        expected = trade.Expected(self.number, 12345, merchant.appid, merchant.mchid)
        return wechat_trade.judge(report, expected).verdict

    def close(self, is_over):
        content = wechat_requests.close_content(self.order["mchid"])
        return wechat_gateway.closing(self.call("POST", wechat_requests.close_target(self.number), content))

    def refund(self, number, amount):
        reply = wechat_gateway.Reply(*self.client.refund(self.order, number, amount, self.client.url))
        return wechat_gateway.refund_answer(reply, number, self.number)

    def query_refund(self, number):
        reply = self.call("GET", wechat_requests.refund_query_target(number))
        return wechat_gateway.refund_answer(reply, number, self.number)


class Unionpay:
    """The steps of an adapter."""

    def __init__(self, client):
        self.client, self.simulator = client, client.simulator
        self.order = client.order(client.url)
        self.number = self.order["order_number"]
        self.refunded_at = {}

    def create(self):
        return unionpay_gateway.created(self.client.apply(self.order))

    def query(self):
        return unionpay_gateway.answer(self.client.query(self.order))

    def verdict(self, report):
        merchant = self.simulator.merchant.mer_id
        expected = trade.Expected(self.number, 12345, "", merchant, ordered_at=self.order["ordered_at"])
        return unionpay_trade.judge(report, expected).verdict

    def close(self, is_over):
        return unionpay_gateway.closing(self.query(), is_over)

    def refund(self, number, amount):
        fields = self.client.give_back(self.order, number, amount, self.client.url)
        self.refunded_at[number] = unionpay_requests.parse_time(fields["txnTime"])
        return unionpay_gateway.refund_answer(fields, number, self.number)

    def query_refund(self, number):
        asked = {
            **self.order,
            "order_number": number,
            "ordered_at": self.refunded_at.get(number, self.order["ordered_at"]),
        }
        return unionpay_gateway.refund_query_answer(self.client.query(asked))


REFUND = "RF20261123080000AAAAAAAAAA"


def test_an_order_from_its_code_to_its_refund(shop):
    assert shop.query() == Answer(None)
    assert shop.create().qr_content.startswith(shop.simulator.base_url)
    assert shop.verdict(shop.query().report) is Verdict.WAITING
    shop.simulator.pay(shop.number)
    assert shop.verdict(shop.query().report) is Verdict.PAID
    assert shop.close(True) is Closing.PAID
    assert shop.query_refund(REFUND).report is None
    shop.simulator.knobs.hold_refunds = True
    assert shop.refund(REFUND, 345).report.verdict is RefundVerdict.WAITING
    assert shop.query_refund(REFUND).report.verdict is RefundVerdict.WAITING
    shop.simulator.finish_refund(REFUND)
    report = shop.query_refund(REFUND).report
    assert (report.verdict, report.amount_minor) == (RefundVerdict.DONE, 345)
    refused = shop.refund("RF20261123080000BBBBBBBBBB", 12345)
    assert refused.report.verdict is RefundVerdict.FAILED
    assert refused.reason


def test_an_order_that_ends_unpaid(shop):
    shop.create()
    by_time = isinstance(shop, Unionpay)
    if by_time:  # UnionPay has no way to close
        assert shop.close(False) is Closing.UNKNOWN
        past = unionpay_requests.format_time(datetime(2020, 1, 1, tzinfo=UTC))
        shop.simulator.orders.by_number(shop.number).fields["payTimeout"] = past
    assert shop.close(True) is Closing.CLOSED
    assert shop.create().is_spent


def test_no_answer_is_never_taken_for_an_end(shop):
    shop.create()
    codes = {"wechat": "SYSTEM_ERROR", "unionpay": "03"}
    code = codes["unionpay" if isinstance(shop, Unionpay) else "wechat"]
    for step in (shop.create, shop.query):
        shop.simulator.knobs.business_error = code
        assert step() is None
    shop.simulator.knobs.business_error = code
    assert shop.close(True) is Closing.UNKNOWN
    shop.simulator.pay(shop.number)
    shop.simulator.knobs.business_error = code
    assert shop.refund(REFUND, 5).report is None


def test_replies_of_wechat():
    def reply(status, body=b""):
        return wechat_gateway.read_reply(
            status, wechat_messages.headers(body), body, wechat_messages.RING, wechat_messages.NOW
        )

    assert reply(204) == wechat_gateway.Reply(204, {})
    assert reply(200, b'{"code_url":"weixin://x"}').content == {"code_url": "weixin://x"}
    refused = reply(403, '{"code":"NO_AUTH","message":"无权限"}'.encode())
    assert (refused.is_success, refused.reason) == (False, "NO_AUTH 无权限")
    assert reply(502, b"<html>").reason == "502"
    for body in (b"{}", b""):
        with pytest.raises(wechat_gateway.RefusedMessageError):
            wechat_gateway.read_reply(200, {}, body, wechat_messages.RING, wechat_messages.NOW)


def test_notifications_of_wechat():
    def read(resource, event):
        body = wechat_messages.envelope(resource, event)
        headers = wechat_messages.headers(body)
        return wechat_gateway.notification(
            headers, body, wechat_messages.RING, wechat_messages.APIV3_KEY, wechat_messages.NOW
        )

    paid = read(wechat_messages.seal(wechat_messages.transaction()), "TRANSACTION.SUCCESS")
    assert (paid.order_number, paid.refund) == (wechat_messages.NUMBER, None)
    back = {"out_trade_no": "AR1", "out_refund_no": "RF1", "refund_status": "SUCCESS", "mchid": "1"}
    found = read(wechat_messages.seal(back), "REFUND.SUCCESS")
    assert (found.order_number, found.report, found.refund_number) == ("AR1", None, "RF1")
    assert wechat_gateway.acknowledgement(True).status == 204
    assert wechat_gateway.acknowledgement(False).status == 500


def test_notifications_of_unionpay():
    def read(**changes):
        encoded = unionpay_form.encode(unionpay_messages.notification(**changes))
        return unionpay_gateway.notification(encoded, unionpay_messages.TRUST, unionpay_messages.NOW)

    assert read().order_number == unionpay_messages.NUMBER
    found = read(txnType="04", orderId="RF20261123")
    assert (found.report, found.refund_number, found.refund.verdict) == (
        None,
        "RF20261123",
        RefundVerdict.DONE,
    )
    for body in (b"", b"a=1", b"\xff"):
        with pytest.raises(unionpay_gateway.RefusedMessageError):
            unionpay_gateway.notification(body, unionpay_messages.TRUST, unionpay_messages.NOW)
    for body in (b"", b"respCode=00"):
        with pytest.raises(unionpay_gateway.RefusedMessageError):
            unionpay_gateway.read_reply(body, unionpay_messages.TRUST, unionpay_messages.NOW, {})
    assert unionpay_gateway.acknowledgement(True).status == 200
