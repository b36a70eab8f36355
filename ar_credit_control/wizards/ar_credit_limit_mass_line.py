from odoo import fields, models


class ArCreditLimitMassLine(models.TransientModel):
    """What a mass change would do to one account."""

    _name = "ar.credit.limit.mass.line"
    _description = "Line of a mass change of credit limits"

    mass_id = fields.Many2one("ar.credit.limit.mass", required=True, ondelete="cascade", index=True)
    account_id = fields.Many2one("ar.credit.account", string="Customer", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="account_id.currency_id")
    control = fields.Selection(related="account_id.control")
    old_limit = fields.Monetary(string="Limit Now")
    new_limit = fields.Monetary()
    skipped = fields.Boolean(help="The customer has no amount that could be raised or lowered.")

    def _is_change(self):
        """Whether the account would get another limit than it has."""
        self.ensure_one()
        if self.account_id.control != "limited":
            return True
        return bool(self.currency_id.compare_amounts(self.new_limit, self.account_id.credit_limit))
