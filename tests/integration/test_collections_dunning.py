"""Dunning runs: who is reminded of what, what happens between preview and sending, what is kept."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from .test_collections_common import DunningCase


class TestDunning(DunningCase):
    def test_run_lists_customers_by_currency_at_their_level(self):
        first = self.invoice(self.customer, 1000, 40)
        second = self.invoice(self.customer, 500, 10)
        self.invoice(self.customer, 70, -5)
        euro = self.invoice(self.customer, 200, 10, currency=self.eur)
        self.invoice(self.other, 10, 2)
        run = self.run_preview()
        self.assertEqual(run.state, "preview")
        by_currency = {notice.currency_id: notice for notice in run.notice_ids}
        notice = by_currency[self.company.currency_id]
        self.assertEqual(notice.partner_id, self.customer)
        self.assertEqual(notice.line_ids.move_id, first | second)
        self.assertEqual((notice.amount_due, notice.days_overdue), (1500, 40))
        self.assertEqual(notice.level_id, self.friendly, "never the firm words first, however old")
        self.assertEqual(by_currency[self.eur].amount_due, 200)
        self.assertEqual(by_currency[self.eur].line_ids.move_id, euro)
        self.assertEqual(len(run.notice_ids), 2, "2 days overdue is not yet 3")

    def test_second_level_after_its_days_and_delay(self):
        invoice = self.invoice(self.customer, 1000, 40)
        run = self.run_sent()
        self.assertFalse(self.run_preview().notice_ids, "reminded today")
        self.env["ar.dunning.run"].search([("state", "=", "preview")]).action_cancel()
        self.backdate(run, 9)
        self.assertFalse(self.run_preview().notice_ids, "9 days ago, the firm one waits for 10")
        self.env["ar.dunning.run"].search([("state", "=", "preview")]).action_cancel()
        self.backdate(run, 10)
        second = self.run_sent()
        self.assertEqual(second.notice_ids.level_id, self.firm)
        self.backdate(second, 100)
        self.assertFalse(self.run_preview().notice_ids, "nothing comes after the last level")
        self.assertEqual(invoice.with_user(self.user).ar_reminder_count, 2)

    def backdate(self, run, days):
        """Make a run's reminders look sent so many days ago (no user can: straight in the database)."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ar_dunning_notice SET contact_date = %s WHERE run_id = %s",
            [self.today - timedelta(days), run.id],
        )
        self.env.invalidate_all()

    def test_payment_between_preview_and_send_removes_the_notice(self):
        invoice = self.invoice(self.customer, 1000, 10)
        self.invoice(self.other, 300, 10)
        run = self.run_preview()
        self.assertEqual(len(run.notice_ids), 2)
        self.pay(invoice, 1000)
        run.action_send()
        states = {notice.partner_id: (notice.state, notice.drop_reason) for notice in run.notice_ids}
        self.assertEqual(states[self.customer], ("dropped", "nothing_overdue"))
        self.assertEqual(states[self.other][0], "sent")
        self.assertEqual(self.mails(run).recipient_ids, self.other)

    def test_part_payment_between_preview_and_send_reduces_the_notice(self):
        first, second = self.invoice(self.customer, 1000, 10), self.invoice(self.customer, 500, 20)
        run = self.run_preview()
        self.pay(first, 400)
        self.pay(second, 500)
        run.action_send()
        notice = run.notice_ids
        self.assertEqual((notice.state, notice.amount_due), ("sent", 600))
        self.assertEqual(notice.line_ids.move_id, first)
        self.assertEqual(notice.payment_link_id.move_ids, first)
        self.assertEqual(notice.payment_link_id.amount_due, 600)

    def test_credits_are_netted_also_those_that_come_after_the_preview(self):
        self.invoice(self.customer, 1000, 10)
        self.invoice(self.customer, 300, 0, move_type="out_refund")
        covered = self.invoice(self.other, 100, 10)
        run = self.run_preview()
        notice = run.notice_ids.filtered(lambda notice: notice.partner_id == self.customer)
        self.assertEqual((notice.overdue, notice.credits, notice.amount_due), (1000, 300, 700))
        self.invoice(self.other, 100, 0, move_type="out_refund")
        run.action_send()
        dropped = run.notice_ids.filtered(lambda notice: notice.partner_id == self.other)
        self.assertEqual((dropped.state, dropped.drop_reason), ("dropped", "covered_by_credits"))
        self.assertEqual(covered.payment_state, "not_paid")

    def test_nothing_is_added_after_the_preview(self):
        invoice = self.invoice(self.customer, 1000, 10)
        run = self.run_preview()
        self.invoice(self.customer, 77, 30)
        self.invoice(self.other, 77, 30)
        run.action_send()
        self.assertEqual(run.notice_ids.line_ids.move_id, invoice)
        self.assertEqual(run.notice_ids.amount_due, 1000)

    def test_blocked_and_marked_items_stay_out(self):
        disputed, marked = self.invoice(self.customer, 1000, 10), self.invoice(self.customer, 500, 10)
        late = self.invoice(self.customer, 200, 10)
        disputed.action_toggle_block_payment()
        self.assertEqual(disputed.payment_state, "blocked")
        marked.no_followup = True
        run = self.run_preview()
        self.assertEqual(run.notice_ids.line_ids.move_id, late)
        late.action_toggle_block_payment()
        run.action_send()
        self.assertEqual(run.notice_ids.state, "dropped")

    def test_customers_who_want_none_or_follow_another_policy(self):
        mine = self.policy.copy({"name": "Gentle"})
        self.assertEqual(len(mine.level_ids), 2)
        for partner in (self.customer, self.other, self.mute):
            self.invoice(partner, 100, 10)
        self.customer.ar_dunning_policy_id = mine
        self.other.ar_no_reminders = True
        self.mute.email = "m@example.com"
        self.assertEqual(self.run_preview().notice_ids.partner_id, self.mute)
        self.assertEqual(self.run_preview(policy_id=mine.id).notice_ids.partner_id, self.customer)

    def test_customer_without_address_is_flagged_and_can_be_served_later(self):
        self.invoice(self.mute, 100, 10)
        self.invoice(self.customer, 100, 10)
        run = self.run_sent()
        notice = run.notice_ids.filtered(lambda notice: notice.partner_id == self.mute)
        self.assertEqual((notice.state, notice.contact_date, run.no_email_count), ("no_email", False, 1))
        self.assertIn("1 customers without", run.message_ids[0].body)
        self.mute.email = "mute@example.com"
        run.action_send()
        self.assertEqual((notice.state, notice.email, run.no_email_count), ("sent", "mute@example.com", 0))
        self.assertEqual(len(self.mails(run)), 2, "and nobody was written to twice")

    def test_left_out_by_hand(self):
        self.invoice(self.customer, 100, 10)
        self.invoice(self.other, 100, 10)
        run = self.run_preview()
        notice = run.notice_ids.filtered(lambda notice: notice.partner_id == self.other)
        notice.with_user(self.user).action_exclude()
        run.action_send()
        self.assertEqual(notice.state, "excluded")
        self.assertEqual(self.mails(run).recipient_ids, self.customer)

    def test_sending_twice_sends_once(self):
        self.invoice(self.customer, 100, 10)
        run = self.run_sent()
        with self.assertRaises(UserError):
            run.action_send()
        run.sudo().notice_ids._send()
        run.sudo()._send_batch()
        self.assertEqual(len(self.mails(run)), 1)

    def test_two_open_runs_of_one_policy_are_refused(self):
        self.invoice(self.customer, 100, 10)
        self.run_preview()
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.run_preview()

    def test_cancelling_undoes_the_levels(self):
        invoice = self.invoice(self.customer, 100, 40)
        run = self.run_sent()
        with self.assertRaises(AccessError):
            run.action_cancel()
        run.with_user(self.manager).action_cancel()
        notice = run.notice_ids
        self.assertEqual(
            (run.state, notice.state, notice.cancelled_by_id), ("cancelled", "cancelled", self.manager)
        )
        self.assertEqual(self.mails(run).state, "cancel", "still in the queue: it is not sent")
        self.assertEqual(invoice.with_user(self.user).ar_reminder_count, 0)
        again = self.run_preview()
        self.assertEqual(again.notice_ids.level_id, self.friendly, "as if nobody had been reminded")

    def test_large_runs_go_on_in_the_background(self):
        for partner in (self.customer, self.other):
            self.invoice(partner, 100, 10)
        run = self.run_preview()
        batch_of_one = patch("odoo.addons.ar_collections.models.ar_dunning_run.BATCH", 1)
        # a TransactionCase may not commit; tests/integration/test_collections_workers.py does
        with batch_of_one, patch.object(self.env.cr, "commit", self.env.flush_all):
            run.action_send()
            self.assertEqual((run.state, run.sent_count, run.to_send_count), ("sending", 1, 1))
            self.env["ar.dunning.run"].sudo()._cron_send()
        self.assertEqual((run.state, run.sent_count), ("sent", 2))
        self.assertEqual(len(self.mails(run)), 2)

    def test_history_shows_on_customer_and_invoice(self):
        invoice = self.invoice(self.customer, 100, 10)
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.customer.id})
        run = self.run_sent()
        for partner in (self.customer, contact):
            self.assertEqual(partner.with_user(self.user).ar_reminder_count, 1)
        action = invoice.with_user(self.user).action_view_ar_reminders()
        self.assertEqual(self.env["ar.dunning.notice"].search(action["domain"]), run.notice_ids)
        self.assertIn("azure@example.com", self.customer.message_ids[0].body)

    def test_invoice_address_is_written_to_in_its_language(self):
        contact = self.env["res.partner"].create(
            {
                "name": "应付账款",
                "parent_id": self.customer.id,
                "type": "invoice",
                "email": "ap@example.com",
                "lang": "zh_CN",
            }
        )
        self.invoice(self.customer, 100, 10)
        notice = self.run_preview().notice_ids
        self.assertEqual((notice.contact_id, notice.email, notice.lang), (contact, "ap@example.com", "zh_CN"))

    def test_instalments_are_reminded_one_by_one(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "half now",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 60}),
                ],
            }
        )
        invoice = self.invoice(self.customer, 1000, 0)
        invoice.button_draft()
        invoice.write({"invoice_payment_term_id": term.id, "invoice_date": self.today - timedelta(10)})
        invoice.action_post()
        notice = self.run_preview().notice_ids
        self.assertEqual((notice.amount_due, len(notice.line_ids)), (500, 1))

    def test_future_date_is_refused(self):
        with self.assertRaises(UserError):
            self.run_preview(as_of=self.today + timedelta(1))

    def test_levels_have_to_rise(self):
        with self.assertRaises(ValidationError):
            self.firm.days_overdue = 3
        with self.assertRaises(ValidationError):
            self.firm.mail_template_id = self.env.ref("account.email_template_edi_invoice")

    def test_query_count_does_not_grow_with_the_invoices(self):
        def preview_queries(run):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            run.action_preview()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        for days in range(4, 8):
            self.invoice(self.customer, 100, days)
        run = self.run_preview()
        few = preview_queries(run)
        for days in range(4, 34):
            self.invoice(self.customer, 100, days)
        self.assertLessEqual(preview_queries(run), few + 2)
        self.assertEqual(len(run.notice_ids.line_ids), 34)
