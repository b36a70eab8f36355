from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

OFFLINE_PROVIDERS = ("none", "custom")
"""Provider codes that take no payment online (no provider; wire transfer)."""


class ResCompany(models.Model):
    _inherit = "res.company"

    ar_invoice_qr = fields.Boolean(
        string="QR Code on Invoices",
        default=True,
        help="Customer invoices, and orders that have a payment link, show a QR code that opens a page where the open"
        " amount can be paid.",
    )

    ar_link_on_posting = fields.Boolean(
        string="Links When Posting",
        default=True,
        help="Posting a customer invoice makes its payment link. Otherwise it is made when somebody asks for it or the"
        " invoice is printed.",
    )
    ar_link_expiry_days = fields.Integer(
        string="Links Expire After",
        help="So many days after the due date, or after the link was made if that is later. 0: they do not expire.",
    )
    ar_link_partial = fields.Boolean(
        string="Payments in Part",
        help="Customers may pay less than what is open on invoices; what was due first is paid first.",
    )
    ar_link_partial_minimum = fields.Monetary(
        string="Least Amount", help="The least a customer may pay at a time, unless less is open."
    )
    ar_link_partial_percent = fields.Float(
        string="Least Share (%)", help="The least part of what is open that a customer may pay at a time."
    )

    ar_link_net_credit_notes = fields.Boolean(
        string="Set Off Credit Notes",
        default=True,
        help="A link to everything open of a customer asks for his invoices less his open credit notes, which are"
        " reconciled with the oldest invoices when he pays.",
    )

    @api.constrains("ar_link_expiry_days", "ar_link_partial_minimum", "ar_link_partial_percent")
    def _check_ar_link_policy(self):
        for company in self:
            if company.ar_link_expiry_days < 0 or company.ar_link_partial_minimum < 0:
                raise ValidationError(self.env._("Days and amounts of payment links cannot be negative."))
            if not 0 <= company.ar_link_partial_percent <= 100:
                raise ValidationError(self.env._("The least share is a percentage from 0 to 100."))

    def _ar_link_last_day(self, due_dates):
        """Return the last day of a link made today, False if links do not expire here.

        :param due_dates: of what it pays; empty ones do not count.
        """
        self.ensure_one()
        last_due = max([fields.Date.context_today(self), *filter(None, due_dates)])
        days = self.ar_link_expiry_days
        return last_due + timedelta(days=days) if days else False

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
