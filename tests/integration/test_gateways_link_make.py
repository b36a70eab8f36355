"""The wizard that makes links of what is selected in a list."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form
from odoo.tests.common import new_test_user

from tests.test_gateways_link_common import KindsCase


class TestMake(KindsCase):
    def make(self, **values):
        defaults = {f"default_{name}": records.ids for name, records in values.items()}
        return Form(self.env["ar.payment.link.make"].with_context(**defaults))

    def made(self, wizard):
        """Press the button; return the links it opens."""
        action = wizard.save().action_make()
        if action.get("res_id"):
            return self.links.browse(action["res_id"])
        return self.links.search(action["domain"])

    def test_one_link_per_customer_and_currency(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        mine, more, others = self.bill(10.0), self.bill(20.0), self.bill(5.0, partner=self.partner_b)
        foreign = self.init_invoice(
            "out_invoice", amounts=[7.0], currency=dollar, taxes=self.env["account.tax"], post=True
        )
        draft = self.init_invoice("out_invoice", amounts=[1.0], currency=self.cny)
        wizard = self.make(move_ids=mine + more + others + foreign + draft)
        self.assertEqual(sorted(line["amount"] for line in wizard.line_ids._records), [5.0, 7.0, 30.0])
        self.assertEqual(wizard.left_out, 1)
        links = self.made(wizard)
        self.assertEqual(
            {(link.partner_id, link.currency_id, link.amount_due) for link in links},
            {
                (self.partner_a, self.cny, 30.0),
                (self.partner_b, self.cny, 5.0),
                (self.partner_a, dollar, 7.0),
            },
        )
        self.assertEqual(
            self.made(self.make(move_ids=mine + more + others + foreign)), links
        )  # not made twice

    def test_one_link_each_finds_those_that_posting_has_made(self):
        invoices = self.bill(10.0) + self.bill(20.0)
        wizard = self.make(move_ids=invoices)
        wizard.move_mode = "each"
        self.assertEqual(len(wizard.line_ids), 2)
        expected = self.links.union(*(invoice._get_ar_payment_link() for invoice in invoices))
        self.assertEqual(self.made(wizard), expected)

    def test_instalments(self):
        wizard = self.make(move_ids=self.in_thirds())
        wizard.move_mode = "instalment"
        self.assertEqual([line["amount"] for line in wizard.line_ids._records], [30.0])
        link = self.made(wizard)
        self.assertEqual((link.kind, link.amount_due), ("instalment", 30.0))

    def test_deposits_of_orders(self):
        asking, other = self.sale(100.0, deposit=0.3), self.sale(50.0)
        wizard = self.make(order_ids=asking + other)
        self.assertEqual(sorted(line["amount"] for line in wizard.line_ids._records), [50.0, 100.0])
        wizard.order_mode = "deposit"
        self.assertEqual(
            ([line["amount"] for line in wizard.line_ids._records], wizard.left_out), ([30.0], 1)
        )
        link = self.made(wizard)
        self.assertEqual((link.sale_order_id, link.amount_due), (asking, 30.0))
        self.assertEqual(asking.ar_payment_link_count, 1)

    def test_everything_open_of_customers(self):
        self.bill(10.0)
        self.bill(5.0, partner=self.partner_b)
        child = self.env["res.partner"].create({"name": "Bookkeeping", "parent_id": self.partner_a.id})
        links = self.made(self.make(partner_ids=child + self.partner_b))
        self.assertEqual(links.mapped("kind"), ["customer"] * 2)
        self.assertEqual(links.partner_id, self.partner_a + self.partner_b)
        self.assertEqual(self.made(self.make(partner_ids=child + self.partner_b)), links)

    def test_the_preview_of_everything_open_knows_credit_notes(self):
        self.bill(10.0)
        self.credit(4.0)
        self.credit(4.0, partner=self.partner_b)
        wizard = self.make(partner_ids=self.partner_a + self.partner_b)
        self.assertEqual([line["amount"] for line in wizard.line_ids._records], [6.0])
        self.assertEqual(self.made(wizard).amount_due, 6.0)

    def test_expiry_and_one_payment(self):
        invoice = self.bill(10.0)
        wizard = self.make(move_ids=invoice)
        wizard.single_use = True
        wizard.expiry_date = "2030-01-01"
        link = self.made(wizard)
        self.assertNotEqual(link, invoice._get_ar_payment_link())
        self.assertEqual((link.single_use, str(link.expiry_date)), (True, "2030-01-01"))

    def test_nothing_to_pay(self):
        wizard = self.make(move_ids=self.init_invoice("out_invoice", amounts=[1.0]))
        self.assertEqual((len(wizard.line_ids), wizard.left_out), (0, 1))
        with self.assertRaises(UserError):
            wizard.save().action_make()

    def test_the_wizard_gives_no_rights(self):
        seller = new_test_user(
            self.env,
            "make_seller",
            "sales_team.group_sale_salesman,ar_payment_gateways.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        foreign, own = self.sale(10.0), self.sale(20.0)
        own.user_id = seller
        foreign.user_id = self.env.user
        invoice = self.bill(1.0)
        invoice.invoice_user_id = self.env.user
        wizards = self.env["ar.payment.link.make"].with_user(seller)
        for values in (
            {"move_ids": [Command.set(invoice.ids)]},
            {"order_ids": [Command.set(foreign.ids)]},
            {"partner_ids": [Command.set(self.partner_a.ids)]},
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():  # AccessError is one
                wizards.create(values).action_make()
        action = wizards.create({"order_ids": [Command.set(own.ids)]}).action_make()
        self.assertEqual(self.links.browse(action["res_id"]).amount_due, 20.0)
        lines = wizards.create({"order_ids": [Command.set(own.ids)]})
        lines.line_ids.amount = 1.0  # a preview, no more
        self.assertEqual(self.links.browse(lines.action_make()["res_id"]).amount_due, 20.0)
