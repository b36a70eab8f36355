import base64

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools.image import image_data_uri


class SaleOrder(models.Model):
    """Orders and quotations carry the code of the link that pays them, once there is one."""

    _name = "sale.order"
    _inherit = ["sale.order", "ar.payment.qr"]

    ar_payment_link_count = fields.Integer(
        "Payment Links", compute="_compute_ar_payment_link_count", compute_sudo=True
    )

    def _compute_ar_payment_link_count(self):
        """Count the links that pay each order or its deposit, closed ones too."""
        counts = dict(
            self.env["ar.payment.link"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.ar_payment_link_count = counts.get(order._origin, 0)

    def action_view_ar_payment_links(self):
        """Open the payment links of this order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_payment_gateways.ar_payment_link_action")
        return {**action, "domain": [("sale_order_id", "=", self.id)], "context": {}}

    def _action_cancel(self):
        """Take back codes that are being shown: nobody is to pay for a cancelled order."""
        result = super()._action_cancel()
        # sudo: whoever may cancel an order need not know gateway orders.
        orders = self.env["ar.gateway.order"].sudo()
        of_these = Domain("link_id.sale_order_id", "in", self.ids)
        of_these |= Domain("transaction_id.sale_order_ids", "in", self.ids)  # also without a link
        orders._search_waiting(of_these)._close_soon()
        return result

    def _ar_carried_link(self):
        return self._origin._ar_shown_payment_link()

    def _ar_shown_payment_link(self, make=False):
        """Return the link, in sudo, whose code this order carries, or nothing.

        A quotation that asks to be paid online has one as soon as it is printed; of any other order it is the last
        link that somebody has made, while there is something to pay.

        :param bool make: make it if it is missing; showing an order on a screen makes nothing.
        """
        self.ensure_one()
        # sudo: whoever sees an order may see where it is paid, and need know neither links nor transactions.
        order, links = self.sudo(), self.env["ar.payment.link"].sudo()
        if order.state == "cancel" or not order.company_id._ar_shows_payment_qr():
            return links
        works = Domain("expiry_date", "=", False) | Domain("expiry_date", ">=", fields.Date.today())
        found = links.search(
            works
            & Domain("sale_order_id", "=", order.id)
            & Domain("single_use", "=", False)
            & Domain("revoked_on", "=", False)
        )
        if order._has_to_be_paid():
            part = 0 < order._get_prepayment_required_amount() < order.amount_total
            kind = "deposit" if part else "order"
            found = found.filtered(lambda link: link.kind == kind)
            if not found and make:
                found = links.with_context(tracking_disable=True).create(
                    {"kind": kind, "sale_order_id": order.id}
                )
        return found.filtered(lambda link: link.amount_due and link._condition() == "active")[:1]

    def _get_ar_payment_qr_data_uri(self):
        """Return the payment code of this order as a data URI for a printed document, or False."""
        link = self._ar_shown_payment_link(make=True)
        return image_data_uri(base64.b64encode(link._qr_png())) if link else False

    def _ar_overpaid(self):
        """Return by how much the payments of this order are more than it costs, in its currency; all of it if it is
        cancelled. Negative if less was paid."""
        self.ensure_one()
        return self.amount_paid - (self.amount_total if self.state != "cancel" else 0.0)
