"""A gateway's settlement bill in one shape for all gateways. A bill is read whole or not at all.

Amounts are fen; fees are yuan with up to five decimals, because WeChat Pay counts them so: add first, round last.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from .trade import CHINA

_FEE = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,5})?")


class Problem(Enum):
    """Why a bill is refused."""

    CHECKSUM = "checksum"
    """Not the bytes that the gateway announced."""
    ARCHIVE = "archive"
    """Not a ZIP, or one that nobody should unpack: too big, too many members, no bill inside."""
    CHARSET = "charset"
    COLUMNS = "columns"
    """A column that we need is missing, or a row has another number of values."""
    VALUE = "value"
    DUPLICATE = "duplicate"
    INCOMPLETE = "incomplete"
    """The end is missing."""
    TOTALS = "totals"
    """The bill's own totals are not the sums of its rows."""
    UNKNOWN = "unknown"
    """No bill of a gateway that we know."""
    DAY = "day"
    """Rows of several days, or of another day than asked for."""


class BillError(ValueError):
    """A bill that is refused: the problem, the line it is in (from 1, 0 for the whole) and what was found there."""

    def __init__(self, problem: Problem, line: int = 0, detail: str = "") -> None:
        super().__init__(f"{problem.value}, line {line}: {detail}")
        self.problem = problem
        self.line = line
        self.detail = detail


class Kind(Enum):
    """What a row of a bill is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    PAYOUT = "payout"
    """To the merchant's bank account."""
    OTHER = "other"


@dataclass(frozen=True)
class BillLine:
    """A payment or a refund of a trade bill.

    `key` names the row among all bills of this gateway account: importing it twice must change nothing.
    `amount_minor` is never negative; `kind` tells the direction. `fee` is what it cost, negative when it came back,
    None where the bill does not say it reliably.
    """

    key: str
    kind: Kind
    happened_at: datetime
    order_number: str
    refund_number: str
    trade_no: str
    amount_minor: int
    fee: Decimal | None
    method: str
    status: str


@dataclass(frozen=True)
class Bill:
    """A trade bill whose totals were checked, where it has any."""

    lines: tuple[BillLine, ...]
    account: str
    """The gateway's name of the merchant; empty where the bill does not tell."""

    def total_minor(self, kind: Kind) -> int:
        """Return the sum of the amounts of a kind, in fen."""
        return sum(line.amount_minor for line in self.lines if line.kind is kind)

    def total_fee(self) -> Decimal:
        """Return the exact sum of the fees that are known, in yuan."""
        return sum((line.fee for line in self.lines if line.fee is not None), Decimal(0))


@dataclass(frozen=True)
class FundLine:
    """A movement of the merchant's account at the gateway, with the balance after it; `amount_minor` is signed."""

    key: str
    kind: Kind
    happened_at: datetime
    business_no: str
    voucher: str
    amount_minor: int
    balance_minor: int
    name: str
    note: str
    applicant: str = ""
    """Who had it done; a merchant's own programs appear as his number and API."""


def parse_fee(text: str) -> Decimal | None:
    """Return an amount in yuan with a sign and up to five decimals, or None if it is not one."""
    return Decimal(text) if _FEE.fullmatch(text) else None


def parse_signed_minor(text: str) -> int | None:
    """Return a signed amount in yuan with at most two decimals in fen, or None if it is not one."""
    amount = parse_fee(text)
    if amount is None:
        return None
    scaled = amount.scaleb(2)
    return int(scaled) if scaled == scaled.to_integral_value() else None


def parse_time(text: str, form: str = "%Y-%m-%d %H:%M:%S") -> datetime | None:
    """Return a time of a bill (China time), or None if it is not one."""
    try:
        return datetime.strptime(text, form).replace(tzinfo=CHINA)
    except ValueError:
        return None


def check_unique(lines: Sequence[BillLine | FundLine], first_line: int) -> None:
    """Refuse a bill that has a row twice.

    :param first_line: the number of the first row's line in the file.
    :raise BillError: DUPLICATE.
    """
    seen: set[str] = set()
    for number, line in enumerate(lines, first_line):
        if line.key in seen:
            raise BillError(Problem.DUPLICATE, number, line.key)
        seen.add(line.key)


def check_total(name: str, stated: object, counted: object, line: int) -> None:
    """Refuse a bill whose own total `stated` is not the sum of its rows.

    :raise BillError: TOTALS.
    """
    if stated != counted:
        raise BillError(Problem.TOTALS, line, f"{name}: {stated} != {counted}")
