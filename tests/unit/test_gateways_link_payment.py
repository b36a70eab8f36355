"""What a payment link asks for: which items, the smallest part, what somebody has typed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core.link_payment import (
    KINDS,
    Item,
    asked,
    read_amount,
    set_off,
    smallest_part,
    total,
)

TODAY = date(2026, 3, 15)
AMOUNTS = st.decimals(min_value="0.01", max_value="999999.99", places=2)
ITEMS = st.lists(
    st.builds(
        Item,
        st.integers(1, 9),
        st.integers(-90, 90).map(lambda days: TODAY + timedelta(days)),
        AMOUNTS,
        st.just(7),
    ),
    max_size=6,
)


def item(days, amount=10, account=7, document=1):
    return Item(document, TODAY + timedelta(days), Decimal(amount), account)


def test_everything_is_asked_for_the_oldest_first():
    late, soon, later = item(-5), item(5), item(30)
    assert asked([later, soon, late], TODAY) == (late, soon, later)


def test_instalments_ask_for_what_is_due_by_now():
    late, today, soon = item(-5), item(0), item(5)
    assert asked([soon, today, late], TODAY, due_only=True) == (late, today)


def test_instalments_ask_for_the_next_when_nothing_is_due():
    first, same_day, later = item(5), item(5, document=2), item(9)
    assert asked([later, same_day, first], TODAY, due_only=True) == (first, same_day)
    assert asked([], TODAY, due_only=True) == ()


def test_one_account_at_a_time():
    old, other, new = item(-9), item(-5, account=8), item(3)
    assert asked([new, other, old], TODAY) == (old, new)


def test_credit_notes_make_it_less():
    old, new, credit = item(-9), item(3), item(0, amount=-4, document=9)
    assert total(asked([new, credit, old], TODAY)) == 16
    assert asked([item(-9, amount=4), credit], TODAY) == ()  # nothing, and never less
    assert asked([credit], TODAY) == ()


def test_credit_notes_count_on_their_account_only():
    covered, credit = item(-9), item(0, amount=-10, document=9)
    other, elsewhere = item(5, account=8), item(0, amount=-3, account=8, document=9)
    assert asked([covered, credit, other], TODAY) == (other,)
    assert asked([covered, other, elsewhere], TODAY) == (covered,)
    assert total(asked([covered, credit, other, elsewhere], TODAY)) == 7


CREDITS = ITEMS.map(lambda items: [replace(each, amount=-each.amount) for each in items])


@given(ITEMS, CREDITS)
def test_nothing_negative_is_asked_for(invoices, credit_notes):
    found = asked([*credit_notes, *invoices], TODAY)
    assert total(found) == max(Decimal(0), total(invoices) + total(credit_notes))
    assert bool(found) == (total(found) > 0)


@given(ITEMS, AMOUNTS)
def test_set_off_takes_exactly_the_credit(items, credit):
    ordered = asked(items, TODAY)
    left = set_off(ordered, credit)
    assert total(left) == max(Decimal(0), total(ordered) - credit)
    assert all(rest.amount > 0 for rest in left)
    assert [rest.document for rest in left] == [i.document for i in ordered[len(ordered) - len(left) :]]


@given(AMOUNTS, AMOUNTS, st.integers(0, 100))
def test_the_smallest_part_is_never_more_than_all_nor_nothing(due, minimum, percent):
    part = smallest_part(due, minimum, Decimal(percent))
    assert Decimal("0.01") <= part <= due
    assert part == due or part >= minimum
    assert part * 100 >= min(due * percent, due * 100)


def test_the_smallest_part_is_rounded_up():
    assert smallest_part(Decimal("10.01"), Decimal(0), Decimal(30)) == Decimal("3.01")
    assert smallest_part(Decimal("100"), Decimal(0), Decimal(0)) == Decimal("0.01")
    assert smallest_part(Decimal("101"), Decimal(0), Decimal(30), decimals=0) == Decimal(31)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", "12"),
        ("0.01", "0.01"),
        ("1,234.50", "1234.50"),
        (" 1 000 ", "1000"),
        ("１２．５", "12.5"),
        ("12.500", "12.5"),
    ],
)
def test_typed_amounts(text, amount):
    assert read_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1e3", "0x10", "NaN", "Infinity", "1.234", "1,2", "12,34", "1.2.3", "٣", "1" * 14, "一"],
)
def test_what_is_no_amount(text):
    assert read_amount(text) is None


def test_only_invoices_and_accounts_are_paid_in_parts():
    assert {name for name, kind in KINDS.items() if kind.partial} == {"invoices", "instalment", "customer"}
