from odoo import fields, models


class ArRiskClass(models.Model):
    """A band of risk that credit managers put customers into; rules and approvals look at it."""

    _name = "ar.risk.class"
    _inherit = ["ar.credit.shared.setting"]
    _description = "Risk Class"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    active = fields.Boolean(default=True)

    _name_uniq = models.Constraint("UNIQUE(name)", "There is a risk class of this name already.")

    def _filtered_shared(self):
        """Return all: classes belong to no company."""
        return self
