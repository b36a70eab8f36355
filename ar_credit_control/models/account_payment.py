from odoo import models


class AccountPayment(models.Model):
    """Cash that arrives may let held orders go, also without a journal entry; and the index that it is read by."""

    _inherit = "account.payment"

    _ar_credit_in_process_idx = models.Index("(partner_id) WHERE is_matched IS NOT TRUE")

    def write(self, vals):
        """Write, and look again at what waits for credit of customers whose payment is registered by that.

        One with a journal entry sets that going as well (`account.move`); one without counts from here on.
        """
        result = super().write(vals)
        if vals.get("state") in ("in_process", "paid"):
            received = self.filtered(lambda payment: payment.payment_type == "inbound")
            self.env["ar.credit.hold"]._trigger_recheck(received.partner_id.commercial_partner_id)
        return result
