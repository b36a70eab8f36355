import base64

from odoo import models
from odoo.tools.image import image_data_uri


class AccountPayment(models.Model):
    """A payment by another provider can become somebody's task, as a gateway order can."""

    _name = "account.payment"
    _inherit = ["account.payment", "ar.gateway.order.task"]

    def _compute_amount_available_for_refund(self):
        """Leave out what is being refunded: core counts only refunds that are booked, and so offers the rest twice."""
        result = super()._compute_amount_available_for_refund()
        for payment in self:
            # sudo: gateway orders are not for everybody who sees payments; the amount is.
            transaction = payment.payment_transaction_id.sudo()
            order = transaction.ar_gateway_order_ids.filtered(lambda order: order.state == "paid")[:1]
            if order and transaction.operation != "refund":
                payment.amount_available_for_refund = order.refundable_amount
        return result

    def _get_ar_payment_qr_data_uri(self):
        """Return the code that pays what is left of this payment's invoices as a data URI for its receipt, or False.

        Invoices of other customers or currencies are left out: one payment can't settle them along.
        """
        self.ensure_one()
        open_invoices = self.reconciled_invoice_ids.filtered(
            lambda move: (
                move.commercial_partner_id == self.partner_id.commercial_partner_id
                and move.company_id == self.company_id
                and move._wants_ar_payment_qr()
            )
        )
        invoices = open_invoices.filtered(lambda move: move.currency_id == open_invoices[0].currency_id)
        if not invoices:
            return False
        link = self.env["ar.payment.link"]._for_moves(invoices)
        return image_data_uri(base64.b64encode(link._qr_png()))
