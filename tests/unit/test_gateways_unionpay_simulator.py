"""Our cores against the UnionPay simulator over HTTP: what the addon will do, without Odoo."""

import time
import urllib.request
from datetime import timedelta

import pytest

from odoo.addons.ar_payment_gateways.core import (
    settlement_unionpay,
    trade,
    unionpay_form,
    unionpay_requests,
    unionpay_trade,
)
from odoo.addons.ar_payment_gateways.core.settlement_bill import Kind
from odoo.addons.ar_payment_gateways.core.trade import RefundVerdict, Verdict
from odoo.addons.ar_payment_gateways.core.unionpay_signing import RefusedMessageError

from ..simulators import unionpay_keys
from ..simulators.unionpay import UnionpaySimulator
from .merchant_site import MerchantSite
from .unionpay_client import Client

MERCHANT = unionpay_keys.Merchant.new()


@pytest.fixture
def shop():
    with UnionpaySimulator(MERCHANT) as simulator:
        client = Client(simulator)
        with MerchantSite(client.notified) as site:
            client.url = site.url
            yield client


def test_apply_pay_notify_query(shop):
    order = shop.order(shop.url)
    assert unionpay_trade.outcome(shop.query(order)["respCode"]).name == "NOT_FOUND"
    answer = shop.apply(order)
    assert answer["qrCode"].startswith(shop.simulator.base_url)
    waiting = unionpay_trade.report_of_query(shop.query(order))
    assert shop.verdict(order, waiting) is Verdict.WAITING
    assert shop.simulator.pay(order["order_number"])
    (fields,) = shop.notifications
    assert not unionpay_trade.is_refund(fields)
    assert shop.verdict(order, unionpay_trade.report_of_notification(fields)) is Verdict.PAID
    assert shop.verdict(order, unionpay_trade.report_of_query(shop.query(order))) is Verdict.PAID
    assert shop.apply(order)["respCode"] == "12"  # a number is taken once
    assert shop.simulator.ledger() == {order["order_number"]: (12345, 0)}


def test_the_form_in_the_browser_and_the_way_back(shop):
    order = shop.order(shop.url)
    fields = unionpay_requests.front_fields(**order, return_url=shop.url)
    with shop.post(unionpay_requests.FRONT_PATH, fields) as response:  # follows to the cashier
        assert "确认付款" in response.read().decode()
        cashier = response.url
    pay = urllib.request.Request(f"{cashier}/pay", data=b"", method="POST")
    page = urllib.request.urlopen(pay).read().decode()
    assert "支付成功" in page
    assert f'action="{shop.url}"' in page
    for _ in range(100):
        if shop.notifications:
            break
        time.sleep(0.05)
    report = unionpay_trade.report_of_notification(shop.notifications[0])
    assert shop.verdict(order, report) is Verdict.PAID


@pytest.mark.parametrize("make", [unionpay_requests.refund_fields, unionpay_requests.cancel_fields])
def test_money_back(shop, make):
    order = shop.order(shop.url)
    shop.apply(order)
    shop.simulator.pay(order["order_number"])
    whole = make is unionpay_requests.cancel_fields
    amount = 12345 if whole else 345
    shop.simulator.knobs.hold_refunds = True
    answer = shop.give_back(order, "RF20261123080000AAAAAAAAAA", amount, shop.url, make)
    assert unionpay_trade.outcome(answer["respCode"]).name == "DONE"
    assert shop.give_back(order, "RF20261123080000BBBBBBBBBB", 12001, shop.url)["respCode"] == "36"
    if not whole:
        cancel = unionpay_requests.cancel_fields
        assert (
            shop.give_back(order, "RF20261123080000CCCCCCCCCC", 12345, shop.url, cancel)["respCode"] == "36"
        )
    assert shop.simulator.finish_refund("RF20261123080000AAAAAAAAAA")
    expected = trade.ExpectedRefund(
        "RF20261123080000AAAAAAAAAA", order["order_number"], amount, order["mer_id"]
    )
    told = unionpay_trade.report_of_refund(shop.notifications[-1])
    assert trade.judge_refund(told, expected) is RefundVerdict.DONE
    # The notification of a refund is never taken for one of the payment.
    report = unionpay_trade.report_of_notification(shop.notifications[-1])
    assert shop.verdict(order, report) in (Verdict.FOREIGN, Verdict.REFUND)
    assert shop.simulator.ledger() == {order["order_number"]: (12345, amount)}


def test_a_failed_refund_is_only_seen_by_asking(shop):
    order = shop.order(shop.url)
    shop.apply(order)
    shop.simulator.pay(order["order_number"])
    shop.simulator.knobs.hold_refunds = True
    answer = shop.give_back(order, "RF20261123080000AAAAAAAAAA", 5, shop.url)
    asked = {
        "mer_id": order["mer_id"],
        "order_number": answer["orderId"],
        "ordered_at": unionpay_requests.parse_time(answer["txnTime"]),
    }
    expected = trade.ExpectedRefund(answer["orderId"], order["order_number"], 5, order["mer_id"])

    def verdict():
        report = unionpay_trade.report_of_refund(shop.query(asked), "origRespCode")
        return trade.judge_refund(report, expected)

    assert verdict() is RefundVerdict.WAITING
    shop.simulator.finish_refund(answer["orderId"], "60")
    assert verdict() is RefundVerdict.FAILED
    assert len(shop.notifications) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"signature": "AAAA"}, "11"),
        ({"txnAmt": "1"}, "11"),
        ({"certId": "1"}, "11"),
        ({"extra": "1"}, "11"),
    ],
)
def test_signatures_the_gateway_refuses(shop, change, code):
    shop.change = change
    assert shop.apply(shop.order(shop.url))["respCode"] == code
    assert not shop.simulator.requests


