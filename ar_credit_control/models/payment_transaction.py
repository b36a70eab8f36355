from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import str2bool

from ..core.rule import CheckPoint
from ..exceptions import denied
from .sale_order_credit_paid import PAID_STATES

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
        paid = self.filtered(lambda tx: tx.state in PAID_STATES) if "state" in vals else self.browse()
        result = super().write(vals)
        self._refuse_ar_credit_told(vals)
        paid.filtered(lambda tx: tx.state not in PAID_STATES)._hold_ar_credit_unpaid()
        return result

    def _refuse_ar_credit_told(self, names):
        """Refuse calls from outside that say that an order was paid.

        :raise AccessError: unless the code runs as superuser, as Odoo's payment flow does.
        """
        # sudo: who may write payments need not see sales
        if not self.env.su and not TOLD_FIELDS.isdisjoint(names) and self.sudo().sale_order_ids:
            raise denied(self, self.env._("Payments of orders are told by the payment provider only."))

    def _post_process(self):
        """Book what was paid: no credit rule keeps an invoice from being posted here. So what was taken back."""
        with self.env["ar.credit.edge"]._booking():
            result = super()._post_process()
        # By now the books tell of a refund and of a cancelled payment; a part that was voided is a child.
        back = self.filtered(
            lambda tx: (
                (tx.state == "done" and tx.operation == "refund")
                or (tx.state == "cancel" and (tx.payment_id or tx.source_transaction_id))
            )
        )
        back._hold_ar_credit_unpaid()
        return result

    def _hold_ar_credit_unpaid(self):
        """Ask the rules again about confirmed orders for which the money is not there any more.

        They were confirmed as paid, or for what was left to pay. Nothing of that keeps the payment from being booked.
        """
        # sudo: whoever takes a payment back need not see sales
        transactions = self.sudo()
        orders = transactions.sale_order_ids | transactions.source_transaction_id.sale_order_ids
        cause = self.env._(
            "No longer paid: %(payments)s", payments=", ".join(transactions.mapped("reference"))
        )
        self.env["ar.credit.gate"]._hold_grown(orders, CheckPoint.CONFIRM, cause)

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

    def _invoice_ar_credit_released(self):
        """Invoice orders that were held when they were paid, as Odoo does where the payment confirms them.

        Odoo looks at that once, when it books the payment. What keeps an invoice from being made keeps no order from
        being released.
        """
        # sudo: whoever decides on credit need not read settings
        setting = self.env["ir.config_parameter"].sudo().get_param("sale.automatic_invoice")
        paid = self.filtered(
            lambda tx: tx.state == "done" and tx.operation != "validation" and tx.is_post_processed
        )
        if not str2bool(setting) or not paid or paid.sale_order_ids.invoice_ids:
            return
        try:
            with self.env.cr.savepoint(), self.env["ar.credit.edge"]._booking():
                paid[-1]._invoice_sale_orders()  # once an order, whatever it was paid with
                paid._post_ar_credit_invoices(paid[-1].invoice_ids)
        except UserError as error:
            body = self.env._("Could not be invoiced by itself: %(reason)s", reason=str(error))
            for order in paid.sale_order_ids:
                order._message_log(body=body)
            return
        # Now, also where Odoo leaves it to its scheduled action: that sends for payments of the last two days only.
        if not self.env.context.get("skip_sale_auto_invoice_send"):
            paid._send_invoice()

    def _post_ar_credit_invoices(self, invoices):
        """Post invoices of these transactions, and reconcile them with the payments, which were booked before."""
        self.invoice_ids = invoices
        invoices.filtered(lambda invoice: invoice.state == "draft").action_post()
        for payment in self.payment_id:
            payment.invoice_ids |= invoices
            lines = (payment.move_id.line_ids | invoices.line_ids).filtered(
                lambda line, payment=payment: (
                    line.account_id == payment.destination_account_id and not line.reconciled
                )
            )
            lines.reconcile()
