"""Whether the merchant's account has moved by what the trade bill says: the two bills of a day, trade by trade.

A fund flow repeats the trades of its day, each as one movement or several (amount, fee, fee that came back). Only what
is repeated may be left out of the books, and only half a fen for each trade is a rounding: a trade bill counts fees
with five decimals, the account moves by whole fen.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_HALF_FEN = Decimal("0.5")


@dataclass(frozen=True)
class Trade:
    """A row of a trade bill. `names` are all its numbers; the first is that of the payment that it belongs to."""

    id: int
    names: tuple[str, ...]
    net: Decimal
    """What it should do to the account, its fee included, in fen."""


@dataclass(frozen=True)
class Movement:
    """A row of a fund flow, with all its numbers; `amount_minor` is signed."""

    id: int
    names: tuple[str, ...]
    amount_minor: int


@dataclass(frozen=True)
class Gap:
    """A payment, with its refunds of that day, by which the account did not move as the trade bill says."""

    trade_ids: tuple[int, ...]
    stated_minor: int
    """What the trade bill says, rounded half up."""
    moved_minor: int


@dataclass(frozen=True)
class Comparison:
    """What the two bills have of each other."""

    foreign: tuple[int, ...]
    """Movements that are of no trade in the bill."""
    gaps: tuple[Gap, ...]
    moved_minor: int
    """By all movements of trades in the bill."""

    def rounding(self, stated_minor: int) -> int:
        """Return what is left between the two bills beside the gaps, in fen: fees that were rounded one by one.

        :param stated_minor: the trade bill's net, its fees added first and rounded once.
        """
        return self.moved_minor - stated_minor - sum(gap.moved_minor - gap.stated_minor for gap in self.gaps)


def compare(trades: Iterable[Trade], movements: Iterable[Movement]) -> Comparison:
    """Pair movements with trades by their numbers, and tell where the sums differ by more than half a fen a trade."""
    families: dict[str, list[Trade]] = defaultdict(list)
    family_of: dict[str, str] = {}
    for trade in trades:
        families[trade.names[0]].append(trade)
        for name in trade.names:
            family_of.setdefault(name, trade.names[0])
    moved: dict[str, int] = defaultdict(int)
    foreign, total = [], 0
    for movement in movements:
        family = next((family_of[name] for name in movement.names if name in family_of), None)
        if family is None:
            foreign.append(movement.id)
            continue
        moved[family] += movement.amount_minor
        total += movement.amount_minor
    gaps = []
    for family, members in families.items():
        stated = sum((trade.net for trade in members), Decimal(0))
        if abs(moved[family] - stated) > _HALF_FEN * len(members):
            rounded = int(stated.quantize(Decimal(1), ROUND_HALF_UP))
            gaps.append(Gap(tuple(trade.id for trade in members), rounded, moved[family]))
    return Comparison(tuple(foreign), tuple(gaps), total)
