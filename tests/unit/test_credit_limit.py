"""The limit in force on a day, and what a change of it allows more."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_credit_control.core.credit_check import Bound, Control, Limit, Position
from odoo.addons.ar_credit_control.core.exposure import Exposure
from odoo.addons.ar_credit_control.core.limit import (
    Cover,
    Effect,
    Expiry,
    Temporary,
    Terms,
    Why,
    Window,
    changed_amount,
    limit_in_force,
    pooled,
)
from odoo.addons.ar_credit_control.core.limit_rise import added_room, greatest_rise, never_raises

TODAY = date(2026, 7, 1)
DEFAULT = Limit(Control.LIMITED, Decimal(100))
LIMITED = Terms(Control.LIMITED, Decimal(1000))

amounts = st.decimals(min_value=0, max_value=10**6, places=2)
days = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 12, 31))
windows = st.tuples(days, days).map(lambda pair: Window(min(pair), max(pair))) | st.just(Window())
temporaries = st.builds(
    Temporary, amounts, windows, st.sampled_from([Effect.REPLACES, Effect.ADDS]), st.just(0), st.booleans()
)
covers = st.builds(Cover, amounts, windows, st.sampled_from([Effect.ADDS, Effect.DEDUCTS]))
terms_of_any_kind = st.builds(
    Terms,
    st.sampled_from([None, *Control]),
    amounts,
    st.none() | days,
    st.sampled_from(Expiry),
    st.lists(temporaries, max_size=3).map(tuple),
    st.lists(covers, max_size=3).map(tuple),
)
defaults = st.builds(Limit, st.sampled_from([Control.NONE, Control.LIMITED, Control.NO_CREDIT]), amounts)


def around(start, end):
    return Window(TODAY + timedelta(start), TODAY + timedelta(end))


def amount_of(terms, day=TODAY, default=DEFAULT):
    return limit_in_force(terms, default, day).limit.amount


def temporary(amount, effect=Effect.REPLACES, start=0, end=0):
    return Temporary(Decimal(amount), around(start, end), effect)


class TestBase:
    def test_own_or_default(self):
        assert amount_of(LIMITED) == 1000
        assert amount_of(Terms()) == 100
        assert limit_in_force(Terms(), Limit(Control.NONE), TODAY).limit == Limit(Control.NONE)

    def test_zero_is_an_amount(self):
        assert limit_in_force(Terms(Control.LIMITED), DEFAULT, TODAY).limit == Limit(
            Control.LIMITED, Decimal(0)
        )

    @pytest.mark.parametrize("control", [Control.NO_CREDIT, Control.UNLIMITED, Control.NONE])
    def test_flags_are_no_amounts(self, control):
        terms = Terms(control, Decimal(500), temporaries=(temporary(900),))
        found = limit_in_force(terms, DEFAULT, TODAY)
        assert found.limit == Limit(control)
        assert found.components[0].amount is None
        assert found.components[1].why is Why.NOT_LIMITED


class TestExpiry:
    @pytest.mark.parametrize(
        ("expiry", "expected"),
        [
            (Expiry.KEEP, Limit(Control.LIMITED, Decimal(1000))),
            (Expiry.NO_CREDIT, Limit(Control.NO_CREDIT)),
            (Expiry.DEFAULT, DEFAULT),
        ],
    )
    def test_day_after_the_last(self, expiry, expected):
        terms = replace(LIMITED, valid_until=TODAY, expiry=expiry)
        assert amount_of(terms) == 1000
        found = limit_in_force(terms, DEFAULT, TODAY + timedelta(1))
        assert found.limit == expected
        assert found.components[0].why is (Why.COUNTS if expiry is Expiry.KEEP else Why.ENDED)

    def test_expired_to_nothing_is_not_raised(self):
        terms = Terms(
            Control.LIMITED,
            Decimal(1000),
            TODAY - timedelta(1),
            Expiry.NO_CREDIT,
            (temporary(500),),
            (Cover(Decimal(50), Window(), Effect.ADDS),),
        )
        assert limit_in_force(terms, DEFAULT, TODAY).widened() == Limit(Control.NO_CREDIT)


class TestTemporary:
    @pytest.mark.parametrize(("day", "expected"), [(-1, 1000), (0, 300), (5, 300), (6, 1000)])
    def test_replaces_within_its_window(self, day, expected):
        terms = replace(LIMITED, temporaries=(temporary(300, end=5),))
        assert amount_of(terms, TODAY + timedelta(day)) == expected

    def test_the_last_that_replaces_counts_and_all_that_add(self):
        terms = replace(
            LIMITED,
            temporaries=(
                temporary(300),
                temporary(20, Effect.ADDS),
                temporary(400),
                temporary(5, Effect.ADDS),
            ),
        )
        found = limit_in_force(terms, DEFAULT, TODAY)
        assert found.limit.amount == 425
        assert [part.why for part in found.components] == [
            Why.REPLACED,
            Why.REPLACED,
            Why.COUNTS,
            Why.COUNTS,
            Why.COUNTS,
        ]

    def test_raises_the_company_default_too(self):
        assert amount_of(Terms(temporaries=(temporary(50, Effect.ADDS),))) == 150

    @pytest.mark.parametrize(
        ("base", "amounts", "expected"),
        [
            (100, [(1000, True)], 100),
            (100, [(1000, True), (500, True)], 100),
            (2000, [(1000, True), (1500, True), (500, True)], 500),
            (100, [(1000, False), (600, True)], 600),
            (100, [(600, True), (1000, False)], 1000),
        ],
    )
    def test_what_only_lowers_never_allows_more_than_what_is_behind_it(self, base, amounts, expected):
        parts = tuple(replace(temporary(amount), only_lowers=lowers) for amount, lowers in amounts)
        found = limit_in_force(Terms(Control.LIMITED, Decimal(base), temporaries=parts), DEFAULT, TODAY)
        assert found.limit.amount == expected
        assert sum(part.amount for part in found.components if part.counts) == expected

    def test_what_adds_is_room_also_where_there_is_no_limit_yet(self):
        unlimited = Terms(Control.UNLIMITED)
        parts = (temporary(50, Effect.ADDS, end=5), temporary(900), temporary(7, Effect.ADDS, -9, -1))
        covers = (Cover(Decimal(400), Window(), Effect.DEDUCTS),)
        new = replace(unlimited, temporaries=parts, covers=covers)
        assert never_raises(unlimited, new, DEFAULT, TODAY)
        assert added_room(unlimited, new, TODAY) == 450
        assert added_room(new, new, TODAY) == added_room(new, unlimited, TODAY) == 0


class TestCovers:
    def test_added_or_deducted(self):
        cover = Cover(Decimal(400), Window(), Effect.ADDS)
        added = limit_in_force(replace(LIMITED, covers=(cover,)), DEFAULT, TODAY)
        assert (added.limit.amount, added.deduction) == (1400, 0)
        cover = replace(cover, effect=Effect.DEDUCTS)
        deducted = limit_in_force(replace(LIMITED, covers=(cover,)), DEFAULT, TODAY)
        assert (deducted.limit.amount, deducted.deduction, deducted.widened().ceiling) == (1000, 400, 1400)
        assert deducted.secured(Exposure(Decimal(30))) == 30
        assert deducted.secured(Exposure(Decimal(-30))) == 0

    def test_a_deposit_lets_those_without_credit_buy_for_it(self):
        cover = Cover(Decimal(400), Window(), Effect.DEDUCTS)
        found = limit_in_force(Terms(Control.NO_CREDIT, covers=(cover,)), DEFAULT, TODAY)
        assert found.limit == Limit(Control.NO_CREDIT)
        assert found.widened() == Limit(Control.LIMITED, Decimal(400))


class TestProperties:
    @given(terms_of_any_kind, defaults, days)
    def test_the_parts_explain_the_limit(self, terms, default, day):
        found = limit_in_force(terms, default, day)
        counting = [part for part in found.components if part.counts]
        total = sum(part.amount or 0 for part in counting if part.effect is not Effect.DEDUCTS)
        assert total == found.limit.amount or found.limit.control is not Control.LIMITED
        assert sum(part.effect in (Effect.SETS, Effect.REPLACES) for part in counting) == 1
        assert len(found.components) >= 1 + len(terms.temporaries) + len(terms.covers)

    @given(terms_of_any_kind, terms_of_any_kind, defaults, days, days)
    def test_what_never_raises_raises_on_no_day(self, old, new, default, day, other):
        if not never_raises(old, new, default, day) or other < day:
            return
        before = limit_in_force(old, default, other).widened().ceiling
        after = limit_in_force(new, default, other).widened().ceiling
        assert before is None or (after is not None and after <= before)

    @given(terms_of_any_kind, defaults, days)
    def test_the_same_is_no_raise(self, terms, default, day):
        assert never_raises(terms, terms, default, day)

    @given(terms_of_any_kind, temporaries, defaults, days)
    def test_an_added_amount_never_lowers(self, terms, extra, default, day):
        more = replace(terms, temporaries=(*terms.temporaries, replace(extra, effect=Effect.ADDS)))
        assert never_raises(more, terms, default, day)


class TestGreatestRise:
    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            (LIMITED, replace(LIMITED, amount=Decimal(1500)), 500),
            (LIMITED, replace(LIMITED, amount=Decimal(500)), 0),
            (LIMITED, Terms(Control.UNLIMITED), None),
            (Terms(Control.UNLIMITED), LIMITED, 0),
            (Terms(Control.NO_CREDIT, Decimal(1000)), LIMITED, 1000),
            (
                replace(LIMITED, valid_until=TODAY, expiry=Expiry.NO_CREDIT),
                replace(LIMITED, valid_until=TODAY + timedelta(9), expiry=Expiry.NO_CREDIT),
                1000,
            ),
            (LIMITED, replace(LIMITED, temporaries=(temporary(1700, start=9, end=10),)), 700),
        ],
    )
    def test_table(self, old, new, expected):
        assert greatest_rise(old, new, DEFAULT, TODAY) == expected

    @given(terms_of_any_kind, terms_of_any_kind, defaults, days)
    def test_what_never_raises_rises_by_nothing(self, old, new, default, day):
        if never_raises(old, new, default, day):
            assert greatest_rise(old, new, default, day) == 0


class TestNeverRaises:
    @pytest.mark.parametrize(
        ("new", "expected"),
        [
            (replace(LIMITED, amount=Decimal(999)), True),
            (replace(LIMITED, amount=Decimal(1001)), False),
            (replace(LIMITED, amount=Decimal(999), temporaries=(temporary(1001, start=30, end=40),)), False),
            (replace(LIMITED, valid_until=TODAY, expiry=Expiry.NO_CREDIT), True),
            (replace(LIMITED, control=Control.NO_CREDIT), True),
            (replace(LIMITED, control=Control.UNLIMITED), False),
            (Terms(), True),
        ],
    )
    def test_table(self, new, expected):
        assert never_raises(LIMITED, new, DEFAULT, TODAY) is expected

    def test_a_longer_validity_is_a_raise(self):
        old = replace(LIMITED, valid_until=TODAY, expiry=Expiry.NO_CREDIT)
        assert not never_raises(old, replace(old, valid_until=TODAY + timedelta(1)), DEFAULT, TODAY)
        assert not never_raises(old, replace(old, expiry=Expiry.DEFAULT), DEFAULT, TODAY)

    def test_leaving_no_credit_is_a_raise(self):
        assert not never_raises(Terms(Control.NO_CREDIT), Terms(Control.LIMITED), DEFAULT, TODAY)

    def test_getting_out_of_control_is_a_raise_of_any_size(self):
        old = Terms(Control.UNLIMITED)
        for new in (Terms(Control.NONE), replace(old, valid_until=TODAY, expiry=Expiry.DEFAULT)):
            assert not never_raises(old, new, Limit(Control.NONE), TODAY)
            assert greatest_rise(old, new, Limit(Control.NONE), TODAY) is None
        assert never_raises(Terms(Control.NONE), old, DEFAULT, TODAY)


def test_group_of_fifteen_thousand_and_own_ten_thousand():
    position = Position(
        (
            Bound("own", Limit(Control.LIMITED, Decimal(10_000)), Exposure()),
            Bound("group 1", Limit(Control.LIMITED, Decimal(15_000)), Exposure()),
        )
    )
    assert position.tightest.limit.ceiling == 10_000


def test_pooled_converts_and_rounds_once():
    own = Exposure(receivable=Decimal(10), open_orders=Decimal("0.01"))
    other = Exposure(receivable=Decimal("33.33"), draft_invoices=Decimal(-6))
    total = pooled(own, [(other, Decimal("0.5"))], lambda amount: round(amount, 2))
    assert (total.receivable, total.open_orders, total.draft_invoices) == (
        Decimal("26.66"),
        Decimal("0.01"),
        Decimal(-3),
    )


@pytest.mark.parametrize(
    ("percent", "fixed", "step", "expected"),
    [(10, 0, 100, 1400), (0, 250, 0, "1484.56"), (-200, 0, 0, 0), (0, 15.44, 100, 1300), (0, 0, 1000, 1000)],
)
def test_changed_amount(percent, fixed, step, expected):
    result = changed_amount(
        Decimal("1234.56"), percent=Decimal(percent), fixed=Decimal(str(fixed)), step=Decimal(step)
    )
    assert result == Decimal(expected)
