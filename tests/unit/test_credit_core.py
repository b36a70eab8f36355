"""Formulas and decisions of credit control, without a database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_credit_control.core.binding import Binding, BoundLine, Lapse, lapses
from odoo.addons.ar_credit_control.core.credit_check import (
    Bound,
    Control,
    Limit,
    Position,
    Reason,
    decide,
    decide_in_turn,
)
from odoo.addons.ar_credit_control.core.exposure import (
    Exposure,
    open_amount,
    round_to,
    share_of_invoice_line,
    uninvoiced_quantity,
)

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
positive = st.decimals(min_value=0, max_value=10**9, places=2)
exposures = st.builds(Exposure, amounts, positive, positive)


class TestOpenAmount:
    @pytest.mark.parametrize(
        ("ordered", "delivered", "invoiced", "expected"),
        [
            (10, 0, 0, 100),
            (10, 12, 0, 120),
            (10, 5, 4, 60),
            (10, 10, 10, 0),
            (10, 0, 15, 0),
            (10, 0, -5, 100),
        ],
    )
    def test_table(self, ordered, delivered, invoiced, expected):
        assert (
            open_amount(
                price_total=Decimal(100),
                unit_total=Decimal(0),
                ordered=Decimal(ordered),
                delivered=Decimal(delivered),
                invoiced=Decimal(invoiced),
            )
            == expected
        )

    @pytest.mark.parametrize(
        ("promised", "delivered", "invoiced", "expected"),
        [(True, 0, 0, -90), (False, 0, 0, 0), (False, -4, 0, -40), (False, -9, -4, -50), (False, 0, -9, 0)],
    )
    def test_taken_back(self, promised, delivered, invoiced, expected):
        quantities = {"ordered": -9, "delivered": delivered, "invoiced": invoiced}
        quantities = {name: Decimal(number) for name, number in quantities.items()}
        prices = {"price_total": Decimal(-90), "unit_total": Decimal(0)}
        assert open_amount(**prices, **quantities, promised=promised) == expected

    def test_expense(self):
        units = {"ordered": Decimal(0), "delivered": Decimal(2), "invoiced": Decimal(1)}
        assert open_amount(price_total=Decimal(0), unit_total=Decimal("5.5"), **units) == Decimal("5.5")

    @given(positive, positive, positive, positive)
    def test_invoicing_more_never_raises_it(self, ordered, delivered, invoiced, more):
        less = uninvoiced_quantity(ordered, delivered, invoiced + more)
        assert 0 <= less <= uninvoiced_quantity(ordered, delivered, invoiced) <= max(ordered, delivered)

    @given(positive, positive, positive)
    def test_taking_back_mirrors_selling(self, ordered, delivered, invoiced):
        if ordered:
            assert uninvoiced_quantity(-ordered, -delivered, -invoiced) == -uninvoiced_quantity(
                ordered, delivered, invoiced
            )

    @pytest.mark.parametrize(
        ("amount", "rounding", "expected"),
        [
            ("0.005", "0.01", "0.01"),
            ("-0.005", "0.01", "-0.01"),
            ("1.024", "0.05", "1.00"),
            ("2.5", "1", "3"),
        ],
    )
    def test_rounds_half_away_from_zero(self, amount, rounding, expected):
        assert round_to(Decimal(amount), Decimal(rounding)) == Decimal(expected)

    @given(amounts, st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal(1)]))
    def test_rounding_stays_within_half_of_the_smallest_part(self, amount, rounding):
        rounded = round_to(amount, rounding)
        assert abs(rounded - amount) * 2 <= rounding
        assert rounded % rounding == 0

    def test_share_of_an_invoice_line_is_by_ordered_quantity(self):
        claims = {1: Decimal(3), 2: Decimal(-1)}
        assert share_of_invoice_line(claims, 1) == Decimal("0.75")
        assert share_of_invoice_line({1: Decimal(0), 2: Decimal(0)}, 2) == Decimal("0.5")

    @given(st.dictionaries(st.integers(), positive, min_size=1))
    def test_shares_sum_to_one(self, claims):
        assert abs(sum(share_of_invoice_line(claims, line_id) for line_id in claims) - 1) < Decimal("1e-20")


def _at(limit, exposure=None, key="own", rate=1):
    return Position((Bound(key, limit, exposure or Exposure(), Decimal(rate)),))


class TestDecide:
    def test_boundary(self):
        limit = Limit(Control.LIMITED, Decimal(100))
        owed = Exposure(receivable=Decimal(40))
        assert decide(_at(limit, owed), Decimal(60)).passed
        refused = decide(_at(limit, owed), Decimal("60.01"))
        assert refused.reasons == (Reason.OVER_LIMIT,)
        assert refused.excess == Decimal("0.01")

    def test_no_credit(self):
        limit = Limit(Control.NO_CREDIT, Decimal(500))
        assert decide(_at(limit), Decimal(1)).reasons == (Reason.NO_CREDIT,)
        assert decide(_at(limit, Exposure(receivable=Decimal(-1))), Decimal(1)).passed

    @pytest.mark.parametrize("control", [Control.NONE, Control.UNLIMITED])
    @given(exposures, positive)
    def test_without_ceiling_all_passes(self, control, exposure, amount):
        decision = decide(_at(Limit(control), exposure), amount)
        assert decision.passed
        assert decision.limit.available(exposure) is None

    @given(positive, exposures, amounts)
    def test_passes_exactly_when_it_fits_or_adds_nothing(self, ceiling, exposure, amount):
        decision = decide(_at(Limit(Control.LIMITED, ceiling), exposure), amount)
        assert decision.passed == (amount <= 0 or exposure.total + amount <= ceiling)
        assert decision.excess == max(0, exposure.total + amount - ceiling)

    @given(
        positive, exposures, st.lists(st.decimals(min_value="0.01", max_value=10**6, places=2), max_size=8)
    )
    def test_batch_never_passes_the_ceiling_jointly(self, ceiling, exposure, orders):
        position = _at(Limit(Control.LIMITED, ceiling), exposure)
        decisions = list(decide_in_turn((position, amount) for amount in orders))
        passed = [decision.order_amount for decision in decisions if decision.passed]
        assert len(decisions) == len(orders)
        assert not passed or exposure.total + sum(passed) <= ceiling

    def test_the_tighter_of_own_and_shared_limit_decides(self):
        def position(own, shared):
            owed = Exposure(receivable=Decimal(100))
            bounds = (Bound(str(n), Limit(Control.LIMITED, Decimal(n)), owed) for n in (own, shared))
            return Position(tuple(bounds))

        assert position(10_000, 15_000).tightest.limit.amount == 10_000
        assert position(15_000, 10_000).tightest.limit.amount == 10_000
        refused = decide(position(10_000, 15_000), Decimal(9_901))
        assert (refused.limit.amount, refused.excess) == (10_000, 1)
        shared = Bound("g", Limit(Control.LIMITED, Decimal(5)), Exposure())
        free = Bound("own", Limit(Control.UNLIMITED), Exposure())
        assert Position((free, shared)).tightest == shared
        assert Position((free,)).tightest == free

    def test_members_of_a_group_use_up_the_shared_limit_together(self):
        # The group's limit is 200 in its own currency; 1 of the second company's currency is worth 2 of it.
        first = _at(Limit(Control.LIMITED, Decimal(200)), key="group", rate=1)
        second = _at(Limit(Control.LIMITED, Decimal(100)), key="group", rate=2)
        orders = [(first, Decimal(120)), (second, Decimal(50)), (second, Decimal(40)), (first, Decimal(1))]
        decisions = list(decide_in_turn(orders))
        assert [decision.passed for decision in decisions] == [True, False, True, False]
        assert decisions[1].excess == 10

    def test_what_dividing_by_a_rate_leaves_is_no_excess(self):
        # 30 of the first currency are 90 of the second, where Decimal says 90.00000000000000000000000001.
        first = _at(Limit(Control.LIMITED, Decimal(95)), key="group")
        second = _at(Limit(Control.LIMITED, Decimal(95)), key="group", rate=Decimal(1) / 3)
        decisions = list(decide_in_turn([(first, Decimal(30)), (second, Decimal(5))]))
        assert [decision.excess for decision in decisions] == [0, 0]

    @given(exposures)
    def test_parts_add_up(self, exposure):
        data = exposure.as_dict()
        assert Decimal(data["total"]) == sum(Decimal(data[part]) for part in data if part != "total")


def _binding(**changes):
    lines = (BoundLine(1, 7, "2", "100.00"), BoundLine(2, 8, "1", "50.00"))
    values = {
        "partner_id": 1,
        "company_id": 1,
        "currency_id": 1,
        "payment_term_id": 3,
        "total": "150.00",
        "lines": lines,
    }
    return Binding(**{**values, "lines": lines, **changes})


class TestBinding:
    def test_same_holds_and_survives_json(self):
        assert not lapses(_binding(), _binding())
        again = Binding.from_dict(_binding().as_dict())
        assert again == _binding()
        assert again.digest == _binding().digest

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"partner_id": 2}, Lapse.PARTNER),
            ({"company_id": 2}, Lapse.COMPANY),
            ({"currency_id": 2}, Lapse.CURRENCY),
            ({"payment_term_id": 0}, Lapse.PAYMENT_TERM),
            ({"due": "2026-12-31"}, Lapse.DUE),
            ({"total": "150.01"}, Lapse.TOTAL),
            ({"lines": (BoundLine(1, 7, "3", "100.00"),)}, Lapse.LINES),
            ({"lines": (BoundLine(1, 7, "2", "100.01"),)}, Lapse.LINES),
            ({"lines": (BoundLine(1, 9, "2", "100.00"),)}, Lapse.LINES),
            ({"lines": (BoundLine(3, 7, "2", "100.00"),)}, Lapse.LINES),
        ],
    )
    def test_change_lapses(self, changes, expected):
        assert lapses(_binding(), _binding(**changes)) == {expected}
        assert _binding(**changes).digest != _binding().digest

    def test_only_a_later_day_lapses_and_older_approvals_know_none(self):
        approved = _binding(due="2026-12-31")
        assert not lapses(approved, _binding(due="2026-12-01"))
        assert not lapses(approved, _binding())
        assert lapses(approved, _binding(due="2027-01-01")) == {Lapse.DUE}
        old = _binding().as_dict()
        del old["due"]
        assert not lapses(Binding.from_dict(old), _binding(due="2026-12-31"))
        assert Binding.from_dict(old).digest == _binding().digest

    def test_shrinking_keeps_it(self):
        smaller = (BoundLine(1, 7, "1", "50.00"), BoundLine(9, 4, "1", "-5.00"))
        assert not lapses(_binding(), _binding(total="45.00", lines=smaller))

    @pytest.mark.parametrize(
        ("total", "lines", "expected"),
        [
            ("165.00", (BoundLine(1, 7, "2", "115.00"), BoundLine(2, 8, "1", "50.00")), set()),
            (
                "165.01",
                (BoundLine(1, 7, "2", "115.01"), BoundLine(2, 8, "1", "50.00")),
                {Lapse.TOTAL, Lapse.LINES},
            ),
            # Freight of 15 comes on top.
            (
                "165.00",
                (BoundLine(1, 7, "2", "100.00"), BoundLine(2, 8, "1", "50.00"), BoundLine(3, 9, "1", "15")),
                set(),
            ),
            # The total stays, but half of it is something else.
            ("150.00", (BoundLine(1, 7, "1", "50.00"), BoundLine(3, 9, "1", "100.00")), {Lapse.LINES}),
            ("150.00", (BoundLine(1, 7, "2.3", "100.00"), BoundLine(2, 8, "1", "50.00")), {Lapse.LINES}),
            ("150.00", (BoundLine(1, 9, "2", "100.00"), BoundLine(2, 8, "1", "50.00")), {Lapse.LINES}),
        ],
    )
    def test_tolerance_of_ten_per_cent(self, total, lines, expected):
        assert lapses(_binding(), _binding(total=total, lines=lines), Decimal(10)) == expected

    @given(positive, positive, st.decimals(min_value=0, max_value=100, places=2))
    def test_tolerance_bounds_what_may_grow(self, approved, now, tolerance):
        before = _binding(total=str(approved), lines=(BoundLine(1, 7, "1", str(approved)),))
        after = _binding(total=str(now), lines=(BoundLine(1, 7, "1", str(now)),))
        assert bool(lapses(before, after, tolerance)) == (now > approved * (1 + tolerance / 100))
