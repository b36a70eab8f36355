from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Settings of the credit check."""

    _inherit = "res.config.settings"

    ar_credit_default_control = fields.Selection(
        related="company_id.ar_credit_default_control", readonly=False
    )
    ar_credit_default_limit = fields.Monetary(related="company_id.ar_credit_default_limit", readonly=False)
