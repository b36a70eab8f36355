from odoo import api, fields, models


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

    # Limits: how they end and who may move them
    ar_credit_expiry_rule = fields.Selection(related="company_id.ar_credit_expiry_rule", readonly=False)
    ar_credit_decrease_free = fields.Boolean(related="company_id.ar_credit_decrease_free", readonly=False)
    ar_credit_raiser_days = fields.Integer(related="company_id.ar_credit_raiser_days", readonly=False)
    # Rules and check points
    ar_credit_health = fields.Text(compute="_compute_ar_credit_health")
    ar_credit_prepaid_free = fields.Boolean(related="company_id.ar_credit_prepaid_free", readonly=False)
    ar_credit_recheck_days = fields.Integer(related="company_id.ar_credit_recheck_days", readonly=False)
    ar_credit_recheck_tolerance = fields.Float(
        related="company_id.ar_credit_recheck_tolerance", readonly=False
    )

    @api.depends("company_id", "ar_credit_default_control")
    def _compute_ar_credit_health(self):
        for settings in self:
            settings.ar_credit_health = "\n".join(self.env["ar.credit.rule"]._get_health(settings.company_id))

    # Approvals
    ar_credit_tolerance_percent = fields.Float(
        related="company_id.ar_credit_tolerance_percent", readonly=False
    )
    ar_credit_validity_days = fields.Integer(related="company_id.ar_credit_validity_days", readonly=False)
