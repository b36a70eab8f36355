"""Debts stay with the debtor, and customers who become one have the tightest of their limits."""

from odoo import fields

from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from tests.integration.test_credit_attacks import CreditAttackCase


class TestCreditDebtor(CreditAttackCase):
    """Debts stay with the debtor."""

    def test_commercial_partner_can_not_be_typed_in(self):
        rich = self.env["res.partner"].create({"name": "Rich", "is_company": True})
        order = self._order(90)
        order.action_confirm()
        self._refused(
            lambda: self.customer.with_user(self.salesman).write({"commercial_partner_id": rich.id})
        )
        self.env.flush_all()
        self.assert_exposure(90)

    def test_merging_contacts(self):
        rich = self.env["res.partner"].create({"name": "Rich", "is_company": True})
        self._order(90).action_confirm()
        wizard = (
            self.env["base.partner.merge.automatic.wizard"]
            .with_user(self.salesman)
            .create({"partner_ids": (rich | self.customer).ids, "dst_partner_id": rich.id})
        )
        self._refused(wizard.action_merge)
        self.assertTrue(self.customer.exists())

    def _twins(self):
        """Two customers with accounts: 100 and 500, the latter for a while 9,000, blocked, on shorter terms."""
        rich = self.env["res.partner"].create({"name": "Rich", "is_company": True})
        other = self._account(500, partner=rich, status="blocked", block_reason="Insolvent", note="Careful")
        changes = self.env["ar.credit.limit.change"]
        today = fields.Date.today()
        change = changes.sudo().create(
            {
                "account_id": other.id,
                "change_type": "temporary",
                "new_limit": 9000,
                "date_from": today,
                "date_to": fields.Date.add(today, days=30),
                "state": "applied",
                "reason": "fair",
            }
        )
        waits = changes.create({"account_id": other.id, "new_limit": 700, "reason": "more"})
        waits.action_submit()
        self._order(60).action_confirm()
        invoice = self.init_invoice("out_invoice", partner=rich, amounts=[30], taxes=[])
        invoice.action_post()
        return rich, other, change | waits

    def _assert_merged(self, kept, changes, partner):
        self.env.invalidate_all()
        account = self.env["ar.credit.account"].search([("partner_id", "=", partner.id)])
        self.assertRecordValues(
            account, [{"id": kept.id, "control": "limited", "credit_limit": 100, "status": "blocked"}]
        )
        self.assertEqual((account.effective_limit, account.exposure), (100, 90))
        self.assertEqual(partner.with_company(self.company).credit_limit, 100)
        self.assertLess(changes, account.change_ids)
        self.assertEqual(changes.mapped("state"), ["applied", "cancelled"])
        journal = (account.change_ids - changes).filtered("reason")
        self.assertIn("500", journal.reason)
        self.assertEqual(
            (journal.state, journal.requested_by, journal.new_limit), ("applied", self.env.user, 100)
        )
        self.assertIn("Careful", account.note or "")

    def test_a_manager_merges_customers_and_the_tighter_limit_counts(self):
        for target in ("rich", "customer"):
            with self.subTest(target), self.env.cr.savepoint() as savepoint:
                rich, other, changes = self._twins()
                partner = rich if target == "rich" else self.customer
                wizard = self.env["base.partner.merge.automatic.wizard"].create(
                    {"partner_ids": (rich | self.customer).ids, "dst_partner_id": partner.id}
                )
                wizard.action_merge()
                self.assertEqual(len((rich | self.customer).exists()), 1)
                self._assert_merged(other if target == "rich" else self.account, changes, partner)
                self._refused(self._order(11, partner=partner).action_confirm, CreditHoldError)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_one_account_goes_with_its_customer(self):
        poor = self.env["res.partner"].create({"name": "Poor", "is_company": True})
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard.create({"partner_ids": (poor | self.customer).ids, "dst_partner_id": poor.id}).action_merge()
        self.env.invalidate_all()
        self.assertEqual((self.account.partner_id, self.account.credit_limit), (poor, 100))

    def test_default_limit_counts_for_a_merged_customer_without_an_account(self):
        self.company.write({"ar_credit_default_control": "limited", "ar_credit_default_limit": 30})
        merge = self.env["base.partner.merge.automatic.wizard"]
        for target in ("poor", "customer", "clerk"):
            with self.subTest(target), self.env.cr.savepoint() as savepoint:
                poor = self.env["res.partner"].create({"name": "Poor", "is_company": True})
                contact = self.env["res.partner"].create({"name": "Clerk", "parent_id": poor.id})
                into = {"poor": poor, "customer": self.customer, "clerk": contact}[target]
                partners = (contact if into == contact else poor) | self.customer
                wizard = merge.create({"partner_ids": partners.ids, "dst_partner_id": into.id})
                wizard.action_merge()
                self.env.invalidate_all()
                self.assertEqual((self.account.control, self.account.effective_limit), ("default", 30))
                self.assertIn("30.00", self.account.change_ids.filtered("reason").sorted("id")[-1:].reason)
                savepoint.rollback()
                self.env.invalidate_all()
        # A default that allows more changes nothing.
        self.company.ar_credit_default_limit = 300
        poor = self.env["res.partner"].create({"name": "Poor", "is_company": True})
        before = self.account.change_ids
        wizard = merge.create({"partner_ids": (poor | self.customer).ids, "dst_partner_id": poor.id})
        wizard.action_merge()
        self.env.invalidate_all()
        self.assertEqual((self.account.credit_limit, self.account.change_ids), (100, before))

    def test_customer_that_becomes_a_contact_of_another(self):
        rich, other, changes = self._twins()
        contact = self.env["res.partner"].create({"name": "Clerk", "parent_id": self.customer.id})
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard.create({"partner_ids": (rich | contact).ids, "dst_partner_id": contact.id}).action_merge()
        self.assertFalse(other.exists())
        self._assert_merged(self.account, changes, self.customer)
        poor = self.env["res.partner"].create({"name": "Poor", "is_company": True})
        clerk = self.env["res.partner"].create({"name": "Clerk", "parent_id": poor.id})
        wizard.create({"partner_ids": (self.customer | clerk).ids, "dst_partner_id": clerk.id}).action_merge()
        self.assertEqual((self.account.partner_id, self.account.credit_limit), (poor, 100))

    def test_merged_limit_does_not_widen_later(self):
        rich, _other, changes = self._twins()
        today = fields.Date.today()
        soon = {"date_from": fields.Date.add(today, days=35), "date_to": fields.Date.add(today, days=39)}
        values = {"account_id": self.account.id, "new_limit": 4000, "state": "applied", **soon}
        changes.filtered("is_temporary").sudo().copy(values)
        self.account.sudo().write({"valid_until": today, "expiry_rule": "default"})
        rich.write({"parent_id": self.customer.id, "is_company": False})
        pair = (self.customer.id, self.company.id)
        loaded = self.env["ar.credit.terms"]._load({pair})
        for ahead in (0, 1, 37):
            limit = loaded.in_force(pair, fields.Date.add(today, days=ahead)).limit
            self.assertEqual((limit.control.value, limit.amount), ("limited", 100))

    def test_customer_that_becomes_part_of_another(self):
        rich, other, changes = self._twins()
        self._refused(
            lambda: rich.with_user(self.salesman).write({"parent_id": self.customer.id, "is_company": False})
        )
        rich.write({"parent_id": self.customer.id, "is_company": False})
        self.assertFalse(other.exists())
        self._assert_merged(self.account, changes, self.customer)
        poor = self.env["res.partner"].create({"name": "Poor", "is_company": True})
        self.customer.write({"parent_id": poor.id, "is_company": False})
        self.assertEqual(self.account.partner_id, poor)

    def test_debt_does_not_escape_to_whom_nothing_bounds(self):
        order = self._order(90)
        order.action_confirm()
        self._refused(lambda: order.write({"partner_invoice_id": self.partner_a.id}))
        order.with_user(self.env.user).write({"partner_invoice_id": self.partner_a.id})
        self.assert_exposure(0)

    def test_quotation_billed_to_whom_nothing_bounds_is_held(self):
        self.account.sudo().credit_limit = 10
        elsewhere = {"partner_invoice_id": self.partner_a.id}
        for values in (
            {"partner": self.customer, **elsewhere},
            {"partner": self.partner_a, "partner_shipping_id": self.contact.id, **elsewhere},
        ):
            order = self._order(90, **values)
            self._refused(order.action_confirm, CreditHoldError)
            order.action_confirm_or_hold()
            hold = order.sudo().ar_credit_hold_ids
            self.assertRecordValues(
                hold,
                [
                    {
                        "state": "pending",
                        "check_point": "confirm",
                        "orderer_id": self.customer.id,
                        "excess": 90,
                    }
                ],
            )
            self.assertIn("Yiwu Lantern Export", hold.reason_text)
            self.assertIn(hold.name, order.ar_credit_message)
            hold.with_user(self.manager).action_approve("parent pays")
            self.assertEqual((order.state, hold.state), ("sale", "released"))
        plain = self._order(90, partner=self.partner_a)
        plain.action_confirm()
        self._refused(lambda: plain.write({"partner_shipping_id": self.customer.id}), CreditExceededError)
        self._order(90, partner=self.partner_a, partner_invoice_id=self.partner_b.id).action_confirm()