def test_what_the_gateway_refuses(shop):
    order = shop.order(shop.url)
    fields = unionpay_requests.qr_fields(**order)
    wrong = [
        ({"txnAmt": "1.5"}, "10"), ({"txnAmt": "0"}, "10"), ({"currencyCode": "840"}, "10"), ({"txnAmt": ""}, "13"),
        ({"orderId": "A-20261123"}, "10"), ({"txnTime": "20200101000000"}, "10"), ({"version": "5.0.0"}, "10"),
        ({"txnType": "99"}, "10"), ({"merId": "1"}, "10"), ({"extra": "1"}, "10"), ({"backUrl": "x"}, "10"),
    ]  # fmt: skip
    for change, code in wrong:
        assert shop_code(shop, {**fields, **change}) == code, change
    assert shop.apply(order)["respCode"] == "00"


def shop_code(shop, fields):
    with shop.post(unionpay_requests.BACK_PATH, fields) as response:
        return unionpay_form.parse_answer(response.read())["respCode"]


@pytest.mark.parametrize(
    ("knob", "refusal"),
    [
        ("self_signed", "certificate: issuer"),
        ("as_merchant", "certificate: owner"),
        ("notify_other_key", "signature"),
        ("notify_tamper", "signature"),
    ],
)
def test_notifications_we_refuse(shop, knob, refusal):
    order = shop.order(shop.url)
    shop.apply(order)
    setattr(shop.simulator.knobs, knob, True)
    assert not shop.simulator.pay(order["order_number"])
    assert shop.refused == [refusal]
    assert not shop.notifications


@pytest.mark.parametrize("knob", ["unsigned", "tamper_answer", "self_signed", "as_merchant"])
def test_answers_we_refuse(shop, knob):
    setattr(shop.simulator.knobs, knob, 1)
    with pytest.raises(RefusedMessageError):
        shop.apply(shop.order(shop.url))


def test_genuine_but_wrong(shop):
    order = shop.order(shop.url)
    shop.apply(order)
    shop.simulator.knobs.amount_delta = 1
    shop.simulator.pay(order["order_number"])
    report = unionpay_trade.report_of_notification(shop.notifications[0])
    assert shop.verdict(order, report) is Verdict.MISMATCH
    assert shop.verdict(order, unionpay_trade.report_of_query(shop.query(order))) is Verdict.MISMATCH
    shop.simulator.knobs.notify_change = {"merId": "777290058167152"}
    shop.simulator.notify_order(shop.simulator.orders.by_number(order["order_number"]))
    report = unionpay_trade.report_of_notification(shop.notifications[1])
    assert shop.verdict(order, report) is Verdict.FOREIGN


def test_lost_late_and_repeated(shop):
    order = shop.order(shop.url)
    shop.simulator.knobs.drop_response_after_commit = 1
    with pytest.raises(OSError):  # noqa: PT011 whichever of them the socket raises
        shop.apply(order)
    assert shop.query(order)["origRespCode"] == "05"
    taken = shop.simulator.orders.by_number(order["order_number"])
    taken.fields["payTimeout"] = unionpay_requests.format_time(order["ordered_at"] - timedelta(minutes=1))
    with pytest.raises(ValueError, match="not payable"):
        shop.simulator.pay(order["order_number"])
    shop.simulator.knobs.paid_after_close = True
    shop.simulator.knobs.notify_count = 3
    shop.simulator.pay(order["order_number"])
    assert len(shop.notifications) == 3
    report = unionpay_trade.report_of_notification(shop.notifications[2])
    assert shop.verdict(order, report) is Verdict.PAID


def test_settlement_files(shop):
    today = shop.simulator.now().date()

    def fetch(day=today):
        fields = unionpay_requests.file_fields(
            mer_id=MERCHANT.mer_id, settled_on=day, now=shop.simulator.now()
        )
        return shop.call("/", fields)

    assert fetch()["respCode"] == unionpay_requests.NO_FILE
    order = shop.order(shop.url)
    shop.apply(order)
    shop.simulator.pay(order["order_number"])
    shop.simulator.knobs.hold_refunds = True
    shop.give_back(order, "RF20261123080000AAAAAAAAAA", 345, shop.url)
    shop.simulator.finish_refund("RF20261123080000AAAAAAAAAA")
    content = settlement_unionpay.unpack_answer(fetch()["fileContent"])
    bill = settlement_unionpay.parse_trade_file(content, today)
    assert [(line.kind, line.amount_minor) for line in bill.lines] == [
        (Kind.PAYMENT, 12345),
        (Kind.REFUND, 345),
    ]
    assert {line.order_number for line in bill.lines} == {order["order_number"]}
    assert bill.lines[0].trade_no == shop.notifications[0]["queryId"]
    shop.simulator.knobs.bill_amount_delta = {order["order_number"]: 1}
    content = settlement_unionpay.unpack_answer(fetch()["fileContent"])
    assert settlement_unionpay.parse_trade_file(content, today).total_minor(Kind.PAYMENT) == 12346
