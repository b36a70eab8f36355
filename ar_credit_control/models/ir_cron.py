from odoo import models


class IrCron(models.Model):
    """A scheduled action has nobody to show a refusal of the credit check to: it becomes a hold."""

    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id):
        """Run the action as a machine (ar_credit_edge.py)."""
        with self.env["ar.credit.edge"]._machine():
            return super()._callback(cron_name, server_action_id)
