"""Trade bill against fund flow: what is a rounding, what is missing, what is of no trade."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core.settlement_flow import Gap, Movement, Trade, compare


def trade(number, net, *names):
    return Trade(number, (f"T{number}", *names), Decimal(str(net)))


def moved(number, fen, *names):
    return Movement(number, names or (f"T{number}",), fen)


def test_half_a_fen_for_each_trade_is_a_rounding():
    found = compare([trade(1, "99.5"), trade(2, "49.7")], [moved(1, 100), moved(2, 50)])
    assert (found.gaps, found.foreign, found.moved_minor) == ((), (), 150)
    assert found.rounding(149) == 1


def test_a_payment_that_never_came_is_no_rounding_however_many_there_are():
    trades = [trade(number, 1000) for number in range(10_000)]
    found = compare(trades, [moved(number, 1000) for number in range(9_997)])
    assert [gap.trade_ids for gap in found.gaps] == [(9_997,), (9_998,), (9_999,)]
    assert {(gap.stated_minor, gap.moved_minor) for gap in found.gaps} == {(1000, 0)}
    assert found.rounding(10_000_000) == 0


def test_two_that_make_up_for_each_other_are_both_told():
    found = compare([trade(1, 100), trade(2, 100)], [moved(1, 130), moved(2, 70)])
    assert found.gaps == (Gap((1,), 100, 130), Gap((2,), 100, 70))


def test_refunds_belong_to_their_payment_by_any_number():
    trades = [trade(1, "9940.0", "AR1"), Trade(2, ("T1", "AR1", "RF1", "503"), Decimal("-2485.0"))]
    movements = [
        moved(1, 10_000),
        moved(2, -60, "AR1"),
        moved(3, -2_485, "503", "RF1"),
        moved(4, -100, "W", "TX1"),
    ]
    found = compare(trades, movements)
    assert (found.gaps, found.foreign) == ((), (4,))
    assert found.moved_minor == 7_455


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-(10**6), 10**6))),
    st.lists(st.integers(-(10**6), 10**6)),
)
def test_nothing_is_lost(movements, nets):
    """What the trades say, the gaps and the rounding make up what moved; the rest is named."""
    trades = [trade(number, net) for number, net in enumerate(nets)]
    rows = [Movement(number, (f"T{name}",), fen) for number, (name, fen) in enumerate(movements)]
    found = compare(trades, rows)
    foreign = sum(row.amount_minor for row in rows if row.id in found.foreign)
    gaps = sum(gap.moved_minor - gap.stated_minor for gap in found.gaps)
    booked = sum(nets) + gaps + found.rounding(sum(nets)) + foreign
    assert booked == sum(fen for _name, fen in movements)
    assert found.rounding(sum(nets)) == 0  # whole fen: nothing to round
