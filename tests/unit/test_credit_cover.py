"""Which part of an order a cover secures, and why not the rest."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_credit_control.core.cover import (
    Gap,
    Method,
    Policy,
    Sale,
    secured_part,
    uncovered_part,
)
from odoo.addons.ar_credit_control.core.limit import Why

amounts = st.decimals(min_value=0, max_value=10**6, places=2)


class TestSecuredPart:
    policy = Policy(
        7, Decimal(1000), Decimal(90), Why.COUNTS, frozenset({1}), frozenset({2}), 60, Method.PAYMENT
    )
    sale = Sale(1, 2, 60, Decimal(500), method=Method.PAYMENT)

    def test_covered_to_its_share(self):
        found = secured_part([self.policy], self.sale)
        assert (found.covered, found.uncovered, found.gaps) == (450, 50, ((7, Gap.SHARE),))

    @pytest.mark.parametrize(
        ("change", "gap"),
        [
            ({"buyer_id": 9}, Gap.BUYER),
            ({"term_id": 9}, Gap.TERM),
            ({"credit_days": 61}, Gap.DAYS),
            ({"method": Method.ACCEPTANCE}, Gap.METHOD),
            ({"method": Method.OPEN_ACCOUNT}, Gap.METHOD),
        ],
    )
    def test_a_broken_condition_leaves_it_all_open(self, change, gap):
        found = secured_part([self.policy], replace(self.sale, **change))
        assert (found.covered, found.uncovered, found.gaps) == (0, 500, ((7, gap),))

    @pytest.mark.parametrize("method", [Method.ADVANCE, Method.CREDIT, Method.PAYMENT])
    def test_safer_methods_than_allowed_are_covered(self, method):
        assert secured_part([self.policy], replace(self.sale, method=method)).covered == 450

    def test_outside_its_dates(self):
        for why, gap in ((Why.NOT_YET, Gap.NOT_YET), (Why.ENDED, Gap.ENDED)):
            found = secured_part([replace(self.policy, in_window=why)], self.sale)
            assert found.gaps == ((7, gap),)

    def test_what_is_owed_uses_it_up_first(self):
        found = secured_part(
            [replace(self.policy, percent=Decimal(100))], replace(self.sale, used=Decimal(800))
        )
        assert (found.covered, found.uncovered, found.gaps) == (200, 300, ((7, Gap.USED_UP),))

    @given(amounts, amounts, st.lists(st.tuples(amounts, st.integers(0, 100)), max_size=4))
    def test_parts_sum_and_never_exceed(self, amount, used, values):
        policies = [Policy(i, a, Decimal(p), Why.COUNTS) for i, (a, p) in enumerate(values)]
        found = secured_part(policies, Sale(1, 1, 0, amount, used))
        assert found.covered + found.uncovered == amount
        assert 0 <= found.covered <= sum((p.amount for p in policies), Decimal(0))

    def test_what_stays_uncovered_is_told_for_any_amount(self):
        third = replace(self.policy, percent=Decimal("33.333"))
        tell = uncovered_part([third], self.sale, 2)
        assert tell(Decimal(100), Decimal(0)) == Decimal("66.67")
        assert tell(Decimal(100), Decimal(950)) == Decimal("83.33")
        assert tell(Decimal(-5), Decimal(0)) == 0

    @pytest.mark.parametrize("why", [Why.NOT_YET, Why.ENDED])
    def test_who_has_no_cover_in_force_relies_on_none(self, why):
        assert uncovered_part([], self.sale, 2) is None
        assert uncovered_part([replace(self.policy, in_window=why)], self.sale, 2) is None
        assert uncovered_part([replace(self.policy, in_window=why), self.policy], self.sale, 2) is not None
