"""A payout finds its line at the bank, or nothing: a wrong pair is worse than none."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core.settlement_payout import Arrival, Payout, pair

DAY = date(2026, 11, 23)
WORDS = ("财付通", "tenpay")


def payout(key=1, days=0, amount=1000):
    return Payout(key, DAY + timedelta(days=days), amount, WORDS, ("财付通支付科技", "支付宝(中国)"))


def arrival(key=1, days=1, amount=1000, text="TenPay 提现", **who):
    return Arrival(key, DAY + timedelta(days=days), amount, text, **who)


def test_the_only_one():
    assert pair([payout()], [arrival(9)], 7) == {1: 9}
    assert pair([payout()], [arrival(9), arrival(8, amount=999), arrival(7, text="工资")], 7) == {1: 9}


def test_what_could_be_something_else():
    assert pair([payout()], [arrival(8), arrival(9)], 7) == {}
    assert pair([payout(1), payout(2)], [arrival(9)], 7) == {}


def test_what_cannot_be():
    assert pair([payout()], [arrival(days=-1)], 7) == {}
    assert pair([payout()], [arrival(days=8)], 7) == {}
    assert pair([payout()], [arrival(amount=-1000)], 7) == {}
    assert pair([payout()], [arrival(text="某某公司货款")], 7) == {}


def test_a_customer_who_writes_the_gateways_name_is_no_payout():
    assert pair([payout()], [arrival(9, payer="某某贸易有限公司", text="财付通 货款")], 7) == {}
    assert pair([payout()], [arrival(9, text="财付通 INV/2026/0001", is_customers=True)], 7) == {}
    known = arrival(9, payer="财付通支付科技有限公司", text="财付通", is_customers=True)
    assert pair([payout()], [known], 7) == {}


def test_the_gateways_company_as_payer():
    assert pair([payout()], [arrival(9, payer="财付通支付科技有限公司", text="待清算")], 7) == {1: 9}
    assert pair([payout()], [arrival(9, payer="支付宝 （中国）网络技术有限公司", text="")], 7) == {1: 9}
    # His own transfer no longer makes it uncertain which line is the payout.
    own = arrival(8, payer="某某贸易有限公司", text="财付通 货款")
    assert pair([payout()], [own, arrival(9)], 7) == {1: 9}


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3))),
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3))),
)
def test_no_line_is_two_payouts(ours, theirs):
    payouts = [payout(key, *each) for key, each in enumerate(ours)]
    arrivals = [arrival(key, *each) for key, each in enumerate(theirs)]
    found = pair(payouts, arrivals, 7)
    assert len(set(found.values())) == len(found)
    assert all(payouts[p].amount_minor == arrivals[a].amount_minor for p, a in found.items())
