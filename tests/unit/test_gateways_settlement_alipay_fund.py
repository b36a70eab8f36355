"""Alipay's fund flow: what each movement is, totals, damaged files."""

from datetime import date, datetime
from types import SimpleNamespace

import pytest

from odoo.addons.ar_payment_gateways.core.settlement_alipay_fund import find_fund_bill, parse_fund_bill
from odoo.addons.ar_payment_gateways.core.settlement_bill import BillError, Kind, Problem
from odoo.addons.ar_payment_gateways.core.settlement_read import BillKind, read_bill
from odoo.addons.ar_payment_gateways.core.trade import CHINA

from tests.simulators.alipay_bill import archive, details, fund_archive, fund_bill

DAY = date(2026, 11, 23)
MOVES = [
    ("2026112300", "AR1", 10_000, "在线支付", "", Kind.PAYMENT),
    ("2026112300", "AR1", -60, "收费", "服务费[2026112300]", Kind.FEE),
    ("2026112300", "AR1", -1_000, "交易退款", "", Kind.REFUND),
    ("2026112301", "AR2", 500, "其它", "", Kind.PAYMENT),
    ("2026112301", "AR2", -3, "其它", "服务费[2026112301]", Kind.FEE),
    ("2026112302", "", 700, "转账", "服务费", Kind.OTHER),
    ("2026112303", "", -8_000, "提现", "", Kind.PAYOUT),
    # In no trade bill, whatever they are called: they must not pass for what was booked from there.
    ("2026112304", "", -200_000, "转账", "3月技术服务费", Kind.OTHER),
    ("2026112305", "T20261123", -200_000, "转账", "付货款", Kind.OTHER),
    ("2026112306", "", -60_000, "收费", "年费", Kind.OTHER),
]


def made(moves=MOVES):
    return fund_archive(
        [(datetime(2026, 11, 23, 9, n, tzinfo=CHINA), *move[:5]) for n, move in enumerate(moves)], DAY
    )


def test_movements():
    bill = read_bill(made(), DAY)
    assert (bill.code, bill.kind, bill.day) == ("alipay", BillKind.FUND, DAY)
    assert bill.account == "20880000000000010156"
    assert [row.kind for row in bill.rows] == [move[5] for move in MOVES]
    assert [row.amount_minor for row in bill.rows] == [move[2] for move in MOVES]
    assert bill.rows[0].order_number == "AR1"
    assert bill.balance_minor == sum(move[2] for move in MOVES)
    assert read_bill(find_fund_bill(made())) == bill  # the CSV alone


@pytest.mark.parametrize("apart", [0, 1])
@pytest.mark.parametrize("turned", [False, True])
def test_the_balance_is_that_of_the_last_row(apart, turned):
    moves = [(datetime(2026, 11, 23, 9, n * apart, tzinfo=CHINA), *m[:5]) for n, m in enumerate(MOVES)]
    lines = find_fund_bill(fund_archive(moves, DAY)).decode("gbk").split("\r\n")
    if turned:
        lines[5 : 5 + len(MOVES)] = reversed(lines[5 : 5 + len(MOVES)])
    found, _account = parse_fund_bill("\r\n".join(lines).encode("gbk"))
    assert found[-1].balance_minor == sum(move[2] for move in MOVES)


def test_the_simulators_account_keeps_its_money_over_night():
    """Each fund flow begins with what the days before have left, what went to the bank taken off."""
    trades = {
        f"AR{n}": SimpleNamespace(
            number=f"AR{n}", trade_no=f"20{n}", amount_minor=10_000, refunds={"R": 500} if n else {},
            paid=datetime(2026, 11, 21 + n, 9, tzinfo=CHINA),
        )
        for n in range(3)
    }  # fmt: skip
    ledger = SimpleNamespace(by_number=trades)
    days = [date(2026, 11, 20 + n) for n in range(4)]
    assert fund_bill(ledger, days[0]) is None
    balances = [read_bill(fund_bill(ledger, day, payout=1_000), day).balance_minor for day in days[1:]]
    assert balances == [9_940 - 1_000, 2 * 9_940 - 500 - 2_000, 3 * 9_940 - 1_000 - 3_000]


def test_a_trade_bill_is_none():
    assert find_fund_bill(archive(details([], (0, 0, 0, 0)))) is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("收入合计：3笔", "收入合计：4笔", Problem.TOTALS),
        ("共-4690.63元", "共-4690.64元", Problem.TOTALS),
        ("#支出合计", "#支出", Problem.INCOMPLETE),
        ("账务明细列表结束", "账务", Problem.INCOMPLETE),
        ("账户余额（元）", "余额", Problem.COLUMNS),
        (",支付宝,提现,", ",提现,", Problem.COLUMNS),
        ("-80.00", "x", Problem.VALUE),
        ("100.00,0.00", "100.00,-1.00", Problem.VALUE),
        ("261123000000001", "261123000000000", Problem.DUPLICATE),
    ],
)
def test_damage(old, new, problem):
    text = find_fund_bill(made()).decode("gbk")
    assert old in text
    with pytest.raises(BillError) as caught:
        parse_fund_bill(text.replace(old, new).encode("gbk"))
    assert caught.value.problem is problem


def test_what_is_no_gbk():
    with pytest.raises(BillError) as caught:
        parse_fund_bill(find_fund_bill(made())[:-40] + b"\xff\xff\xff")
    assert caught.value.problem is Problem.CHARSET
