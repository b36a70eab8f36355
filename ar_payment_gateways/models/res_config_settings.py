from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    ar_invoice_qr = fields.Boolean(related="company_id.ar_invoice_qr", readonly=False)
    ar_link_on_posting = fields.Boolean(related="company_id.ar_link_on_posting", readonly=False)
    ar_link_expiry_days = fields.Integer(related="company_id.ar_link_expiry_days", readonly=False)
    ar_link_partial = fields.Boolean(related="company_id.ar_link_partial", readonly=False)
    ar_link_partial_minimum = fields.Monetary(
        related="company_id.ar_link_partial_minimum",
        readonly=False,
        currency_field="currency_id",
    )
    ar_link_partial_percent = fields.Float(related="company_id.ar_link_partial_percent", readonly=False)
    ar_link_net_credit_notes = fields.Boolean(related="company_id.ar_link_net_credit_notes", readonly=False)
