"""Ways round the credit gate that were found by attacking it; each is closed."""

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from tests.integration.test_credit_common import CreditCase


class CreditAttackCase(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls._account(100)
        cls.salesman.group_ids |= cls.env.ref("base.group_partner_manager")

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"))

    def _refused(self, attack, error=AccessError):
        with self.assertRaises(error), self.env.cr.savepoint():
            attack()


class TestCreditDefaults(CreditAttackCase):
    """What Odoo would fill in from the context, or from the user's own default values."""

    def test_order_of_a_line_from_the_context(self):
        order = self._order(90)
        order.action_confirm()
        lines = order.order_line.with_context(default_order_id=order.id)
        values = {"product_id": self.product.id, "price_unit": 1000, "product_uom_qty": 1}
        self._refused(lambda: lines.create(values), CreditExceededError)
        self.env["ir.default"].with_user(self.salesman).set("sale.order.line", "order_id", order.id, True)
        self._refused(lambda: order.order_line.create(values), CreditExceededError)

    def test_derived_amounts_from_the_context(self):
        order = self._order(90)
        order.action_confirm()
        values = {
            "order_id": order.id,
            "product_id": self.product.id,
            "price_unit": 1000,
            "product_uom_qty": 1,
        }
        nothing = dict.fromkeys(("default_ar_credit_open", "default_price_total", "default_qty_invoiced"), 0)
        self._refused(
            lambda: order.order_line.with_context(**nothing).create(values),
            CreditExceededError,
        )
        self._refused(
            lambda: self._order(150).with_context(**nothing).copy({"state": "sale"}),
            CreditExceededError,
        )
        values = self._order(150).copy_data()[0]
        orders = self.env["sale.order"].with_user(self.salesman).with_context(**nothing)
        self._refused(lambda: orders.create({**values, "state": "sale"}), CreditExceededError)

    def test_derived_amounts_from_own_defaults(self):
        order = self._order(90)
        order.action_confirm()
        defaults = self.env["ir.default"].with_user(self.salesman)
        for name in ("ar_credit_open", "price_total"):
            defaults.set("sale.order.line", name, 0.0, True)
        defaults.set("sale.order", "ar_credit_open", 0.0, True)
        values = {
            "order_id": order.id,
            "product_id": self.product.id,
            "price_unit": 1000,
            "product_uom_qty": 1,
        }
        self._refused(lambda: order.order_line.create(values), CreditExceededError)

    def test_invoices_from_the_context(self):
        invoice = self.init_invoice("out_invoice", partner=self.partner_a, amounts=[500], taxes=[], post=True)
        linked = [Command.set(invoice.invoice_line_ids.ids)]
        order = self._order(150)
        order.with_context(default_invoice_lines=linked).order_line.create(
            {
                "order_id": order.id,
                "product_id": self.product.id,
                "price_unit": 150,
                "product_uom_qty": 1,
            }
        )
        self.assertFalse(order.sudo().order_line.invoice_lines)

    def test_payments_from_the_context(self):
        provider = self.env["payment.provider"].sudo().create({"name": "Other", "code": "none"})
        method = self.env["payment.method"].sudo().search([], limit=1)
        payment = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "reference": "somebody else's",
                    "amount": 500,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.partner_a.id,
                    "state": "done",
                }
            )
        )
        self.salesman.group_ids |= self.env.ref("account.group_account_invoice")
        orders = self.env["sale.order"].with_user(self.salesman)
        values = self._order(150).copy_data()[0]
        order = orders.with_context(default_transaction_ids=[Command.set(payment.ids)]).create(values)
        self.assertFalse(order.sudo().transaction_ids)
        self._refused(order.action_confirm, CreditHoldError)

    def test_state_of_a_request_from_the_context(self):
        order = self._order(150)
        order.with_context(
            default_state="approved", default_log_count=5, default_log_head="x", default_last_day="2999-01-01"
        ).action_confirm_or_hold()
        hold = order.sudo().ar_credit_hold_ids
        request = hold._get_ar_approval_request()
        self.assertEqual((hold.state, request.state), ("pending", "pending"))
        self.assertEqual(request.step_ids.mapped("state"), ["current"])
        self.assertFalse(request.last_day)
        self.assertFalse(self.env["ar.approval.decision"]._get_first_broken(request))

    def test_invoice_of_a_hold_from_the_context(self):
        invoice = self.init_invoice("out_invoice", partner=self.customer, amounts=[1], taxes=[])
        order = self._order(150)
        order.with_context(default_move_id=invoice.id).action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids._get_document(), order.sudo())


class TestCreditArchived(CreditAttackCase):
    """A caller who asks for archived records too gets no archived rules applied."""

    def test_archived_credit_rule_lets_nobody_pass(self):
        self.env["ar.credit.rule"].create(
            {"name": "Once", "outcome": "exclude", "sequence": 1}
        ).active = False
        self._refused(self._order(150).with_context(active_test=False).action_confirm, CreditHoldError)

    def test_archived_approval_rule_asks_nobody(self):
        self.env["ar.approval.rule"].sudo().create(
            {
                "name": "Once",
                "sequence": 1,
                "active": False,
                "step_ids": [
                    Command.create({"name": "A friend", "source": "users", "user_ids": self.auditor.ids})
                ],
            }
        )
        order = self._order(150)
        order.with_context(active_test=False).action_confirm_or_hold()
        request = order.sudo().ar_credit_hold_ids._get_ar_approval_request()
        self.assertNotIn("Once", request.rule_id.name)


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
