"""The terms of debtors that become one: never wider than the tightest of them, on any day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_credit_control.core.credit_check import Control, Limit
from odoo.addons.ar_credit_control.core.limit import (
    Cover,
    Effect,
    Expiry,
    Temporary,
    Terms,
    Window,
    limit_in_force,
)
from odoo.addons.ar_credit_control.core.limit_merge import tightest
from odoo.addons.ar_credit_control.core.limit_rise import never_raises

from tests.unit.test_credit_limit import TODAY, amounts, around, days, defaults

UNLIMITED = Limit(Control.UNLIMITED)
FIFTY = Terms(Control.LIMITED, Decimal(50))


def _limits(*sources, default=UNLIMITED, ahead=(0, 10, 40)):
    temporaries = [temporary for one in sources for temporary in one.temporaries]
    merged = tightest(sources, temporaries, default, TODAY)
    return [limit_in_force(merged, default, TODAY + timedelta(day)).limit.ceiling for day in ahead]


def _temporary(amount, start, end, effect=Effect.REPLACES):
    return Temporary(Decimal(amount), around(start, end), effect, amount)


def test_a_validity_that_ends_does_not_free_the_others():
    ending = Terms(Control.LIMITED, Decimal(10), TODAY + timedelta(5), Expiry.DEFAULT)
    assert _limits(ending, FIFTY) == [10, 10, 10]
    assert _limits(ending, FIFTY, default=Limit(Control.LIMITED, Decimal(7))) == [10, 7, 7]
    assert _limits(Terms(Control.LIMITED, Decimal(90), TODAY, Expiry.NO_CREDIT), FIFTY) == [50, 0, 0]


def test_temporary_limits_that_narrow_go_on_and_those_that_widen_end():
    hundred = Terms(Control.LIMITED, Decimal(100))
    assert _limits(replace(hundred, temporaries=(_temporary(5, 0, 4),)), FIFTY) == [5, 50, 50]
    ten = Terms(Control.LIMITED, Decimal(10))
    assert _limits(replace(ten, temporaries=(_temporary(1000, 8, 20),)), FIFTY) == [10, 10, 10]
    assert _limits(replace(ten, temporaries=(_temporary(100, -1, 4),)), FIFTY) == [10, 10, 10]
    assert _limits(replace(ten, temporaries=(_temporary(40, -1, 4),)), FIFTY) == [40, 10, 10]


def test_cover_of_the_tightest_goes_on_as_far_as_it_stays_the_tightest():
    ten = Terms(Control.LIMITED, Decimal(10))
    for amount, limit in ((20, 30), (60, 10)):
        cover = Cover(Decimal(amount), Window(), Effect.ADDS, 1)
        assert _limits(replace(ten, covers=(cover,)), FIFTY) == [limit] * 3


bases = st.builds(
    Terms, st.sampled_from([None, *Control]), amounts, st.none() | days, st.sampled_from(Expiry)
)
temporaries = st.builds(
    Temporary,
    amounts,
    st.tuples(days, days).map(lambda pair: Window(min(pair), max(pair))),
    st.sampled_from([Effect.REPLACES, Effect.ADDS]),
    st.integers(1, 10**6),
)


@given(bases, bases, st.none() | temporaries, defaults)
def test_never_wider_than_any_of_them(one, other, temporary, default):
    if temporary:
        one = replace(one, temporaries=(temporary,))
    merged = tightest([one, other], one.temporaries, default, TODAY)
    assert never_raises(one, merged, default, TODAY)
    assert never_raises(other, merged, default, TODAY)
