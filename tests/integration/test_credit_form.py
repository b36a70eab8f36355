"""What the web client sends is accepted: the forms save as they do without us."""

from odoo.tests import Form

from .test_credit_common import CreditCase


class TestCreditForm(CreditCase):
    def test_a_salesman_saves_a_quotation(self):
        """The developer-mode form holds `invoice_lines` and sends it, empty, with every new line."""
        self.salesman.group_ids |= self.env.ref("base.group_no_one")
        with Form(self.env["sale.order"].with_user(self.salesman)) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.product
                line.price_unit = 70.0
        self.assertEqual(form.record.amount_total, 70.0)
        lines = [{"order_id": form.record.id, "product_id": self.product.id, "invoice_lines": []}]
        self.env["sale.order.line"].with_user(self.salesman).create(lines)
