"""Which bill a file is, whatever the gateway; and that a bill exported twice is one bill."""

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from odoo.addons.ar_payment_gateways.core import settlement_read
from odoo.addons.ar_payment_gateways.core.settlement_bill import Kind, Problem
from odoo.addons.ar_payment_gateways.core.settlement_read import BillKind, read_bill

from ..simulators import alipay_bill, unionpay_files
from .ledgers import NOON, refused
from .test_gateways_settlement_alipay import trades
from .test_gateways_settlement_wechat import wechat

LEDGER = [(10_000, [2_500]), (4_999, [])]
DAY = NOON.date()


def zipped(name, content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def unionpay(day=DAY, ledger=LEDGER):
    """A ZM file: payments with a fee of 6 per mille."""
    lines = []
    for number, (amount, _backs) in enumerate(ledger):
        fee = amount * 6 // 1000
        values = {
            1: "S22", 4: "000001", 5: f"{day:%m%d}120000", 7: f"{amount:012d}", 10: f"8126112312000000000{number:02d}",
            12: f"AR{number:020d}", 16: f"D{fee:012d}", 17: f"C{amount - fee:012d}", 18: "0001", 20: "01",
            28: "777290058110048",
        }  # fmt: skip
        lines.append(unionpay_files.line(values))
    return b"".join(lines)


@pytest.mark.parametrize(
    ("content", "code", "account"),
    [
        (alipay_bill.trade_bill(trades(LEDGER), DAY), "alipay", "20880000000000010156"),
        (wechat(LEDGER).trade_bill(DAY), "wechatpay", "1900000109"),
        (zipped("1900000109All2026-11-23.csv", wechat(LEDGER).trade_bill(DAY)), "wechatpay", "1900000109"),
        (unionpay(), "unionpay", "777290058110048"),
        (zipped("INN26112388ZM_777290058110048", unionpay()), "unionpay", "777290058110048"),
    ],
)
def test_trade_bills_are_told_apart(content, code, account):
    bill = read_bill(content, DAY)
    assert (bill.code, bill.kind, bill.day, bill.account) == (code, BillKind.TRADE, DAY, account)
    assert bill.total(Kind.PAYMENT) == Decimal("149.99")
    assert bill.unknown_fees() == 0
    assert bill.total_fee() > 0
    assert all(row.amount_minor < 0 for row in bill.rows if row.kind is Kind.REFUND)


def test_the_fund_flow_has_a_balance():
    bill = read_bill(wechat(LEDGER).fund_bill(DAY))
    assert bill.kind is BillKind.FUND
    assert bill.balance_minor == sum(row.amount_minor for row in bill.rows)
    assert bill.unknown_fees() == 0


def test_fees_are_rounded_once():
    """WeChat counts them with five decimals: 0.6 % of 0.99 is 0.00594; ten of them are six fen, not ten times one."""
    bill = read_bill(wechat([(99, [])] * 10).trade_bill(DAY))
    assert bill.total_fee() == Decimal("0.06")


def test_the_day_is_the_rows_and_the_one_asked_for():
    content = wechat(LEDGER).trade_bill(DAY)
    assert read_bill(content).day == DAY
    refused(Problem.DAY, read_bill, content, DAY - timedelta(days=1))
    refused(Problem.DAY, read_bill, unionpay(), None)
    refused(Problem.DAY, read_bill, unionpay(DAY), DAY - timedelta(days=2))
    assert read_bill(unionpay(DAY), DAY + timedelta(days=1)).day == DAY + timedelta(
        days=1
    )  # late in the evening


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.7", b"a,b\n1,2\n", "日期".encode()])
def test_other_files_are_refused(content):
    with pytest.raises(settlement_read.BillError):
        read_bill(content, DAY)


def test_two_exports_of_one_bill_are_one_bill():
    text = alipay_bill.details(
        [
            alipay_bill.row("2026112322001", "AR1", "货款", "2026-11-23 12:00:00", 2000, fee_minor=-12),
            alipay_bill.row("2026112322002", "AR2", "货款", "2026-11-23 12:00:01", 3000, fee_minor=-18),
        ],
        (2, 5000, 0, 0),
    )
    first, second = text, text.replace("09:07:37", "10:00:00")
    assert first != second
    digests = {read_bill(alipay_bill.archive(each)).digest() for each in (first, second)}
    assert digests == {read_bill(first.encode("gbk")).digest()}
    changed = first.replace("-0.12", "-0.13")
    assert read_bill(alipay_bill.archive(changed)).digest() not in digests


def test_an_empty_bill():
    bill = settlement_read.empty_bill(date(2026, 11, 22), BillKind.TRADE)
    assert (bill.rows, bill.total(Kind.PAYMENT), bill.total_fee()) == ((), 0, 0)


def test_fees_that_a_file_does_not_tell_are_counted():
    bill = read_bill(unionpay(), DAY)
    rows = tuple(SimpleNamespace(**{**vars(row), "fee": None}) for row in bill.rows[:1]) + bill.rows[1:]
    assert settlement_read.ReadBill("unionpay", BillKind.TRADE, DAY, rows).unknown_fees() == 1
