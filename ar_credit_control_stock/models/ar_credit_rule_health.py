from odoo import api, models

from odoo.addons.ar_credit_control.core.rule import CheckPoint


class ArCreditRuleHealth(models.AbstractModel):
    """With a warehouse, goods that leave without an order are a way past the limit as well."""

    _inherit = "ar.credit.rule.health"

    @api.model
    def _get_unasked(self):
        """Return what to say where no rule is asked at a check point that takes a customer past the limit."""
        told = self.env._("No active rule is asked when goods leave for a customer.")
        return super()._get_unasked() | {CheckPoint.DELIVERY: told}
