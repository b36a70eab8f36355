from odoo import fields, models
from odoo.exceptions import UserError


class ArPaymentQr(models.AbstractModel):
    """A document whose form shows the code of the link that pays it."""

    _name = "ar.payment.qr"
    _description = "Document with a payment code"

    ar_payment_qr = fields.Html(
        "Payment QR Code", compute="_compute_ar_payment_qr", compute_sudo=True, sanitize=False
    )
    ar_payment_url = fields.Char("Payment Address", compute="_compute_ar_payment_qr", compute_sudo=True)

    def _compute_ar_payment_qr(self):
        """Show the code of the link that exists; making one is not the business of looking at a document."""
        for document in self:
            link = document._ar_carried_link() if document._origin else self.env["ar.payment.link"]
            document.ar_payment_qr = link._qr_svg() if link else False
            document.ar_payment_url = link.url if link else False

    def _ar_carried_link(self):
        """Return the link whose code this document carries, or nothing."""
        raise NotImplementedError

    def action_ar_show_payment_qr(self):
        """Open the page for a counter: the code, large, until it is paid.

        :raise UserError: if it was paid or withdrawn meanwhile.
        """
        self.ensure_one()
        # A computed field of a record one may not read is computed all the same.
        self.check_access("read")
        if not self.ar_payment_url:
            raise UserError(self.env._("There is nothing to pay here any more."))
        return {"type": "ir.actions.act_url", "url": f"{self.ar_payment_url}/show", "target": "new"}
