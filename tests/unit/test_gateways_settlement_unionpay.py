"""Settlement files of UnionPay: what the simulator's ledger becomes, read back; and what is refused."""

import base64
import time
import zlib
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from odoo.addons.ar_payment_gateways.core import settlement_unionpay
from odoo.addons.ar_payment_gateways.core.settlement_bill import Kind, Problem

from ..simulators import unionpay_files, unionpay_orders
from ..simulators.gateway import CHINA, Knobs
from .ledgers import NOON, expected_of, ledgers, refused


def unionpay(ledger, done=NOON):
    """Return a UnionPay simulator's gateway with these (fen paid, [fen given back])."""
    gateway = SimpleNamespace(
        knobs=Knobs(), merchant=SimpleNamespace(mer_id="777290058167151"), now=lambda: done
    )
    gateway.orders = unionpay_orders.Orders(gateway)

    def add(number, kind, amount, original=None):
        fields = {"orderId": number, "txnTime": "20261123120000", "txnType": kind, "txnSubType": "00",
                  "bizType": "000000", "txnAmt": str(amount)}  # fmt: skip
        order = unionpay_orders.Order(fields, done, status="00", done=done, original=original)
        order.query_id = f"{len(gateway.orders.by_key):021d}"
        gateway.orders.by_key[order.key] = order
        return order

    for number, (amount, backs) in enumerate(ledger):
        paid = add(f"AR{number:020d}", "01", amount)
        for place, fen in enumerate(backs):
            add(f"RF{number}x{place}", "31" if place == 2 else "04", fen, paid)
    return gateway


def unionpay_zip(gateway):
    return settlement_unionpay.unpack_answer(unionpay_files.settlement_file(gateway, "1123")[1])


@settings(max_examples=60)
@given(ledgers)
def test_unionpay_files_come_back(ledger):
    bill = settlement_unionpay.parse_trade_file(unionpay_zip(unionpay(ledger)), NOON.date())
    paid, back = expected_of(ledger)
    assert {x.order_number: x.amount_minor for x in bill.lines if x.kind is Kind.PAYMENT} == paid
    assert {x.refund_number: x.amount_minor for x in bill.lines if x.kind is Kind.REFUND} == back
    assert {x.order_number for x in bill.lines} == set(paid)
    assert bill.total_fee() == sum(Decimal(amount * 6 // 1000).scaleb(-2) for amount in paid.values())
    assert bill.account == "777290058167151"


def zm(**changes):
    values = {
        1: "S22", 4: "123456", 5: "1123120000", 7: f"{12345:012d}", 10: "7826", 12: "AR1", 16: "D000000000074",
        17: "C000000012271", 18: "0001", 20: "01", 28: "777290058167151", **{int(k[1:]): v for k, v in changes.items()},
    }  # fmt: skip
    return unionpay_files.line(values)


def parse_zm(content):
    return settlement_unionpay.parse_trade_file(content, NOON.date()).lines


def test_widths_are_bytes_of_gbk():
    (line,) = parse_zm(zm(f31="深圳市某某进出口有限公司"))
    assert (line.amount_minor, line.fee, line.method) == (12345, Decimal("0.74"), "CARD")
    assert line.happened_at == NOON


@pytest.mark.parametrize(("settled", "fee"), [("C000000012270", "D000000000074"), ("", "D000000000074"),
                                              ("C000000012271", ""), ("X000000012271", "X000000000074")])  # fmt: skip
def test_a_fee_that_does_not_fit_is_unknown(settled, fee):
    (line,) = parse_zm(zm(f17=settled, f16=fee))
    assert line.fee is None


def test_new_year():
    day = datetime(2027, 1, 1, tzinfo=CHINA).date()
    (line,) = settlement_unionpay.parse_trade_file(zm(f5="1231235959"), day).lines
    assert line.happened_at.year == 2026


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (zm(f20="99"), Problem.VALUE),
        (zm(f7="00000012.345"), Problem.VALUE),
        (zm(f5="1323120000"), Problem.VALUE),
        (zm(f10=""), Problem.VALUE),
        (zm() + zm(), Problem.DUPLICATE),
        (zm() + zm(f10="2", f28="777290058167152"), Problem.VALUE),
        (zm()[:200], Problem.COLUMNS),
        (b"x" + zm(), Problem.COLUMNS),
        (zm().replace(b"1123120000", b"\xff\xff23120000"), Problem.CHARSET),
        (b"\r\n", Problem.COLUMNS),
    ],
)
def test_what_is_wrong_with_a_unionpay_file(content, problem):
    refused(problem, parse_zm, content)


@pytest.mark.parametrize(
    "text", ["", "*", "QUJD", base64.b64encode(zlib.compress(b"x" * 999)[:-3]).decode(), "签"]
)
def test_what_is_no_file_content(text):
    refused(Problem.ARCHIVE, settlement_unionpay.unpack_answer, text)


def test_ten_thousand_rows_are_read_in_a_moment():
    content = unionpay_zip(unionpay([(number + 1, []) for number in range(10_000)]))
    start = time.perf_counter()
    bill = settlement_unionpay.parse_trade_file(content, NOON.date())
    assert time.perf_counter() - start < 5
    assert bill.total_minor(Kind.PAYMENT) == 10_000 * 10_001 // 2
