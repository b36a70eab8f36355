"""Paying what a link asks for with any provider Odoo has: on Odoo's own payment form."""

from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.http import request

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers.portal import PaymentPortal

from .. import const
from .limits import PAGES, check_rate, note, note_unknown, unknown

HEADERS = {
    # Odoo's form runs its own scripts and those of providers, and posts to them: that much cannot be narrowed here.
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    # The address holds the link's token, and the page loads the scripts of providers: they learn our host only.
    "Referrer-Policy": "origin",
    "X-Robots-Tag": "noindex, nofollow",
}


class OtherProviders(PaymentPortal):
    """Odoo's payment form for a link: one invoice, several, an order or a part of it.

    The link's token is all the authority there is, and all that the browser gets. Odoo's own addresses for this would
    hand more to whoever has photographed the code: an order's portal key (its lines and messages, accepting and
    declining it), or a signature with which the same is to be had of every invoice of this customer.
    """

    @http.route(
        f"{const.PAY_ROUTE}/<string:token>/form",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def ar_link_form(self, token, amount=None, **_query):
        """Show Odoo's payment form for what is open at this moment.

        :param str amount: a part of it, where parts may be paid.
        """
        link = request.env["ar.payment.link"]._by_token(token)
        if not link:
            return unknown()
        check_rate(PAGES, link)
        try:
            values = link._other_payment_values(amount)
        except UserError:  # the link's own page says what is the matter
            return request.redirect(f"{const.PAY_ROUTE}/{token}", code=303)
        partner, currency = values["documents"]["partner_id"], link.currency_id.id
        response = self.payment_pay(
            reference=values["reference"],
            amount=values["amount"],
            currency_id=currency,
            partner_id=partner,
            company_id=link.company_id.id,
            # Made and used here; the form gets the link's token in its place, see below.
            access_token=payment_utils.generate_access_token(partner, values["amount"], currency),
            ar_link=link,
        )
        response.headers.update(HEADERS)
        return response

    def _get_extra_payment_form_values(self, ar_link=None, **kwargs):
        """Override of `payment`: have the form of a link make its transaction at our address."""
        # From outside it is a text, and no link.
        if not hasattr(ar_link, "_other_payment_values"):
            return super()._get_extra_payment_form_values(**kwargs)
        path = f"{const.PAY_ROUTE}/{ar_link.token}"
        values = {
            **super()._get_extra_payment_form_values(**kwargs),
            "transaction_route": f"{path}/transaction",
            "landing_route": path,
            "access_token": ar_link.token,
        }
        if not self._ar_is_customer(ar_link):
            # Cards the customer has saved are not for whoever holds a piece of paper.
            values["tokens_sudo"] = request.env["payment.token"]
            values["show_tokenize_input_mapping"] = dict.fromkeys(kwargs["providers_sudo"].ids, False)
        return values

    @http.route(f"{const.PAY_ROUTE}/<string:token>/transaction", type="jsonrpc", auth="public")
    def ar_link_transaction(self, token, amount=None, access_token=None, **kwargs):
        """Make the draft transaction for what is open at this moment; return what the form needs to go on.

        :param float amount: that the form has shown; nobody is charged another one.
        :raise ValidationError: if that is not what can be paid now, or not with this provider.
        """
        link = request.env["ar.payment.link"]._by_token(token)
        if not link:
            note_unknown()
            return {"state": "unknown"}  # an error would undo the note
        self._validate_transaction_kwargs(kwargs)
        if not note("started", link):
            raise ValidationError(request.env._("Too many attempts. Please try again in a few minutes."))
        link._count_attempt()  # from here on, attempts on one link follow each other
        link._check_rate()
        shown = self._cast_as_float(amount) or 0.0
        values = link._other_payment_values(f"{shown:.{link.currency_id.decimal_places}f}")
        if link.currency_id.compare_amounts(values["amount"], shown) != 0:
            raise ValidationError(
                request.env._("What is open has changed meanwhile. Please open the link again.")
            )
        is_customer = self._ar_is_customer(link)
        provider_id = self._cast_as_int(kwargs.get("provider_id"))
        if provider_id not in values["providers"].ids or (kwargs.get("flow") == "token" and not is_customer):
            raise ValidationError(request.env._("This way to pay is not available."))
        transaction = self._create_transaction(
            provider_id=provider_id,
            payment_method_id=kwargs.get("payment_method_id"),
            token_id=kwargs.get("token_id"),
            flow=kwargs.get("flow"),
            tokenization_requested=is_customer and kwargs.get("tokenization_requested"),
            amount=values["amount"],
            currency_id=link.currency_id.id,
            partner_id=values["documents"]["partner_id"],
            landing_route=f"{const.PAY_ROUTE}/{link.token}",
            reference_prefix=values["reference"],
            custom_create_values=values["documents"],
        )
        return transaction._get_processing_values()

    @staticmethod
    def _ar_is_customer(link):
        """Tell whether the customer himself is logged in."""
        user = request.env.user
        return (
            not user._is_public()
            and user.partner_id.commercial_partner_id == link.partner_id.commercial_partner_id
        )
