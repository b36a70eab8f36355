"""Which rule stops what: conditions, scopes, exclusions and outcomes, without a database."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_credit_control.core.credit_check import (
    Bound,
    Control,
    Limit,
    Position,
    complete,
    decide,
    decide_in_turn,
)
from odoo.addons.ar_credit_control.core.exposure import Exposure
from odoo.addons.ar_credit_control.core.rule import (
    CheckPoint,
    Condition,
    Fact,
    Facts,
    Operator,
    Outcome,
    Rule,
    Standing,
    Verdict,
    evaluate,
)

CONFIRM = frozenset({CheckPoint.CONFIRM})
NUMBERS = [
    fact for fact in Fact if fact.value.endswith(("_percent", "_amount", "_days", "excess", "_invoices"))
]


def _when(fact, operator, value):
    return (Condition(fact, operator, Decimal(value) if isinstance(value, int) else value),)


def _rule(key, outcome=Outcome.HOLD, *groups, **values):
    return Rule(
        key, values.pop("sequence", key), outcome, values.pop("check_points", CONFIRM), groups, **values
    )


def _outcome(rules, facts, check_point=CheckPoint.CONFIRM):
    return evaluate(rules, facts, check_point).outcome


OVERDUE_30 = _when(Fact.OVERDUE_DAYS, Operator.MORE, 30)

conditions = st.builds(
    Condition, st.sampled_from(NUMBERS), st.sampled_from(Operator), st.decimals(-100, 100, places=1)
)
rules = st.builds(
    Rule,
    st.integers(1, 50),
    st.integers(0, 5),
    st.sampled_from(Outcome),
    st.frozensets(st.sampled_from(CheckPoint), min_size=1),
    st.lists(st.lists(conditions, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple),
    st.frozensets(st.integers(1, 3), max_size=2),
    st.frozensets(st.integers(1, 3), max_size=2),
)
facts = st.builds(
    Facts,
    partner_id=st.integers(1, 3),
    group_ids=st.frozensets(st.integers(1, 3), max_size=2),
    **{fact.value: st.none() | st.decimals(-100, 100, places=1) for fact in NUMBERS},
)


class TestConditions:
    @pytest.mark.parametrize(
        ("operator", "below", "at", "above"),
        [
            (Operator.MORE, False, False, True),
            (Operator.LEAST, False, True, True),
            (Operator.LESS, True, False, False),
            (Operator.MOST, True, True, False),
            (Operator.IS, False, True, False),
            (Operator.IS_NOT, True, False, True),
        ],
    )
    def test_boundary(self, operator, below, at, above):
        condition = Condition(Fact.USE_PERCENT, operator, Decimal(100))
        found = [
            condition.holds(Facts(use_percent=Decimal(value))) for value in ("99.99", "100", "100.0000001")
        ]
        assert found == [below, at, above]

    @given(conditions)
    def test_what_is_unknown_never_holds(self, condition):
        assert not condition.holds(Facts())

    def test_words_and_flags(self):
        facts = Facts(limit_expired=True, account_status="no_credit")
        assert Condition(Fact.LIMIT_EXPIRED, Operator.IS, True).holds(facts)
        assert not Condition(Fact.LIMIT_EXPIRED, Operator.IS_NOT, True).holds(facts)
        assert Condition(Fact.ACCOUNT_STATUS, Operator.IS_NOT, "limited").holds(facts)

    def test_all_of_any_of(self):
        new = _when(Fact.PAID_INVOICES, Operator.LESS, 1) + _when(Fact.CUSTOMER_DAYS, Operator.LESS, 90)
        rule = _rule(1, Outcome.HOLD, new, _when(Fact.ORDER_AMOUNT, Operator.MORE, 1000))
        young = Facts(paid_invoices=Decimal(5), customer_days=Decimal(10), order_amount=Decimal(1001))
        assert rule.holds(young)
        assert not rule.holds(replace(young, order_amount=Decimal(1000)))
        assert not rule.holds(replace(young, customer_days=Decimal(90)))
        reasons = evaluate([rule], young, CheckPoint.CONFIRM).reasons[0].reasons
        assert [reason.condition.fact for reason in reasons] == [Fact.CUSTOMER_DAYS, Fact.ORDER_AMOUNT]
        assert [reason.value for reason in reasons] == [10, 1001]

    def test_without_conditions_always(self):
        assert _outcome([_rule(1, Outcome.WARN)], Facts()) is Outcome.WARN


class TestPrecedence:
    late = Facts(partner_id=7, group_ids=frozenset({5}), overdue_days=Decimal(45))

    def test_the_hardest_of_several_decides(self):
        rules = [_rule(1, Outcome.WARN), _rule(2, Outcome.BLOCK, OVERDUE_30), _rule(3, Outcome.HOLD)]
        verdict = evaluate(rules, self.late, CheckPoint.CONFIRM)
        assert verdict.outcome is Outcome.BLOCK
        assert [finding.rule.key for finding in verdict.reasons] == [2, 3, 1]

    def test_only_at_its_check_points_and_for_its_customers(self):
        assert _outcome([_rule(1)], self.late, CheckPoint.DELIVERY) is None
        assert _outcome([_rule(1, partner_ids=frozenset({8}))], self.late) is None
        assert _outcome([_rule(1, group_ids=frozenset({5}))], self.late) is Outcome.HOLD
        assert _outcome([_rule(1, group_ids=frozenset({6}))], self.late) is None

    def test_closer_scope_replaces_what_looks_at_the_same_facts(self):
        general = _rule(1, Outcome.HOLD, OVERDUE_30)
        own = _rule(2, Outcome.HOLD, _when(Fact.OVERDUE_DAYS, Operator.MORE, 60), partner_ids=frozenset({7}))
        group = _rule(3, Outcome.BLOCK, _when(Fact.OVERDUE_DAYS, Operator.MORE, 40), group_ids=frozenset({5}))
        other = _rule(4, Outcome.WARN, _when(Fact.OVERDUE_AMOUNT, Operator.LEAST, 0))
        facts = replace(self.late, overdue_amount=Decimal(1))
        assert _outcome([general, group], facts) is Outcome.BLOCK
        verdict = evaluate([general, own, group, other], facts, CheckPoint.CONFIRM)
        assert verdict.outcome is Outcome.WARN
        standing = {finding.rule.key: (finding.standing, finding.by) for finding in verdict.findings}
        assert standing == {
            1: (Standing.REPLACED, 2),
            2: (Standing.NOT_MET, None),
            3: (Standing.REPLACED, 2),
            4: (Standing.MET, None),
        }

    def test_exclusion_of_a_closer_scope_wins_also_over_a_block(self):
        rules = [_rule(1, Outcome.BLOCK), _rule(9, Outcome.EXCLUDE, partner_ids=frozenset({7}))]
        assert _outcome(rules, self.late) is None
        assert _outcome(rules, replace(self.late, partner_id=8)) is Outcome.BLOCK

    def test_exclusion_of_a_wider_scope_does_not(self):
        rules = [_rule(9, Outcome.HOLD, partner_ids=frozenset({7})), _rule(1, Outcome.EXCLUDE)]
        assert _outcome(rules, self.late) is Outcome.HOLD

    def test_exclusion_of_the_same_scope_takes_out_what_comes_after_it(self):
        rules = [_rule(1, Outcome.WARN), _rule(2, Outcome.EXCLUDE, OVERDUE_30), _rule(3, Outcome.HOLD)]
        assert _outcome(rules, self.late) is Outcome.WARN
        assert _outcome(rules, replace(self.late, overdue_days=Decimal(30))) is Outcome.HOLD

    def test_held_by_hand(self):
        assert Verdict(forced=True).outcome is Outcome.HOLD
        blocked = evaluate([_rule(1, Outcome.BLOCK)], self.late, CheckPoint.CONFIRM)
        assert replace(blocked, forced=True).outcome is Outcome.BLOCK

    @given(st.lists(rules, max_size=6), facts, st.sampled_from(CheckPoint))
    def test_a_customers_exclusion_frees_him_of_all_general_rules(self, some, known, point):
        general = [replace(rule, partner_ids=frozenset(), group_ids=frozenset()) for rule in some]
        free = Rule(99, 99, Outcome.EXCLUDE, frozenset(CheckPoint), partner_ids=frozenset({known.partner_id}))
        assert _outcome([*general, free], known, point) is None

    @given(st.lists(rules, max_size=6), facts, st.sampled_from(CheckPoint), st.randoms())
    def test_the_order_of_the_list_says_nothing(self, some, known, point, random):
        unique = list({rule.key: rule for rule in some}.values())
        mixed = random.sample(unique, len(unique))
        assert evaluate(mixed, known, point) == evaluate(unique, known, point)

    @given(st.lists(rules, max_size=6), facts, st.sampled_from(CheckPoint))
    def test_every_reason_is_a_rule_that_holds(self, some, known, point):
        for finding in evaluate(some, known, point).reasons:
            assert finding.rule.holds(known)
            assert point in finding.rule.check_points
            assert finding.rule.outcome is not Outcome.EXCLUDE


class TestFactsOfALimit:
    def _complete(self, limit, owed, amount):
        position = Position((Bound("own", limit, Exposure(receivable=Decimal(owed))),))
        return complete(Facts(), decide(position, Decimal(amount)))

    def test_use_of_limit(self):
        known = self._complete(Limit(Control.LIMITED, Decimal(200)), 50, 100)
        assert (known.use_percent, known.use_amount, known.excess) == (75, 150, 0)
        assert (known.order_amount, known.account_status) == (100, "limited")

    def test_limit_of_zero_is_used_beyond_any_percentage(self):
        assert self._complete(Limit(Control.LIMITED), 0, 1).use_percent == Decimal("Infinity")
        assert self._complete(Limit(Control.LIMITED), -5, 5).use_percent == 0

    def test_no_credit_and_unlimited_have_no_percentage(self):
        none = self._complete(Limit(Control.NO_CREDIT), 0, 10)
        assert (none.use_percent, none.excess) == (None, 10)
        free = self._complete(Limit(Control.UNLIMITED), 5, 10)
        assert (free.use_percent, free.excess, free.use_amount) == (None, None, 15)

    def test_what_adds_nothing_uses_nothing(self):
        known = self._complete(Limit(Control.LIMITED, Decimal(10)), 500, 0)
        assert (known.use_percent, known.excess, known.order_amount) == (None, None, 0)

    @given(st.decimals("0.01", 10**9, places=2), st.decimals(0, 10**9, places=2))
    def test_more_than_100_percent_is_exactly_over_the_limit(self, limit, use):
        known = self._complete(Limit(Control.LIMITED, limit), use, Decimal("0.01"))
        assert (known.use_percent > 100) == (use + Decimal("0.01") > limit) == (known.excess > 0)

    def test_what_was_approved_is_seen_by_the_next(self):
        position = Position((Bound("own", Limit(Control.LIMITED, Decimal(100)), Exposure()),))

        def judge(number, decision):
            return replace(decision, approved=number == 0)

        first, second = decide_in_turn([(position, Decimal(120)), (position, Decimal(10))], judge)
        assert first.passed
        assert (second.passed, second.excess) == (False, 30)
