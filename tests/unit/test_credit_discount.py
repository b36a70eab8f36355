"""How much of its price a document gives away."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_credit_control.core.discount import Priced, discount_percent

CENT = Decimal("0.01")


def _percent(*lines):
    return discount_percent(
        [Priced(Decimal(str(gross)), Decimal(discount)) for gross, discount in lines], CENT
    )


@pytest.mark.parametrize(
    ("lines", "percent"),
    [
        ([], 0),
        ([(100, 0)], 0),
        ([(100, 30), (900, 0)], 30),  # the largest one, however little it is of all
        ([(100, 0), (-30, 0)], 30),
        ([(100, 20), (-15, 0)], 35),
        ([(100, 50), (100, 0), (-20, 0)], 50),
        ([(100, 0), (-100, 0)], 100),
        ([(100, 0), (-150, 0)], 150),
        ([(-10, 0)], 0),  # nothing is sold
        ([(-10, 50)], 0),
        ([(100, -20)], 0),  # a surcharge
        ([("10.01", 0), ("-3.00", 0)], 30),  # 30 % of it, rounded to the cent
        ([("10.03", 0), ("-3.01", 0)], 30),
        ([("10.03", 0), ("-3.02", 0)], Decimal("30.11")),
        ([(1000, 0), ("-300.01", 0)], 30),
        ([(100000, 0), ("-30010", 0)], Decimal("30.01")),
        ([("33.33", "33.33")], Decimal("33.33")),
    ],
)
def test_discount(lines, percent):
    assert _percent(*lines) == percent


@given(st.integers(1, 10**6), st.integers(0, 100))
def test_given_line_by_line_or_at_once_is_the_same(price, percent):
    at_once = -round(Decimal(price) * percent / 100, 2)
    assert _percent((price, percent)) == _percent((price, 0), (at_once, 0)) == percent
