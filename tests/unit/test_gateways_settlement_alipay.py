"""Alipay's trade bills: what a ledger becomes, read back; the ways samples differ; what is refused."""

import time
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import settlement_alipay
from odoo.addons.ar_payment_gateways.core.settlement_bill import BillError, Kind, Problem

from ..simulators import alipay_bill
from .ledgers import NOON, expected_of, ledgers, refused

PAID = alipay_bill.row(
    "2017083121001004720299453898", "AR1", "货款", "2026-11-23 12:00:00", 2000, fee_minor=-12
)
BACK = alipay_bill.row("2017083121001004720299453898", "AR1", "货款", "2026-11-23 13:00:00", -500, "RF1", 3)
TEXT = alipay_bill.details([PAID, BACK], (1, 2000, 1, 500))


def parse(text):
    return settlement_alipay.parse_trade_bill(text.encode("gbk"))


def trades(ledger):
    """Return what the simulator's `Trades` would hold."""
    found = {}
    for number, (amount, backs) in enumerate(ledger):
        name = f"AR{number:020d}"
        found[name] = SimpleNamespace(
            number=name, trade_no=f"2026112322001{number:015d}", amount_minor=amount, paid=NOON,
            content={"subject": "深圳货款, 一批"}, refunds={f"RF{number}x{n}": fen for n, fen in enumerate(backs)},
        )  # fmt: skip
    return SimpleNamespace(by_number=found)


@settings(max_examples=60)
@given(ledgers)
def test_bills_come_back(ledger):
    bill = settlement_alipay.parse_trade_bill(alipay_bill.trade_bill(trades(ledger), NOON.date()))
    paid, back = expected_of(ledger)
    assert {x.order_number: x.amount_minor for x in bill.lines if x.kind is Kind.PAYMENT} == paid
    assert {x.refund_number: x.amount_minor for x in bill.lines if x.kind is Kind.REFUND} == back
    assert bill.total_fee() == sum(Decimal(amount * 6 // 1000).scaleb(-2) for amount in paid.values())
    assert bill.account == "20880000000000010156"


def test_fields_of_a_line():
    paid, back = parse(TEXT).lines
    assert (paid.trade_no, paid.order_number, paid.refund_number) == (
        "2017083121001004720299453898",
        "AR1",
        "",
    )
    assert paid.happened_at == datetime(2026, 11, 23, 12, tzinfo=NOON.tzinfo)
    assert (paid.fee, back.fee) == (Decimal("0.12"), Decimal("-0.03"))
    assert (back.amount_minor, back.refund_number) == (500, "RF1")


def test_the_ways_in_which_samples_differ():
    positive = TEXT.replace("-5.00", "5.00").replace("-0.12", "0.12").replace("（元）", "(元)")
    for text in (positive, TEXT.replace("\r\n", "\n"), TEXT.replace("订单金额（元）", "订单金额(元)")):
        paid, back = parse(text).lines
        assert (paid.amount_minor, paid.fee, back.amount_minor, back.fee) == (
            2000, Decimal("0.12"), 500, Decimal("-0.03"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "problem", "line"),
    [
        ("商家实收共20.00元", "商家实收共20.01元", Problem.TOTALS, 9),
        ("交易合计：1笔", "交易合计：2笔", Problem.TOTALS, 9),
        ("退款共-5.00元", "退款共-5.01元", Problem.TOTALS, 10),
        ("20.00,20.00", "20.00,20.01", Problem.TOTALS, 9),
        ("20.00,20.00", "20.001,20.00", Problem.VALUE, 6),
        ("交易\t", "转账\t", Problem.VALUE, 6),
        ("2026-11-23 12:00:00,2026-11-23 12:00:00", "x,x", Problem.VALUE, 6),
        ("RF1\t", "\t", Problem.VALUE, 7),
        ("*杨(137****2600)\t,", "", Problem.COLUMNS, 6),
        ("服务费", "费", Problem.COLUMNS, 5),
        ("支付宝交易号", "交易号", Problem.COLUMNS, 0),
        ("业务明细列表结束", "", Problem.INCOMPLETE, 7),
        ("#退款合计", "#合计", Problem.INCOMPLETE, 8),
    ],
)
def test_what_is_wrong_with_a_bill(before, after, problem, line):
    assert before in TEXT
    assert refused(problem, parse, TEXT.replace(before, after, 1)).line == line


def test_a_row_that_comes_twice():
    text = alipay_bill.details([PAID, PAID], (2, 4000, 0, 0))
    assert refused(Problem.DUPLICATE, parse, text).line == 7


def test_a_bill_in_another_charset():
    error = refused(Problem.CHARSET, settlement_alipay.parse_trade_bill, b"#x\n\xff\xff" + TEXT.encode("gbk"))
    assert error.line == 2


def test_archives_without_exactly_one_bill():
    packed = alipay_bill.archive(TEXT)
    assert len(settlement_alipay.parse_trade_bill(packed).lines) == 2
    with pytest.raises(BillError):
        settlement_alipay.parse_trade_bill(packed[:-30])
    fund = packed.replace("业务明细".encode("gbk"), "账务明细".encode("gbk"))
    refused(Problem.ARCHIVE, settlement_alipay.parse_trade_bill, fund)


@given(st.binary(max_size=200))
def test_garbage_is_no_bill(content):
    with pytest.raises(BillError):
        settlement_alipay.parse_trade_bill(content)


def test_every_cut_up_to_the_totals_is_noticed():
    content = TEXT.encode("gbk")
    last = content.index("，商家优惠退款共".encode("gbk"))
    for length in range(last):
        with pytest.raises(BillError):
            settlement_alipay.parse_trade_bill(content[:length])


def test_ten_thousand_rows_are_read_in_a_moment():
    content = alipay_bill.trade_bill(trades([(number + 1, []) for number in range(10_000)]), NOON.date())
    start = time.perf_counter()
    bill = settlement_alipay.parse_trade_bill(content)
    assert time.perf_counter() - start < 5
    assert bill.total_minor(Kind.PAYMENT) == 10_000 * 10_001 // 2
