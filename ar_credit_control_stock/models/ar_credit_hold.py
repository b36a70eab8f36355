from odoo import api, fields, models


class ArCreditHold(models.Model):
    """Holds also of deliveries without a sales order."""

    _inherit = "ar.credit.hold"

    picking_id = fields.Many2one(
        "stock.picking", string="Transfer", readonly=True, index="btree_not_null", ondelete="restrict"
    )

    _pending_picking_uniq = models.UniqueIndex(
        "(picking_id) WHERE state = 'pending'", "This transfer already waits for a credit decision."
    )
    _about_a_document = models.Constraint(
        "CHECK(order_id IS NOT NULL OR move_id IS NOT NULL OR picking_id IS NOT NULL)",
        "A hold is about an order, an invoice or a transfer.",
    )

    # === COMPUTE === #

    @api.depends("picking_id.name")
    def _compute_document_name(self):
        return super()._compute_document_name()

    # === BUSINESS === #

    def _get_document(self):
        """Return the order, the invoice or the transfer the hold is about."""
        self.ensure_one()
        return self.picking_id or super()._get_document()

    @api.model
    def _get_document_field(self, model):
        """Return the name of the field that points to documents of a model."""
        return "picking_id" if model == "stock.picking" else super()._get_document_field(model)

    def _close_past(self):
        """Close also a hold of a transfer that was done or cancelled meanwhile; return whether it was."""
        state = self.picking_id.state
        if state == "done":
            self._release_unneeded()
        elif state == "cancel":
            self._supersede()
        return super()._close_past()

    def _is_delivery_fitting(self):
        """Whether the goods of the order, or of a transfer without one, might leave now."""
        picking = self.sudo().picking_id  # sudo: the scheduled action decides nothing, the rules do
        if not picking:
            return super()._is_delivery_fitting()
        gate = self.env["ar.credit.gate"].sudo()  # sudo: as above
        decision = gate._decide_pickings(picking, preview=True).get(picking.id)
        return not decision or decision.passed

    def _get_news(self):
        """Return what became of the hold; in the log of a transfer without figures, as warehouses read that."""
        if self.picking_id and self.state in ("pending", "blocked"):
            return self.picking_id._get_ar_credit_line(self)
        return super()._get_news()

    def _get_ar_approval_excluded(self):
        """Return who had a part in the document: of a transfer, who made and who prepared it."""
        users = super()._get_ar_approval_excluded()
        picking = self.sudo().picking_id  # sudo: independence is judged on all of it
        return users | picking.create_uid | picking.user_id | picking.move_ids.create_uid

    def _get_ar_approval_team_leader(self):
        """Return the leader of the sales team; a transfer has none."""
        return self.env["res.users"] if self.picking_id else super()._get_ar_approval_team_leader()
