from odoo import fields, models

from ..core.credit_check import Control, Limit


class ResCompany(models.Model):
    """What holds for customers without a credit account of their own."""

    _inherit = "res.company"

    ar_credit_default_control = fields.Selection(
        [("none", "Not Controlled"), ("limited", "Limited"), ("no_credit", "No Credit")],
        string="Customers Without Own Limit",
        default="none",
        required=True,
    )
    ar_credit_default_limit = fields.Monetary(string="Default Limit", default=0.0)

    def _get_ar_credit_default(self):
        """Return the limit of customers without one of their own, in company currency.

        :rtype: ar_credit_control.core.credit_check.Limit
        """
        self.ensure_one()
        amount = self.env["ar.credit.exposure"]._to_decimal(self.currency_id, self.ar_credit_default_limit)
        return Limit(Control(self.ar_credit_default_control or "none"), amount)
