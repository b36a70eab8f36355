"""Limits that several customers share, also across companies and currencies; covers."""

from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import freeze_time

from .test_credit_limit_change import LimitCase


class TestLimitGroup(LimitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.env["res.partner"].create({"name": "Yiwu Candles", "is_company": True})
        cls.group = cls.env["ar.credit.group"].create({"name": "Yiwu Holding"})

    def _join(self, *accounts):
        for account in accounts:
            change = self._applied(account, change_type="group", new_group_id=self.group.id)
            self.assertEqual(change.state, "applied")

    def test_own_ten_thousand_and_group_fifteen_thousand(self):
        account, other = self._account(10_000), self._account(10_000, partner=self.second)
        self._join(account, other)
        change = self._applied(self.group, new_limit=15_000)
        self.assertEqual((change.state, self.group.control), ("applied", "limited"))
        self.assertEqual(self._limit(account), 10_000)
        self._order(8_000, partner=self.second).action_confirm()
        account.invalidate_recordset()
        # 15,000 less 8,000 of the other: what is left of the shared limit is the tighter one now.
        self.assertEqual((account.effective_limit, account.available, account.exposure), (15_000, 7_000, 0))
        self.assertIn("Yiwu Holding", account.limit_explanation)
        order = self._order(7_000.01)
        order.action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids.excess, 0.01)
        self._order(7_000).action_confirm()
        self.group.invalidate_recordset()
        self.assertEqual((self.group.exposure, self.group.available, self.group.member_count), (15_000, 0, 2))

    def test_group_binds_the_uncontrolled_member_too(self):
        account = self._account(control="none")
        self._join(account)
        self._applied(self.group, new_limit=100)
        order = self._order(101)
        order.action_confirm_or_hold()
        self.assertEqual(order.state, "draft")

    def test_batch_of_two_members_sees_each_other(self):
        self._join(self._account(1000), self._account(1000, partner=self.second))
        self._applied(self.group, new_limit=100)
        orders = self._order(60) + self._order(60, partner=self.second)
        orders.action_confirm_or_hold()
        self.assertEqual(orders.mapped("state"), ["sale", "draft"])

    def _two_companies(self):
        """Return a company in EUR (2 USD = 1 EUR) and a group in EUR over both, joined by a member of each."""
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.5)])
        abroad = self.setup_other_company(name="Abroad", currency_id=euro.id)["company"]
        both = self.company | abroad
        self.group.write({"currency_id": euro.id, "company_ids": [Command.set(both.ids)]})
        for user in (self.clerk, self.manager):
            user.company_ids = both
        members = self._account(10_000) + self._account(10_000, partner=self.second, company_id=abroad.id)
        journal = self.env["ar.credit.limit.change"].with_user(self.clerk)
        journal = journal.with_context(allowed_company_ids=both.ids)
        common = {"change_type": "group", "new_group_id": self.group.id, "reason": "One owner"}
        journal.create([{"account_id": member.id, **common} for member in members]).action_submit()
        journal.create({"group_id": self.group.id, "new_limit": 120, "reason": "Board"}).action_submit()
        self.assertEqual(self.group.account_ids, members)
        return abroad

    def _owe_abroad(self, company, amount):
        journal = self.env["account.journal"].search(
            [("company_id", "=", company.id), ("type", "=", "general")], limit=1
        )
        receivable, income = (self._ledger(company, kind).id for kind in ("asset_receivable", "income"))
        debit = {"partner_id": self.second.id, "debit": amount, "account_id": receivable}
        lines = [Command.create(debit), Command.create({"credit": amount, "account_id": income})]
        self.env["account.move"].create({"journal_id": journal.id, "line_ids": lines}).action_post()

    def test_two_companies_of_different_currencies(self):
        """Group in EUR; company in USD (2 USD = 1 EUR) and company in EUR: 100 USD and 70 EUR make 120 EUR."""
        self._owe_abroad(self._two_companies(), 70)
        pair = self.customer.id, self.company.id
        positions, _amounts = self.env["ar.credit.account"]._get_positions({pair})
        bound = positions[pair].tightest
        # In USD, the currency of the member's company: 120 EUR are 240 USD, 70 EUR are 140 USD.
        self.assertEqual((float(bound.limit.ceiling), float(bound.exposure.total)), (240, 140))
        order = self._order(100.01)
        order.action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids.excess, 0.01)
        self._order(100).action_confirm()
        self.group.invalidate_recordset()
        self.assertEqual((self.group.exposure, self.group.available), (120, 0))

    def _ledger(self, company, kind):
        accounts = self.env["account.account"].with_company(company)
        return accounts.search([("account_type", "=", kind), ("company_ids", "in", company.ids)], limit=1)

    def test_expiry_of_a_group_limit(self):
        account = self._account(1000)
        self._join(account)
        self._applied(self.group, new_limit=100, set_validity=True, new_valid_until=self.today)
        tomorrow = self.today + timedelta(days=1)
        for rule, control, limit in (
            ("company", "no_credit", 0),
            ("keep", "limited", 100),
            ("default", "limited", 1000),
        ):
            self.group.sudo().expiry_rule = rule
            with freeze_time(tomorrow):
                account.invalidate_recordset()
                self.assertEqual((account.effective_control, account.effective_limit), (control, limit))

    def test_leaving_is_a_raise_joining_is_not(self):
        account = self._account(1000)
        self._join(account)
        change = self._change(account, change_type="group", new_group_id=False)
        change.action_submit()
        self.assertEqual((change.state, account.group_id), ("pending", self.group))
        change.with_user(self.manager).action_approve()
        self.assertFalse(account.group_id)

    def test_members_are_of_its_companies(self):
        other = self.setup_other_company()["company"]
        self.group.company_ids = other
        change = self._change(self._account(100), change_type="group", new_group_id=self.group.id)
        with self.assertRaises(UserError):
            change.action_submit()

    def _statements(self, number):
        """Return how many statements the lock and the positions of `number` members take."""
        accounts = self.env["ar.credit.account"].sudo()
        partners = self.env["res.partner"].create([{"name": f"Member {n}"} for n in range(number)])
        group = self.env["ar.credit.group"].create({"name": f"Of {number}"})
        group.sudo().write({"control": "limited", "credit_limit": 1000})
        for partner in partners:
            self._account(100, partner=partner, group_id=group.id)
        pairs = {(partner.id, self.company.id) for partner in partners}
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        accounts._get_checked_pairs(pairs)
        accounts._lock(pairs)
        accounts._get_positions(pairs)
        return self.env.cr.sql_log_count - before

    def test_a_check_of_groups_costs_the_same_for_any_number(self):
        self._statements(1)
        one, twenty = self._statements(1), self._statements(20)
        self.assertEqual(one, twenty)
        self.assertLessEqual(twenty, 4)


