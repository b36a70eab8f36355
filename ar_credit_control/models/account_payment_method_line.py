from odoo import fields, models

from .res_company import PAYMENTS_COUNTED


class AccountPaymentMethodLine(models.Model):
    """When payments by this method lower the exposure."""

    _inherit = "account.payment.method.line"

    ar_credit_counted = fields.Selection(
        [("company", "As the Company"), *PAYMENTS_COUNTED],
        string="Counts for Credit",
        default="company",
        help="Bills of exchange and cheques should count when in the bank only: until then they may bounce.",
    )
