"""Verdicts on what WeChat Pay reports about orders and refunds."""

from datetime import UTC, datetime

import pytest

from odoo.addons.ar_payment_gateways.core import trade, wechat_trade
from odoo.addons.ar_payment_gateways.core.trade import RefundVerdict, Verdict

from . import wechat_messages as wire


@pytest.mark.parametrize(
    ("change", "verdict", "differing"),
    [
        ({}, Verdict.PAID, ()),
        ({"trade_state": "REFUND"}, Verdict.PAID, ()),
        ({"trade_state": "NOTPAY"}, Verdict.WAITING, ()),
        ({"trade_state": "USERPAYING"}, Verdict.WAITING, ()),
        ({"trade_state": "SOMETHING_NEW"}, Verdict.WAITING, ()),
        ({"trade_state": "CLOSED"}, Verdict.CLOSED, ()),
        ({"amount": {"total": 12345, "payer_total": 1}}, Verdict.PAID, ()),
        ({"amount": {"total": 12344, "currency": "CNY"}}, Verdict.MISMATCH, ("amount.total",)),
        ({"amount": {"total": 12345, "currency": "HKD"}}, Verdict.MISMATCH, ("amount.currency",)),
        ({"amount": {"total": 12345.0, "currency": "CNY"}}, Verdict.MISMATCH, ("amount.total",)),
        ({"amount": {"total": "12345", "currency": "CNY"}}, Verdict.MISMATCH, ("amount.total",)),
        ({"amount": None}, Verdict.MISMATCH, ("amount.total",)),
        ({"appid": "wx2"}, Verdict.FOREIGN, ("appid",)),
        ({"appid": None}, Verdict.FOREIGN, ("appid",)),
        ({"mchid": "1900000001"}, Verdict.FOREIGN, ("mchid",)),
        ({"out_trade_no": "AR1"}, Verdict.FOREIGN, ("out_trade_no",)),
    ],
)
def test_verdicts(change, verdict, differing):
    report = wechat_trade.report_of_transaction(wire.transaction(**change))
    judged = wechat_trade.judge(report, wire.EXPECTED)
    assert (judged.verdict, judged.differing) == (verdict, differing)


def test_report_of_a_payment():
    report = wechat_trade.report_of_transaction(wire.transaction())
    assert report.paid_at.astimezone(UTC) == datetime(2026, 11, 23, 7, 59, 58, tzinfo=UTC)
    assert report.trade_no == "4200000925202611234997714292"
    assert wechat_trade.report_of_transaction({"amount": {"total": True}}).amount_minor is None


REFUND = {
    "mchid": "1230000109", "out_trade_no": wire.NUMBER, "out_refund_no": "R1", "refund_id": "50",
    "refund_status": "SUCCESS", "success_time": "2026-11-24T10:00:00+08:00",
    "amount": {"total": 12345, "refund": 45, "payer_refund": 45},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, RefundVerdict.DONE),
        ({"refund_status": "ABNORMAL"}, RefundVerdict.STUCK),
        ({"refund_status": "CLOSED"}, RefundVerdict.FAILED),
        ({"refund_status": "PROCESSING"}, RefundVerdict.WAITING),
        ({"refund_status": "?"}, RefundVerdict.WAITING),
        ({"amount": {"refund": 46}}, RefundVerdict.MISMATCH),
        ({"amount": {}}, RefundVerdict.MISMATCH),
        ({"out_refund_no": "R2"}, RefundVerdict.FOREIGN),
        ({"out_trade_no": "AR2"}, RefundVerdict.FOREIGN),
        ({"mchid": "2"}, RefundVerdict.FOREIGN),
        ({"mchid": None}, RefundVerdict.FOREIGN),
    ],
)
def test_refund_verdicts(change, verdict):
    expected = trade.ExpectedRefund("R1", wire.NUMBER, 45, "1230000109")
    report = wechat_trade.report_of_refund({**REFUND, **change})
    assert trade.judge_refund(report, expected) is verdict


def test_answer_to_a_refund_names_no_merchant():
    content = {key: value for key, value in REFUND.items() if key not in ("mchid", "refund_status")}
    report = wechat_trade.report_of_refund({**content, "status": "SUCCESS"})
    expected = trade.ExpectedRefund("R1", wire.NUMBER, 45, "1230000109")
    assert trade.judge_refund(report, expected) is RefundVerdict.DONE


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "OUT_TRADE_NO_USED", "NEW_NUMBER"),
        (404, "ORDER_NOT_EXIST", "NOT_FOUND"),
        (500, "SYSTEM_ERROR", "ASK"),
        (502, "", "ASK"),
        (429, "SOMETHING", "ASK"),
        (202, "", "RETRY_SAME"),
        (401, "SIGN_ERROR", "REFUSED"),
        (400, "", "REFUSED"),
    ],
)
def test_advice(status, code, advice):
    assert wechat_trade.advise(status, code).name == advice
