"""The public pages of a payment link: small, without login, without anything loaded from elsewhere."""

import logging

import psycopg2

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .. import const
from ..core.languages import pick_language
from ..core.visitor import Visitor

_logger = logging.getLogger(__name__)

SECURITY_HEADERS = {
    # Nothing inline, nothing foreign: a name or a number that slips through unescaped can do no harm.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def speak_browsers_language():
    """Answer this request in the language of the browser: for the page, and for what is said while working on it."""
    installed = [code for code, _name in request.env["res.lang"].get_installed()]
    lang = pick_language(request.httprequest.accept_languages.values(), installed)
    request.update_context(lang=lang)


def visitor():
    """Return who sends this request."""
    return Visitor(
        user_agent=request.httprequest.user_agent.string, address=request.httprequest.remote_addr or ""
    )


def render(template, values, status=200, form_origin="", names_itself=False):
    """Render a public page, with the headers every such page has.

    :param form_origin: where a form of this page may post to, besides ourselves.
    :param names_itself: whether its links tell where they are followed from: the host, never the rest of the address.
    """
    values = {**values, "html_lang": request.env.lang.replace("_", "-")}
    html = request.env["ir.qweb"]._render(template, values)
    headers = dict(SECURITY_HEADERS)
    if form_origin:
        policy = headers["Content-Security-Policy"]
        headers["Content-Security-Policy"] = policy.replace("form-action ", f"form-action {form_origin} ")
    if names_itself:
        headers["Referrer-Policy"] = "origin"
    return request.make_response(html, headers=list(headers.items()), status=status)


class PayController(http.Controller):
    """Addresses behind the QR code. GET changes nothing but the count of scans: previews and scanners GET too.

    The POST routes take no CSRF token: the token in the address is all the authority there is, a session adds none,
    and browsers inside apps often keep no cookies.
    """

    @http.route(
        f"{const.PAY_ROUTE}/<string:token>", type="http", auth="public", methods=["GET"], save_session=False
    )
    def landing(self, token, **_query):
        """Show what is open now and how to pay it."""
        speak_browsers_language()
        link = request.env["ar.payment.link"]._by_token(token)
        if not link:
            return self._unknown()
        link._count_scan()
        return self._landing(link)

    @http.route(
        f"{const.PAY_ROUTE}/<string:token>/start",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def start(self, token, provider_id="", **_form):
        """Make the order at the chosen gateway and go to the page that shows its code."""
        speak_browsers_language()
        link = request.env["ar.payment.link"]._by_token(token)
        if not link:
            return self._unknown()
        if link.state != "active":
            return self._landing(link)
        gateways, _others = link._ways_to_pay(exactly=True)
        provider = gateways.filtered(lambda provider: str(provider.id) == provider_id)
        if not provider:
            return self._landing(link, error=request.env._("This way to pay is not available."))
        try:
            return request.redirect(link._open_order(provider, visitor()), code=303)
        except UserError as error:
            return self._landing(link, error=str(error))

    @http.route(
        f"{const.PAY_ROUTE}/<string:token>/other",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def other(self, token, **_form):
        """Go to Odoo's own payment page, with an address made for what is open at this moment."""
        speak_browsers_language()
        link = request.env["ar.payment.link"]._by_token(token)
        path = link and link.state == "active" and link._core_payment_path(link._ways_to_pay(exactly=True)[1])
        if not path:
            return self._landing(link) if link else self._unknown()
        return request.redirect(path, code=303)

    @http.route(
        f"{const.ORDER_ROUTE}/<string:token>", type="http", auth="public", methods=["GET"], save_session=False
    )
    def order(self, token, **_query):
        """Show a gateway's code, and later the receipt."""
        speak_browsers_language()
        order = request.env["ar.gateway.order"]._by_access_token(token)
        if not order:
            return self._unknown()
        values = {
            "order": order,
            "link": order.link_id,
            "bridge": order.provider_id._ar_gateway_bridge(order),
            "in_wallet": visitor().wallet == order.provider_id.code,
        }
        return render(
            "ar_payment_gateways.order_page",
            values,
            form_origin=order.pay_fields and order._pay_origin(),
            # WeChat's H5 page takes only visitors who come from the registered domain.
            names_itself=bool(order.pay_url),
        )

    @http.route(
        f"{const.ORDER_ROUTE}/<string:token>/status",
        type="jsonrpc",
        auth="public",
        methods=["POST"],
        save_session=False,
    )
    def status(self, token):
        """Tell a waiting page how its order stands; ask the gateway if it is time to, and book what was paid."""
        order = request.env["ar.gateway.order"]._by_access_token(token)
        if not order:
            return {"state": "unknown"}
        order._query_if_due()
        self._post_process(order.transaction_id)
        return {"state": order.state}

    @staticmethod
    def _post_process(transaction):
        """Book a confirmed payment right away; what goes wrong here is done again by core's cron."""
        if transaction.state != "done" or transaction.is_post_processed:
            return
        try:
            with request.env.cr.savepoint():
                transaction._post_process()
        except psycopg2.OperationalError:
            raise  # a conflict with the cron: the dispatcher runs the request again
        # Whatever is wrong with the booking, the customer has paid and must not see an error.
        except Exception:
            _logger.exception("Transaction %s could not be booked yet.", transaction.reference)

    @staticmethod
    def _landing(link, error=None):
        values = {"link": link, "company": link.company_id, "error": error}
        if link.state == "active":
            gateways, others = link._ways_to_pay()
            values.update(gateways=gateways, others=link._core_payment_path(others) and others)
            return render("ar_payment_gateways.landing_page", values)
        if link.state == "paid":
            return render("ar_payment_gateways.paid_page", {**values, "credit": link._customer_credit()})
        return render(f"ar_payment_gateways.{link.state}_page", values, status=410)

    @staticmethod
    def _unknown():
        return render("ar_payment_gateways.unknown_page", {}, status=404)
