"""Amounts on the wire. Gateways count in minor units (fen) or in yuan with two decimals; we compare integers."""

import re
from decimal import Decimal

_PLAIN = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?")


def to_minor(amount: Decimal, decimals: int = 2) -> int:
    """Return `amount` in minor units.

    :param decimals: decimal places of the currency (CNY: 2).
    :raise ValueError: if the amount has more decimals than the currency: rounding it would charge another sum.
    """
    scaled = amount.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError("more decimals than the currency has")
    return int(scaled)


def from_minor(amount_minor: int, decimals: int = 2) -> Decimal:
    """Return minor units as an amount with exactly `decimals` decimal places."""
    return Decimal(amount_minor).scaleb(-decimals).quantize(Decimal(1).scaleb(-decimals))


def format_minor(amount_minor: int, decimals: int = 2) -> str:
    """Return minor units as gateways write them: '1234.50', no thousands separator, never in exponent form."""
    return f"{from_minor(amount_minor, decimals):f}"


def parse_minor(text: str) -> int | None:
    """Return the minor units of a plain amount of two decimals at most, as '0.01' or '12'; None if it is not one.

    Signs, exponents, blanks, and other alphabets' digits are refused: no gateway sends them.
    """
    return to_minor(Decimal(text)) if _PLAIN.fullmatch(text) else None
