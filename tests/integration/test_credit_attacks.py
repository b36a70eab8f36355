"""Ways round the credit gate that were found by attacking it; each is closed."""

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
        self.enterContext(mute_logger("odoo.addons.ar_credit_control.exceptions"))

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
