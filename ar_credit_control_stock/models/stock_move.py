from odoo import models


class StockMove(models.Model):
    """Goods leave for the customer only where the credit rules let them, whichever screen or job moves them."""

    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        """Move; then ask the rules at the check point Delivery, with what was really moved.

        A refusal undoes all of it with the transaction. What is delivered above the order raises the commitment and
        is checked as a change of the order. Returns and internal moves are asked nothing.

        :raise CreditHoldError, CreditExceededError: the rules refuse.
        """
        gate = self.env["ar.credit.gate"]
        orders = self._get_ar_credit_orders()
        if not orders:
            return super()._action_done(cancel_backorder=cancel_backorder)
        with gate._watch(orders):
            done = super()._action_done(cancel_backorder=cancel_backorder)
        gate._check_deliveries(done._get_ar_credit_orders())
        return done

    def _get_ar_credit_orders(self):
        """Return the orders whose goods these moves take to the customer."""
        # sudo: who moves goods need not see sales
        moves = self.sudo().filtered(
            lambda move: move.location_dest_id.usage == "customer" and move.location_id.usage != "customer"
        )
        return (moves.sale_line_id.order_id | moves.picking_id.sale_id).with_env(self.env)
