"""The level engine, by example and by its promises over a simulated life of a customer."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_collections.core.dunning import Item, Level, Outcome, decide, next_level

TODAY = date(2026, 6, 30)
LADDER = (Level(3, 7), Level(21, 10))


def item(days, amount=100, reached=0, excluded=False, key=1):
    """An item that is `days` days overdue today."""
    return Item(key, TODAY - timedelta(days), Decimal(amount), reached, excluded)


def decide_today(items, last_contact_days=None, ladder=LADDER):
    last = None if last_contact_days is None else TODAY - timedelta(last_contact_days)
    return decide(items, ladder, last, TODAY)


def test_first_reminder_from_its_day_on():
    assert decide_today([item(2)]).outcome is Outcome.NO_NEW_LEVEL
    assert decide_today([item(3)]).level == 1
    assert decide_today([item(0)]).outcome is Outcome.NOTHING_OVERDUE


def test_very_old_invoice_starts_with_the_friendly_one():
    decision = decide_today([item(214)])
    assert (decision.outcome, decision.level) == (Outcome.SEND, 1)


def test_second_level_needs_its_days_and_the_delay():
    assert decide_today([item(20, reached=1)], 17).outcome is Outcome.NO_NEW_LEVEL
    assert decide_today([item(21, reached=1)], 9).outcome is Outcome.TOO_SOON
    assert decide_today([item(21, reached=1)], 10).level == 2


def test_one_message_at_the_highest_level_with_every_overdue_item():
    decision = decide_today([item(40, 100, 1, key=1), item(10, 50, 0, key=2), item(1, 7, 0, key=3)], 30)
    assert decision.level == 2
    assert [(step.item.key, step.level) for step in decision.steps] == [(1, 2), (2, 1), (3, 0)]
    assert decision.amount_due == 157


def test_new_invoice_is_reminded_beside_one_that_has_heard_it_all():
    """OCA #460: reminding one invoice must not silence the rest of the customer."""
    decision = decide_today([item(90, reached=2, key=1), item(5, key=2)], 30)
    assert decision.outcome is Outcome.SEND
    assert {step.item.key: step.level for step in decision.steps} == {1: 2, 2: 1}


def test_level_falls_when_the_old_invoice_is_paid():
    """killbill #2297: the level of a paid invoice does not stick; the rest starts with the friendly words."""
    assert decide_today([item(25, key=2)], 30).level == 1


def test_no_endless_last_reminder():
    assert decide_today([item(300, reached=2)], 200).outcome is Outcome.NO_NEW_LEVEL


def test_credits_are_deducted_and_may_cover_all():
    decision = decide_today([item(10, 100), item(0, -40, key=2)])
    assert (decision.overdue, decision.credits, decision.amount_due) == (100, 40, 60)
    assert decide_today([item(10, 100), item(-20, -100, key=2)]).outcome is Outcome.COVERED_BY_CREDITS


def test_excluded_items_are_neither_reminded_nor_counted():
    decision = decide_today([item(50, 100, excluded=True), item(10, 30, key=2)])
    assert [step.item.key for step in decision.steps] == [2]
    assert decision.amount_due == 30
    assert decide_today([item(50, excluded=True)]).outcome is Outcome.NOTHING_OVERDUE


def test_ladder_that_was_shortened():
    """An item that reached a level which no longer exists is at the end of the ladder."""
    assert next_level(item(100, reached=5), LADDER, TODAY) == 2


ITEMS = st.lists(
    st.builds(
        Item,
        key=st.integers(1, 10**6),
        due=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        amount=st.decimals(-500, 500, places=2).filter(bool),
        level_reached=st.integers(0, 4),
        excluded=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda item: item.key,
)
STEPS = st.tuples(st.integers(1, 200), st.integers(0, 30))
LADDERS = st.lists(STEPS, min_size=1, max_size=5, unique_by=lambda step: step[0]).map(
    lambda levels: tuple(Level(*level) for level in sorted(levels))
)


@given(ITEMS, LADDERS, st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_promises_of_a_decision(items, ladder, last):
    decision = decide(items, ladder, last, TODAY)
    if decision.outcome is not Outcome.SEND:
        assert (decision.level, decision.steps) == (0, ())
        return
    assert decision.amount_due > 0
    assert decision.overdue == sum(step.item.amount for step in decision.steps)
    assert decision.level == max(step.level for step in decision.steps)
    assert any(step.level > step.item.level_reached for step in decision.steps)
    for step in decision.steps:
        assert step.item.due < TODAY
        assert not step.item.excluded
        assert step.level <= min(step.item.level_reached, len(ladder)) + 1
        if step.level > step.item.level_reached:
            assert (TODAY - step.item.due).days >= ladder[step.level - 1].days_overdue
    if last:
        assert (TODAY - last).days >= ladder[decision.level - 1].min_days_between


@given(ITEMS, LADDERS)
def test_order_of_the_items_does_not_matter(items, ladder):
    assert decide(items, ladder, None, TODAY) == decide(items[::-1], ladder, None, TODAY)


@given(ITEMS, LADDERS, st.sets(st.integers(0, 300)))
def test_life_of_a_customer(items, ladder, down_days):
    """Run every day but some: each item hears each level once at most, in order, and all in the end."""
    heard = {item.key: [] for item in items}
    state, last = {item.key: replace(item, level_reached=0) for item in items}, None
    for offset in range(600):
        today = date(2026, 1, 1) + timedelta(offset)
        if offset in down_days:
            continue
        decision = decide(list(state.values()), ladder, last, today)
        if decision.outcome is Outcome.SEND:
            last = today
            for step in decision.steps:
                if step.level > step.item.level_reached:
                    heard[step.item.key].append(step.level)
                state[step.item.key] = replace(step.item, level_reached=step.level)
    dunnable = [item for item in items if item.amount > 0 and not item.excluded]
    covered = sum(item.amount for item in dunnable) <= -sum(item.amount for item in items if item.amount < 0)
    everything = list(range(1, len(ladder) + 1))
    for item in items:
        levels = heard[item.key]
        assert levels == everything[: len(levels)]
        if item in dunnable and not covered:
            assert levels == everything
