from odoo import models


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
