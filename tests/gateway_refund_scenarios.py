"""Money back from the payment, at any gateway: once, never more than was paid, and booked.

A mixin over RefundCase; the classes that run it name their gateway.
"""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import new_test_user


class RefundScenarios:
    """An order of 100.00 that was paid."""

    def test_full_refund_from_the_payment(self):
        self.assertEqual(self.payment.amount_available_for_refund, 100.0)
        refund = self.refund()
        self.assertEqual((refund.state, refund.amount_minor), ("done", 100_00))
        [content] = self.sent()
        self.assertEqual(self.kit.refund_number_of(content), refund.name)
        self.assertEqual(self.kit.number_of(content), self.order.name)
        self.assertEqual(self.kit.amount_of(content), 100_00)
        self.assertEqual(self.refunded_there(), 100_00)
        transaction = refund.transaction_id
        self.assertEqual((transaction.state, transaction.amount), ("done", -100.0))
        self.assertEqual(transaction.payment_id.payment_type, "outbound")
        self.assertEqual(transaction.payment_id.journal_id, self.journal)
        self.assertEqual(self.payment.amount_available_for_refund, 0)
        self.assertEqual(self.order.state, "paid")
        self.assertEqual(self.order.transaction_id.state, "done")

    def test_partial_refunds_up_to_what_was_paid(self):
        with patch("odoo.addons.ar_payment_gateways.const.REFUND_REPEAT_SECONDS", -1):
            self.refund(60.0)
            self.assertEqual(self.payment.amount_available_for_refund, 40.0)
            with self.assertRaises(ValidationError):
                self.order.transaction_id.action_refund(40.01)
            self.refund(15.5)
            self.refund(24.5)
            with self.assertRaises(ValidationError):
                self.order.transaction_id.action_refund(0.01)
        self.assertEqual(self.order.refund_ids.mapped("state"), ["done"] * 3)
        self.assertEqual(self.refunded_there(), 100_00)
        self.assertEqual(sum(self.order.refund_ids.transaction_id.payment_id.mapped("amount")), 100.0)

    def test_what_is_under_way_counts_as_refunded(self):
        """T7: core counts only what is booked."""
        self.kit.knobs.http_500 = 99
        refund = self.refund(70.0)
        self.assertEqual(refund.state, "sent")
        self.assertEqual(self.payment.amount_available_for_refund, 30.0)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.order.transaction_id.action_refund(40.0)

    def test_amounts_that_are_none(self):
        for amount in (0, -5, float("nan"), float("inf"), 100.01, 1e30, "5", False):
            with self.assertRaises(ValidationError, msg=amount), self.env.cr.savepoint():
                self.order.transaction_id.action_refund(amount)
        self.commit()
        self.assertEqual(self.sent(), [])
        self.assertFalse(self.order.refund_ids)

    def test_double_click_is_one_refund(self):
        wizard = self.env["payment.refund.wizard"].with_context(active_id=self.payment.id).create({})
        wizard.amount_to_refund = 30.0
        wizard.action_refund()
        wizard.action_refund()
        self.commit()
        wizard.action_refund()
        self.commit()
        self.assertEqual(len(self.order.refund_ids), 1)
        self.assertEqual(self.refunded_there(), 30_00)
        self.assertEqual(len(self.order.transaction_id.child_transaction_ids), 1)

    def test_nothing_is_sent_by_a_request_that_is_rolled_back(self):
        """T9: a retried request must not have moved money."""
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.refund(30.0, commit=False)
            raise ZeroDivisionError
        self.env.cr.postcommit.clear()  # as rollback() does
        self.assertEqual(self.sent(), [])
        self.env.invalidate_all()
        self.assertEqual(self.order.refundable_amount, 100.0)

    def test_crash_after_the_commit_is_made_up_for(self):
        self.refund(30.0, commit=False)
        self.env.flush_all()
        self.env.cr.postcommit.clear()  # the process dies here
        refund = self.order.refund_ids
        self.assertEqual(refund.state, "draft")
        self.run_cron()
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.refunded_there(), 30_00)

    def test_crash_between_the_call_and_its_commit_repeats_the_number(self):
        self.refund(30.0, commit=False)
        self.env.flush_all()
        self.env.cr.postcommit.clear()
        refund = self.order.refund_ids
        self.provider.sudo()._ar_gateway_refund(refund)  # done there, and forgotten here
        self.run_cron()
        self.assertEqual(refund.state, "done")
        self.assertEqual(set(map(self.kit.refund_number_of, self.sent())), {refund.name})
        self.assertEqual(self.refunded_there(), 30_00)

    def test_lost_answer_is_asked_for_and_nothing_is_refunded_twice(self):
        for knob in self.kit.refund_troubles:
            with self.subTest(knob), patch("odoo.addons.ar_payment_gateways.const.REFUND_REPEAT_SECONDS", -1):
                before = self.refunded_there()
                setattr(self.kit.knobs, knob, 1)
                refund = self.refund(10.0)
                self.run_cron()
                self.assertEqual(refund.state, "done")
                self.assertEqual(self.refunded_there() - before, 10_00)

    def test_never_arrived_is_sent_again(self):
        self.kit.knobs.drop_request = 99
        refund = self.refund(10.0)
        self.assertEqual(refund.state, "sent")
        self.kit.knobs.drop_request = 0
        self.run_cron()
        self.assertEqual(refund.state, "done")
        self.assertEqual([self.kit.refund_number_of(content) for content in self.sent()], [refund.name])

    def test_refusal_says_why_and_frees_the_amount(self):
        self.kit.refuse_refunds()
        refund = self.refund(30.0)
        self.assertEqual(refund.state, "failed")
        self.assertIn(self.kit.refusal, refund.problem)
        self.assertEqual(refund.transaction_id.state, "error")
        self.assertIn(self.kit.refusal, refund.transaction_id.state_message)
        self.assertEqual(self.order.activity_ids.mapped("summary"), ["Refund refused"])
        self.assertEqual(self.payment.amount_available_for_refund, 100.0)
        self.assertFalse(refund.transaction_id.payment_id)
        self.kit.allow_refunds()
        again = self.refund(30.0)
        self.assertNotEqual(again.name, refund.name)
        self.assertEqual(again.state, "done")

    def test_disabled_provider_refunds_nothing(self):
        self.provider.sudo().state = "disabled"
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.refund(30.0)
        self.commit()
        self.assertEqual(self.sent(), [])

    def test_what_was_sent_is_finished_at_a_disabled_provider(self):
        self.kit.knobs.drop_request = 99
        sent = self.refund(30.0)
        self.refund(20.0, commit=False)
        self.env.cr.postcommit.clear()  # the process dies before it is sent
        self.env.flush_all()
        self.order.invalidate_recordset()
        numbered = self.order.refund_ids - sent
        self.kit.knobs.drop_request = 0
        self.provider.sudo().state = "disabled"
        self.run_cron()
        self.assertEqual((sent.state, numbered.mapped("state")), ("done", ["draft"]))
        self.assertEqual(self.refunded_there(), 30_00)

    def test_a_refund_under_way_is_asked_about_where_it_was_paid(self):
        """The other environment, or merchant, knows no such payment: its word would free money that is going back."""
        self.kit.knobs.drop_request = 99
        refund = self.refund(30.0)
        self.assertEqual(refund.state, "sent")
        self.kit.knobs.drop_request = 0
        self.kit.simulator.requests.clear()
        for elsewhere in ({"is_test": False}, {"merchant": "somebody else"}):
            here = {name: self.order[name] for name in elsewhere}
            self.order.write(elsewhere)
            self.run_cron()
            self.assertEqual((refund.state, self.kit.calls()), ("sent", []))
            self.assertTrue(refund.problem)
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.order.transaction_id._refund(10.0)
            self.order.write(here)
        self.run_cron()
        self.assertEqual((refund.state, self.refunded_there()), ("done", 30_00))

    def test_only_accountants_refund(self):
        for groups in (
            "base.group_user",
            "sales_team.group_sale_manager",
            "ar_payment_gateways.group_manager",
        ):
            user = new_test_user(self.env, f"refund {groups}", groups, company_id=self.company.id)
            with self.assertRaises(AccessError):
                self.order.transaction_id.with_user(user).action_refund(1.0)
            with self.assertRaises(AccessError):
                self.inv.with_user(user).action_ar_gateway_refund()
            for values in ({"state": "done"}, {"amount_minor": 1}):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    self.env["ar.gateway.refund"].with_user(user).create([values])

    def test_an_accountant_needs_no_rights_on_gateways(self):
        clerk = new_test_user(
            self.env, "refund clerk", "account.group_account_invoice", company_id=self.company.id
        )
        for record in (self.inv, self.payment, self.order.transaction_id):
            self.assertTrue(record.with_user(clerk).read())
        wizards = self.env["payment.refund.wizard"].with_user(clerk).with_context(active_id=self.payment.id)
        wizards.create({"amount_to_refund": 10.0}).action_refund()
        note = self.credit_note(40.0).with_user(clerk)
        self.assertEqual(note.ar_gateway_refundable, 40.0)
        note.action_ar_gateway_refund()
        self.commit()
        self.settle()
        self.assertEqual(self.order.refund_ids.mapped("amount"), [40.0, 10.0])
        self.assertEqual(self.refunded_there(), 50_00)

    def test_unbooked_payment_is_booked_before_its_refund(self):
        """Core books no payment once it has a confirmed refund."""
        link = self.invoice(50.0)._get_ar_payment_link().sudo()
        self.env.flush_all()
        path = link._open_order(self.provider.sudo())
        order = self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
        self.kit.pay(order.name)
        order._query()
        self.assertFalse(order.transaction_id.payment_id)
        order.transaction_id._refund(10.0)
        self.commit()
        self.settle()
        self.assertTrue(order.transaction_id.payment_id)
        self.assertEqual(order.refund_ids.transaction_id.payment_id.amount, 10.0)
