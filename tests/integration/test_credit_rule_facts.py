"""What credit rules look at beside the limit: the account, terms, discounts, whether the order is paid."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command

from odoo.addons.ar_credit_control.exceptions import CreditHoldError

from tests.integration.test_credit_rules import CreditRuleCase


class TestCreditRuleFacts(CreditRuleCase):
    def test_facts_of_the_account(self):
        account = self._account(1000)
        yesterday = fields.Date.today() - timedelta(days=1)
        group = (
            self.env["ar.credit.group"]
            .sudo()
            .create({"name": "G", "control": "limited", "credit_limit": 1000})
        )
        group.write({"expiry_rule": "keep", "valid_until": yesterday})
        account.sudo().group_id = group
        rule = self._rule(("limit_expired", "eq", {}))
        with self.assertRaises(CreditHoldError, msg="the limit of the group"):
            self._order(1).action_confirm()
        account.sudo().group_id, rule.active = False, False
        risk = self.env["ar.risk.class"].create({"name": "D"})
        account.write({"review_date": yesterday, "status": "blocked", "risk_class_id": risk.id})
        for fact, value in (
            ("review_overdue", {}),
            ("account_blocked", {}),
            ("risk_class", {"risk_class_id": risk.id}),
        ):
            rule = self._rule((fact, "eq", value))
            with self.assertRaises(CreditHoldError, msg=fact):
                self._order(1).action_confirm()
            rule.active = False
        self._order(1).action_confirm()

    def test_blocked_without_a_limit(self):
        """Whom somebody blocked is stopped, whether he has a limit or not; whom nobody controls is not asked about."""
        self._account(control="none", status="blocked")
        self._account(partner=self.partner_a, control="none")
        rule = self._rule(("account_blocked", "eq", {}))
        self._rule(("discount_percent", "ge", 30))
        with self.assertRaises(CreditHoldError):
            self._order(1).action_confirm()
        order = self._order(10, partner=self.partner_a)
        order.order_line.discount = 50
        order.action_confirm()
        rules = self.env["ar.credit.rule"]
        self.assertNotIn("are blocked", "\n".join(rules._get_health(self.company)))
        rule.active = False
        self._order(1).action_confirm()
        self.assertIn("are blocked", "\n".join(rules._get_health(self.company)))
        self.assertNotIn("new customers", "\n".join(rules._get_health(self.company)))
        self._rule(("paid_invoices", "lt", 1))
        self.assertIn("new customers", "\n".join(rules._get_health(self.company)))
        self.company.ar_credit_default_control = "limited"
        self.assertNotIn("new customers", "\n".join(rules._get_health(self.company)))

    def test_term_discount_and_new_customer(self):
        self._account(1e6)
        days = self.env["account.payment.term"].create(
            {"name": "60", "line_ids": [Command.create({"value_amount": 100, "nb_days": 60})]}
        )
        rule = self._rule(("term_days_over", "gt", 0))
        self._order(1).action_confirm()
        with self.assertRaises(CreditHoldError) as refusal:
            self._order(1, payment_term_id=days.id).action_confirm()
        self.assertIn("60 days", str(refusal.exception))
        self.customer.property_payment_term_id = days
        self._order(1, payment_term_id=days.id).action_confirm()
        rule.active = False
        rule = self._rule(("discount_percent", "ge", 30))
        order = self._order(10)
        order.order_line.discount = 29.99
        order.action_confirm()
        order = self._order(10)
        order.order_line.discount = 30
        with self.assertRaises(CreditHoldError):
            order.action_confirm()
        rule.active = False
        rule = self._rule(
            ("paid_invoices", "lt", 1),
            ("customer_days", "lt", {"value": 90, "joint": "or"}),
            ("oldest_days", "ge", 5),
        )
        self._bill(10, days_ago=5)
        with self.assertRaises(CreditHoldError):
            self._order(1).action_confirm()
        self._register_payment(self._bill(10, days_ago=100))
        self._order(1).action_confirm()

    def test_discount_on_the_whole_order_is_one(self):
        """Odoo's wizard makes a line below zero of it, without a discount of its own."""
        self._account(1e6)
        self._rule(("discount_percent", "gt", 30))
        for kind, discount, passes in (
            ("so_discount", {"discount_percentage": 0.3}, True),
            ("so_discount", {"discount_percentage": 0.31}, False),
            ("amount", {"discount_amount": 3.0}, True),
            ("amount", {"discount_amount": 3.02}, False),
        ):
            order = self._order(10.01)
            wizard = self.env["sale.order.discount"].sudo()
            wizard.create(
                {"sale_order_id": order.id, "discount_type": kind, **discount}
            ).action_apply_discount()
            self.assertEqual(len(order.order_line), 2)
            order.action_confirm_or_hold()
            self.assertEqual(order.state == "sale", passes, discount)
        hold = order.sudo().ar_credit_hold_ids
        self.assertEqual(hold.reason_ids.sentence, "Highest discount: 30.17 % (more than 30 %)")
        order = self._order(100)
        order.order_line.discount = 20
        order.order_line = [Command.create({"product_id": self.product.id, "price_unit": -15})]
        with self.assertRaises(CreditHoldError, msg="together 35 %"):
            order.action_confirm()

    def test_down_payment_taken_off_an_invoice_is_no_discount(self):
        self._account(1e6)
        order = self._confirmed(100)
        self._create_down_payment_invoice(order, "percentage", 50, post=True)
        self._rule(("discount_percent", "gt", 0), points=("invoice",))
        final = self._invoice(order, post=False)
        final.invoice_line_ids = [Command.create({"name": "extra", "price_unit": 10, "tax_ids": False})]
        self.assertEqual(final.amount_total, 60)
        final.action_post()
        self.assertEqual(final.state, "posted")
        invoice = self._bill(100, post=False)
        invoice.invoice_line_ids = [Command.create({"name": "gift", "price_unit": -1, "tax_ids": False})]
        with self.assertRaises(CreditHoldError):
            invoice.action_post()

    def test_paid_orders_need_no_credit_unless_the_company_says_so(self):
        self._account(1000)
        self._bill(10, days_ago=45)
        self._rule(("overdue_days", "gt", 30))
        with self.assertRaises(CreditHoldError):
            self._order(0).action_confirm()  # what costs nothing is not paid
        self._taken_back().action_confirm()
        self.company.ar_credit_prepaid_free = False
        with self.assertRaises(CreditHoldError):
            self._taken_back().action_confirm()

    def _taken_back(self):
        order = self._order(10)
        order.order_line.product_uom_qty = -1
        return order
