"""Which gateway's bill a file is, of which day, and what is in it, whatever the gateway."""

import hashlib
from dataclasses import astuple, dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum

from . import settlement_alipay, settlement_alipay_fund, settlement_unionpay, settlement_wechat
from .money import from_minor
from .settlement_archive import is_zip, read_members
from .settlement_bill import BillError, BillLine, FundLine, Kind, Problem
from .trade import CHINA

_CENT = Decimal("0.01")
_BOM = b"\xef\xbb\xbf"


class BillKind(Enum):
    """What a bill lists."""

    TRADE = "trade"
    """Payments and refunds, with what they cost."""
    FUND = "fund"
    """Every movement of the merchant's account, with the balance after it."""


@dataclass(frozen=True)
class Row:
    """A row of any bill. `amount_minor` is signed: what it did to the account, before the fee."""

    key: str
    kind: Kind
    happened_at: datetime
    amount_minor: int
    order_number: str = ""
    refund_number: str = ""
    trade_no: str = ""
    fee: Decimal | None = None
    """Yuan, up to five decimals; None where the bill does not say it reliably, or lists fees as rows."""
    method: str = ""
    status: str = ""
    note: str = ""


@dataclass(frozen=True)
class ReadBill:
    """A bill in one shape, its totals checked by its parser."""

    code: str
    """Of the gateway, as in const.py; empty for an empty bill that nobody sent a file for."""
    kind: BillKind
    day: date
    rows: tuple[Row, ...]
    account: str = ""
    """The gateway's name of the merchant; empty where the file does not tell."""
    balance_minor: int | None = None
    """Of the account after the last row; fund flows only."""

    def digest(self) -> str:
        """Return a hash of what the bill says. Two exports of one bill differ in bytes (time of export, ZIP)."""
        content = "\n".join(repr(astuple(row)) for row in sorted(self.rows, key=lambda row: row.key))
        # Found in the rows (settlement_wechat.fund_account) it adds nothing, and older imports did not have it.
        account = "" if self.code == "wechatpay" and self.kind is BillKind.FUND else self.account
        return hashlib.sha256(f"{self.kind.value} {self.day} {account}\n{content}".encode()).hexdigest()

    def total(self, *kinds: Kind) -> Decimal:
        """Return the signed sum of the rows of these kinds, in yuan."""
        return from_minor(sum(row.amount_minor for row in self.rows if row.kind in kinds))

    def total_fee(self) -> Decimal:
        """Return what the trades cost, in yuan: added exactly, rounded once, half up."""
        return sum((row.fee for row in self.rows if row.fee is not None), Decimal(0)).quantize(
            _CENT, ROUND_HALF_UP
        )

    def unknown_fees(self) -> int:
        """Return how many trades do not say what they cost."""
        return sum(row.fee is None for row in self.rows) if self.kind is BillKind.TRADE else 0


def is_bill_of(account: str, merchant: str) -> bool:
    """Tell whether a bill of `account` is of `merchant`, our number at the gateway.

    Alipay's accounts are the merchant's 16 digits and 0156.
    """
    return bool(merchant) and account in (merchant, f"{merchant}0156")


def empty_bill(day: date, kind: BillKind) -> ReadBill:
    """Return the bill of a day on which nothing happened."""
    return ReadBill("", kind, day, ())


def read_bill(content: bytes, day: date | None = None) -> ReadBill:
    """Return the bill in a file as downloaded from a gateway or its console.

    :param day: of the bill. UnionPay's file does not tell, so it needs it; for the others it is found in the rows and
        compared.
    :raise BillError: UNKNOWN if it is none of a gateway's, DAY if it is not of one day, and what the parsers raise.
    """
    content = _unwrap(content)
    if is_zip(content):
        if any("ZM_" in name for name in read_members(content)):
            return _unionpay(content, day)
        return _alipay(content, day)
    head = content.removeprefix(_BOM)[:200]
    if head.startswith("交易时间".encode()):
        bill = settlement_wechat.parse_trade_bill(content)
        rows = tuple(_trade_row(line) for line in bill.lines)
        return ReadBill("wechatpay", BillKind.TRADE, _day(rows, day), rows, bill.account)
    if head.startswith("记账时间".encode()):
        funds = settlement_wechat.parse_fund_bill(content)
        rows = tuple(_fund_row(line) for line in funds)
        balance = funds[-1].balance_minor if funds else None
        account = settlement_wechat.fund_account(funds)
        return ReadBill("wechatpay", BillKind.FUND, _day(rows, day), rows, account, balance)
    if head.startswith(tuple(word.encode("gbk") for word in ("#支付宝", "支付宝交易号", "账务流水号"))):
        return _alipay(content, day)
    if head[:1] in (b"S", b"E") and len(content.split(b"\n", 1)[0]) > sum(settlement_unionpay.WIDTHS[:27]):
        return _unionpay(content, day)
    raise BillError(Problem.UNKNOWN)


def _unwrap(content: bytes) -> bytes:
    """Return the one CSV of a ZIP by WeChat's console; anything else as it is."""
    if is_zip(content):
        members = read_members(content)
        wechat = [
            m for m in members.values() if m.startswith((_BOM, "交易时间".encode(), "记账时间".encode()))
        ]
        if len(members) == len(wechat) == 1:
            return wechat[0]
    return content


def _alipay(content: bytes, day: date | None) -> ReadBill:
    funds = settlement_alipay_fund.find_fund_bill(content)
    if funds is not None:
        lines, account = settlement_alipay_fund.parse_fund_bill(funds)
        rows = tuple(_fund_row(line) for line in lines)
        balance = lines[-1].balance_minor if lines else None
        return ReadBill("alipay", BillKind.FUND, _day(rows, day), rows, account, balance)
    bill = settlement_alipay.parse_trade_bill(content)
    rows = tuple(_trade_row(line) for line in bill.lines)
    return ReadBill("alipay", BillKind.TRADE, _day(rows, day), rows, bill.account)


def _unionpay(content: bytes, day: date | None) -> ReadBill:
    if day is None:
        raise BillError(Problem.DAY)
    bill = settlement_unionpay.parse_trade_file(content, day)
    rows = tuple(_trade_row(line) for line in bill.lines)
    # A settlement day begins on the evening before; without a year in the file, a wrong day shows in the rows only.
    strange = [row for row in rows if not 0 <= (day - _china_day(row)).days <= 1]
    if strange:
        raise BillError(Problem.DAY, detail=str(_china_day(strange[0])))
    return ReadBill("unionpay", BillKind.TRADE, day, rows, bill.account)


def _china_day(row: Row) -> date:
    return row.happened_at.astimezone(CHINA).date()


def _day(rows: tuple[Row, ...], day: date | None) -> date:
    days = {_china_day(row) for row in rows} | ({day} if day else set())
    if len(days) != 1:
        raise BillError(Problem.DAY, detail=", ".join(str(found) for found in sorted(days)[:3]))
    return days.pop()


def _trade_row(line: BillLine) -> Row:
    return Row(
        key=line.key,
        kind=line.kind,
        happened_at=line.happened_at,
        amount_minor=-line.amount_minor if line.kind is Kind.REFUND else line.amount_minor,
        order_number=line.order_number,
        refund_number=line.refund_number,
        trade_no=line.trade_no,
        fee=line.fee,
        method=line.method,
        status=line.status,
    )


def _fund_row(line: FundLine) -> Row:
    return Row(
        key=line.key,
        kind=line.kind,
        happened_at=line.happened_at,
        amount_minor=line.amount_minor,
        order_number=line.voucher,
        trade_no=line.business_no,
        method=line.name,
        note=line.note,
    )
