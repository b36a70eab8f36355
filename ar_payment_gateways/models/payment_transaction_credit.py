from odoo import models
from odoo.exceptions import UserError


class PaymentTransactionCredit(models.AbstractModel):
    """What a payment settles together with credit notes, and what of it is left as the customer's credit."""

    _name = "payment.transaction.credit"
    _description = "Transaction and the customer's credit"

    def _ar_set_off_credit_notes(self):
        """Reconcile the credit notes that made the amount less with the invoices, on both sides the oldest first.

        As far as they are still open: what somebody has applied meanwhile has made the invoices less, and what he has
        given back is missing and stays open on them. Trouble with this must not keep the payment out of the books.
        """
        links = self.env["ar.payment.link"]
        invoices = links._search_lines(self.invoice_ids)
        owner = (self.partner_id.commercial_partner_id, self.currency_id, self.company_id)
        lines = (invoices + links._search_credit_lines(self.ar_credit_note_ids)).filtered(
            lambda line: (
                (line.partner_id, line.currency_id, line.company_id) == owner
                and line.account_id == invoices[:1].account_id
            )
        )
        if not lines & invoices or not lines - invoices:
            return
        order = self.ar_gateway_order_ids[:1]
        try:
            with self.env.cr.savepoint():
                lines.reconcile()
        except UserError as error:
            order._warn_once(
                self.env._("Credit notes to set off"),
                self.env._(
                    "%(order)s was paid less credit notes, which could not be set off against the invoices:"
                    " %(problem)s",
                    order=order.name,
                    problem=error,
                ),
            )
        else:
            for note in (lines - invoices).move_id:
                note.message_post(
                    body=self.env._(
                        "Set off against invoices: %s was paid less this credit note.",
                        order.name or self.reference,
                    ),
                    author_id=self.env.ref("base.partner_root").id,  # not the customer who is paying
                )

    def _ar_check_credit(self):
        """Have somebody refund or apply what could not be reconciled."""
        order = self.ar_gateway_order_ids.filtered(lambda order: order.state == "paid")[:1]
        # What came by another provider has no order; its payment is where it is refunded.
        concerned = order or (self.payment_id if self.ar_link_id else order)
        credit = self._ar_credit()
        # What is paid in advance is set off when it is invoiced.
        if self.sale_order_ids and not self.invoice_ids:
            credit = max(0.0, min(credit, sum(order._ar_overpaid() for order in self.sale_order_ids)))
        if concerned and credit:
            concerned._warn_once(
                self.env._("Paid more than was open"),
                self.env._(
                    "%(order)s was paid although less was open by then. %(credit)s is the customer's credit: refund it"
                    " or set it off.",
                    order=order.name or self.reference,
                    credit=self.currency_id.format(credit),
                ),
            )

    def _ar_credit(self):
        """Return what of this transaction's payment is not set off against anything, in its currency."""
        payment = self.payment_id
        lines = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.destination_account_id and not line.reconciled
        )
        return -sum(lines.mapped("amount_residual_currency"))
