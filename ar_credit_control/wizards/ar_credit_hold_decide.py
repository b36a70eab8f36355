from odoo import fields, models


class ArCreditHoldDecide(models.TransientModel):
    """Asks for the comment of a decision; the decision itself is checked by the hold."""

    _name = "ar.credit.hold.decide"
    _description = "Decide on Credit Holds"

    hold_ids = fields.Many2many("ar.credit.hold", required=True, readonly=True)
    decision = fields.Selection([("approve", "Approve"), ("reject", "Reject")], required=True)
    comment = fields.Text()

    def action_decide(self):
        """Take the decision on all the holds."""
        self.ensure_one()
        if self.decision == "approve":
            answer = self.hold_ids.action_approve(self.comment)
        else:
            answer = self.hold_ids.action_reject(self.comment)
        return answer if isinstance(answer, dict) else {"type": "ir.actions.act_window_close"}
