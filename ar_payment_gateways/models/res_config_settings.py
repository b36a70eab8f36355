from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    ar_invoice_qr = fields.Boolean(related="company_id.ar_invoice_qr", readonly=False)