class TestCover(LimitCase):
    def _cover(self, account, **vals):
        vals = {"account_id": account.id, "number": "P-1", "amount": 400, "kind": "insurance", **vals}
        return self.env["ar.credit.cover"].with_user(self.clerk).create(vals)

    def _active(self, account, **vals):
        cover = self._cover(account, **vals)
        cover.action_submit()
        cover.sudo().change_ids.with_user(self.manager).action_approve()
        self.assertEqual(cover.state, "active")
        return cover

    def test_it_counts_after_approval_and_within_its_dates(self):
        account = self._account(100)
        cover = self._cover(account, percent=90, date_to=self._in(10))
        cover.action_submit()
        self.assertEqual((cover.state, self._limit(account)), ("draft", 100))
        change = cover.sudo().change_ids
        self.assertEqual((change.state, change.requested_by), ("pending", self.clerk))
        change.with_user(self.manager).action_approve()
        self.assertEqual((cover.state, self._limit(account)), ("active", 460))
        with freeze_time(self._in(11)):
            self.assertEqual(self._limit(account), 100)
        cover.action_end()
        self.assertEqual((cover.state, self._limit(account)), ("ended", 100))

    def test_deducted_from_the_exposure(self):
        account = self._account(control="no_credit")
        self._active(account, mode="deducts", kind="deposit")
        self._order(400).action_confirm()
        account.invalidate_recordset()
        self.assertEqual((account.covered, account.available), (400, 0))
        order = self._order(1)
        order.action_confirm_or_hold()
        self.assertEqual(order.state, "draft")

    def test_a_members_cover_is_not_for_the_others(self):
        second = self.env["res.partner"].create({"name": "Second", "is_company": True})
        group = self.env["ar.credit.group"].create({"name": "G"})
        group.sudo().write({"control": "limited", "credit_limit": 100})
        covered = self._account(1000, group_id=group.id)
        self._account(1000, partner=second, group_id=group.id)
        self._active(covered, mode="deducts")
        order = self._order(101, partner=second)
        order.action_confirm_or_hold()
        self.assertEqual(order.state, "draft")
        self._order(500).action_confirm()
        self._order(0.01).action_confirm_or_hold()
        group.invalidate_recordset()
        self.assertEqual((group.exposure, group.available), (500, 0))

    def test_foreign_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.5)])
        account = self._account(100)
        self._active(account, currency_id=euro.id)
        self.assertEqual(self._limit(account), 900)

    def test_the_order_says_what_is_secured_and_why_not(self):
        account = self._account(10_000)
        order = self._order(500)
        self.assertFalse(order.ar_cover_message)
        term = self.env["account.payment.term"].create(
            {
                "name": "60",
                "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 60})],
            }
        )
        cover = self._active(account, percent=90, max_credit_days=60)
        order.invalidate_recordset()
        self.assertEqual(order.ar_cover_amount, 360)
        self.assertIn("used up", order.ar_cover_message)
        self.assertIn("140.00", order.ar_cover_message)
        cover.sudo().max_credit_days = 30
        order.sudo().payment_term_id = term
        order.invalidate_recordset()
        self.assertEqual(order.ar_cover_amount, 0)
        self.assertIn("allows 30 days at most", order.ar_cover_message)
        cover.sudo().write({"max_credit_days": 0, "settlement_method": "dp"})
        term.ar_settlement_method = "lc"
        order.invalidate_recordset()
        self.assertEqual(order.ar_cover_amount, 360)
        term.ar_settlement_method = "oa"
        order.invalidate_recordset()
        self.assertEqual(order.ar_cover_amount, 0)
        self.assertIn("allows no settlement method as risky", order.ar_cover_message)
        cover.sudo().write({"settlement_method": False, "buyer_ids": [Command.set(self.partner_a.ids)]})
        order.invalidate_recordset()
        self.assertIn("another buyer", order.ar_cover_message)

    def test_what_was_submitted_stays(self):
        cover = self._cover(self._account(100))
        cover.action_submit()
        with self.assertRaises(UserError):
            cover.amount = 1e9
        with self.assertRaises(UserError):
            cover.action_submit()
        with self.assertRaises(UserError):
            cover.unlink()
