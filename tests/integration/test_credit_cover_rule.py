"""Orders that keep the conditions of no cover are held where a rule asks for that, and the hold says why."""

from unittest.mock import patch

from odoo.fields import Command

from tests.integration.test_credit_rules import CreditRuleCase
from tests.integration.test_credit_stock_common import CreditStockCase

UNSECURED = "ar_credit_control.rule_not_secured"


def _cover(account, amount, **vals):
    """Return a cover in effect, past the journal."""
    values = {"account_id": account.id, "number": "P-1", "amount": amount, "date_from": "2020-01-01"}
    return account.env["ar.credit.cover"].sudo().create({**values, "state": "active", **vals})


class TestCreditCoverRule(CreditRuleCase):
    def setUp(self):
        super().setUp()
        self.account = self._account(100)
        self.cover = _cover(self.account, 500, max_credit_days=30)
        self.rule = self.env.ref(UNSECURED)
        self.rule.active = True
        self.late = self.env["account.payment.term"].create(
            {"name": "60 days", "line_ids": [Command.create({"value_amount": 100, "nb_days": 60})]}
        )

    def test_order_outside_the_conditions_is_held_and_told(self):
        self._order(200).action_confirm()
        order = self._order(200, payment_term_id=self.late.id)
        order.action_confirm_or_hold()
        hold = order.sudo().ar_credit_hold_ids
        self.assertRecordValues(
            hold, [{"state": "pending", "check_point": "confirm", "excess": 0, "secured_amount": 0}]
        )
        self.assertRecordValues(hold.reason_ids, [{"fact": "unsecured_amount", "measured": "200.00"}])
        self.assertIn("Not secured by covers: $\xa0200.00", hold.with_user(self.salesman).reason_text)
        for user in (self.manager, self.salesman):
            told = hold.with_user(user).cover_text
            self.assertIn("Not secured: $\xa0200.00", told)
            self.assertIn("allows 30 days at most", told)
        hold.with_user(self.manager).action_approve("small buyer")
        self.assertEqual((order.state, hold.state), ("sale", "released"))

    def test_dearer_line_and_longer_term_are_asked_about(self):
        order = self._confirmed(400)
        order.with_user(self.salesman).order_line.price_unit = 500
        wizard = self.env["ar.credit.hold.more"].with_user(self.salesman)
        wizard.create({"order_id": order.id, "amount": 50, "note": "more"}).action_request()
        hold = order.ar_credit_hold_id
        self.assertRecordValues(hold, [{"check_point": "amend", "secured_amount": 0, "order_amount": 50}])
        self.assertIn("is used up", hold.cover_text)

    def test_each_uses_up_what_the_next_can_not_have(self):
        self.account.sudo().credit_limit = 1000
        orders = self._order(300) | self._order(300)
        orders.action_confirm_or_hold()
        self.assertEqual(orders.mapped("state"), ["sale", "draft"])
        hold = orders.sudo().ar_credit_hold_ids
        self.assertEqual((hold.secured_amount, hold.reason_ids.measured), (200, "100.00"))
        self.assertIn("is used up", hold.cover_text)

    def test_shared_limit_does_not_use_up_the_customers_cover(self):
        group = self.env["ar.credit.group"].sudo().create({"name": "G", "control": "limited"})
        group.credit_limit = 1000
        other = self._account(1000, partner=self.partner_b, group_id=group.id)
        self.account.sudo().group_id = group
        self._order(600, partner=other.partner_id).action_confirm()
        order = self._order(300)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_who_relies_on_no_cover_is_not_asked(self):
        self._account(1000, partner=self.partner_a)
        for days in ({"date_to": "2020-02-01"}, {"date_from": "2099-01-01"}):
            account = self._account(1000, partner=self.env["res.partner"].create({"name": "No cover"}))
            _cover(account, 500, **days)
            self._order(200, partner=account.partner_id).action_confirm()
        order = self._order(200, partner=self.partner_a)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_without_the_rule_nothing_is_read(self):
        self.rule.active = False
        order = self._order(200, payment_term_id=self.late.id)
        covers = type(self.env["ar.credit.cover"])
        with patch.object(covers, "_get_policies", side_effect=AssertionError):
            order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_every_hold_of_a_covered_customer_tells(self):
        self.rule.active = False
        order, hold = self._held(700)
        self.assertEqual((order.state, hold.secured_amount), ("draft", 500))
        self.assertIn("$\xa0500.00 of $\xa0700.00 are secured", hold.cover_text)
        self._account(10, partner=self.partner_a)
        plain = self._order(20, partner=self.partner_a)
        plain.action_confirm_or_hold()
        self.assertFalse(plain.sudo().ar_credit_hold_ids.cover_text)


class TestCreditCoverDelivery(CreditStockCase):
    def test_goods_outside_the_conditions_stay(self):
        order, picking = self._to_deliver()
        _cover(self.account, 500, buyer_ids=[Command.set(self.partner_a.ids)])
        self.env.ref(UNSECURED).active = True
        self._validate(picking)
        hold = order.sudo().ar_credit_hold_ids
        self.assertEqual((picking.state, hold.check_point), ("assigned", "delivery"))
        self.assertEqual((hold.reason_ids.fact, hold.reason_ids.measured), ("unsecured_amount", "100.00"))
        self.assertIn("is for another buyer", hold.cover_text)
        by_hand = self._by_hand()
        self._validate(by_hand)
        self.assertIn("is for another buyer", by_hand.sudo().ar_credit_hold_ids.cover_text)
