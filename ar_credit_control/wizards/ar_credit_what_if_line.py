from odoo import fields, models

from ..models.ar_credit_rule import OUTCOMES


class ArCreditWhatIfLine(models.TransientModel):
    """What became of one rule."""

    _name = "ar.credit.what.if.line"
    _description = "Rule Tried on an Order"

    wizard_id = fields.Many2one("ar.credit.what.if", required=True, ondelete="cascade")
    rule_id = fields.Many2one("ar.credit.rule", readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    standing = fields.Selection(
        [
            ("met", "Holds"),
            ("not_met", "Does not hold"),
            ("replaced", "Replaced"),
            ("excluded", "Taken out"),
        ],
        string="Result",
        readonly=True,
    )
    by_id = fields.Many2one("ar.credit.rule", string="Because of", readonly=True)
    measured = fields.Char(readonly=True)
