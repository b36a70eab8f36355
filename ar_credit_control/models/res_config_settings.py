from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Settings of the credit check."""

    _inherit = "res.config.settings"

    ar_credit_default_control = fields.Selection(
        related="company_id.ar_credit_default_control", readonly=False
    )
    ar_credit_default_limit = fields.Monetary(related="company_id.ar_credit_default_limit", readonly=False)
    ar_credit_payments_counted = fields.Selection(
        related="company_id.ar_credit_payments_counted", readonly=False
    )
    ar_credit_net_credits = fields.Boolean(related="company_id.ar_credit_net_credits", readonly=False)
    ar_credit_horizon_days = fields.Integer(related="company_id.ar_credit_horizon_days", readonly=False)
    ar_credit_grace_days = fields.Integer(related="company_id.ar_credit_grace_days", readonly=False)
    # Approvals
    ar_credit_tolerance_percent = fields.Float(
        related="company_id.ar_credit_tolerance_percent", readonly=False
    )
    ar_credit_validity_days = fields.Integer(related="company_id.ar_credit_validity_days", readonly=False)
