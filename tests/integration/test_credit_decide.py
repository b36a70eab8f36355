"""Deciding on holds."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.core.rule import CheckPoint
from odoo.addons.ar_credit_control.exceptions import CreditHoldError

from tests.integration.test_credit_common import CreditCase


class TestCreditDecide(CreditCase):
    def test_approval_confirms_the_order(self):
        self._account(100)
        order, hold = self._held()
        hold.with_user(self.manager).action_approve("known customer")
        self.assertEqual(order.state, "sale")
        self.assertRecordValues(
            hold, [{"state": "released", "decided_by": self.manager.id, "decision_comment": "known customer"}]
        )
        self.assertIn("known customer", "".join(hold.message_ids.mapped("body")))

    def test_rejection_keeps_the_quotation(self):
        self._account(100)
        order, hold = self._held()
        hold.with_user(self.manager).action_reject("too risky")
        self.assertEqual((order.state, hold.state), ("draft", "rejected"))
        with self.assertRaises(UserError):
            hold.with_user(self.manager).action_approve()
        with self.assertRaises(CreditHoldError):
            order.action_confirm()

    def _rejected(self):
        self.account = self._account(100)
        order, hold = self._held()
        hold.with_user(self.manager).action_reject("too risky")
        return order, hold, self._new_user("credit_second", "ar_credit_control.group_manager")

    def test_rejection_is_not_put_to_another_manager_by_confirming_again(self):
        order, hold, second = self._rejected()
        action = order.action_confirm_or_hold()
        self.assertIn("too risky", action["params"]["message"])
        order.with_context(default_asked_again_by=1).action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids, hold)
        self.assertEqual(hold.activity_ids.user_id, hold.salesperson_id, "what to do about it")
        with self.assertRaises(UserError):
            hold.with_user(second).action_approve()
        # A customer who owes more is the same question, too; one who owes less, or another order, is not.
        self.account.sudo().credit_limit = 90
        order.action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids, hold)
        self.account.sudo().credit_limit = 120
        order.action_confirm_or_hold()
        again = order.sudo().ar_credit_hold_ids - hold
        self.assertEqual((again.state, again.rejected_before_id), ("pending", hold))
        self.assertIn("too risky", again.rejection_text)

    def test_a_trivial_change_is_the_same_question(self):
        order, hold, _second = self._rejected()
        line = order.order_line
        ways = {
            "a line of nothing": lambda: line.copy({"order_id": order.id, "product_uom_qty": 0}),
            "an equal line": lambda: order.write(
                {"order_line": [Command.create(line.copy_data()[0]), Command.delete(line.id)]}
            ),
            "a dearer line": lambda: order.order_line[-1:].write({"price_unit": 200}),
        }
        for name, change in ways.items():
            with self.subTest(name):
                change()
                action = order.action_confirm_or_hold()
                self.assertIn("too risky", action["params"]["message"])
                self.assertEqual(order.sudo().ar_credit_hold_ids, hold)
        # Less, or other terms, is another question.
        order.order_line.filtered("product_uom_qty").price_unit = 149
        order.action_confirm_or_hold()
        less = order.sudo().ar_credit_hold_id
        self.assertEqual((less.state, less.rejected_before_id), ("pending", hold))
        less.with_user(self.manager).action_reject("still")
        order.payment_term_id = self.env.ref("account.account_payment_term_30days")
        order.action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_id.state, "pending")

    def test_a_copy_is_the_same_question(self):
        order, hold, second = self._rejected()
        copied = order.copy().copy()
        for _again in range(2):
            action = copied.action_confirm_or_hold()
            self.assertIn("too risky", action["params"]["message"])
        known = copied.sudo().ar_credit_hold_ids
        self.assertRecordValues(
            known,
            [{"state": "rejected", "rejected_before_id": hold.id, "decided_by": self.manager.id}],
        )
        self.assertFalse(known.activity_ids)
        for value in (False, hold.id):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                copied.with_user(self.salesman).write({"ar_credit_copied_hold_id": value})
        self.env["ar.credit.hold.ask"].with_user(self.salesman).create(
            {"hold_id": known.id, "note": "The letter of credit came"}
        ).action_ask()
        again = copied.sudo().ar_credit_hold_ids - known
        self.assertEqual((again.state, again.request_note), ("pending", "The letter of credit came"))
        self.assertEqual(hold._get_ar_approval_requests().decision_ids.sorted("id")[-1:].action, "reopened")
        again.with_user(second).action_approve()
        self.assertEqual(copied.state, "sale")
        # What went through after all says nothing against its copies, nor do copies for somebody else.
        self.account.sudo().credit_limit = 500
        order.action_confirm()
        self.account.sudo().credit_limit = 100
        (order | copied).copy().action_confirm_or_hold()
        other = self.env["res.partner"].create({"name": "Somebody else"})
        self._account(100, other)
        foreign = self._order(150)
        foreign.action_confirm_or_hold()
        foreign.sudo().ar_credit_hold_ids.with_user(self.manager).action_reject("no")
        foreign = foreign.copy({"partner_id": other.id, "partner_invoice_id": other.id})
        foreign.action_confirm_or_hold()
        latest = self.env["ar.credit.hold"].search([], limit=3)
        self.assertEqual(latest.mapped("state"), ["pending", "rejected", "pending"])

    def test_typed_anew_it_is_asked_anew_and_approvers_are_told(self):
        _order, hold, second = self._rejected()
        foreign = self.setup_other_currency("EUR", rates=[("2020-01-01", 1.0)])
        prices = self.env["product.pricelist"].create({"name": "Euro", "currency_id": foreign.id})
        other = self.env["res.partner"].create({"name": "Somebody else"})
        self._account(100, other)
        for amount, values, told in (
            (150, {}, True),
            (120, {}, True),  # a fifth less
            (1000, {}, True),
            (119.99, {}, False),
            (150, {"pricelist_id": prices.id}, False),
            (150, {"partner_id": other.id}, False),
        ):
            order = self._order(amount, **values)
            order.action_confirm_or_hold()
            again = order.sudo().ar_credit_hold_id
            self.assertEqual((again.state, again.rejected_before_id.id), ("pending", False))
            self.assertEqual(again.similar_rejection_id, hold if told else hold.browse(), (amount, values))
            text = again.with_user(second).similar_rejection_text
            self.assertEqual(bool(text) and "too risky" in text, told)
            with self.assertRaises(AccessError):
                again.with_user(self.salesman).similar_rejection_text  # noqa: B018
        # It decides nothing, nor is it told for ever.
        copied = hold.search([("similar_rejection_id", "=", hold.id)], limit=1).order_id.copy()
        copied.action_confirm_or_hold()
        self.assertEqual(copied.sudo().ar_credit_hold_id.state, "pending")
        hold.sudo().decided_on = fields.Datetime.now() - timedelta(days=31)
        order = self._order(150)
        order.action_confirm_or_hold()
        self.assertFalse(order.sudo().ar_credit_hold_id.similar_rejection_id)

    def test_what_is_held_by_hand_stays_so_in_a_copy(self):
        order = self._order(10)
        reason = self.env["ar.credit.reason.code"].search([("for_hold", "=", True)], limit=1)
        self.env["ar.credit.hold.force"].create(
            {"order_ids": order.ids, "reason_code_id": reason.id}
        ).action_hold()
        copied = order.copy()
        with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
            copied.action_confirm()
        copied.action_confirm_or_hold()
        copied.sudo().ar_credit_hold_ids.with_user(self.manager).action_approve()
        self.assertEqual(copied.state, "sale")

    def test_customer_who_paid_is_a_new_question_where_the_limit_is_not_what_holds(self):
        order, hold, _second = self._rejected()
        decision = order._preview_ar_credit(CheckPoint.CONFIRM)
        self.assertFalse(hold._is_eased(decision))
        hold.sudo().write({"excess": 0, "overdue": 200, "days_overdue": 9, "exposure": 300})
        then = replace(decision.exposure, receivable=Decimal(300), overdue=Decimal(200), days_overdue=9)
        for exposure, eased in (
            (then, False),
            (replace(then, days_overdue=10, overdue=Decimal(250)), False),
            (replace(then, receivable=Decimal(299), overdue=Decimal(199)), True),
            (replace(then, days_overdue=3), True),
        ):
            now = replace(decision, excess=Decimal(0), exposure=exposure)
            self.assertEqual(hold._is_eased(now), eased)
        # A rejected order that a customer signs or pays for again: somebody is told.
        told = len(order.sudo().message_ids)
        hold.sudo().write({"excess": 50, "overdue": 0, "days_overdue": 0, "exposure": 0})
        order.with_user(self.env.ref("base.public_user")).sudo().action_confirm()
        self.assertEqual(order.sudo().ar_credit_hold_ids, hold)
        self.assertGreater(len(order.sudo().message_ids), told)

    def test_what_odoo_rewrites_after_the_approval_has_no_editor(self):
        """As sale_loyalty does with its reward lines."""
        self._account(100)
        order = self._order(150)
        order.order_line.copy({"order_id": order.id, "price_unit": 0})
        confirm = type(order.env["sale.order"]).action_confirm

        def rewriting(orders):
            orders.order_line.filtered("price_unit").write({"price_unit": 150, "discount": 0})
            orders.order_line.filtered(lambda line: not line.price_unit).unlink()
            return confirm(orders)

        order.action_confirm_or_hold()
        hold = order.sudo().ar_credit_hold_ids
        with patch.object(type(order), "action_confirm", rewriting):
            hold.with_user(self.manager).action_approve()
        self.assertEqual((order.state, len(order.order_line)), ("sale", 1))
        self.assertNotIn(self.manager, hold._get_ar_approval_excluded())

    def test_rejection_is_reopened_by_who_says_why(self):
        order, hold, second = self._rejected()
        wizard = self.env["ar.credit.hold.ask"].with_user(self.salesman)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            wizard.create({"hold_id": hold.id, "note": " "}).action_ask()
        asked = wizard.create({"hold_id": hold.id, "note": "He paid us by hand"})
        asked.action_ask()
        again = order.sudo().ar_credit_hold_ids - hold
        self.assertEqual((hold.state, again.state), ("rejected", "pending"))
        self.assertEqual(again.request_note, "He paid us by hand")
        log = hold._get_ar_approval_requests().decision_ids.sorted("id")
        self.assertEqual((log[-1].action, log[-1].user_id), ("reopened", self.salesman))
        self.assertFalse(self.env["ar.approval.decision"]._get_first_broken(log.request_id))
        with self.assertRaises(UserError), self.env.cr.savepoint():
            asked.action_ask()
        with self.assertRaises(AccessError):
            again.with_user(self.salesman).action_approve()
        again.with_user(second).action_approve()
        self.assertEqual(order.state, "sale")

    def test_only_who_sees_the_hold_asks_again(self):
        _order, hold, _second = self._rejected()
        other = self._new_user("credit_other", "sales_team.group_sale_salesman")
        wizard = self.env["ar.credit.hold.ask"].with_user(other).create({"hold_id": hold.id, "note": "x"})
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            wizard.action_ask()

    def test_approval_is_used_up(self):
        self._account(100)
        order, hold = self._held()
        hold.with_user(self.manager).action_approve()
        order.action_cancel()
        order.action_draft()
        with self.assertRaises(CreditHoldError):
            order.action_confirm()

    def test_changed_order_needs_a_new_hold(self):
        self._account(100)
        order, hold = self._held()
        order.order_line.price_unit = 99999
        self.assertTrue(hold.is_stale)
        with self.assertRaises(UserError):
            hold.with_user(self.manager).action_approve()
        order.action_confirm_or_hold()
        self.assertEqual(hold.state, "superseded")
        self.assertEqual(order.sudo().ar_credit_hold_id.order_amount, 99999)

    def test_author_salesperson_and_requester_can_not_decide(self):
        self._account(100)
        self.salesman.group_ids |= self.env.ref("ar_credit_control.group_manager")
        _order, hold = self._held()
        with self.assertRaises(AccessError):
            hold.with_user(self.salesman).action_approve()
        self.manager.group_ids |= self.env.ref("sales_team.group_sale_manager")
        order = self._order(150, user=self.manager, user_id=self.salesman.id)
        order.with_user(self.env.user).action_confirm_or_hold()
        for user in (self.manager, self.salesman, self.env.user):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                order.sudo().ar_credit_hold_ids.with_user(user).action_approve()

    def test_giving_the_order_away_does_not_make_independent(self):
        self._account(100)
        self.salesman.group_ids |= self.env.ref("ar_credit_control.group_manager")
        order = self._order(150, user=self.env.user, user_id=self.salesman.id)
        order.action_confirm_or_hold()
        order.sudo().user_id = self.manager
        hold = order.sudo().ar_credit_hold_ids
        with self.assertRaises(AccessError):
            hold.with_user(self.salesman).action_approve()
        with self.assertRaises(AccessError):
            hold.with_user(self.manager).action_approve()
