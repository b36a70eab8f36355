"""What the tests of payment links share: documents to pay, and paying them."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command

from tests.test_gateways_refund_common import RefundCase


class KindsCase(RefundCase):
    """Nothing is paid yet; links are made and paid by hand."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("sales_team.group_sale_manager")

    def setUp(self):
        super().setUp()
        self.links = self.env["ar.payment.link"]
        self.today = fields.Date.today()

    def bill(self, amount, days=0, **kwargs):
        """A posted invoice of exactly `amount`, due in so many days."""
        invoice = self.init_invoice(
            "out_invoice", amounts=[amount], currency=self.cny, taxes=self.env["account.tax"], **kwargs
        )
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = self.today + timedelta(days)
        invoice.action_post()
        return invoice

    def credit(self, amount, days=0, **kwargs):
        """A posted credit note of exactly `amount`."""
        note = self.init_invoice(
            "out_refund", amounts=[amount], currency=self.cny, taxes=self.env["account.tax"], **kwargs
        )
        note.invoice_payment_term_id = False
        note.invoice_date_due = self.today + timedelta(days)
        note.action_post()
        return note

    def everything(self, **values):
        """A link to everything open of partner_a in CNY."""
        owner = {"partner_id": self.partner_a.id, "currency_id": self.cny.id, "company_id": self.company.id}
        return self.links.create({"kind": "customer", **owner, **values})

    def in_thirds(self, amount=90.0):
        """A posted invoice in three instalments: a month ago, in a month, in two."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Thirds",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": share, "nb_days": days})
                    for share, days in ((33.3333, 0), (33.3333, 61), (33.3334, 92))
                ],
            }
        )
        invoice = self.init_invoice(
            "out_invoice",
            amounts=[amount],
            currency=self.cny,
            taxes=self.env["account.tax"],
            invoice_date=self.today - timedelta(31),
        )
        invoice.invoice_payment_term_id = term
        invoice.action_post()
        return invoice

    def sale(self, amount=100.0, deposit=0.0):
        return self.env["sale.order"].create(
            {
                "partner_id": self.partner_a.id,
                "company_id": self.company.id,
                "currency_id": self.cny.id,
                "require_payment": bool(deposit),
                "prepayment_percent": deposit or 1.0,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product_a.id,
                            "price_unit": amount,
                            "product_uom_qty": 1,
                            "tax_ids": False,
                        }
                    )
                ],
            }
        )

    def start(self, link, **how):
        """Begin to pay; return the gateway order."""
        self.env.flush_all()
        path = link.sudo()._open_order(self.provider.sudo(), **how)
        self.env.invalidate_all()
        return self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])

    def pay(self, link, **how):
        order = self.start(link, **how)
        self.alipay.pay(order.name)
        order._query()
        self.book()
        return order
