from odoo import api, fields, models
from odoo.exceptions import AccessError


class PaymentTransactionLink(models.AbstractModel):
    """From which payment link a transaction was begun: its rules hold with any provider."""

    _name = "payment.transaction.link"
    _description = "Transaction of a payment link"

    ar_link_id = fields.Many2one(
        "ar.payment.link",
        "Payment Link",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="ar_payment_gateways.group_user,ar_payment_gateways.group_auditor",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Take the link from the machinery only; a default_... key is anybody's."""
        for vals in vals_list:
            self._ar_check_link(vals)
        context = {key: value for key, value in self.env.context.items() if key != "default_ar_link_id"}
        plain = self.with_env(self.env(context=context))
        return super(PaymentTransactionLink, plain).create(vals_list)

    def write(self, vals):
        """Refuse to move a payment to another link."""
        self._ar_check_link(vals)
        return super().write(vals)

    def _ar_check_link(self, vals):
        if "ar_link_id" in vals and not self.env.su:
            raise AccessError(
                self.env._("Which payment link a payment came through is not for users to say.")
            )
