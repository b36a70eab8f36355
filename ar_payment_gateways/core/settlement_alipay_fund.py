"""Alipay's fund flow (账务明细, bill type "signcustomer"): a ZIP of CSV files in GBK, the newest row first.

Layout as in public samples of real files (handbook, gateways.md 2.2). What Alipay itself says about the balance: it is
right in the end, but need not follow from one row to the next; so it is taken as it stands and never added up.
"""

import re
from itertools import pairwise

from .settlement_alipay import WIDE, bill_account, read_table
from .settlement_archive import is_zip, read_members
from .settlement_bill import (
    BillError,
    FundLine,
    Kind,
    Problem,
    check_total,
    check_unique,
    parse_signed_minor,
    parse_time,
)

_FIRST = "账务流水号"
_COLUMNS = (
    _FIRST,
    "业务流水号",
    "商户订单号",
    "发生时间",
    "收入金额(+元)",
    "支出金额(-元)",
    "账户余额",
    "业务类型",
    "备注",
)
_FEE_WORDS = ("收费", "服务费", "手续费", "退费")
_FEE_NOTE = re.compile(r"服务费\[")
_TRADE_WORDS = ("在线支付", "交易付款")
_OTHER_WORDS = ("转账", "红包", "充值")
"""Movements that are in no trade bill, whatever number and note they carry."""
_TOTAL = r"#{}合计:([0-9]+)笔,共(-?[0-9.]+)元,*"
_END = "账务明细列表结束"


def find_fund_bill(content: bytes) -> bytes | None:
    """Return the CSV of a fund flow, out of the ZIP as downloaded or as it is; None if there is none.

    :raise BillError: ARCHIVE.
    """
    members = read_members(content).values() if is_zip(content) else (content,)
    head = f"\n{_FIRST},".encode("gbk")
    found = [member for member in members if head in b"\n" + member[:4000]]
    return found[0] if len(found) == 1 else None


def parse_fund_bill(content: bytes) -> tuple[tuple[FundLine, ...], str]:
    """Return the movements of a day, the oldest first, and the account.

    :param content: of `find_fund_bill`.
    :raise BillError: if anything in it is not as documented, or its totals do not fit.
    """
    try:
        text = content.decode("gbk")
    except UnicodeDecodeError as error:
        raise BillError(Problem.CHARSET, content.count(b"\n", 0, error.start) + 1) from None
    lines = text.replace("\r\n", "\n").split("\n")
    start, end, rows = read_table(lines, _COLUMNS, _END)
    found = [_line(row, number) for number, row in enumerate(rows, start + 2)]
    check_unique(found, start + 2)
    _check_totals(lines, end, [line.amount_minor for line in found])
    if _is_newest_first(found):
        found.reverse()
    return tuple(found), bill_account(lines[:start])


def _line(row: dict[str, str], number: int) -> FundLine:
    happened_at, balance = parse_time(row["发生时间"]), parse_signed_minor(row["账户余额"])
    # Some files leave the other of the two empty, and write what was spent with its sign.
    income, expense = (parse_signed_minor(row[name] or "0") for name in ("收入金额(+元)", "支出金额(-元)"))
    if happened_at is None or balance is None or income is None or expense is None or not row[_FIRST]:
        raise BillError(Problem.VALUE, number, " ".join(row.values()))
    if income < 0 or (income and expense):
        raise BillError(Problem.VALUE, number, f"{income} {expense}")
    amount = income or -abs(expense)
    return FundLine(
        key=f"fund:{row[_FIRST]}",
        kind=_kind(row, amount),
        happened_at=happened_at,
        business_no=row["业务流水号"],
        voucher=row["商户订单号"],
        amount_minor=amount,
        balance_minor=balance,
        name=row["业务类型"],
        note=row["备注"],
    )


def _is_newest_first(lines: list[FundLine]) -> bool:
    """Tell which way the rows go: by their times; of one second, as a payment and its fee are, by more balances."""
    if lines and lines[0].happened_at != lines[-1].happened_at:
        return lines[0].happened_at > lines[-1].happened_at
    steps = list(pairwise(lines))
    down = sum(a.balance_minor == b.balance_minor + a.amount_minor for a, b in steps)
    return down >= sum(b.balance_minor == a.balance_minor + b.amount_minor for a, b in steps)


def _kind(row: dict[str, str], amount: int) -> Kind:
    """Return what a movement is. What has a merchant's order number is in the trade bill, and is not booked again."""
    word, number = row["业务类型"], row["商户订单号"]
    if "提现" in word:
        return Kind.PAYOUT
    if word in _OTHER_WORDS:
        return Kind.OTHER
    if any(each in word for each in _FEE_WORDS) or (amount < 0 and _FEE_NOTE.match(row["备注"])):
        # What Alipay keeps of a payment names it; a yearly fee is in no trade bill.
        return Kind.FEE if number else Kind.OTHER
    if "退款" in word:
        return Kind.REFUND
    if number or word in _TRADE_WORDS:
        return Kind.PAYMENT if amount > 0 else Kind.REFUND
    return Kind.OTHER


def _check_totals(lines: list[str], end: int, amounts: list[int]) -> None:
    tail = [line.strip(" \t").translate(WIDE) for line in lines[end + 1 :]]
    for word, some in (
        ("支出", [amount for amount in amounts if amount < 0]),
        ("收入", [amount for amount in amounts if amount > 0]),
    ):
        pattern = re.compile(_TOTAL.format(word))
        matches = [(place, m) for place, line in enumerate(tail, end + 2) if (m := pattern.fullmatch(line))]
        if len(matches) != 1:
            raise BillError(Problem.INCOMPLETE, end + 1, word)
        number, match = matches[0]
        stated = parse_signed_minor(match[2])
        check_total(word, int(match[1]), len(some), number)
        check_total(word, None if stated is None else abs(stated), abs(sum(some)), number)
