from odoo import fields, models


class ArCreditHoldAsk(models.TransientModel):
    """Asks for another decision on what was rejected; nobody is asked twice by merely pressing Confirm again."""

    _name = "ar.credit.hold.ask"
    _description = "Ask Again After a Rejection"

    hold_id = fields.Many2one("ar.credit.hold", string="Credit Hold", required=True, readonly=True)
    note = fields.Text(required=True, help="Kept with the request, for whoever decides.")

    def action_ask(self):
        """Log who asks, and why, and take the step that was held once more: it files a new hold, or passes.

        :raise AccessError: the user may not see the hold, or not take the step.
        :raise UserError: the hold does not end with a rejection.
        """
        self.ensure_one()
        hold = self.hold_id
        hold.check_access("read")
        hold._ask_again(self.note)
        order, move = hold.order_id.exists(), hold.move_id.exists()
        if hold.check_point in ("confirm", "manual") and order.state in ("draft", "sent"):
            return order.action_confirm_or_hold()
        if move.state == "draft":
            return move.action_post_or_hold()
        return hold.action_open_order()
