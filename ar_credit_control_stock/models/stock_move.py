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
        leaving = self._filtered_ar_credit_leaving()
        if not leaving:
            return super()._action_done(cancel_backorder=cancel_backorder)
        with gate._watch(leaving._get_ar_credit_orders()):
            done = super()._action_done(cancel_backorder=cancel_backorder)
        left = done._filtered_ar_credit_leaving()
        gate._check_deliveries(left._get_ar_credit_orders())
        pickings = left._get_ar_credit_pickings()
        if pickings:
            gate._check_pickings(pickings)
        return done

    def _filtered_ar_credit_leaving(self):
        """Return the moves that take goods to a customer."""
        # sudo: who moves goods need not see all locations
        return self.filtered(
            lambda move: (
                move.sudo().location_dest_id.usage == "customer"  # sudo: as above
                and move.sudo().location_id.usage != "customer"
            )  # sudo: as above
        )

    def _get_ar_credit_orders(self):
        """Return the orders whose goods these moves take to the customer."""
        moves = self.sudo()  # sudo: who moves goods need not see sales
        return (moves.sale_line_id.order_id | moves.picking_id.sale_id).with_env(self.env)

    def _get_ar_credit_pickings(self):
        """Return the transfers of these moves that no sales order stands behind, but a customer.

        What the till has sold is paid; what comes straight from a supplier, its purchase order says.
        """
        moves = self.sudo().filtered(  # sudo: who moves goods need not see sales
            lambda move: not move.sale_line_id and move.location_id.usage != "supplier"
        )
        pickings = moves.picking_id.filtered(lambda picking: picking.partner_id and not picking.sale_id)
        if "pos_session_id" in pickings._fields:
            pickings = pickings.filtered(lambda picking: not picking.pos_session_id)
        return pickings.with_env(self.env)
