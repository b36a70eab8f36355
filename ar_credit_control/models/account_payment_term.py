from odoo import fields, models

METHODS = [
    ("advance", "Payment in Advance"),
    ("lc", "Letter of Credit (L/C)"),
    ("dp", "Documents against Payment (D/P)"),
    ("da", "Documents against Acceptance (D/A)"),
    ("oa", "Open Account (O/A)"),
]


class AccountPaymentTerm(models.Model):
    """Payment terms say also how money is had for documents and goods, which credit covers look at."""

    _inherit = "account.payment.term"

    ar_settlement_method = fields.Selection(
        METHODS,
        string="Settlement Method",
        help="How money is had for documents and goods. A credit cover may allow only the safer ones. Empty: open"
        " account.",
    )
