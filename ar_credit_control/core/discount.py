"""How much of its price a document gives away, whether line by line or as a line of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from .exposure import ZERO

# Of a percentage; what is left behind this digit is nobody's discount.
FINEST = 2


@dataclass(frozen=True)
class Priced:
    """One line: quantity times unit price, and the discount on that in per cent."""

    gross: Decimal
    discount: Decimal = ZERO


def discount_percent(lines: Iterable[Priced], rounding: Decimal) -> Decimal:
    """Return the larger of the largest discount of a line and the share of its worth that the document gives away.

    A line below zero takes from what the others are worth, whatever its name: a global discount, a fixed amount, a
    reward. It is rounded to the currency, so 30 % of 10.03 are 3.01, and 30 % all the same.

    :param rounding: of the currency, like 0.01.
    """
    known = list(lines)
    largest = max((ZERO, *(line.discount for line in known if line.gross > 0)))
    worth = sum((line.gross for line in known if line.gross > 0), ZERO)
    if worth <= 0:
        return round(largest, FINEST)
    net = sum((line.gross * (1 - line.discount / 100) for line in known), ZERO)
    below = sum(line.gross < 0 for line in known)
    return max(round(largest, FINEST), _plain((1 - net / worth) * 100, below * rounding / worth * 50))


def _plain(percent: Decimal, slack: Decimal) -> Decimal:
    """Return the whole percentage that it is but for the slack (half a rounding per line), else itself."""
    return round(percent, 0) if abs(round(percent, 0) - percent) <= slack else round(percent, FINEST)
