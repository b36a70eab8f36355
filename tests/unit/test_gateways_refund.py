"""What Alipay's answers about refunds mean, what is kept of a message, when to ask again."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways import const
from odoo.addons.ar_payment_gateways.core import alipay_refund, alipay_trade, redaction, schedule
from odoo.addons.ar_payment_gateways.core.trade import RefundVerdict

OK = {"code": "10000", "msg": "Success", "out_trade_no": "AR1", "trade_no": "2026"}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({**OK, "fund_change": "Y", "refund_fee": "30.00"}, RefundVerdict.DONE),
        ({**OK, "fund_change": "N", "refund_fee": "30.00"}, None),  # a repetition, or not done yet: ask
        ({**OK, "refund_fee": "30.00"}, None),
        ({"code": "20000", "sub_code": "isp.unknow-error"}, None),
        ({"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}, None),
        ({"code": "40004", "sub_code": "ACQ.SELLER_BALANCE_NOT_ENOUGH"}, RefundVerdict.FAILED),
        ({"code": "40004", "sub_code": "ACQ.TRADE_HAS_FINISHED"}, RefundVerdict.FAILED),
    ],
)
def test_refund_answers(answer, verdict):
    read = alipay_refund.read_refund(answer, "RF1", 10_00)
    assert (read.report and read.report.verdict) == verdict


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "40005", "sub_code": "isv.app-call-limited"},
        {"code": "40006", "sub_code": "isv.insufficient-isv-permissions"},
        {"code": "40004", "sub_code": "ACQ.DISCORDANT_REPEAT_REQUEST"},
        {"code": "40004", "sub_code": "ACQ.SOMETHING_NEW"},
        {"code": 10000, "fund_change": "Y"},  # no text: not what Alipay writes
        {},
    ],
)
def test_a_refused_call_says_nothing_about_the_refund(answer):
    """The refund may have been made by an earlier call whose answer was lost."""
    assert alipay_refund.read_refund(answer, "RF1", 10_00) is None
    assert alipay_refund.read_refund_query(answer, "RF1") is None


def test_the_sum_of_all_refunds_is_not_taken_for_this_one():
    read = alipay_refund.read_refund({**OK, "fund_change": "Y", "refund_fee": "30.00"}, "RF1", 10_00)
    assert (read.report.amount_minor, read.refunded_minor) == (10_00, 30_00)


def test_refund_query():
    done = {**OK, "out_request_no": "RF1", "refund_amount": "10.00", "refund_status": "REFUND_SUCCESS"}
    read = alipay_refund.read_refund_query(done, "RF1")
    assert (read.report.verdict, read.report.amount_minor) == (RefundVerdict.DONE, 10_00)
    for missing in ({**done, "refund_status": ""}, OK, {"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}):
        assert alipay_refund.read_refund_query(missing, "RF1").report is None


def test_a_refusal_keeps_the_gateways_words():
    answer = {"code": "40004", "sub_code": "ACQ.REFUND_FEE_ERROR", "sub_msg": "退款金额有误"}
    assert alipay_refund.read_refund(answer, "RF1", 1).reason == "ACQ.REFUND_FEE_ERROR 退款金额有误"


def test_a_query_tells_of_a_full_refund_only():
    data = {"out_trade_no": "AR1", "total_amount": "5.00", "send_pay_date": "2026-11-23 16:00:00"}
    closed = alipay_trade.report_of_query({**data, "trade_status": "TRADE_CLOSED"})
    assert alipay_trade.refunded_of_query(closed) == 500
    for status in ("TRADE_SUCCESS", "TRADE_FINISHED", "WAIT_BUYER_PAY"):
        report = alipay_trade.report_of_query({**data, "trade_status": status})
        assert alipay_trade.refunded_of_query(report) is None
    unpaid = alipay_trade.report_of_query({**data, "trade_status": "TRADE_CLOSED", "send_pay_date": ""})
    assert alipay_trade.refunded_of_query(unpaid) is None


# --- redaction -----------------------------------------------------------------------------------


def test_secrets_and_people_are_not_kept():
    kept = str(
        redaction.redact(
            {
                "sign": "SECRETSIGNATURE",
                "signPubKeyCert": "SECRETCERT",
                "buyer_id": "2088722003899169",
                "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
                "list": [{"buyer_logon_id": "zhang@example.com"}],
                "out_trade_no": "AR1",
            }
        )
    )
    for secret in ("SECRET", "872200389916", "uMuAJO", "zhang"):
        assert secret not in kept
    assert "AR1" in kept


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda c: st.dictionaries(st.text(), c) | st.lists(c))
)
def test_redaction_never_fails_and_changes_nothing_it_need_not(value):
    redaction.redact(value)


@given(st.text(min_size=4))
def test_a_mask_hides_all_but_the_ends(text):
    assert redaction.mask(text) == f"{text[0]}***{text[-1]}"
    assert redaction.mask(text[:3]) == "***"


# --- schedule ------------------------------------------------------------------------------------


def test_bills_of_a_new_kind_start_when_it_comes():
    first, later, today = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)

    def days(noted=(), asked_for=(), wanted=first):
        return schedule.first_bill_days(("trade", "fund"), wanted, dict(noted), asked_for, today)

    # A new provider; one whose trades were fetched before kinds were noted; and one where they were.
    assert days() == {"trade": first, "fund": first}
    assert days(asked_for={"trade"}) == {"trade": first, "fund": today}
    assert days([("trade", first)], {"trade"}) == {"trade": first, "fund": today}
    # Once noted it stays, unless the user wants later days only.
    noted = {"trade": first, "fund": later}
    assert days(noted, {"trade", "fund"}) == noted
    assert days(noted, wanted=today) == {"trade": today, "fund": today}


NOW = datetime(2026, 11, 23, 8, 0)  # noqa: DTZ001 UTC without a zone, as Odoo keeps times
SCHEDULES = {code: gateway.query_seconds for code, gateway in const.AR_GATEWAYS.items()}


@pytest.mark.parametrize(
    ("code", "seconds"),
    [
        ("alipay", [60, 120, 240, 420, 720, 1320, 1920, 2100]),
        ("wechatpay", [5, 30, 60, 180, 300, 600, 1800, 2100]),
        ("unionpay", [300, 600, 1800, 2100]),
    ],
)
def test_each_vendors_schedule_and_the_end_is_not_missed(code, seconds):
    ends_at = NOW + timedelta(minutes=35)
    times, now = [], NOW
    while now < ends_at:
        now = schedule.next_query(NOW, now, ends_at, SCHEDULES[code])
        times.append((now - NOW) // timedelta(seconds=1))
    assert times == seconds


def test_after_the_end_it_is_asked_less_and_less_often():
    ends_at, now, waits = NOW + timedelta(minutes=35), NOW + timedelta(minutes=35), []
    for _times in range(6):
        later = schedule.next_query(NOW, now, ends_at, SCHEDULES["wechatpay"])
        waits.append((later - now) // timedelta(minutes=1))
        now = later
    assert waits == [5, 5, 10, 20, 40, 60]


@given(st.integers(0, 10**6), st.integers(-(10**6), 10**6), st.sampled_from(sorted(SCHEDULES)))
def test_there_is_always_a_next_time_and_never_more_than_an_hour_off(age, minutes, code):
    ordered_at, ends_at = NOW - timedelta(seconds=age), NOW + timedelta(minutes=minutes)
    moment = schedule.next_query(ordered_at, NOW, ends_at, SCHEDULES[code])
    assert NOW < moment <= NOW + timedelta(hours=1)
