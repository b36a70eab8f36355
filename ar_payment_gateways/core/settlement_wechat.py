"""WeChat Pay's bills: trade bill (type ALL) and fund flow.

Sources: pay.weixin.qq.com/doc/v3/merchant, "申请交易账单", "申请资金账单", "下载账单"; a real bill of 2021 (handbook).
UTF-8 with a byte order mark, CRLF, a back-tick before each value so that spreadsheets leave it alone, then a second
header and one row of totals. Commas in texts come as a back-slash and a blank. Columns differ by type: read by name.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .money import format_minor, parse_minor
from .settlement_bill import (
    Bill,
    BillError,
    BillLine,
    FundLine,
    Kind,
    Problem,
    check_total,
    check_unique,
    parse_fee,
    parse_signed_minor,
    parse_time,
)

_TRADE_COLUMNS = (
    "交易时间", "商户号", "微信订单号", "商户订单号", "交易类型", "交易状态", "货币种类", "应结订单金额",
    "微信退款单号", "商户退款单号", "退款金额", "退款状态", "手续费", "订单金额", "申请退款金额",
)  # fmt: skip
_FUND_COLUMNS = (
    "记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型", "收支金额(元)", "账户结余(元)",
    "备注", "业务凭证号",
)  # fmt: skip
_APPLICANT = "资金变更提交申请人"
_PROGRAM = re.compile(r"([0-9]{8,12})API")
_SUMS = (
    ("应结订单总金额", "应结订单金额"),
    ("退款总金额", "退款金额"),
    ("订单总金额", "订单金额"),
    ("申请退款总金额", "申请退款金额"),
)
_KINDS = {"SUCCESS": Kind.PAYMENT, "REFUND": Kind.REFUND, "REVOKED": Kind.REFUND}
_FUND_WORDS = (("手续费", Kind.FEE), ("提现", Kind.PAYOUT), ("退款", Kind.REFUND), ("交易", Kind.PAYMENT))


@dataclass(frozen=True)
class _Table:
    columns: list[str]
    rows: list[list[str]]
    totals: dict[str, str]
    totals_line: int


def check_sha1(content: bytes, sha1: str) -> None:
    """Refuse a download that is not what WeChat announced; the download itself carries no signature.

    :param content: as it came, byte order mark included (and not packed: we do not ask for GZIP).
    :raise BillError: CHECKSUM.
    """
    if not hmac.compare_digest(hashlib.sha1(content).hexdigest(), sha1.strip().lower()):  # noqa: S324 their choice
        raise BillError(Problem.CHECKSUM, detail=sha1)


def parse_trade_bill(content: bytes) -> Bill:
    """Return a trade bill of type ALL.

    :raise BillError: if anything in it is not as documented, or its totals do not fit.
    """
    table = _read(content, _TRADE_COLUMNS)
    places = {name: table.columns.index(name) for name in _TRADE_COLUMNS}
    rows = [_Row(row, places, number) for number, row in enumerate(table.rows, 2)]
    lines = [_trade_line(row) for row in rows]
    check_unique(lines, 2)
    accounts = {row["商户号"] for row in rows}
    if len(accounts) > 1:
        raise BillError(Problem.VALUE, detail="商户号")
    end = table.totals_line
    check_total("总交易单数", table.totals.get("总交易单数"), str(len(lines)), end)
    for total, column in _SUMS:
        counted = format_minor(sum(row.fen(column) for row in rows))
        check_total(total, table.totals.get(total), counted, end)
    fees = sum((line.fee for line in lines if line.fee is not None), Decimal(0))
    check_total("手续费总金额", parse_fee(table.totals.get("手续费总金额", "")), fees, end)
    return Bill(tuple(lines), next(iter(accounts), ""))


def parse_fund_bill(content: bytes) -> tuple[FundLine, ...]:
    """Return the fund flow of an account.

    :raise BillError: if anything in it is not as documented, or its totals do not fit.
    """
    table = _read(content, _FUND_COLUMNS)
    places = {name: place for place, name in enumerate(table.columns) if name in (*_FUND_COLUMNS, _APPLICANT)}
    lines = [_fund_line(_Row(row, places, number)) for number, row in enumerate(table.rows, 2)]
    check_unique(lines, 2)
    come = [line.amount_minor for line in lines if line.amount_minor >= 0]
    gone = [-line.amount_minor for line in lines if line.amount_minor < 0]
    end = table.totals_line
    for name, counted in (("资金流水总笔数", len(lines)), ("收入笔数", len(come)), ("支出笔数", len(gone))):
        check_total(name, table.totals.get(name), str(counted), end)
    check_total("收入金额", table.totals.get("收入金额"), format_minor(sum(come)), end)
    check_total("支出金额", table.totals.get("支出金额"), format_minor(sum(gone)), end)
    return tuple(lines)


def fund_account(lines: Sequence[FundLine]) -> str:
    """Return the merchant whose programs moved the money of a fund flow, which names him nowhere else.

    :return: "" where that tells nothing: movements by persons and by WeChat only, or by programs of several merchants.
    """
    found = {match[1] for line in lines if (match := _PROGRAM.fullmatch(line.applicant))}
    return found.pop() if len(found) == 1 else ""


class _Row:
    """A row by the names of its columns; what is no value of its kind is refused with the line."""

    __slots__ = ("_places", "_values", "line")

    def __init__(self, values: list[str], places: dict[str, int], line: int) -> None:
        self._values, self._places, self.line = values, places, line

    def __getitem__(self, name: str) -> str:
        return self._values[self._places[name]]

    def text(self, name: str) -> str:
        """Return a value whose column need not be there."""
        return self[name] if name in self._places else ""

    def fen(self, name: str) -> int:
        amount = parse_minor(self[name])
        if amount is None:
            raise self.error(name)
        return amount

    def error(self, name: str) -> BillError:
        return BillError(Problem.VALUE, self.line, f"{name}: {self[name]}")


def _trade_line(row: _Row) -> BillLine:
    kind = _KINDS.get(row["交易状态"])
    happened_at, fee = parse_time(row["交易时间"]), parse_fee(row["手续费"])
    if kind is None or row["货币种类"] != "CNY":
        raise row.error("交易状态" if kind is None else "货币种类")
    if happened_at is None or fee is None:
        raise row.error("交易时间" if happened_at is None else "手续费")
    is_refund = kind is Kind.REFUND
    number = row["微信退款单号"] if is_refund else row["微信订单号"]
    if not number:
        raise row.error("微信退款单号" if is_refund else "微信订单号")
    return BillLine(
        key=f"{kind.value}:{number}",
        kind=kind,
        happened_at=happened_at,
        order_number=row["商户订单号"],
        refund_number=row["商户退款单号"] if is_refund else "",
        trade_no=row["微信订单号"],
        amount_minor=row.fen("申请退款金额" if is_refund else "订单金额"),
        fee=fee,
        method=row["交易类型"],
        status=row["退款状态"] if is_refund else row["交易状态"],
    )


def _fund_line(row: _Row) -> FundLine:
    happened_at, balance = parse_time(row["记账时间"]), parse_signed_minor(row["账户结余(元)"])
    sign = {"收入": 1, "支出": -1}.get(row["收支类型"])
    if happened_at is None or balance is None or sign is None:
        raise BillError(Problem.VALUE, row.line, f"{row['记账时间']} {row['收支类型']} {row['账户结余(元)']}")
    # One movement of a refund or a payment, and one of its fee, share their numbers.
    numbers = f"{row['微信支付业务单号']}:{row['资金流水单号']}"
    return FundLine(
        key=f"{numbers}:{row['业务类型']}:{row['收支类型']}:{row['业务凭证号']}",
        kind=next((kind for word, kind in _FUND_WORDS if word in row["业务类型"]), Kind.OTHER),
        happened_at=happened_at,
        business_no=row["微信支付业务单号"],
        voucher=row["业务凭证号"],
        amount_minor=sign * row.fen("收支金额(元)"),
        balance_minor=balance,
        name=row["业务名称"],
        note=row["备注"],
        applicant=row.text(_APPLICANT),
    )


def _read(content: bytes, needed: Sequence[str]) -> _Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BillError(Problem.CHARSET, detail=str(error)) from None
    lines = text.replace("\r\n", "\n").split("\n")
    columns = lines[0].split(",")
    missing = [name for name in needed if name not in columns]
    if missing or len(set(columns)) != len(columns):
        raise BillError(Problem.COLUMNS, 1, ", ".join(missing))
    end = next((place for place, line in enumerate(lines) if place and not line.startswith("`")), 0)
    # After the rows: the header of the totals, the totals, and an empty line at most.
    if end == 0 or len(lines) < end + 2 or any(lines[end + 2 :]) or not lines[end + 1].startswith("`"):
        raise BillError(Problem.INCOMPLETE, end + 1 if end else len(lines))
    rows = []
    for number, line in enumerate(lines[1:end], 2):
        row = line[1:].split(",`")
        if len(row) != len(columns):
            raise BillError(Problem.COLUMNS, number, f"{len(row)} != {len(columns)}")
        rows.append(row)
    names, totals = lines[end].split(","), lines[end + 1][1:].split(",`")
    if len(names) != len(totals):
        raise BillError(Problem.COLUMNS, end + 2, f"{len(totals)} != {len(names)}")
    return _Table(columns, rows, dict(zip(names, totals, strict=True)), end + 2)
