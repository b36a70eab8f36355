"""The payment code on the forms of orders and invoices."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from tests.test_gateways_link_common import KindsCase


class TestForms(KindsCase):
    def link(self, sale):
        return self.links.create({"kind": "order", "sale_order_id": sale.id})

    def test_the_code_on_the_form_of_an_order(self):
        """A look makes no link; whoever stands at a counter shows it on the whole screen."""
        sale = self.sale(100.0)
        self.assertFalse(sale.ar_payment_qr)
        with self.assertRaisesRegex(UserError, "nothing to pay"):
            sale.action_ar_show_payment_qr()
        link = self.link(sale)
        for document in (sale, self.bill(70.0)):
            document.invalidate_recordset()
            self.assertIn("<svg", document.ar_payment_qr)
            action = document.action_ar_show_payment_qr()
            self.assertEqual(action["url"], f"{document.ar_payment_url}/show")
        self.assertEqual(sale.ar_payment_url, link.url)
        with self.assertRaises(AccessError):
            sale.with_user(self.env.ref("base.public_user")).action_ar_show_payment_qr()
        self.assertFalse(self.env["sale.order"].new({}).ar_payment_qr)
        self.pay(link)
        sale.invalidate_recordset()
        self.assertFalse(sale.ar_payment_qr)
        with Form(sale) as form:
            self.assertFalse(form.ar_payment_url)
