"""Many limits in one go: preview, one batch; and the workbook with all of them."""

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time

from .test_credit_limit_change import LimitCase


class TestLimitMass(LimitCase):
    def test_preview_then_one_batch(self):
        accounts = self._account(1040) + self._account(2000, partner=self.partner_a)
        accounts += self._account(control="unlimited", partner=self.partner_b)
        mass = (
            self.env["ar.credit.limit.mass"]
            .with_user(self.clerk)
            .create({"account_ids": accounts.ids, "percent": 10, "rounding": "100", "reason": "Season"})
        )
        self.assertEqual(mass.line_ids.mapped("new_limit"), [1100, 2200, 0])
        self.assertEqual(mass.line_ids.mapped("skipped"), [False, False, True])
        self.assertEqual(self._limit(accounts[0]), 1040)
        action = mass.action_apply()
        changes = self.env["ar.credit.limit.change"].search(action["domain"])
        self.assertEqual(len(changes), 2)
        self.assertEqual(set(changes.mapped("change_type")), {"mass"})
        self.assertEqual(set(changes.mapped("state")), {"pending"})
        self.assertEqual(changes.editor_ids, self.clerk)
        changes.with_user(self.manager).action_approve()
        accounts.invalidate_recordset()
        self.assertEqual(accounts.mapped("effective_limit"), [1100, 2200, 0])
        self.assertEqual(accounts[2].effective_control, "unlimited")

    def test_from_today_on_is_from_now_on_in_every_time_zone(self):
        """It is evening of the day before in New York, and morning of the day after in Shanghai."""
        for number, (zone, now) in enumerate(
            (("Asia/Shanghai", "2026-11-24 23:30:00"), ("America/New_York", "2026-11-25 01:30:00"))
        ):
            self.clerk.tz = zone
            account = self._account(100, partner=(self.partner_a | self.partner_b)[number])
            mine = self.env["ar.credit.limit.change"].with_user(self.clerk)
            with self.subTest(zone), freeze_time(now):
                mass = self.env["ar.credit.limit.mass"].with_user(self.clerk)
                mass = mass.create({"account_ids": account.ids, "percent": -50, "reason": "Urgent"})
                self.assertEqual(mine.search(mass.action_apply()["domain"]).state, "applied")
                last = fields.Date.context_today(mine)
                change = self._change(account, change_type="temporary", new_limit=30, date_to=last)
                change.action_submit()
                self.assertEqual((change.state, self._limit(account)), ("applied", 30))

    def test_temporary_and_edited_lines(self):
        account = self._account(100)
        mass = (
            self.env["ar.credit.limit.mass"]
            .with_user(self.clerk)
            .create(
                {
                    "account_ids": account.ids,
                    "operation": "set",
                    "amount": 500,
                    "date_to": self._in(10),
                    "reason": "Fair",
                }
            )
        )
        mass.line_ids.new_limit = 450
        action = mass.action_apply()
        change = self.env["ar.credit.limit.change"].search(action["domain"])
        change.with_user(self.manager).action_approve()
        self.assertEqual((self._limit(account), account.credit_limit), (450, 100))
        with freeze_time(self._in(11)):
            self.assertEqual(self._limit(account), 100)

    def test_nothing_to_change_says_so(self):
        mass = self.env["ar.credit.limit.mass"].create(
            {"account_ids": self._account(100).ids, "percent": 0, "reason": "x"}
        )
        with self.assertRaises(UserError):
            mass.action_apply()

    def test_accounts_of_other_companies_are_refused(self):
        other = self.setup_other_company()["company"]
        account = self._account(100, company_id=other.id)
        mass = self.env["ar.credit.limit.mass"].with_user(self.clerk).sudo()
        with self.assertRaises(AccessError):
            mass = mass.create({"account_ids": account.ids, "reason": "x"})
            mass.sudo(False).action_apply()
