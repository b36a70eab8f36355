"""Salesman, credit user and manager against the journal of limits; each attack must fail."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time
from odoo.tools import convert_file, mute_logger

from .test_credit_limit_change import LimitCase


class TestLimitAttacks(LimitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls._account(100)
        cls.group = cls.env["ar.credit.group"].create({"name": "Shared"})

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"))
        self.enterContext(mute_logger("odoo.addons.ar_credit_control.exceptions"))

    def _refused(self, attack, error=AccessError):
        with self.assertRaises(error), self.env.cr.savepoint():
            attack()
            self.env.flush_all()
        self.account.invalidate_recordset()
        self.group.invalidate_recordset()
        self.assertEqual((self.account.control, self.account.credit_limit), ("limited", 100))
        self.assertEqual((self.group.control, self.group.credit_limit), ("none", 0))

    def test_direct_writes(self):
        moves = (
            {"credit_limit": 1e9},
            {"control": "unlimited"},
            {"valid_until": self._in(9)},
            {"expiry_rule": "keep"},
            {"group_id": self.group.id},
        )
        for user in (self.salesman, self.clerk, self.manager, self.auditor):
            account = self.account.with_user(user)
            for vals in moves:
                self._refused(lambda account=account, vals=vals: account.write(vals))
            for key in (
                "install_mode",
                "import_file",
                "module",
                "bypass",
                "tracking_disable",
                "ar_limit_change",
            ):
                self._refused(
                    lambda account=account, key=key: account.with_context(**{key: True}).write(moves[0])
                )
        group = self.group.with_user(self.manager)
        for vals in ({"credit_limit": 5}, {"control": "limited"}, {"valid_until": self._in(1)}):
            self._refused(lambda vals=vals: group.write(vals))
        self._refused(lambda: group.write({"account_ids": [Command.link(self.account.id)]}))
        self._refused(
            lambda: group.write({"account_ids": [Command.update(self.account.id, {"credit_limit": 5})]})
        )

    def test_new_accounts_and_groups_start_without_a_limit(self):
        accounts = self.env["ar.credit.account"].with_user(self.manager)
        partner = {"partner_id": self.partner_a.id}
        for vals in ({"credit_limit": 5}, {"control": "unlimited"}, {"group_id": self.group.id}):
            self._refused(lambda vals=vals: accounts.create({**partner, **vals}))
        self._refused(lambda: self.group.with_user(self.manager).create({"name": "x", "control": "limited"}))
        sneaky = accounts.with_context(default_control="unlimited", default_credit_limit=5).create(partner)
        self.assertEqual((sneaky.control, sneaky.credit_limit), ("default", 0))
        sneaky = (
            self.group.with_user(self.manager).with_context(default_control="limited").create({"name": "y"})
        )
        self.assertEqual(sneaky.control, "none")

    def test_import(self):
        accounts = self.env["ar.credit.account"].with_user(self.manager)
        result = accounts.load([".id", "credit_limit"], [[str(self.account.id), "1000000"]])
        self.assertFalse(result["ids"])
        result = accounts.load(["partner_id/.id", "control"], [[str(self.partner_a.id), "Unlimited"]])
        self.assertFalse(result["ids"])
        self._refused(lambda: accounts.create({"partner_id": self.partner_b.id, "credit_limit": 1}))

    def test_nobody_writes_the_journal(self):
        change = self._change(self.account, new_limit=900)
        own = (
            {"state": "applied"},
            {"requested_by": self.salesman.id},
            {"editor_ids": [Command.clear()]},
            {"is_decrease": True},
            {"old_limit": 1e9},
            {"applied_on": "2026-01-01"},
            {"decided_by": self.manager.id},
            {"company_id": self.company.id},
            {"change_type": "mass"},
            {"change_type": "cover"},
            {"create_uid": self.manager.id},
        )
        for user in (self.clerk, self.manager):
            for vals in own:
                self._refused(lambda user=user, vals=vals: change.with_user(user).write(vals))
                self._refused(lambda user=user, vals=vals: self._change(self.account, user=user, **vals))
            self._refused(lambda user=user: change.with_user(user).unlink())
        self._refused(lambda: change.sudo().unlink(), UserError)
        self._refused(lambda: self._change(self.account, user=self.salesman, new_limit=5))
        self._refused(lambda: self._change(self.account, user=self.auditor, new_limit=5))
        forged = (
            self.env["ar.credit.limit.change"]
            .with_user(self.clerk)
            .with_context(default_state="applied", default_is_decrease=True, default_company_id=1)
            .create({"account_id": self.account.id, "new_limit": 900, "reason": "x"})
        )
        self.assertEqual(
            (forged.state, forged.is_decrease, forged.company_id), ("draft", False, self.company)
        )
        with mute_logger("odoo.sql_db"):
            self._refused(lambda: self._change(self.account, group_id=self.group.id, new_limit=5), Exception)

    def test_submitted_content_stays(self):
        change = self._change(self.account, new_limit=900)
        change.action_submit()
        for user in (self.clerk, self.manager):
            for vals in ({"new_limit": 1e9}, {"account_id": self.account.id}, {"date_from": "2020-01-01"}):
                self._refused(lambda user=user, vals=vals: change.with_user(user).write(vals), UserError)

    def test_own_changes_are_not_approved(self):
        change = self._change(self.account, user=self.manager, new_limit=900)
        change.action_submit()
        self._refused(change.action_approve)
        self._refused(lambda: change.action_ar_approve("x"))
        for user in (self.salesman, self.clerk, self.auditor):
            self._refused(change.with_user(user).action_approve)
            self._refused(change.with_user(user).action_reject)

    def test_the_request_for_a_decision_is_nobody_elses_to_set_aside(self):
        kind = self.env.ref("ar_credit_control.mail_activity_type_limit_change")
        self.assertEqual(kind.category, "ar_approval")
        kind.category = "default"  # as in a database from before
        convert_file(self.env, "ar_credit_control", "data/mail_activity_type_data.xml", {}, mode="update")
        self.assertEqual(kind.category, "ar_approval")
        change = self._change(self.account, new_limit=900)
        change.action_submit()
        asked = change.sudo().activity_ids.filtered(lambda one: one.user_id == self.manager)
        for user in (self.clerk, self.auditor):
            self._refused(lambda user=user: asked.with_user(user).action_feedback(feedback="done"))
            self._refused(asked.with_user(user).unlink)
        self.assertTrue(asked.exists())

    def test_the_last_editor_does_not_approve(self):
        change = self._change(self.account, new_limit=150)
        change.with_user(self.manager).write({"new_limit": 900})
        change.action_submit()
        self._refused(change.with_user(self.manager).action_approve)
        second = self._new_user("credit_second", "ar_credit_control.group_manager")
        change.with_user(second).action_approve()
        self.assertEqual(self.account.credit_limit, 900)

    def test_a_writer_of_the_cover_does_not_approve_it(self):
        cover = (
            self.env["ar.credit.cover"]
            .with_user(self.clerk)
            .create({"account_id": self.account.id, "number": "1", "amount": 5})
        )
        for vals in ({"state": "active"}, {"editor_ids": [Command.clear()]}):
            self._refused(lambda vals=vals: cover.with_user(self.manager).write(vals))
        self._refused(lambda: cover.create({"account_id": self.account.id, "number": "2", "state": "active"}))
        forged = cover.with_context(default_state="active").create(
            {"account_id": self.account.id, "number": "3", "amount": 5}
        )
        self.assertEqual(forged.state, "draft")
        cover.with_user(self.manager).write({"amount": 1e9})
        cover.action_submit()
        self._refused(cover.sudo().change_ids.with_user(self.manager).action_approve)
        account = self.account.with_user(self.manager)
        self._refused(lambda: account.write({"cover_ids": [Command.update(cover.id, {"state": "active"})]}))

    def test_back_dating(self):
        change = self._change(self.account, new_limit=900, date_from=self.today - timedelta(days=1))
        self._refused(change.action_submit, UserError)
        self._refused(
            self._change(
                self.account,
                change_type="temporary",
                new_limit=900,
                date_from=self._in(-9),
                date_to=self._in(-1),
            ).action_submit,
            UserError,
        )

    def test_what_nobody_approved_stands_in_the_way_of_no_cut(self):
        account = self.account
        account.sudo().credit_limit = 1000
        window = {"change_type": "temporary", "date_to": self._in(900)}
        for start in (0, 30):
            kept = self._change(account, new_limit=1000, date_from=self._in(start), **window)
            kept.action_submit()
            self.assertEqual((kept.state, kept.is_decrease), ("applied", True))
        approved = self._applied(
            account, change_type="temporary", new_limit=1500, date_from=self._in(60), date_to=self._in(70)
        )
        self.assertEqual((approved.state, approved.is_decrease), ("applied", False))
        self._change(account, user=self.manager, new_limit=100, end_temporaries=False).action_submit()
        for day, expected in ((0, 100), (31, 100), (65, 1500), (71, 100)):
            with freeze_time(self._in(day)):
                self.assertEqual((day, self._limit(account)), (day, expected))
        self.assertIn("the limit behind it is no higher", account.limit_explanation)

    def test_what_adds_is_approved_also_where_there_is_no_limit_yet(self):
        """It would count above the first limit that the customer gets."""
        account = self.account
        account.sudo().control = "unlimited"
        change = self._change(
            account, change_type="temporary", temporary_mode="adds", new_limit=70, date_to=self._in(9)
        )
        cover = self.env["ar.credit.cover"].create({"account_id": account.id, "number": "1", "amount": 400})
        change.action_submit()
        cover.action_submit()
        for asked, rise in ((change, 70), (cover.sudo().change_ids, 400)):
            self.assertEqual((asked.state, asked.sudo()._get_ar_approval_facts().excess), ("pending", rise))

    def test_other_companies_stay_closed(self):
        other = self.setup_other_company()["company"]
        foreign = self._account(100, company_id=other.id)
        self._refused(lambda: self._change(foreign, new_limit=5))
        self._refused(lambda: self._change(foreign, new_limit=5, user=self.manager))
        group = self.env["ar.credit.group"].create(
            {"name": "Theirs", "company_ids": [Command.set(other.ids)]}
        )
        groups = self.group.with_user(self.manager)
        self.assertNotIn(group, groups.search([]))
        self.assertIn(self.group, groups.search([]))
        self._refused(lambda: self._change(group, new_limit=5))
        change = self._change(self.account, new_limit=90)
        change.write({"account_id": foreign.id})
        self._refused(lambda: (self.env.flush_all(), self.env.invalidate_all(), change.action_submit()))

    def test_a_group_of_two_companies_needs_a_manager_of_both(self):
        other = self.setup_other_company()["company"]
        self.group.company_ids |= other
        self.group.sudo().control = "no_credit"
        change = self._change(self.group, new_limit=5)
        change.action_submit()
        with self.assertRaises(AccessError):
            change.with_user(self.manager).action_approve()
        self.manager.company_ids |= other
        change.with_user(self.manager).action_approve()
        self.assertEqual(self.group.credit_limit, 5)

    def test_locks_are_not_ours_to_set(self):
        self.account.with_user(self.manager).write({"lock_version": 99})
        self.group.with_user(self.manager).write({"lock_version": 99})
        self.assertEqual((self.account.lock_version, self.group.lock_version), (0, 0))
