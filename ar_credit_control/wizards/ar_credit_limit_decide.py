from odoo import fields, models


class ArCreditLimitDecide(models.TransientModel):
    """Asks for the comment of a decision; the decision itself is checked by the limit change."""

    _name = "ar.credit.limit.decide"
    _description = "Decide on Limit Changes"

    change_ids = fields.Many2many("ar.credit.limit.change", required=True, readonly=True)
    decision = fields.Selection([("approve", "Approve"), ("reject", "Reject")], required=True)
    comment = fields.Text()

    def action_decide(self):
        """Take the decision on all the changes."""
        self.ensure_one()
        if self.decision == "approve":
            self.change_ids.action_approve(self.comment)
        else:
            self.change_ids.action_reject(self.comment)
        return {"type": "ir.actions.act_window_close"}
