import base64

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools.image import image_data_uri


class AccountMove(models.Model):
    """Customer invoices carry a payment code; credit notes go back the way the invoice was paid."""

    _name = "account.move"
    _inherit = ["account.move", "ar.payment.qr"]

    ar_payment_link_count = fields.Integer(
        "Payment Links", compute="_compute_ar_payment_link_count", compute_sudo=True
    )
    ar_gateway_refund_ids = fields.One2many(
        "ar.gateway.refund",
        "move_id",
        string="Gateway Refunds",
        readonly=True,
        groups="ar_payment_gateways.group_user,ar_payment_gateways.group_auditor",
    )
    ar_gateway_refundable = fields.Monetary(
        "Refundable at the Gateway", compute="_compute_ar_gateway_refundable", compute_sudo=True
    )

    # === COMPUTE === #

    @api.depends(
        "state", "amount_residual", "ar_gateway_refund_ids.state", "ar_gateway_refund_ids.amount_minor"
    )
    def _compute_ar_gateway_refundable(self):
        """Show how much of a credit note can be given back the way its invoice was paid."""
        for move in self:
            orders = move._ar_refund_orders()
            refundable = min(move._ar_open_for_refund(), sum(orders.mapped("refundable_amount")))
            move.ar_gateway_refundable = max(0.0, refundable) if orders else 0.0

    def _compute_ar_payment_link_count(self):
        """Count the links that pay each invoice, closed ones too."""
        counts = dict(
            self.env["ar.payment.link"]._read_group([("move_ids", "in", self.ids)], ["move_ids"], ["__count"])
        )
        for move in self:
            move.ar_payment_link_count = counts.get(move._origin, 0)

    # === ACTIONS === #

    def action_ar_payment_link(self):
        """Make the payment link of the selected invoices, or find it, and open it."""
        link = self.env["ar.payment.link"]._for_moves(self)
        # Opened with the user's own rights: the button is for those who may work with links.
        link.with_env(self.env).check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.payment.link",
            "res_id": link.id,
            "views": [(False, "form")],
        }

    def action_view_ar_payment_links(self):
        """Open the payment links of this invoice."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_payment_gateways.ar_payment_link_action")
        links = self.env["ar.payment.link"].search([("move_ids", "in", self.ids)])
        if len(links) == 1:
            return {**action, "views": [(False, "form")], "res_id": links.id}
        return {**action, "domain": [("id", "in", links.ids)], "context": {}}

    def action_ar_gateway_refund(self):
        """Give the open amount of this credit note back the way its invoice was paid."""
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(self.env._("Only accountants may refund customers."))
        # sudo: gateway orders are written by the machinery only; checked above.
        return self.sudo()._ar_refund_at_gateway()._build_action_feedback_notification()

    # === BUSINESS === #

    def _ar_carried_link(self):
        links = self.env["ar.payment.link"]
        return links._find_active(self._origin) if self._wants_ar_payment_qr() else links

    def _ar_refund_at_gateway(self):
        """Request refunds for what is open on this credit note, of one payment of its invoice after the other.

        Doing it again requests nothing twice: what is under way counts as settled.

        :return: the refund transactions, earlier ones if nothing is left to request.
        :raise UserError: if there is nothing to refund at a gateway.
        """
        refunds = self.env["payment.transaction"].with_context(payment_backend_action=True)
        for order in self._ar_refund_orders():
            order._count_refund()
            self.invalidate_recordset(["amount_residual", "ar_gateway_refund_ids"])
            amount = min(self._ar_open_for_refund(), order.refundable_amount)
            if self.currency_id.compare_amounts(amount, 0) > 0:
                self._ar_close_codes()  # that ask for less because of this credit note
                refunds |= order.transaction_id.with_env(refunds.env)._refund(amount, self)
        refunds = (
            refunds
            or self.ar_gateway_refund_ids.filtered(lambda refund: refund.state != "failed").transaction_id
        )
        if not refunds:
            raise UserError(
                self.env._(
                    "Nothing of this can be refunded at a gateway: no payment of the invoice is left to refund."
                )
            )
        return refunds

    def _ar_refund_orders(self):
        """Return the gateway orders that paid the invoice which this posted credit note takes back."""
        orders = self.env["ar.gateway.order"]
        if self.move_type != "out_refund" or self.state != "posted":
            return orders
        paid = self.reversed_entry_id.transaction_ids.ar_gateway_order_ids.filtered(
            lambda order: order.state == "paid" and order.currency_id == self.currency_id
        )
        return paid.sorted("id")

    def _ar_open_for_refund(self):
        """Return what is open on this credit note and not under way to the customer, in its currency."""
        under_way = self.ar_gateway_refund_ids.filtered(
            lambda refund: refund.state != "failed" and not refund.transaction_id.payment_id
        )
        return self.currency_id.round(self.amount_residual - sum(under_way.mapped("amount")))

    def _post(self, soft=True):
        """Give customer invoices their link when they are posted, so that their code is there wherever they are
        shown or printed."""
        posted = super()._post(soft)
        invoices = posted.filtered(
            lambda move: move._wants_ar_payment_qr() and move.company_id.ar_link_on_posting
        )
        if invoices:
            # sudo: posting needs no rights on links; the link of an invoice is part of the invoice.
            self.env["ar.payment.link"].sudo()._make_missing(invoices)
        return posted

    def button_draft(self):
        """Take back codes that are being shown: what they ask for is being revised."""
        result = super().button_draft()
        self._ar_close_codes()
        return result

    def action_toggle_block_payment(self):
        """Take back codes of what is disputed now, or no longer: what they ask for changes."""
        result = super().action_toggle_block_payment()
        self._ar_close_codes()
        return result

    def _ar_close_codes(self):
        # sudo: whoever may revise an invoice need not know gateway orders.
        orders = self.env["ar.gateway.order"].sudo()
        # Codes ask for them also without a link, or through links that do not name them: to an order, to everything.
        of_these = Domain("link_id.move_ids", "in", self.ids)
        of_these |= Domain("transaction_id.invoice_ids", "in", self.ids)
        of_these |= Domain("transaction_id.ar_credit_note_ids", "in", self.ids)
        orders._search_waiting(of_these)._close_soon()

    def _wants_ar_payment_qr(self):
        """Tell whether this document carries a payment code: a posted customer invoice with something open that is not
        disputed, in a company that takes payments online."""
        self.ensure_one()
        return (
            self.move_type == "out_invoice"
            and self.state == "posted"
            and self.payment_state != "blocked"
            and self.amount_residual > 0
            and self.company_id._ar_shows_payment_qr()
        )

    def _get_ar_payment_link(self):
        """Return the active payment link of this one posted customer invoice, made if there is none (in sudo)."""
        self.ensure_one()
        return self.env["ar.payment.link"]._for_moves(self)

    def _get_ar_payment_qr_data_uri(self):
        """Return the payment code of this invoice as a data URI for a printed document, or False.

        A data URI, because wkhtmltopdf fetches nothing over the network and the code must not depend on it.
        """
        self.ensure_one()
        if not self._wants_ar_payment_qr():
            return False
        return image_data_uri(base64.b64encode(self._get_ar_payment_link()._qr_png()))
