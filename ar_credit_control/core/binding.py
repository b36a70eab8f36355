"""What an approval is good for: the content of a document, and how far it may move."""

import hashlib
import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Lapse(StrEnum):
    """Why an approval no longer covers an order."""

    PARTNER = "partner"
    COMPANY = "company"
    CURRENCY = "currency"
    PAYMENT_TERM = "payment_term"
    DUE = "due"
    TOTAL = "total"
    LINES = "lines"


@dataclass(frozen=True)
class BoundLine:
    """One order line as it was approved; amounts as decimal strings in order currency, tax included."""

    line_id: int
    product_id: int
    quantity: str
    total: str


@dataclass(frozen=True)
class Binding:
    """All that an approver says yes to. `partner_id` is the commercial partner who will be invoiced.

    `due`: the day (ISO) until which credit was typed in, "" where the payment term tells it or nothing is given, None
    of approvals from before it was kept.
    """

    partner_id: int
    company_id: int
    currency_id: int
    payment_term_id: int
    total: str
    lines: tuple[BoundLine, ...]
    due: str | None = ""

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, to compare and to show."""
        content = asdict(self)
        if not self.due:  # so that those made before it was kept stay the same
            del content["due"]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return asdict(self) | {"lines": [asdict(line) for line in self.lines]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Binding":
        """Rebuild what `as_dict` returned."""
        return cls(**{"due": None, **data, "lines": tuple(BoundLine(**line) for line in data["lines"])})


def lapses(approved: Binding, current: Binding, tolerance: Decimal = Decimal(0)) -> frozenset[Lapse]:
    """Return why `approved` does not cover `current`; empty when it does.

    Another debtor, company, currency or payment term always ends it, and so does a later day that is typed in. Lines
    may shrink freely. Beyond that the tolerance (per cent) bounds the total, the quantity of each line, and the sum of
    all that lines grew, a line of another product or a new one counting in full: what was approved can't be swapped
    piece by piece.
    """
    found = set()
    for lapse, field in (
        (Lapse.PARTNER, "partner_id"),
        (Lapse.COMPANY, "company_id"),
        (Lapse.CURRENCY, "currency_id"),
        (Lapse.PAYMENT_TERM, "payment_term_id"),
    ):
        if getattr(approved, field) != getattr(current, field):
            found.add(lapse)
    if approved.due is not None and (current.due or "") > approved.due:
        found.add(Lapse.DUE)
    share = tolerance / 100
    total = Decimal(approved.total)
    if Decimal(current.total) > max(total, total * (1 + share)):
        found.add(Lapse.TOTAL)
    known = {line.line_id: line for line in approved.lines}
    grown = sum((_growth(known.get(line.line_id), line) for line in current.lines), Decimal(0))
    if grown > max(Decimal(0), total * share) or any(
        _has_more_pieces(known.get(line.line_id), line, share) for line in current.lines
    ):
        found.add(Lapse.LINES)
    return frozenset(found)


def _growth(approved: BoundLine | None, current: BoundLine) -> Decimal:
    """Return what of a line was not approved, in order currency."""
    same = approved is not None and approved.product_id == current.product_id
    before = Decimal(approved.total) if same and approved else Decimal(0)
    return max(Decimal(0), Decimal(current.total) - before)


def _has_more_pieces(approved: BoundLine | None, current: BoundLine, share: Decimal) -> bool:
    """Whether a line that was approved has more pieces now than the tolerance allows, whatever their price."""
    if approved is None or approved.product_id != current.product_id:
        return False
    quantity = Decimal(approved.quantity)
    return Decimal(current.quantity) > max(quantity, quantity * (1 + share))
