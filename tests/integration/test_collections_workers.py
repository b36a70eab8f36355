"""Two workers on one dunning run, and a payment in the middle: real transactions on the real database."""

from contextlib import contextmanager
from datetime import timedelta

import psycopg2.errors

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.exceptions import UserError
from odoo.sql_db import db_connect
from odoo.tools import mute_logger

from tests.common import ARCase


class TestTwoWorkers(ARCase):
    """Each `worker()` is a connection of its own; what a test needs is committed, and removed when it is over."""

    def setUp(self):
        super().setUp()
        self.run_id = self.invoice_id = None
        with self.worker() as env:
            self._prepare(env)
            env.cr.commit()
        self.addCleanup(self._remove)

    @contextmanager
    def worker(self):
        with db_connect(self.env.cr.dbname).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def _prepare(self, env):
        """Commit a previewed run of its own policy with one notice."""
        journal = env["account.journal"].search([("type", "=", "sale")], limit=1)
        company = journal.company_id
        env = env(context={"allowed_company_ids": company.ids})
        today = fields.Date.context_today(env.user)
        policy = env["ar.dunning.policy"].create({"name": "Two Workers"})
        template = env.ref("ar_collections.mail_template_friendly")
        env["ar.dunning.level"].create(
            {"policy_id": policy.id, "name": "L1", "days_overdue": 3, "mail_template_id": template.id}
        )
        partner = env["res.partner"].create({"name": "Two Workers", "email": "two@example.com"})
        partner.with_company(company).ar_dunning_policy_id = policy
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": journal.id,
                "partner_id": partner.id,
                "invoice_date": today - timedelta(40),
                "invoice_date_due": today - timedelta(10),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 100, "tax_ids": [Command.clear()]})
                ],
            }
        )
        invoice.action_post()
        run = env["ar.dunning.run"].create({"policy_id": policy.id, "company_id": company.id})
        run.action_preview()
        assert run.notice_ids.state == "draft"
        self.run_id, self.invoice_id = run.id, invoice.id

    def _remove(self):
        with self.worker() as env:
            run, invoice = self.records(env)
            policy, partner, notices = run.policy_id, invoice.partner_id, run.notice_ids
            env["mail.mail"].search([("model", "=", notices._name), ("res_id", "in", notices.ids)]).unlink()
            env.cr.execute("DELETE FROM ar_dunning_notice WHERE run_id = %s", [run.id])
            env.invalidate_all()
            env["ar.payment.link"].search([("move_ids", "in", invoice.ids)]).unlink()
            env["account.payment.register"].search([("partner_id", "=", partner.id)]).unlink()
            payments = invoice.matched_payment_ids
            payments.action_draft()
            payments.unlink()
            run.unlink()
            invoice.button_draft()
            invoice.with_context(force_delete=True).unlink()
            policy.unlink()
            partner.unlink()
            env.cr.commit()

    def records(self, env):
        run = env["ar.dunning.run"].browse(self.run_id)
        return run.with_context(allowed_company_ids=run.company_id.ids), env["account.move"].browse(
            self.invoice_id
        )

    def mail_count(self):
        with self.worker() as env:
            run, _invoice = self.records(env)
            domain = [("model", "=", "ar.dunning.notice"), ("res_id", "in", run.notice_ids.ids)]
            return env["mail.mail"].search_count(domain)

    def test_second_click_after_the_first_has_finished(self):
        with self.worker() as first, self.worker() as second:
            self.assertEqual(self.records(second)[0].state, "preview", "the second one has begun")
            self.records(first)[0].action_send()
            first.cr.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.SerializationFailure):
                self.records(second)[0].action_send()
            second.cr.rollback()
        with self.worker() as retry, self.assertRaises(UserError):
            self.records(retry)[0].action_send()
        self.assertEqual(self.mail_count(), 1)

    def test_second_click_while_the_first_is_at_work(self):
        with self.worker() as first, self.worker() as second:
            self.records(first)[0].action_send()
            first.flush_all()
            with self.assertRaises(UserError):
                self.records(second)[0].action_send()
            second.cr.rollback()
            self.records(second)[0].notice_ids._send()
            second.cr.commit()
            first.cr.commit()
        self.assertEqual(self.mail_count(), 1)

    def test_payment_committed_while_the_sender_was_reading(self):
        with self.worker() as sender, self.worker() as cashier:
            run, _invoice = self.records(sender)
            self.assertEqual(run.notice_ids.amount_due, 100)
            self._pay(cashier)
            cashier.cr.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.SerializationFailure):
                run.action_send()
            sender.cr.rollback()
        with self.worker() as retry:
            run, _invoice = self.records(retry)
            run.action_send()
            self.assertEqual(run.notice_ids.state, "dropped")
            retry.cr.commit()
        self.assertEqual(self.mail_count(), 0)

    def test_payment_not_committed_yet(self):
        """Items somebody is just matching stay to be sent; the job decides once that is through."""
        with self.worker() as sender, self.worker() as cashier:
            self._pay(cashier)
            cashier.flush_all()
            run, _invoice = self.records(sender)
            run.action_send()
            self.assertEqual((run.state, run.notice_ids.state), ("sending", "draft"))
            sender.cr.commit()
            cashier.cr.commit()
        with self.worker() as job:
            job["ar.dunning.run"]._cron_send()
            run, _invoice = self.records(job)
            self.assertEqual((run.state, run.notice_ids.state), ("sent", "dropped"))
        self.assertEqual(self.mail_count(), 0)

    def _pay(self, env):
        _run, invoice = self.records(env)
        context = {"active_model": "account.move", "active_ids": invoice.ids}
        env["account.payment.register"].with_context(**context).create({})._create_payments()
