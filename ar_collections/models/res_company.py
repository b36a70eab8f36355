from odoo import fields, models


class ResCompany(models.Model):
    """The company's default for reminders."""

    _inherit = "res.company"

    ar_dunning_policy_id = fields.Many2one(
        "ar.dunning.policy",
        "Dunning Policy",
        domain="[('company_id', 'in', [id, False])]",
        default=lambda self: self.env.ref("ar_collections.dunning_policy_standard", raise_if_not_found=False),
    )
