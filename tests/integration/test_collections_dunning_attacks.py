"""Dunning against people without the rights, or with bad intent."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .test_collections_common import DunningCase


class TestDunningAttacks(DunningCase):
    """What somebody without the rights, or with bad intent, can do over RPC."""

    def setUp(self):
        super().setUp()
        self.invoice(self.customer, 100, 10)
        self.run = self.run_preview()
        self.env.flush_all()

    def test_salesman_can_do_nothing(self):
        run = self.run.with_user(self.salesman)
        for call in (run.action_send, run.action_cancel, run.action_preview, run.action_draft):
            with self.assertRaises(AccessError):
                call()
        with self.assertRaises(AccessError):
            run.read(["name"])
        with self.assertRaises(AccessError):
            self.run.notice_ids.with_user(self.salesman).action_exclude()
        with self.assertRaises(AccessError):
            self.customer.with_user(self.salesman).write({"ar_no_reminders": True})
        self.assertEqual(self.run.state, "preview")

    def test_auditor_reads_only(self):
        auditor = new_test_user(self.env, "auditor", groups="ar_collections.group_auditor")
        run = self.run.with_user(auditor)
        self.assertEqual(run.notice_ids.amount_due, 100)
        for call in (run.action_send, run.action_cancel, run.action_preview):
            with self.assertRaises(AccessError):
                call()
        with self.assertRaises(AccessError):
            run.write({"as_of": "2020-01-01"})

    def test_state_and_amounts_are_not_written_from_outside(self):
        run, notice = self.run.with_user(self.manager), self.run.notice_ids.with_user(self.manager)
        for values in ({"state": "sent"}, {"notice_ids": [Command.clear()]}):
            with self.assertRaises(AccessError):
                run.write(values)
        with self.assertRaises(AccessError):
            notice.write({"amount_due": 1})
        with self.assertRaises(AccessError):
            notice.line_ids.write({"amount": 1})
        with self.assertRaises(AccessError):
            notice.create({"run_id": run.id, "partner_id": self.other.id, "currency_id": self.eur.id})
        fresh = run.with_context(default_state="sent").create(
            {"state": "sent", "company_id": self.company.id}
        )
        self.assertEqual(fresh.state, "draft")

    def test_previewed_run_is_not_moved_to_another_date_or_company(self):
        with self.assertRaises(UserError):
            self.run.write({"as_of": "2020-01-01"})
        with self.assertRaises(UserError):
            self.run.write({"user_id": self.salesman.id})

    def test_sent_notice_is_immutable_even_for_the_superuser(self):
        self.run.action_send()
        notice = self.run.sudo().notice_ids
        for record, values in (
            (notice, {"amount_due": 1}),
            (notice, {"contact_date": False}),
            (notice, {"state": "draft"}),
            (notice.line_ids, {"amount": 1}),
        ):
            with self.assertRaises(UserError):
                record.write(values)
        for record in (notice, notice.line_ids, self.run.sudo()):
            with self.assertRaises(UserError):
                record.unlink()
        with self.assertRaises(UserError):
            self.run.action_draft()

    def test_companies_do_not_see_each_other(self):
        other = self.setup_other_company(name="Other")["company"]
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="ar_collections.group_manager",
            company_id=other.id,
            company_ids=other.ids,
        )
        self.assertFalse(self.env["ar.dunning.run"].with_user(stranger).search([("id", "=", self.run.id)]))
        with self.assertRaises(AccessError):
            self.run.with_user(stranger).with_company(other).action_send()
        with self.assertRaises(AccessError):
            self.env["ar.dunning.run"].with_user(stranger).create({"company_id": self.company.id})
