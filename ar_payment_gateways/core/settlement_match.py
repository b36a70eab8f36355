"""Which of our payments and refunds each row of a trade bill is, and where bill and books differ.

Words of the trade: 长款 is money in the bill that our books do not know, 短款 money in our books that the bill does not
have. A row and a record that only fall on different days are no loss, but are named, because the totals of both days
differ.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from .settlement_bill import Kind
from .settlement_read import Row

UNSETTLED_STATUSES = frozenset({"FAIL", "CHANGE"})
"""WeChat's 退款状态 of a refund that did not arrive: the row is in the totals, the customer's money is not there."""


class Difference(Enum):
    """How a bill and our books differ."""

    SURPLUS = "surplus"
    """In the bill, not in our books (长款)."""
    SHORTAGE = "shortage"
    """In our books, not in the bill (短款)."""
    AMOUNT = "amount"
    STATUS = "status"
    """The bill says it happened, our books do not, or the bill itself says that it went wrong."""
    CROSS_DAY = "cross_day"
    """The same on another day."""


@dataclass(frozen=True)
class Record:
    """A payment or refund in our books that is in no bill yet."""

    id: int
    kind: Kind
    order_number: str
    amount_minor: int
    is_done: bool
    day: date | None
    """China's day on which it happened, as far as we know."""
    refund_number: str = ""
    gateway_number: str = ""
    """Of the payment at the gateway, or of the refund."""


@dataclass(frozen=True)
class Match:
    """A row, the record it is, and how they differ; without a difference, they agree."""

    row: Row
    record: Record | None
    difference: Difference | None


@dataclass(frozen=True)
class Matching:
    """What a comparison found."""

    matches: tuple[Match, ...]
    """One for each row, in their order."""
    missing: tuple[Record, ...]
    """Records of the bill's day that it does not have."""


def match_rows(rows: Iterable[Row], records: Iterable[Record], day: date) -> Matching:
    """Compare a trade bill with our books. Each record is at most one row, each row at most one record.

    Numbers decide, amounts do not: two payments of the same amount are not the same payment. The one exception is a
    refund made in the gateway's console whose number we were not told: it is the one of its order and amount, if there
    is only one such row and one such record.

    :param records: those in no other bill, at least all that bear a number of the rows and all done on `day`.
    """
    rows = tuple(rows)
    pool = _Pool(records)
    trades = [row for row in rows if row.kind in (Kind.PAYMENT, Kind.REFUND)]
    found: dict[str, Record] = {}
    # The surest names of all rows first: whose turn it is must not decide who gets a record.
    for rank in range(3):
        for row in trades:
            if row.key not in found and (record := pool.take(_names(row)[rank])):
                found[row.key] = record
    for row in _only_one([row for row in trades if row.kind is Kind.REFUND and row.key not in found]):
        if record := pool.take_unnumbered(row):
            found[row.key] = record
    matches = tuple(Match(row, found.get(row.key), _difference(row, found.get(row.key), day)) for row in rows)
    missing = [record for record in pool.left() if record.is_done and record.day == day]
    return Matching(matches, tuple(sorted(missing, key=lambda record: (record.kind.value, record.id))))


def _names(row: Row) -> list[tuple[Kind, str, str]]:
    """Return the three names under which a record of ours may be this row, the surest first; '' is no name."""
    if row.kind is Kind.PAYMENT:
        return [(row.kind, "", row.order_number), (row.kind, "gateway", row.trade_no), (row.kind, "", "")]
    gateway_number = row.key.rsplit(":", 1)[-1]
    return [
        (row.kind, row.order_number, row.refund_number),
        (row.kind, row.order_number, gateway_number),
        (row.kind, "", row.refund_number),
    ]


def _only_one(rows: list[Row]) -> list[Row]:
    """Return the rows that no other of them resembles in order and amount."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for row in rows:
        counts[row.order_number, row.amount_minor] += 1
    return [row for row in rows if counts[row.order_number, row.amount_minor] == 1]


def _difference(row: Row, record: Record | None, day: date) -> Difference | None:
    if row.kind not in (Kind.PAYMENT, Kind.REFUND):
        return None
    if record is None:
        return Difference.SURPLUS
    if abs(row.amount_minor) != record.amount_minor:
        return Difference.AMOUNT
    if not record.is_done or row.status in UNSETTLED_STATUSES:
        return Difference.STATUS
    return Difference.CROSS_DAY if record.day != day else None


class _Pool:
    """The records that are no row's yet, by each of their names."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._left: dict[tuple[Kind, int], Record] = {}
        self._by_name: dict[tuple[Kind, str, str], list[Record]] = defaultdict(list)
        for record in records:
            self._left[record.kind, record.id] = record
            for name in self._names(record):
                self._by_name[name].append(record)

    @staticmethod
    def _names(record: Record) -> set[tuple[Kind, str, str]]:
        if record.kind is Kind.PAYMENT:
            names = [("", record.order_number), ("gateway", record.gateway_number)]
        else:
            numbers = (record.refund_number, record.gateway_number)
            names = [(order, number) for order in (record.order_number, "") for number in numbers]
        return {(record.kind, scope, number) for scope, number in names if number}

    def take(self, name: tuple[Kind, str, str]) -> Record | None:
        """Return the only record of a name, if there is just one, and keep it from other rows."""
        free = [record for record in self._by_name.get(name, ()) if (record.kind, record.id) in self._left]
        return self._left.pop((free[0].kind, free[0].id)) if len(free) == 1 else None

    def take_unnumbered(self, row: Row) -> Record | None:
        """Return the only refund of the row's order and amount that the gateway never numbered for us."""
        free = [
            record
            for record in self._left.values()
            if record.kind is Kind.REFUND
            and not record.gateway_number
            and record.is_done
            and record.order_number == row.order_number
            and record.amount_minor == -row.amount_minor
        ]
        return self._left.pop((free[0].kind, free[0].id)) if len(free) == 1 else None

    def left(self) -> Iterable[Record]:
        """Return the records that are no row's."""
        return self._left.values()
