"""UnionPay's settlement file of merchant transactions (ZM): fixed width, GBK, one blank between fields.

Sources: UnionPay open platform, "文件接口" of the ACP access manual, and the notes of UnionPay's own demonstration
programs (field list 1 to 41). Widths count bytes, not characters, so lines are cut before they are decoded.

The file has no totals. What it has is the settlement amount, the net of amount and fee: where it fits, the fee is
taken from the file; where it does not, the fee is left unknown rather than guessed.
"""

import base64
import binascii
from datetime import date
from decimal import Decimal

from .money import from_minor
from .settlement_archive import inflate, is_zip, read_members
from .settlement_bill import Bill, BillError, BillLine, Kind, Problem, check_unique, parse_time

WIDTHS = (
    3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13,
    8, 32, 13, 13, 12, 2, 1, 32, 98,
)  # fmt: skip
_LENGTH = sum(WIDTHS) + len(WIDTHS) - 1
_STARTS = [sum(WIDTHS[:place]) + place for place in range(len(WIDTHS))]
# Places from 1, as in the field list: name, whether it must be there.
_TIME, _AMOUNT, _QUERY_ID, _ORDER, _FEE, _SETTLED, _PAY_TYPE, _TXN_TYPE = 5, 7, 10, 12, 16, 17, 18, 20
_ORIG_QUERY_ID, _MER_ID, _ORIG_ORDER = 27, 28, 41
_KINDS = {"01": Kind.PAYMENT, "04": Kind.REFUND, "31": Kind.REFUND}
_SIGNS = {"C": 1, "D": -1}
_METHODS = {"0001": "CARD", "0002": "BANKING"}


def unpack_answer(file_content: str) -> bytes:
    """Return the ZIP in the field `fileContent` of an answer whose signature has been checked.

    :raise BillError: ARCHIVE.
    """
    try:
        return inflate(base64.b64decode(file_content, validate=True))
    except (binascii.Error, ValueError) as error:
        if isinstance(error, BillError):
            raise
        raise BillError(Problem.ARCHIVE, detail="fileContent") from None


def parse_trade_file(content: bytes, settled_on: date) -> Bill:
    """Return the payments, refunds and cancellations of a settlement day.

    :param content: the ZIP, or the one ZM file out of it.
    :param settled_on: the day that was asked for: the file writes times without a year.
    :raise BillError: if anything in it is not as documented.
    """
    if is_zip(content):
        members = [member for name, member in read_members(content).items() if "ZM_" in name]
        if len(members) != 1:
            raise BillError(Problem.ARCHIVE, detail=f"{len(members)} x ZM")
        content = members[0]
    lines, accounts = [], set()
    rows = content.replace(b"\r\n", b"\n").split(b"\n")
    if rows and rows[-1] == b"":
        rows.pop()
    for number, row in enumerate(rows, 1):
        fields = _Fields(row, number)
        lines.append(_line(fields, settled_on))
        accounts.add(fields[_MER_ID])
    check_unique(lines, 1)
    if len(accounts) > 1:
        raise BillError(Problem.VALUE, detail="merId")
    return Bill(tuple(lines), next(iter(accounts), ""))


class _Fields:
    """The fields of a line by their places from 1; a line of another length or with another separator is refused."""

    __slots__ = ("_row", "line")

    def __init__(self, row: bytes, line: int) -> None:
        if len(row) > _LENGTH or len(row) <= _STARTS[_MER_ID - 1]:
            raise BillError(Problem.COLUMNS, line, f"{len(row)} != {_LENGTH}")
        self._row, self.line = row.ljust(_LENGTH), line
        # Past the 40th field the layouts differ in how they divide the reserved bytes.
        if any(self._row[start - 1] != 0x20 for start in _STARTS[1:41]):
            raise BillError(Problem.COLUMNS, line, "no blank between fields")

    def __getitem__(self, place: int) -> str:
        start = _STARTS[place - 1]
        try:
            return self._row[start : start + WIDTHS[place - 1]].decode("gbk").strip()
        except UnicodeDecodeError:
            raise BillError(Problem.CHARSET, self.line, f"field {place}") from None

    def error(self, place: int) -> BillError:
        return BillError(Problem.VALUE, self.line, f"field {place}: {self[place]}")

    def signed(self, place: int) -> int | None:
        """Return an amount of the form X+n12 (C: to the merchant, D: from him) in fen."""
        text = self[place]
        if len(text) != 13 or text[0] not in _SIGNS or not (text[1:].isascii() and text[1:].isdigit()):
            return None
        return _SIGNS[text[0]] * int(text[1:])


def _line(fields: _Fields, settled_on: date) -> BillLine:
    kind, amount = _KINDS.get(fields[_TXN_TYPE]), fields[_AMOUNT]
    if kind is None:
        raise fields.error(_TXN_TYPE)
    if not (amount.isascii() and amount.isdigit()):
        raise fields.error(_AMOUNT)
    if not fields[_QUERY_ID]:
        raise fields.error(_QUERY_ID)
    is_refund = kind is Kind.REFUND
    # A settlement day ends in the evening and begins on the day before: at new year that is another year.
    years = [settled_on.year, settled_on.year - 1]
    moments = [parse_time(f"{year}{fields[_TIME]}", "%Y%m%d%H%M%S") for year in years]
    moment = next((each for each in moments if each and (each.date() - settled_on).days <= 1), None)
    if moment is None or len(fields[_TIME]) != 10:
        raise fields.error(_TIME)
    return BillLine(
        key=f"{kind.value}:{fields[_QUERY_ID]}",
        kind=kind,
        happened_at=moment,
        order_number=fields[_ORIG_ORDER] if is_refund else fields[_ORDER],
        refund_number=fields[_ORDER] if is_refund else "",
        trade_no=fields[_ORIG_QUERY_ID] if is_refund else fields[_QUERY_ID],
        amount_minor=int(amount),
        fee=_fee(fields, -int(amount) if is_refund else int(amount)),
        method=_METHODS.get(fields[_PAY_TYPE], "UNIONPAY"),
        status=fields[_TXN_TYPE],
    )


def _fee(fields: _Fields, gross_minor: int) -> Decimal | None:
    fee, settled = fields.signed(_FEE), fields.signed(_SETTLED)
    if fee is None or settled is None or settled != gross_minor + fee:
        return None
    return -from_minor(fee)
