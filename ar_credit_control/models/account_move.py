from odoo import models


class AccountMove(models.Model):
    """Keep Odoo's own credit warning from contradicting ours."""

    _inherit = "account.move"

    def _compute_partner_credit_warning(self):
        """Silence Odoo's warning for customers under our control: the two count differently."""
        result = super()._compute_partner_credit_warning()
        warned = self.filtered("partner_credit_warning")
        pairs = {(move.commercial_partner_id._origin.id, move.company_id.id) for move in warned}
        limits = self.env["ar.credit.account"]._get_limits(pairs) if pairs else {}
        for move in warned:
            if limits[move.commercial_partner_id._origin.id, move.company_id.id].is_checked:
                move.partner_credit_warning = ""
        return result
