from odoo import fields, models

OFFLINE_PROVIDERS = ("none", "custom")
"""Provider codes that take no payment online (no provider; wire transfer)."""


class ResCompany(models.Model):
    _inherit = "res.company"

    ar_invoice_qr = fields.Boolean(
        string="QR Code on Invoices",
        default=True,
        help="Customer invoices show a QR code that opens a page where the open amount can be paid.",
    )

    def _ar_shows_payment_qr(self):
        """Tell whether invoices of this company carry a QR code: switched on, and somebody there to take the money.

        :rtype: bool
        """
        self.ensure_one()
        if not self.ar_invoice_qr:
            return False
        # sudo: whether a provider exists is no secret; salesmen may not read providers.
        providers = self.env["payment.provider"].sudo()
        return bool(
            providers.search_count(
                [
                    *providers._check_company_domain(self),
                    ("state", "in", ("enabled", "test")),
                    ("code", "not in", OFFLINE_PROVIDERS),
                ],
                limit=1,
            )
        )
