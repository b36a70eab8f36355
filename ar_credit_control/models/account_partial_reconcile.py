from odoo import api, models


class AccountPartialReconcile(models.Model):
    """Matching cash with invoices may let held orders go."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """Match, and look again at what waits for credit of these customers."""
        partials = super().create(vals_list)
        partners = partials.debit_move_id.partner_id | partials.credit_move_id.partner_id
        self.env["ar.credit.hold"]._trigger_recheck(partners.commercial_partner_id)
        return partials
