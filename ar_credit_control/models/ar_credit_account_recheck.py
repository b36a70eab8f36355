from odoo import models

LIMIT_FIELDS = {"control", "credit_limit", "status", "group_id"}


class ArCreditAccount(models.Model):
    """A changed limit may let held orders go."""

    _inherit = "ar.credit.account"

    def write(self, vals):
        """Write, and look again at what waits for credit of these customers."""
        result = super().write(vals)
        if LIMIT_FIELDS & set(vals):
            self.env["ar.credit.hold"]._trigger_recheck(self.partner_id)
        return result
