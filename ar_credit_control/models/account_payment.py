from odoo import models


class AccountPayment(models.Model):
    """The index that the measurement of payments in process reads."""

    _inherit = "account.payment"

    _ar_credit_in_process_idx = models.Index("(partner_id) WHERE is_matched IS NOT TRUE")
