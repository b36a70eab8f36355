"""What an approval is good for, and the log of it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from .test_credit_approval_common import ApprovalCase


class TestTolerance(ApprovalCase):
    def test_without_tolerance_nothing_may_grow(self):
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        for price in (500.01, 99999):
            with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
                order.order_line.price_unit = price
        order.order_line.price_unit = 400
        order.order_line.price_unit = 500
        self.assertIn("used", [action for action, *_who in self._log(hold)])

    def test_dearer_after_the_approval_is_held_again_with_its_numbers(self):
        """What is approved is confirmed at once, unless less was released: then the order waits to be cut down."""
        self.account.sudo().credit_limit = 100
        order, hold = self._held(500)
        hold.with_user(self.manager).action_ar_approve("half of it", amount=250)
        self.assertEqual((order.state, hold.state), ("draft", "approved"))
        order.order_line.price_unit = 99999
        action = order.with_user(self.salesman).action_confirm_or_hold()
        again = order.sudo().ar_credit_hold_id
        self.assertEqual((order.state, hold.state), ("draft", "superseded"))
        self.assertNotEqual(again, hold)
        numbers = {
            "order_amount": 99999,
            "order_amount_currency": 99999,
            "excess": 99899,
            "credit_limit": 100,
        }
        self.assertRecordValues(again, [{"state": "pending", "check_point": "confirm", **numbers}])
        self.assertIn(self.manager, again.activity_ids.user_id)
        self.assertEqual(action["params"]["title"], "Waiting for credit approval")
        self.assertIn("$\xa099,899.00 over the credit limit of $\xa0100.00", action["params"]["message"])
        with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
            order.action_confirm()

    def test_dearer_after_the_confirmation_is_refused_and_says_what_to_do(self):
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        with self.assertRaises(CreditExceededError) as refusal, self.env.cr.savepoint():
            order.order_line.price_unit = 99999
        told = str(refusal.exception)
        self.assertIn("owes $\xa00.00 already; with $\xa099,999.00", told)
        self.assertIn("choose Request More Credit on the order to have it approved", told)
        self.env.invalidate_all()
        self.assertEqual((order.state, order.amount_total, hold.state), ("sale", 500, "released"))
        ask = self.env["ar.credit.hold.more"].with_user(self.salesman)
        ask.create({"order_id": order.id, "amount": 99499, "note": "as agreed"}).action_request()
        more = order.sudo().ar_credit_hold_id
        self.assertRecordValues(more, [{"state": "pending", "check_point": "amend", "excess": 99999}])
        more.with_user(self.manager).action_approve()
        order.order_line.price_unit = 99999
        self.assertEqual(order.amount_total, 99999)

    def test_within_tolerance_it_stays_valid_and_is_logged(self):
        self.company.ar_credit_tolerance_percent = 10
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        order.order_line.price_unit = 510
        self.assertEqual(self._log(hold)[-1][0], "tolerated")
        data = hold._get_ar_approval_request().decision_ids.sorted("id")[-1:].data
        self.assertEqual((data["amount"], data["approved amount"]), ("510.00", "500.00"))
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            order.order_line.price_unit = 99999
        # It was 500 that was approved: steps of ten per cent do not add up.
        order.order_line.price_unit = 550
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            order.order_line.price_unit = 560

    def test_waiting_hold_within_tolerance_can_be_approved(self):
        self.company.ar_credit_tolerance_percent = 10
        order, hold = self._held(500)
        order.order_line.price_unit = 510
        self.assertFalse(hold.is_stale)
        hold.with_user(self.manager).action_approve()
        self.assertEqual(order.state, "sale")

    def test_waiting_hold_beyond_tolerance_is_put_again(self):
        self.company.ar_credit_tolerance_percent = 10
        order, hold = self._held(500)
        order.order_line.price_unit = 99999
        self.assertTrue(hold.is_stale)
        self._refused(hold, self.manager, UserError)
        order.action_confirm_or_hold()
        self.assertEqual((order.state, hold.state), ("draft", "superseded"))
        self.assertEqual(self._log(hold)[-1][0], "superseded")

    def test_tolerance_is_frozen_with_the_approval(self):
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        self.company.ar_credit_tolerance_percent = 100
        with self.assertRaises(CreditExceededError):
            order.order_line.price_unit = 510

    def test_tolerance_lends_no_authority(self):
        self.company.ar_credit_tolerance_percent = 10
        self._rule((self.anna, {"authority": "limited", "cap": 505}), (self.bert, {"authority": "unlimited"}))
        order, hold = self._held(500)
        hold.with_user(self.anna).action_approve()
        order.order_line.price_unit = 505
        with self.assertRaises(CreditExceededError):
            order.order_line.price_unit = 506

    def test_approval_ends_after_its_days(self):
        self.company.write({"ar_credit_tolerance_percent": 10, "ar_credit_validity_days": 7})
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        request = hold._get_ar_approval_request()
        self.assertEqual(request.last_day, fields.Date.today() + timedelta(days=7))
        request.last_day = fields.Date.today() - timedelta(days=1)
        with self.assertRaises(CreditExceededError):
            order.order_line.price_unit = 510

    def test_approval_lapses_with_a_cancellation(self):
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        order.action_cancel()
        self.assertEqual(hold._get_ar_approval_request().state, "lapsed")
        order.action_draft()
        with self.assertRaises(CreditHoldError):
            order.action_confirm()

    def test_grown_debt_is_put_again_with_the_numbers_of_now(self):
        order, hold = self._held(500)
        self.env.ref("ar_credit_control.rule_invoice").active = False
        self.init_invoice("out_invoice", partner=self.customer, amounts=[300], taxes=[], post=True)
        action = hold.with_user(self.manager).action_approve("ok")
        self.assertEqual(action["tag"], "display_notification")
        again = order.sudo().ar_credit_hold_ids - hold
        self.assertEqual((order.state, hold.state, again.state), ("draft", "superseded", "pending"))
        self.assertEqual((again.excess, again.requested_by), (800, self.salesman))
        again.with_user(self.manager).action_approve()
        self.assertEqual(order.state, "sale")

    def test_slices_of_a_big_order_add_up(self):
        """A salesman cuts 2,500 into three; who may approve 1,000 of excess can let one of them pass."""
        self._rule(
            (self.anna, {"authority": "limited", "cap": 1000}), (self.bert, {"authority": "unlimited"})
        )
        orders = [self._held(amount) for amount in (900, 900, 700)]
        first, second, third = orders
        first[1].with_user(self.anna).action_approve()
        self.assertEqual(first[0].state, "sale")
        for order, hold in (second, third):
            self.assertEqual(hold.helper_names, self.anna.name)
            hold.with_user(self.anna).action_approve()
            self.assertEqual(order.state, "draft")
            again = order.sudo().ar_credit_hold_ids - hold
            self.assertEqual((again.state, again.helper_names), ("pending", self.bert.name))
            self._refused(again, self.anna)
        _late, hold = self._held(100)
        self.assertEqual((hold.excess, hold.helper_names), (1000, self.anna.name))
        _more, hold = self._held(101)
        self.assertEqual((hold.excess, hold.helper_names), (1001, self.bert.name))

    def test_mass_approval_is_cumulative(self):
        self._rule(
            (self.anna, {"authority": "limited", "cap": 1000}), (self.bert, {"authority": "unlimited"})
        )
        first, hold = self._held(900)
        second, other = self._held(900)
        wizard = self.env["ar.approval.decide"].with_user(self.anna)
        action = wizard.create(
            {"res_model": "ar.credit.hold", "res_ids": (hold | other).ids, "decision": "approve"}
        ).action_decide()
        self.assertEqual((first.state, second.state), ("sale", "draft"))
        self.assertEqual(action["tag"], "display_notification")


class TestLog(ApprovalCase):
    def test_the_whole_story_is_told_and_verifies(self):
        _order, hold = self._held()
        hold.with_user(self.manager).action_approve("known customer")
        self.assertEqual([action for action, *_who in self._log(hold)], ["requested", "approved", "used"])
        entries = hold._get_ar_approval_request().decision_ids.with_user(self.auditor)
        self.assertEqual(entries.action_verify()["params"]["type"], "success")

    def test_changes_behind_odoo_are_found(self):
        _order, hold = self._held()
        hold.with_user(self.manager).action_approve()
        request = hold._get_ar_approval_request()
        self.env.flush_all()
        attacks = (
            (
                "UPDATE ar_approval_decision SET user_id = %s WHERE request_id = %s AND number = 2",
                self.anna.id,
                2,
            ),
            ("UPDATE ar_approval_decision SET comment = %s WHERE request_id = %s AND number = 1", "x", 1),
            ("UPDATE ar_approval_decision SET data = %s WHERE request_id = %s AND number = 3", '{"a": 1}', 3),
            (
                "DELETE FROM ar_approval_decision WHERE comment IS DISTINCT FROM %s AND request_id = %s AND number = 3",
                "x",
                3,
            ),
            (
                "DELETE FROM ar_approval_decision WHERE comment IS DISTINCT FROM %s AND request_id = %s AND number = 1",
                "x",
                1,
            ),
        )
        for statement, value, number in attacks:
            with self.subTest(statement), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(statement, [value, request.id])
                self.env.invalidate_all()
                self.assertEqual(self.env["ar.approval.decision"]._get_first_broken(request), number)
                action = request.with_user(self.auditor).action_verify_log()
                self.assertEqual(action["params"]["type"], "danger")
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertFalse(self.env["ar.approval.decision"]._get_first_broken(request))
