from odoo import models


class AccountMoveLine(models.Model):
    """The index that the measurement of open items reads."""

    _inherit = "account.move.line"

    _ar_credit_open_idx = models.Index(
        "(partner_id, company_id, account_id) INCLUDE (amount_residual, date_maturity, date)"
        " WHERE parent_state = 'posted' AND amount_residual <> 0"
    )
