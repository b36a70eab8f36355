from odoo import fields, models


class ArCreditReasonCode(models.Model):
    """A word for why somebody held, approved or rejected, so that decisions can be counted."""

    _name = "ar.credit.reason.code"
    _inherit = ["ar.credit.shared.setting"]
    _description = "Credit Reason Code"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    for_hold = fields.Boolean(string="For Holds by Hand")
    for_approval = fields.Boolean(string="For Approvals")
    for_rejection = fields.Boolean(string="For Rejections")
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")
