"""What is disputed, by Odoo's own mark "Block Payment", is not asked for; what is open beside it is."""

from tests.test_gateways_link_common import KindsCase


class TestDisputes(KindsCase):
    def test_what_is_disputed_is_not_asked_for(self):
        disputed, other = self.bill(10.0), self.bill(5.0)
        both = self.links._for_moves(disputed | other)
        everything = self.links.create(
            {
                "kind": "customer",
                "partner_id": other.commercial_partner_id.id,
                "currency_id": other.currency_id.id,
                "company_id": other.company_id.id,
            }
        ).sudo()
        before = everything.amount_due
        disputed.action_toggle_block_payment()
        self.env.invalidate_all()
        self.assertFalse(disputed._get_ar_payment_qr_data_uri())
        for link, amount in ((both, other.amount_total), (everything, before - disputed.amount_total)):
            self.assertEqual(link._condition(), "active")
            self.assertAlmostEqual(link.amount_due, amount)
        other.action_toggle_block_payment()
        self.env.invalidate_all()
        self.assertEqual(both._condition(), "disputed")
        self.assertEqual(everything._condition(), "disputed" if not everything.amount_due else "active")

    def test_an_order_whose_invoice_is_disputed_is_not_paid(self):
        sale = self.sale(10.0)
        sale.action_confirm()
        link = self.links.create({"kind": "order", "sale_order_id": sale.id}).sudo()
        sale.order_line.qty_delivered = 1
        invoice = sale._create_invoices()
        invoice.action_post()
        self.assertEqual((link._condition(), link.amount_due), ("active", 10.0))
        invoice.action_toggle_block_payment()
        self.env.invalidate_all()
        self.assertEqual((link._condition(), link.amount_due), ("disputed", 0.0))
        self.assertNotIn(link, self.links.search([("state", "=", "paid")]))
        invoice.action_toggle_block_payment()
        self.env.invalidate_all()
        self.assertEqual((link._condition(), link.amount_due), ("active", 10.0))
