"""Who may make which payment link, also by RPC."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests.common import new_test_user

from tests.test_gateways_link_common import KindsCase


class TestKindsAccess(KindsCase):
    def setUp(self):
        super().setUp()
        self.clerk = new_test_user(
            self.env,
            "kinds_clerk",
            "sales_team.group_sale_salesman,ar_payment_gateways.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def make(self, **values):
        return self.links.with_user(self.clerk).create(values)

    def customer(self, **more):
        return {
            "kind": "customer",
            "partner_id": self.partner_a.id,
            "currency_id": self.cny.id,
            "company_id": self.company.id,
            **more,
        }

    def test_a_salesman_makes_links_for_his_own_orders_only(self):
        foreign, own = self.sale(10.0), self.sale(20.0)
        own.user_id = self.clerk
        foreign.user_id = self.env.user
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.make(kind="order", sale_order_id=foreign.id)
        link = self.make(kind="order", sale_order_id=own.id)
        self.assertEqual((link.amount_due, link.create_uid), (20.0, self.clerk))

    def test_everything_open_is_for_those_who_see_all_invoices(self):
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.make(**self.customer())
        accountant = new_test_user(
            self.env,
            "kinds_accountant",
            "account.group_account_invoice,ar_payment_gateways.group_user",
            company_id=self.company.id,
        )
        links = self.links.with_user(accountant)
        self.assertTrue(links.create(self.customer()))
        other = self.setup_other_company()["company"]
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            links.create(self.customer(company_id=other.id))

    def test_what_a_link_pays_cannot_be_smuggled_in(self):
        invoice, sale = self.bill(10.0), self.sale(5.0)
        for values in (
            {"move_ids": [Command.set(invoice.ids)], "partner_id": self.partner_b.id},
            {"move_ids": [Command.set(invoice.ids)], "currency_id": 1},
            {"move_ids": [Command.set(invoice.ids)], "company_id": 1},
            {"move_ids": [Command.set(invoice.ids)], "scope_key": "1"},
            {"move_ids": [Command.set(invoice.ids)], "order_ids": [Command.create({"name": "x"})]},
            {"move_ids": [Command.set(invoice.ids)], "label": "Somebody else's"},
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                self.links.create(values)
        smuggled = {
            "default_kind": "customer",
            "default_partner_id": self.partner_b.id,
            "default_sale_order_id": sale.id,
            "default_single_use": True,
        }
        link = self.links.with_context(**smuggled).create({"move_ids": [Command.set(invoice.ids)]})
        self.assertEqual(
            (link.kind, link.partner_id, link.sale_order_id.id, link.single_use),
            ("invoices", self.partner_a, False, False),
        )
        both = self.links.create(
            {"kind": "order", "sale_order_id": sale.id, "move_ids": [Command.set(invoice.ids)]}
        )
        self.assertFalse(both.move_ids)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.links.with_context(default_move_ids=invoice.ids).create({})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.links.create({"kind": "everything", "move_ids": [Command.set(invoice.ids)]})
        for values in (
            {"kind": "customer"},
            {"sale_order_id": sale.id},
            {"single_use": True},
            {"scope_key": "9"},
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                link.write(values)

    def test_credit_notes_of_somebody_else_are_not_set_off(self):
        """Accountants may write transactions; what is set off is looked at when the payment is booked."""
        invoice, own, theirs = self.bill(50.0), self.credit(20.0), self.credit(20.0, partner=self.partner_b)
        order = self.start(self.everything())
        self.assertEqual(order.transaction_id.ar_credit_note_ids, own)
        order.transaction_id.ar_credit_note_ids = theirs
        self.alipay.pay(order.name)
        order._query()
        self.book()
        self.assertEqual((invoice + own + theirs).mapped("amount_residual"), [20.0, 20.0, 20.0])
