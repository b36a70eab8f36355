from odoo import fields, models


class ArPaymentLinkMakeLine(models.TransientModel):
    """A link that would be made, as a preview: what is made is computed again from the documents."""

    _name = "ar.payment.link.make.line"
    _description = "Line of making payment links"

    make_id = fields.Many2one("ar.payment.link.make", required=True, ondelete="cascade", index=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    documents = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary("Asked for Now", readonly=True)
