from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

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
        # sudo: whoever may cancel an order need not know links.
        self.env["ar.payment.link"].sudo().search([("sale_order_id", "in", self.ids)])._close_orders_soon()
        return result

    def _ar_overpaid(self):
        """Return by how much the payments of this order are more than it costs, in its currency; all of it if it is
        cancelled. Negative if less was paid."""
        self.ensure_one()
        return self.amount_paid - (self.amount_total if self.state != "cancel" else 0.0)
