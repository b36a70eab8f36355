"""The journal of limits: how one moves, who approves it, and what is in force afterwards."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time

from .test_credit_common import CreditCase


class LimitCase(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._new_user("credit_clerk", "ar_credit_control.group_user")
        cls.today = fields.Date.today()

    def _change(self, account, user=None, **vals):
        """Return a draft of `user` (a clerk by default)."""
        target = "group_id" if account._name == "ar.credit.group" else "account_id"
        vals = {target: account.id, "reason": "Good payer", **vals}
        return self.env["ar.credit.limit.change"].with_user(user or self.clerk).create(vals)

    def _applied(self, account, **vals):
        """Return a change that the clerk asked for and the manager approved."""
        change = self._change(account, **vals)
        change.action_submit()
        if change.state == "pending":
            change.with_user(self.manager).action_approve("fine")
        return change

    def _limit(self, account):
        account.invalidate_recordset()
        return account.effective_limit

    def _in(self, days):
        return self.today + timedelta(days=days)


class TestLimitChange(LimitCase):
    def test_a_raise_waits_for_somebody_else_and_is_logged(self):
        account = self._account(100)
        self.env.cr.precommit.run()  # nothing of a record is tracked in the transaction that made it
        change = self._change(account, new_limit=250)
        change.action_submit()
        self.assertEqual((change.state, change.is_decrease, self._limit(account)), ("pending", False, 100))
        self.assertEqual(change.sudo().activity_ids.user_id, change.sudo()._get_ar_approval_waiting())
        self.assertTrue(change.sudo().activity_ids)
        self.assertIn(self.manager, change.sudo().activity_ids.user_id)
        change.with_user(self.manager).with_context({}).action_approve("fine")
        self.assertEqual((change.state, self._limit(account)), ("applied", 250))
        self.assertEqual((change.old_limit, change.new_limit, change.limit_after), (100, 250, 250))
        self.assertEqual((change.requested_by, change.decided_by), (self.clerk, self.manager))
        self.assertFalse(change.sudo().activity_ids)
        self.env.flush_all()
        self.env.cr.precommit.run()  # writes what was tracked
        tracked = account.sudo().message_ids.tracking_value_ids.filtered(
            lambda value: value.field_id.name == "credit_limit"
        )
        self.assertEqual((tracked.old_value_float, tracked.new_value_float), (100, 250))

    def test_a_decrease_applies_at_once_unless_the_company_says_no(self):
        account = self._account(100)
        change = self._change(account, new_limit=40)
        change.action_submit()
        self.assertEqual((change.state, change.is_decrease, self._limit(account)), ("applied", True, 40))
        self.company.ar_credit_decrease_free = False
        change = self._change(account, new_limit=30)
        change.action_submit()
        self.assertEqual((change.state, self._limit(account)), ("pending", 40))

    def test_rejected_and_cancelled_change_nothing(self):
        account = self._account(100)
        rejected, cancelled = (self._change(account, new_limit=500) for _n in range(2))
        (rejected + cancelled).action_submit()
        rejected.with_user(self.manager).action_reject("no")
        cancelled.action_cancel()
        self.assertEqual((rejected.state, cancelled.state), ("rejected", "cancelled"))
        self.assertEqual(self._limit(account), 100)
        for change in (rejected, cancelled):
            with self.assertRaises(UserError):
                change.with_user(self.manager).action_approve()

    def test_a_manager_makes_an_account_and_its_first_limit_is_a_change(self):
        with Form(self.env["ar.credit.account"].with_user(self.manager)) as form:
            form.partner_id = self.customer
        account = form.record
        self.assertEqual((account.control, account.credit_limit), ("default", 0))
        action = account.action_change_limit()
        changes = self.env["ar.credit.limit.change"].with_user(self.manager).with_context(**action["context"])
        with Form(changes) as form:
            form.new_limit = 300
            form.reason = "New customer"
        change = form.record
        change.action_submit()
        # The default of the company does not control at all, so a limit is a decrease.
        self.assertEqual((change.state, account.control, account.credit_limit), ("applied", "limited", 300))

    def test_controls(self):
        account = self._account(100)
        for control, state in (("no_credit", "applied"), ("unlimited", "pending"), ("limited", "applied")):
            change = self._change(account, change_type="control", new_control=control)
            change.action_submit()
            self.assertEqual((control, change.state), (control, state))
            if state == "pending":
                change.with_user(self.manager).action_approve()
            account.invalidate_recordset()
            self.assertEqual(account.effective_control, control)
        self.assertEqual(self._limit(account), 100)

    def test_stale_approvals_are_refused(self):
        account = self._account(100)
        first, second = (self._change(account, new_limit=amount) for amount in (500, 900))
        (first + second).action_submit()
        first.with_user(self.manager).action_approve()
        with self.assertRaisesRegex(UserError, "has moved"):
            second.with_user(self.manager).action_approve()
        self.assertEqual(self._limit(account), 500)

    def test_validity(self):
        account = self._account(100)
        change = self._applied(
            account, new_limit=200, set_validity=True, new_valid_until=self._in(10), new_expiry_rule="keep"
        )
        self.assertEqual((change.state, account.valid_until), ("applied", self._in(10)))
        for rule, expected in (("keep", 200), ("zero", 0), ("default", 0), ("company", 0)):
            account.sudo().expiry_rule = rule
            with freeze_time(self._in(10)):
                self.assertEqual(self._limit(account), 200)
            with freeze_time(self._in(11)):
                self.assertEqual((rule, self._limit(account)), (rule, expected))
        self.company.ar_credit_expiry_rule = "keep"
        with freeze_time(self._in(11)):
            self.assertEqual(self._limit(account), 200)
        longer = self._change(
            account, new_limit=200, set_validity=True, new_valid_until=self._in(30), new_expiry_rule="zero"
        )
        account.sudo().expiry_rule = "zero"
        longer.action_submit()
        self.assertEqual(longer.state, "pending")

    def test_temporary_limits_come_and_go_by_themselves(self):
        account = self._account(100)
        self._applied(
            account, change_type="temporary", new_limit=300, date_from=self._in(5), date_to=self._in(9)
        )
        added = self._applied(
            account,
            change_type="temporary",
            temporary_mode="adds",
            new_limit=50,
            date_from=self._in(8),
            date_to=self._in(12),
        )
        self.assertEqual(added.state, "applied")
        for day, expected in (
            (0, 100),
            (4, 100),
            (5, 300),
            (8, 350),
            (9, 350),
            (10, 150),
            (12, 150),
            (13, 100),
        ):
            with freeze_time(self._in(day)):
                self.assertEqual((day, self._limit(account)), (day, expected))
        self.assertEqual(len(account.temporary_ids), 2)
        with freeze_time(self._in(8)):
            order = self._order(340)
            order.action_confirm()
            self.assertEqual(order.state, "sale")

    def test_a_scheduled_change_waits_for_its_day(self):
        account = self._account(100)
        change = self._applied(account, new_limit=400, date_from=self._in(3))
        stale = self._applied(account, new_limit=90, date_from=self._in(3))
        self.assertEqual((change.state, stale.state, self._limit(account)), ("scheduled", "scheduled", 100))
        journal = self.env["ar.credit.limit.change"]
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            journal._cron_apply_scheduled()
            self.assertEqual(change.state, "scheduled")
            with freeze_time(self._in(3)):
                journal._cron_apply_scheduled()
                journal._cron_apply_scheduled()
        self.assertEqual((change.state, self._limit(account)), ("applied", 400))
        # It was judged against a limit of 100, which is no longer so.
        self.assertEqual((stale.state, stale.old_limit, stale.is_decrease), ("pending", 400, True))

    def test_a_decrease_for_later_does_not_raise_what_was_cut_meanwhile(self):
        account = self._account(100)
        later = self._change(account, new_limit=90, date_from=self._in(3))
        later.action_submit()
        self._applied(account, new_limit=10)
        with (
            freeze_time(self._in(3)),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")),
        ):
            self.env["ar.credit.limit.change"]._cron_apply_scheduled()
        self.assertEqual((later.state, later.is_decrease, self._limit(account)), ("pending", False, 10))

    def test_incomplete_and_back_dated_changes_are_refused(self):
        account = self._account(100)
        for vals in (
            {"reason": " "},
            {"date_from": self._in(-1)},
            {"change_type": "temporary", "date_from": self._in(-1), "date_to": self._in(5)},
            {"change_type": "temporary"},
            {"change_type": "temporary", "date_to": self._in(-1)},
            {"date_to": self._in(5)},
            {"change_type": "control"},
        ):
            with self.assertRaises(UserError):
                self._change(account, new_limit=500, **vals).action_submit()
        self.assertEqual(self._limit(account), 100)

    def test_who_raised_a_limit_lately(self):
        account = self._account(100)
        raised = self.env["ar.credit.limit.change"]._get_recent_raisers
        self._applied(account, new_limit=50)
        self.assertFalse(raised(self.customer.id, self.company.id))
        self._applied(account, new_limit=500)
        users = raised(self.customer.id, self.company.id)
        self.assertEqual(users, self.clerk | self.manager)
        self.assertFalse(raised(self.partner_a.id, self.company.id))
        with freeze_time(self._in(31)):
            self.assertFalse(raised(self.customer.id, self.company.id))

    def test_the_account_explains_its_limit(self):
        account = self._account(100)
        self._applied(account, change_type="temporary", new_limit=300, date_to=self._in(9))
        account.invalidate_recordset()
        text = account.with_user(self.auditor).limit_explanation
        self.assertIn("Replaced by a temporary limit", text)
        self.assertIn("300.00", text)
        self.assertIn("Available", account.with_user(self.auditor).exposure_bar)
        partner = self.customer.with_user(self.auditor)
        self.assertEqual((partner.ar_credit_limit, partner.ar_credit_control), (300, "limited"))
        self.assertIn("300.00", partner.ar_credit_explanation)

    def test_fifty_dollars_of_tugrik_like_orders(self):
        """Limit 50 USD, 2 TB = 1 USD: an order of 45 TB is free (22.5), 65 TB more are held at 55."""
        foreign = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        pricelist = self.env["product.pricelist"].create({"name": "TB", "currency_id": foreign.id})
        self._account(50)
        first = self._order(45, pricelist_id=pricelist.id)
        self.assertEqual(first.currency_id, foreign)
        first.action_confirm()
        self.assert_exposure(22.5)
        second = self._order(65, pricelist_id=pricelist.id)
        second.action_confirm_or_hold()
        hold = second.sudo().ar_credit_hold_ids
        self.assertEqual((second.state, hold.exposure + hold.order_amount, hold.excess), ("draft", 55, 5))

    def test_cut_below_what_is_owed_holds_the_next_order(self):
        account = self._account(100)
        self._order(60).action_confirm()
        self._applied(account, new_limit=50)
        order = self._order(1)
        order.action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids.excess, 11)

    def test_the_rise_is_measured_not_typed(self):
        """Who may approve depends on the rise, so a stored amount must not hide it."""
        account = self._account(1_000_000, control="no_credit")
        for vals in (
            {"change_type": "control", "new_control": "limited"},
            {"new_limit": 1_000_000},
        ):
            change = self._change(account, **vals)
            change.action_submit()
            self.assertEqual(change.sudo()._get_ar_approval_facts().excess, 1_000_000)
            change.action_cancel()
        account.sudo().write({"control": "limited", "valid_until": self._in(1)})
        change = self._change(
            account,
            new_limit=1_000_000,
            set_validity=True,
            new_valid_until=self._in(9),
            new_expiry_rule="zero",
        )
        change.action_submit()
        self.assertEqual(change.sudo()._get_ar_approval_facts().excess, 1_000_000)
