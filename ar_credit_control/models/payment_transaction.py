from odoo import api, models
from odoo.exceptions import AccessError

# What a payment says about an order: as much is not owed. Providers tell it, nobody types it in.
TOLD_FIELDS = {
    "amount", "currency_id", "operation", "payment_id", "sale_order_ids", "source_transaction_id", "state",
}  # fmt: skip


class PaymentTransaction(models.Model):
    """A payment is booked even when the order it is for has to be held."""

    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        """Create transactions; those of orders come from Odoo's payment pages only."""
        transactions = super().create(vals_list)
        transactions._refuse_ar_credit_told(TOLD_FIELDS)
        return transactions

    def write(self, vals):
        """Write transactions; see `create`."""
        self._refuse_ar_credit_told(vals)
        result = super().write(vals)
        self._refuse_ar_credit_told(vals)
        return result

    def _refuse_ar_credit_told(self, names):
        """Refuse calls from outside that say that an order was paid.

        :raise AccessError: unless the code runs as superuser, as Odoo's payment flow does.
        """
        # sudo: who may write payments need not see sales
        if not self.env.su and not TOLD_FIELDS.isdisjoint(names) and self.sudo().sale_order_ids:
            raise AccessError(self.env._("Payments of orders are told by the payment provider only."))

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
            hold._tell_salesperson(again=True)
        return confirmed
