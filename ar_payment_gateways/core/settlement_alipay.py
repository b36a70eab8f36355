"""Alipay's trade bill (业务明细): a ZIP of CSV files in GBK.

Source: alipay.data.dataservice.bill.downloadurl.query; the layout is the same in four independent public samples
(handbook, gateways.md 2.2). The samples differ in two points, so both are read in a way that fits all of them: refunds
have negative amounts or not (the direction is taken from 业务类型), and the fee of a payment is a negative or a
positive number (it is a cost; on a refund it comes back). A merchant whose bills do otherwise should tell us.
"""

import csv
import re
from collections.abc import Iterable

from .settlement_archive import is_zip, read_members
from .settlement_bill import (
    Bill,
    BillError,
    BillLine,
    Kind,
    Problem,
    check_total,
    check_unique,
    parse_fee,
    parse_signed_minor,
    parse_time,
)

_COLUMNS = (
    "支付宝交易号",
    "商户订单号",
    "业务类型",
    "完成时间",
    "订单金额",
    "商家实收",
    "退款批次号/请求号",
    "服务费",
)
_KINDS = {"交易": Kind.PAYMENT, "退款": Kind.REFUND}
_ACCOUNT = re.compile(r"#账号:\[([0-9]+)\]")
_PAID = re.compile(r"#交易合计:([0-9]+)笔,商家实收共(-?[0-9.]+)元.*")
_BACK = re.compile(r"#退款合计:([0-9]+)笔,商家实收退款共(-?[0-9.]+)元.*")
WIDE = str.maketrans("（）：，［］", "():,[]")
_END = "业务明细列表结束"


def parse_trade_bill(content: bytes) -> Bill:
    """Return a trade bill: the ZIP as downloaded, or the one CSV of details out of it.

    :raise BillError: if anything in it is not as documented, or its totals do not fit.
    """
    if is_zip(content):
        details = [
            member for name, member in read_members(content).items()
            if "业务明细" in name and "汇总" not in name and name.endswith(".csv")
        ]  # fmt: skip
        if len(details) != 1:
            raise BillError(Problem.ARCHIVE, detail=f"{len(details)} x 业务明细.csv")
        content = details[0]
    try:
        text = content.decode("gbk")
    except UnicodeDecodeError as error:
        raise BillError(Problem.CHARSET, content.count(b"\n", 0, error.start) + 1) from None
    return _parse(text.replace("\r\n", "\n").split("\n"))


def _parse(lines: list[str]) -> Bill:
    start, end, rows = read_table(lines, _COLUMNS, _END)
    bill_lines, paid, back = [], 0, 0
    for number, row in enumerate(rows, start + 2):
        line, received = _line(row, number)
        bill_lines.append(line)
        if line.kind is Kind.PAYMENT:
            paid += received
        else:
            back += received
    check_unique(bill_lines, start + 2)
    _check_totals(lines, end, bill_lines, (paid, back))
    return Bill(tuple(bill_lines), bill_account(lines[:start]))


def read_table(
    lines: list[str], wanted: tuple[str, ...], end_word: str
) -> tuple[int, int, list[dict[str, str]]]:
    """Return where the table's heading is, where the line after its last row is, and the rows by name of column.

    :param wanted: names of columns; the first of them begins the heading.
    :param end_word: in the line after the last row.
    :raise BillError: the table is not there, has no end, lacks columns, or a row is longer or shorter than the heading.
    """
    start = next((place for place, line in enumerate(lines) if line.startswith(wanted[0])), None)
    if start is None:
        raise BillError(Problem.COLUMNS, detail=wanted[0])
    end = next((place for place in range(start, len(lines)) if lines[place].startswith("#")), len(lines))
    if end == len(lines) or end_word not in lines[end]:
        raise BillError(Problem.INCOMPLETE, end)
    columns = [_plain(name) for name in lines[start].split(",")]
    missing = [name for name in wanted if columns.count(name) != 1]
    if missing:
        raise BillError(Problem.COLUMNS, start + 1, ", ".join(missing))
    places = {name: columns.index(name) for name in wanted}
    rows = []
    for number, row in enumerate(csv.reader(lines[start + 1 : end]), start + 2):
        if len(row) != len(columns):
            raise BillError(Problem.COLUMNS, number, f"{len(row)} != {len(columns)}")
        rows.append({name: row[place].strip(" \t") for name, place in places.items()})
    return start, end, rows


def _plain(name: str) -> str:
    """Return the name of a column without its unit: some files write （元）, others (元)."""
    return name.strip(" \t").translate(WIDE).removesuffix("(元)")


def _line(row: dict[str, str], number: int) -> tuple[BillLine, int]:
    kind, happened_at = _KINDS.get(row["业务类型"]), parse_time(row["完成时间"])
    amount, received = parse_signed_minor(row["订单金额"]), parse_signed_minor(row["商家实收"])
    fee = parse_fee(row["服务费"])
    if kind is None or happened_at is None or amount is None or received is None or fee is None:
        raise BillError(Problem.VALUE, number, " ".join(row.values()))
    refund_number = row["退款批次号/请求号"] if kind is Kind.REFUND else ""
    if not row["支付宝交易号"] or (kind is Kind.REFUND and not refund_number):
        raise BillError(Problem.VALUE, number, "支付宝交易号, 退款批次号/请求号")
    line = BillLine(
        key=":".join(filter(None, (kind.value, row["支付宝交易号"], refund_number))),
        kind=kind,
        happened_at=happened_at,
        order_number=row["商户订单号"],
        refund_number=refund_number,
        trade_no=row["支付宝交易号"],
        amount_minor=abs(amount),
        fee=-abs(fee) if kind is Kind.REFUND else abs(fee),
        method="ALIPAY",
        status=row["业务类型"],
    )
    return line, abs(received)


def _check_totals(lines: list[str], end: int, found: list[BillLine], sums: tuple[int, int]) -> None:
    tail = [line.strip(" \t").translate(WIDE) for line in lines[end + 1 :]]
    for pattern, kind, counted in zip((_PAID, _BACK), (Kind.PAYMENT, Kind.REFUND), sums, strict=True):
        matches = [(place, m) for place, line in enumerate(tail, end + 2) if (m := pattern.fullmatch(line))]
        if len(matches) != 1:
            raise BillError(Problem.INCOMPLETE, end + 1, kind.value)
        number, match = matches[0]
        stated = parse_signed_minor(match[2])
        check_total(kind.value, int(match[1]), sum(line.kind is kind for line in found), number)
        check_total(kind.value, None if stated is None else abs(stated), counted, number)


def bill_account(lines: Iterable[str]) -> str:
    """Return the account that the lines before the rows name; '' if they name none."""
    for line in lines:
        if match := _ACCOUNT.fullmatch(line.strip(" \t").translate(WIDE)):
            return match[1]
    return ""
