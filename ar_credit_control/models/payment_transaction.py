from odoo import models


class PaymentTransaction(models.Model):
    """A payment is booked even when the order it is for has to be held."""

    _inherit = "payment.transaction"

    def _post_process(self):
        """Book what was paid: no credit rule keeps an invoice from being posted here."""
        with self.env["ar.credit.edge"]._booking():
            return super()._post_process()

    def _check_amount_and_confirm_order(self):
        """Confirm paid orders; hold those that don't fit the credit limit, without disturbing the payment.

        :return: the confirmed sales orders.
        """
        confirmed = self.env["sale.order"]
        for tx in self:
            orders, hold = tx.sale_order_ids._try_or_hold(
                super(PaymentTransaction, tx)._check_amount_and_confirm_order, notify_customer=True
            )
            confirmed |= orders or self.env["sale.order"]
            hold._tell_salesperson()
        return confirmed
