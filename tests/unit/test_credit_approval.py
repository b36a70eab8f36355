"""Approval rules, steps, authority, delegation, quorum, and the chained log, without a database."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_credit_control.core.approval import (
    Authority,
    Band,
    Facts,
    Grant,
    Measure,
    Plan,
    Quorum,
    Rule,
    Step,
    choose_rule,
    current,
    plan,
)
from odoo.addons.ar_credit_control.core.approval_log import GENESIS, entry_hash, first_broken
from odoo.addons.ar_credit_control.core.delegation import (
    MAX_CHAIN,
    Bench,
    Delegation,
    Fault,
    Seat,
    bench,
    check_delegation,
    is_met,
    seats,
)

D = Decimal
DAY = date(2026, 11, 23)
amounts = st.decimals(min_value=0, max_value=10**9, places=2)
users = st.integers(1, 6)
days = st.integers(-3, 3).map(lambda n: DAY + timedelta(days=n))


class TestRule:
    RULES = (
        Rule(3, 30),
        Rule(1, 10, bands=((Measure.EXCESS, Band(None, D(1000))), (Measure.DAYS_OVERDUE, Band(None, D(30))))),
        Rule(2, 20, bands=((Measure.EXCESS, Band(D(1000), D(5000))),), risk_class_ids=frozenset({7})),
        Rule(4, 5, company_id=2),
        Rule(5, 25, bands=((Measure.EXCESS_PERCENT, Band(D(50), None)),)),
        Rule(6, 26, bands=((Measure.AMOUNT, Band(D(9000), None)),)),
    )

    @pytest.mark.parametrize(
        ("facts", "rule_id"),
        [
            (Facts(1, excess=D(1000), limit=D(10000)), 1),
            (Facts(1, excess=D("1000.01"), limit=D(10000)), 3),
            (Facts(1, excess=D("1000.01"), limit=D(10000), risk_class_id=7), 2),
            (Facts(1, excess=D("5000.01"), limit=D(11000), risk_class_id=7), 3),
            (Facts(1, excess=D(10), limit=D(100), days_overdue=31), 3),
            (Facts(1, excess=D(60), limit=D(100), days_overdue=31), 5),
            (Facts(1, excess=D(60), limit=D(0), days_overdue=31), 5),
            (Facts(1, excess=D(10), limit=D(100), days_overdue=31, amount=D("9000.01")), 6),
            (Facts(2, excess=D(10)), 4),
        ],
    )
    def test_first_by_sequence(self, facts, rule_id):
        assert choose_rule(self.RULES, facts).rule_id == rule_id

    def test_none_applies(self):
        assert choose_rule(self.RULES[3:4], Facts(1)) is None

    @given(st.lists(amounts, min_size=1, unique=True), amounts)
    def test_bands_in_a_row_leave_no_gap_and_never_overlap(self, bounds, value):
        bounds = sorted(bounds)
        ends = [None, *bounds, None]
        bands = [Band(low, high) for low, high in pairwise(ends)]
        assert sum(value in band for band in bands) == 1

    def test_facts_survive_json(self):
        facts = Facts(1, D("1.10"), D(5), D("2.00"), 3, 4)
        assert Facts.from_dict(facts.as_dict()) == facts


class TestAuthority:
    LADDER = (
        Step(1, 10, Authority.LIMITED, D(1000)),
        Step(2, 20, Authority.LIMITED, D(5000)),
        Step(3, 30, Authority.UNLIMITED),
    )

    @pytest.mark.parametrize(
        ("excess", "key"), [("0", 1), ("1000.00", 1), ("1000.01", 2), ("5000", 2), ("5000.01", 3)]
    )
    def test_cap_is_inclusive_and_routes_to_the_first_that_suffices(self, excess, key):
        assert plan(self.LADDER, D(excess)).keys == (key,)

    def test_some_always_take_part(self):
        steps = (Step(9, 5), *self.LADDER, Step(8, 40))
        assert plan(steps, D(2000)).keys == (9, 2, 8)

    def test_nobody_has_the_authority(self):
        assert plan(self.LADDER[:2], D(6000)) == Plan((), True, 2)
        assert plan((Step(9, 5), *self.LADDER[:2]), D(6000)) == Plan((9,), True, 2)

    def test_steps_without_ladder_are_no_lack_of_authority(self):
        assert plan((Step(1, 1),), D(10**9)) == Plan((1,), False, 0)

    @given(st.lists(amounts, min_size=1), amounts)
    def test_whoever_is_chosen_suffices(self, caps, excess):
        steps = [Step(n, n, Authority.LIMITED, cap) for n, cap in enumerate(caps, 1)]
        found = plan(steps, excess)
        assert found.unauthorised == (max(caps) < excess)
        assert all(caps[key - 1] >= excess for key in found.keys)

    def test_equal_sequences_run_in_parallel(self):
        assert current({1: 10, 2: 10, 3: 20}) == {1, 2}
        assert current({2: 10, 3: 20}) == {2}
        assert current({}) == frozenset()


def _d(principal, delegate, start=0, end=0):
    return Delegation(principal, delegate, DAY + timedelta(days=start), DAY + timedelta(days=end))


class TestDelegation:
    def test_faults(self):
        assert check_delegation(_d(1, 1), []) is Fault.SELF
        assert check_delegation(_d(1, 2), [_d(2, 1)]) is Fault.CYCLE
        assert check_delegation(_d(3, 1), [_d(1, 2), _d(2, 3)]) is Fault.CYCLE
        assert check_delegation(_d(1, 2), [_d(2, 1, 1, 5)]) is None
        assert check_delegation(_d(3, 4), [_d(1, 2), _d(2, 3)]) is None
        assert check_delegation(_d(4, 5), [_d(1, 2), _d(2, 3), _d(3, 4)]) is Fault.TOO_LONG
        assert check_delegation(_d(1, 2), [_d(2, 3), _d(3, 4), _d(4, 5)]) is Fault.TOO_LONG
        assert check_delegation(_d(2, 3), [_d(1, 2), _d(3, 4), _d(4, 5)]) is Fault.TOO_LONG

    def test_chain_counts_only_where_its_days_meet(self):
        others = [_d(2, 3, 0, 1), _d(3, 4, 1, 3), _d(4, 5, 3, 4)]
        assert check_delegation(_d(1, 2, 0, 4), others) is None

    def test_seats_say_for_whom(self):
        links = [_d(1, 2), _d(2, 3), _d(3, 4), _d(4, 5)]
        assert seats([1], links, DAY) == (Seat(1, 1), Seat(2, 1), Seat(3, 1), Seat(4, 1))
        assert seats([1], links, DAY + timedelta(days=1)) == (Seat(1, 1),)

    def test_exclusion_stops_delegates_and_chains(self):
        links = [_d(1, 2), _d(2, 3)]
        assert seats([1], links, DAY, excluded={1}) == ()
        assert seats([1], links, DAY, excluded={2}) == (Seat(1, 1),)
        assert seats([1], links, DAY, excluded={3}) == (Seat(1, 1), Seat(2, 1))

    def test_unable_ones_can_be_represented(self):
        assert seats([1], [_d(1, 2)], DAY, able={2}) == (Seat(2, 1),)

    @given(st.lists(st.builds(Delegation, users, users, days, days), max_size=8))
    def test_whatever_is_accepted_has_no_circle_and_no_long_chain(self, candidates):
        accepted = []
        for one in candidates:
            if one.date_from <= one.date_to and check_delegation(one, accepted) is None:
                accepted.append(one)
        for day in {d for one in accepted for d in (one.date_from, one.date_to)}:
            for start in range(1, 7):
                reached, frontier = {start}, {start}
                for _hop in range(MAX_CHAIN + 1):
                    frontier = {d.delegate for d in accepted if d.covers(day) and d.principal in frontier}
                    assert start not in frontier
                    reached |= frontier
                assert not frontier

    @given(
        st.lists(users, unique=True),
        st.lists(st.builds(Delegation, users, users, days, days)),
        st.sets(users),
        st.sets(users),
    )
    def test_nobody_excluded_ever_sits_or_is_sat_for(self, pool, links, excluded, able):
        for seat in seats(pool, links, DAY, excluded=excluded, able=able):
            assert seat.user not in excluded
            assert seat.principal not in excluded
            assert seat.principal in pool
            assert seat.user in able


class TestQuorum:
    POOL = (Seat(1, 1), Seat(2, 2), Seat(2, 1))

    def test_any(self):
        assert not is_met([], Bench(self.POOL), quorum=Quorum.ANY)
        assert is_met([Seat(2, 1)], Bench(self.POOL), quorum=Quorum.ANY)

    def test_all_needs_everybody_or_their_delegates(self):
        assert not is_met([Seat(1, 1)], Bench(self.POOL), quorum=Quorum.ALL)
        assert is_met([Seat(2, 2), Seat(2, 1)], Bench(self.POOL), quorum=Quorum.ALL)

    def test_count_counts_people(self):
        both = [Seat(2, 2), Seat(2, 1)]
        assert not is_met(both, Bench(self.POOL), quorum=Quorum.COUNT, count=2)
        assert is_met([*both, Seat(1, 1)], Bench(self.POOL), quorum=Quorum.COUNT, count=2)

    def test_fallback_sits_where_the_pool_can_not_reach_the_quorum(self):
        own, others = seats([1], [], DAY), seats([1, 2, 3], [], DAY)
        assert bench(own, others, quorum=Quorum.ALL) == Bench(own)
        assert bench((), others, quorum=Quorum.ALL) == Bench(others, True)
        assert bench(own, others, quorum=Quorum.COUNT, count=2).users == (1, 2, 3)
        assert is_met([Seat(3, 3)], Bench(others, True), quorum=Quorum.ALL)

    def test_own_seat_comes_first(self):
        assert Bench((Seat(2, 1), Seat(2, 2))).seats_of(2) == (Seat(2, 2), Seat(2, 1))
        assert Bench(()).users == ()


class TestGrant:
    FACTS = Facts(1, excess=D(400), limit=D(100), amount=D(500))

    def test_without_tolerance_the_excess_is_the_ceiling(self):
        grant = Grant(self.FACTS)
        assert grant.covers(D(400), D(500), DAY)
        assert not grant.covers(D("400.01"), D(500), DAY)

    def test_order_within_tolerance_takes_its_growth_along(self):
        grant = Grant(Facts(1, excess=D(10), limit=D(490), amount=D(500)), D(10))
        assert grant.covers(D(20), D(510), DAY)
        assert grant.ceiling(D(550)) == D(61)
        assert grant.ceiling(D(99999)) == D(61)
        assert not grant.covers(D(20), D(500), DAY)

    def test_cap_is_not_stretched(self):
        assert Grant(self.FACTS, D(10), cap=D(420)).ceiling(D(550)) == D(420)
        assert Grant(self.FACTS, D(10)).ceiling(D(550)) == D(490)

    def test_last_day(self):
        grant = Grant(self.FACTS, last_day=DAY)
        assert grant.covers(D(400), D(500), DAY)
        assert not grant.covers(D(400), D(500), DAY + timedelta(days=1))


class TestLog:
    @staticmethod
    def _chain(texts):
        rows, previous = [], GENESIS
        for text in texts:
            entry = {"text": text}
            rows.append((entry, previous, entry_hash(previous, entry)))
            previous = rows[-1][2]
        return rows, previous

    @given(st.lists(st.text(), max_size=6))
    def test_intact(self, texts):
        rows, head = self._chain(texts)
        assert first_broken(rows, head, len(rows)) is None

    @given(st.lists(st.text(), min_size=1, max_size=6), st.data())
    def test_every_change_is_found(self, texts, data):
        rows, head = self._chain(texts)
        at = data.draw(st.integers(0, len(rows) - 1))
        entry, previous, own = rows[at]
        changed = [*rows[:at], ({"text": entry["text"] + "x"}, previous, own), *rows[at + 1 :]]
        assert first_broken(changed, head, len(rows)) == at + 1
        removed = [*rows[:at], *rows[at + 1 :]]
        assert first_broken(removed, head, len(rows)) == at + 1
        assert first_broken([*rows, rows[at]], head, len(rows)) == len(rows) + 1
