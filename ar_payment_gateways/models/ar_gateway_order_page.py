from datetime import timedelta
from urllib.parse import urlsplit

from markupsafe import Markup

from odoo import api, fields, models

from .. import const
from ..core import qr


class ArGatewayOrderPage(models.AbstractModel):
    """What the page of a gateway order shows, and where it leads."""

    _name = "ar.gateway.order.page"
    _description = "Gateway Order: its page"

    @api.model
    def _reusable_domain(self, provider, visitor):
        """Orders at `provider` that can still be shown to a visitor who opens the page now."""
        return [
            ("provider_id", "=", provider.id),
            ("product", "=", provider._ar_gateway_product(visitor.channel(provider.code))),
            ("state", "in", ("draft", "open")),
            ("expires_at", ">", fields.Datetime.now() + timedelta(minutes=const.REUSE_MARGIN_MINUTES)),
            # A code of the test environment is none for a customer, nor is one that another merchant asked for.
            *((name, "=", value) for name, value in provider._ar_gateway_identity().items()),
            *provider._ar_gateway_reusable_domain(visitor),
        ]

    def _send_and_show(self):
        """Send the order; return the path of its page, or None if the gateway wants another number.

        Where the gateway has to know first who pays, the path leads there and nothing is sent yet.
        """
        detour = self.provider_id._ar_gateway_detour(self)
        if detour:
            return detour
        self._send_to_gateway()
        return self._page_url() if self.state != "closed" else None

    def _page_url(self):
        """Return the path of the page that shows this order."""
        self.ensure_one()
        return f"{const.ORDER_ROUTE}/{self.sudo().access_token}"  # sudo: called for whoever opened the order

    def _pay_origin(self):
        """Return where the browser posts `pay_fields` to, for the page's policy (its `form-action`), or ''."""
        if urlsplit(self.pay_url or "").scheme not in ("https", "http"):
            return ""
        return self.provider_id._ar_gateway_form_sources(self.pay_url)

    def _gateway_qr_svg(self):
        """Return the gateway's own code as inline SVG: shown on a screen for minutes, never printed."""
        self.ensure_one()
        return Markup(qr.svg(self.qr_content))  # noqa: S704 squares and numbers only

    def _subject(self):
        documents = self.transaction_id.invoice_ids.mapped("name") or [self.transaction_id.reference]
        return f"{self.company_id.name} {' '.join(documents)}"
