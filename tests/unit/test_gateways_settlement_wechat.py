"""Bills of WeChat Pay: what the simulator's ledger becomes, read back; and what is refused, with its reason."""

import time
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import settlement_bill, settlement_wechat
from odoo.addons.ar_payment_gateways.core.settlement_bill import BillError, Kind, Problem

from ..simulators import wechat_bills
from ..simulators.gateway import CHINA
from ..wechat_ledger import bills_of
from .ledgers import NOON, expected_of, ledgers, refused


def wechat(ledger):
    return bills_of(ledger, NOON)


@settings(max_examples=60)
@given(ledgers)
def test_wechat_trade_bills_come_back(ledger):
    bill = settlement_wechat.parse_trade_bill(wechat(ledger).trade_bill(NOON.date()))
    paid, back = expected_of(ledger)
    assert {x.order_number: x.amount_minor for x in bill.lines if x.kind is Kind.PAYMENT} == paid
    assert {x.refund_number: x.amount_minor for x in bill.lines if x.kind is Kind.REFUND} == back
    assert bill.total_minor(Kind.PAYMENT) == sum(paid.values())
    fees = sum(map(wechat_bills.fee, paid.values())) - sum(map(wechat_bills.fee, back.values()))
    assert bill.total_fee() == fees
    assert bill.account == "1900000109"


def test_the_simulators_account_keeps_its_money_over_night():
    bills = wechat([(10_000, []), (5_000, [1_000])])
    _first, second = bills.gateway.orders.by_number.values()
    second.paid += timedelta(days=1)
    [refund] = second.refunds.values()
    refund.created += timedelta(days=1)
    days = [NOON.date() + timedelta(days=n) for n in range(3)]
    found = [settlement_wechat.parse_fund_bill(bills.fund_bill(day))[-1].balance_minor for day in days[:2]]
    assert found == [9_940, 9_940 + 4_970 - 994]
    assert bills.fund_bill(days[2]) is None


@settings(max_examples=60)
@given(ledgers)
def test_wechat_fund_flows_come_back(ledger):
    lines = settlement_wechat.parse_fund_bill(wechat(ledger).fund_bill(NOON.date()))
    assert lines[-1].balance_minor == sum(line.amount_minor for line in lines)
    paid, _back = expected_of(ledger)
    payments = {line.voucher: line.amount_minor for line in lines if line.kind is Kind.PAYMENT}
    assert payments == paid
    assert all(line.amount_minor < 0 for line in lines if line.kind in (Kind.FEE, Kind.REFUND))


# Header and row of a real bill of 2021 (handbook, gateways.md 2.1), three times with other numbers.
REAL_ROW = (
    "`2021-01-28 17:07:11,`wx81be3101902f7cb2,`1601959334,`0,`,`420000092520210128499771429{0},"
    "`S2021012817070235772{0},`ofyak5qR_1wYsC99CsWA6R9MJazA,`NATIVE,`SUCCESS,`OTHERS,`CNY,`0.01,`0.00,`0,`0,`0.00,`0.00,"
    "`,`,`for testing,`cipher code,`0.00000,`1.00%,`0.01,`0.00,`"
)
REAL_TOTALS = "`3,`0.03,`0.00,`0.00,`0.00000,`0.03,`0.00"
REAL = "\ufeff" + "\r\n".join(
    [wechat_bills.TRADE_COLUMNS, *(REAL_ROW.format(n) for n in range(3)), wechat_bills.TRADE_SUMMARY, REAL_TOTALS, ""]
)  # fmt: skip


def test_a_real_wechat_bill():
    bill = settlement_wechat.parse_trade_bill(REAL.encode())
    assert len(bill.lines) == 3
    assert bill.total_minor(Kind.PAYMENT) == 3
    assert bill.lines[0].happened_at == datetime(2021, 1, 28, 17, 7, 11, tzinfo=CHINA)
    assert bill.lines[0].fee == Decimal("0.00000")


def test_sha1_of_a_download():
    content = REAL.encode()
    settlement_wechat.check_sha1(b"abc", "A9993E364706816ABA3E25717850C26C9CD0D89D")
    refused(
        Problem.CHECKSUM, settlement_wechat.check_sha1, content, "a9993e364706816aba3e25717850c26c9cd0d89d"
    )
    refused(Problem.CHECKSUM, settlement_wechat.check_sha1, content, "")


@pytest.mark.parametrize(
    ("before", "after", "problem", "line"),
    [
        ("`0.01,`0.00,`0,", "`0.02,`0.00,`0,", Problem.TOTALS, 6),
        ("`3,`0.03", "`2,`0.03", Problem.TOTALS, 6),
        ("`0.00000,`0.03", "`0.01000,`0.03", Problem.TOTALS, 6),
        ("`0.01,`0.00,`\r\n", "`-0.01,`0.00,`\r\n", Problem.VALUE, 2),
        ("`0.01,`0.00,`\r\n", "`0.001,`0.00,`\r\n", Problem.VALUE, 2),
        ("`0.00000,`1.00%", "`0.000000,`1.00%", Problem.VALUE, 2),
        ("`CNY", "`USD", Problem.VALUE, 2),
        ("`SUCCESS", "`SOMETHING", Problem.VALUE, 2),
        ("2021-01-28", "2021-02-30", Problem.VALUE, 2),
        (",`cipher code", "", Problem.COLUMNS, 2),
        ("手续费,费率", "费,费率", Problem.COLUMNS, 1),
        ("7714291", "7714290", Problem.DUPLICATE, 3),
        ("\r\n" + REAL_TOTALS, "", Problem.INCOMPLETE, 5),
        (wechat_bills.TRADE_SUMMARY + "\r\n" + REAL_TOTALS + "\r\n", "", Problem.INCOMPLETE, 5),
        (REAL_TOTALS, REAL_TOTALS + "\r\nmore", Problem.INCOMPLETE, 5),
    ],
)
def test_what_is_wrong_with_a_wechat_bill(before, after, problem, line):
    assert before in REAL
    error = refused(problem, settlement_wechat.parse_trade_bill, REAL.replace(before, after, 1).encode())
    assert error.line == line


def test_every_cut_of_a_wechat_bill_is_noticed():
    content = REAL.encode()
    for length in range(len(content) - 2):
        with pytest.raises(BillError):
            settlement_wechat.parse_trade_bill(content[:length])


@given(st.binary(max_size=300))
def test_garbage_is_no_bill(content):
    for parse in (settlement_wechat.parse_trade_bill, settlement_wechat.parse_fund_bill):
        with pytest.raises(BillError):
            parse(content)


def test_ten_thousand_rows_are_read_in_a_moment():
    content = wechat([(number + 1, []) for number in range(10_000)]).trade_bill(NOON.date())
    start = time.perf_counter()
    bill = settlement_wechat.parse_trade_bill(content)
    assert time.perf_counter() - start < 5
    assert bill.total_minor(Kind.PAYMENT) == 10_000 * 10_001 // 2


@pytest.mark.parametrize(
    ("text", "fen"), [("-0.01", -1), ("12", 1200), ("0.001", None), ("", None), ("1e2", None), ("--1", None)]
)
def test_signed_amounts(text, fen):
    assert settlement_bill.parse_signed_minor(text) == fen
