"""What a credit manager works on: one screen, and temporary limits that end before their day."""

import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.exceptions import CreditHoldError

from tests.integration.test_credit_common import CreditCase


class DeskCase(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.clerk = cls._new_user("credit_clerk", "ar_credit_control.group_user")
        cls.account = cls._account(100)

    def _temporary(self, amount=300, mode="replaces", days=20, account=None):
        change = (
            self.env["ar.credit.limit.change"]
            .with_user(self.clerk)
            .create(
                {
                    "account_id": (account or self.account).id,
                    "change_type": "temporary",
                    "new_limit": amount,
                    "temporary_mode": mode,
                    "date_to": self.today + timedelta(days=days),
                    "reason": "season",
                }
            )
        )
        change.action_submit()
        if change.state == "pending":
            change.with_user(self.manager).action_approve("ok")
        self.assertEqual(change.state, "applied")
        return change


class TestCreditHistory(DeskCase):
    def test_each_day_is_written_once_and_shown_as_a_chart(self):
        history = self.env["ar.credit.history"]
        self.account.sudo().control = "unlimited"
        history._write_day()
        self.assertFalse(self.customer.with_user(self.manager).ar_credit_history, "one day is no line")
        self.account.sudo().control = "limited"
        self._order(60).action_confirm()
        due = self.today - timedelta(days=3)
        self.init_invoice(
            "out_invoice", partner=self.customer, invoice_date=due, amounts=[10], taxes=[], post=True
        ).line_ids.filtered("date_maturity").date_maturity = due
        with freeze_time(self.today + timedelta(days=1)):
            for limit in (300, 100):
                self.account.sudo().credit_limit = limit
                history._write_day()
        rows = history.search([("account_id", "=", self.account.id)], order="day")
        self.assertEqual(
            [(row.is_limited, row.effective_limit, row.exposure, row.overdue) for row in rows],
            [(False, 0, 0, 0), (True, 100, 70, 10)],
        )
        self.env.invalidate_all()
        for user in (self.clerk, self.auditor):
            graph = json.loads(self.contact.with_user(user).ar_credit_history)
            self.assertEqual(len(graph["labels"]), 2)
            self.assertEqual([line["values"] for line in graph["series"]], [[None, 100], [0, 70], [0, 10]])
        with freeze_time(self.today + timedelta(days=401)):
            history._write_day()
        self.assertEqual(len(history.search([("account_id", "=", self.account.id)])), 2)

    def test_it_is_for_whom_the_credit_tab_is(self):
        history = self.env["ar.credit.history"]
        other = self.setup_other_company()["company"]
        theirs = self._account(50, company_id=other.id)
        history._write_day()
        rows = history.with_user(self.clerk).search([])
        self.assertIn(self.account, rows.account_id)
        self.assertNotIn(theirs, rows.account_id)
        with mute_logger("odoo.addons.base.models.ir_model"):
            for work in (
                history.with_user(self.salesman).search,
                lambda domain: self.customer.with_user(self.salesman).read(["ar_credit_history"]),
                lambda domain: rows[0].write({"exposure": 1}),
                lambda domain: rows.unlink(),
            ):
                with self.assertRaises(AccessError):
                    work([])

    def test_a_day_costs_the_same_number_of_statements_for_any_number_of_accounts(self):
        counts = []
        for number in (1, 30):
            for partner in self.env["res.partner"].create([{"name": str(n)} for n in range(number)]):
                self._account(100, partner=partner)
            self.env.flush_all()
            self.env["ar.credit.history"]._write_day()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["ar.credit.history"]._write_day()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[1], 20)


class TestCreditDesk(DeskCase):
    def test_what_waits(self):
        _order, hold = self._held()
        other = self._account(50, partner=self.partner_a, review_date=self.today - timedelta(days=1))
        soon = self._account(50, partner=self.partner_b, valid_until=self.today + timedelta(days=5))
        ending = self._temporary(account=other)
        self._temporary(account=soon, days=90)
        asked = (
            self.env["ar.credit.limit.change"]
            .with_user(self.clerk)
            .create({"account_id": self.account.id, "new_limit": 900, "reason": "season"})
        )
        asked.action_submit()
        rows = self.env["ar.credit.desk"].with_user(self.manager).search([])
        mine = {(row.kind, row.res_model, row.res_id) for row in rows}
        self.assertEqual(
            mine,
            {
                ("hold", "ar.credit.hold", hold.id),
                ("change", "ar.credit.limit.change", asked.id),
                ("expiring", "ar.credit.limit.change", ending.id),
                ("expiring", "ar.credit.account", soon.id),
                ("review", "ar.credit.account", other.id),
            },
        )
        row = rows.filtered(lambda one: one.kind == "hold")
        self.assertEqual((row.amount, row.partner_id, row.name), (50, self.customer, hold.name))
        self.assertEqual(row.action_open()["res_id"], hold.id)

    def test_other_companies_are_unseen(self):
        other = self.setup_other_company()["company"]
        self._account(10, company_id=other.id, review_date=self.today - timedelta(days=1))
        self.assertFalse(self.env["ar.credit.desk"].with_user(self.manager).search([("kind", "=", "review")]))


class TestCreditEndEarly(DeskCase):
    def test_ends_at_once_and_is_written_down(self):
        change, other = self._temporary(300), self._temporary(50, mode="adds")
        planned = change.date_to
        order = self._order(200)
        change.with_user(self.manager).action_end()
        self.assertEqual((change.state, change.planned_date_to), ("applied", planned))
        self.assertEqual((change.ended_by, change.can_end), (self.manager, False))
        self.assertIn("credit_manager", change.message_ids[0].body)
        self.assertEqual((other.date_to, other.ended_by.id), (planned, False))
        with self.assertRaises(CreditHoldError):
            order.action_confirm()
        self._order(150).action_confirm()  # 100, and the 50 that go on

    def test_only_what_raises(self):
        lower = self._temporary(40)
        with self.assertRaises(UserError):
            lower.with_user(self.manager).action_end()
        with self.assertRaises(UserError):
            self._order(60).action_confirm()

    def test_only_temporary_limits_in_force(self):
        change = self._temporary()
        change.with_user(self.manager).action_end()
        with self.assertRaises(UserError):
            change.with_user(self.manager).action_end()

    def test_who(self):
        self.company.ar_credit_decrease_free = False
        change = self._temporary()
        for user in (self.clerk, self.salesman, self.auditor):
            with self.assertRaises(AccessError):
                change.with_user(user).action_end()
        with self.assertRaises(AccessError):
            change.with_user(self.manager).write({"date_to": self.today, "ended_by": self.clerk.id})
        self.company.ar_credit_decrease_free = True
        change.with_user(self.clerk).action_end()
        self.assertEqual(change.ended_by, self.clerk)
