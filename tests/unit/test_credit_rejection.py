"""When a rejection still answers what is asked."""

from dataclasses import replace
from decimal import Decimal

import pytest

from odoo.addons.ar_credit_control.core.binding import Binding, BoundLine
from odoo.addons.ar_credit_control.core.grown import has_grown
from odoo.addons.ar_credit_control.core.rejection import Told, is_refuted, largest_like, repeats
from odoo.addons.ar_credit_control.core.rule import (
    CheckPoint,
    Condition,
    Fact,
    Facts,
    Operator,
    Outcome,
    Rule,
    evaluate,
)

REJECTED = Binding(1, 1, 1, 0, "150.00", (BoundLine(7, 3, "1", "150.00"),))


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({}, True),
        ({"lines": (BoundLine(7, 3, "1", "150.00"), BoundLine(8, 3, "1", "0.00"))}, True),
        ({"lines": (BoundLine(9, 3, "1", "150.00"),)}, True),
        ({"total": "150.01"}, True),
        ({"total": "1000.00"}, True),
        ({"total": "149.99"}, False),
        ({"partner_id": 2}, False),
        ({"company_id": 2}, False),
        ({"currency_id": 2}, False),
        ({"payment_term_id": 2}, False),
    ],
)
def test_the_same_or_more_for_the_same_debtor_is_the_same_question(changes, again):
    assert repeats(REJECTED, replace(REJECTED, **changes)) is again


@pytest.mark.parametrize(("total", "largest"), [("80.00", 100), ("100.00", 125), ("0.00", 0)])
def test_a_fifth_less_still_looks_like_it(total, largest):
    assert largest_like(replace(REJECTED, total=total)) == largest


def _verdict(fact, value, operator=Operator.MORE, boundary=10, outcome=Outcome.HOLD):
    condition = Condition(fact, operator, Decimal(boundary) if not isinstance(value, bool) else True)
    rule = Rule(5, 1, outcome, frozenset(CheckPoint), ((condition,),))
    return evaluate([rule], Facts(**{fact.value: value}), CheckPoint.CONFIRM)


@pytest.mark.parametrize(
    ("then", "now", "refuted"),
    [
        (Decimal(30), Decimal(30), False),
        (Decimal(30), Decimal(31), False),
        (Decimal(30), Decimal(25), True),
        (Decimal(30), Decimal(5), True),
    ],
)
def test_a_reason_that_holds_by_less_or_no_more_is_refuted(then, now, refuted):
    told = Told(5, Fact.DISCOUNT_PERCENT, then)
    assert is_refuted([told], _verdict(Fact.DISCOUNT_PERCENT, now)) is refuted


def test_where_less_is_worse_more_refutes_but_not_the_mere_age_of_a_customer():
    terms = {"operator": Operator.LESS, "boundary": 90}
    told = [Told(5, Fact.PAID_INVOICES, Decimal(2))]
    assert is_refuted(told, _verdict(Fact.PAID_INVOICES, Decimal(3), **terms))
    assert not is_refuted(told, _verdict(Fact.PAID_INVOICES, Decimal(2), **terms))
    told = [Told(5, Fact.CUSTOMER_DAYS, Decimal(2))]
    assert not is_refuted(told, _verdict(Fact.CUSTOMER_DAYS, Decimal(3), **terms))
    assert is_refuted(told, _verdict(Fact.CUSTOMER_DAYS, Decimal(91), **terms))


def test_flags_and_rules_that_always_hold_stand_as_long_as_they_hold():
    told = [Told(5, Fact.ACCOUNT_BLOCKED, True)]
    assert not is_refuted(told, _verdict(Fact.ACCOUNT_BLOCKED, True, Operator.IS))
    assert is_refuted(told, _verdict(Fact.ACCOUNT_BLOCKED, False, Operator.IS))
    assert is_refuted(told, _verdict(Fact.ACCOUNT_BLOCKED, True, Operator.IS, outcome=Outcome.WARN))
    always = evaluate([Rule(5, 1, Outcome.HOLD, frozenset(CheckPoint))], Facts(), CheckPoint.CONFIRM)
    assert not is_refuted([Told(5, None, None)], always)


@pytest.mark.parametrize(
    ("fact", "now", "grown"),
    [
        (Fact.DISCOUNT_PERCENT, Decimal(30), False),
        (Fact.DISCOUNT_PERCENT, Decimal(33), False),  # the tolerance
        (Fact.DISCOUNT_PERCENT, Decimal("33.1"), True),
        (Fact.OVERDUE_DAYS, Decimal(38), False),  # five days went by
        (Fact.OVERDUE_DAYS, Decimal("38.1"), True),
        (Fact.OVERDUE_AMOUNT, Decimal(34), True),
        (Fact.ORDER_AMOUNT, Decimal(99), False),  # judged by the approval itself
        (Fact.USE_AMOUNT, Decimal(99), False),
    ],
)
def test_what_got_worse_was_not_shown(fact, now, grown):
    told = [Told(5, fact, Decimal(30))]
    assert has_grown(told, _verdict(fact, now), Decimal(10), 5) is grown
    assert not has_grown(told, _verdict(fact, now, outcome=Outcome.WARN), Decimal(10), 5)


def test_where_less_is_worse_less_was_not_shown():
    terms = {"operator": Operator.LESS, "boundary": 90}
    told = [Told(5, Fact.PAID_INVOICES, Decimal(4))]
    for now, grown in ((4, False), (5, False), (3, True)):
        assert has_grown(told, _verdict(Fact.PAID_INVOICES, Decimal(now), **terms), Decimal(0), 0) is grown
    assert has_grown([], _verdict(Fact.PAID_INVOICES, Decimal(4), **terms), Decimal(0), 0)
