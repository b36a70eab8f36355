"""The public pages of a payment link: small, without login, without anything loaded from elsewhere."""

import json
import logging

import psycopg2

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .. import const
from ..core.link_payment import total
from .limits import PAGES, POLLS, check_rate, note, note_unknown, unknown
from .page import render, speak_browsers_language, visitor

OPEN_CONDITIONS = ("paid", "overpaid", "disputed")
"""Pages about links that have not come to their end by somebody's will; the others are gone (410)."""

_logger = logging.getLogger(__name__)


class PayController(http.Controller):
    """Addresses behind the QR code. GET changes nothing but the log of scans: previews and scanners GET too.

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
            return unknown()
        check_rate(PAGES, link)
        note("opened", link)
        self._book(link)
        return self._landing(link)

    @http.route(
        f"{const.PAY_ROUTE}/<string:token>/start",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def start(self, token, provider_id="", amount=None, **_form):
        """Make the order at the chosen gateway and go to the page that shows its code."""
        speak_browsers_language()
        link = request.env["ar.payment.link"]._by_token(token)
        if not link:
            return unknown()
        self._book(link)
        if link._condition() != "active" or visitor().is_robot:
            return self._landing(link)
        if not note("started", link):
            return self._landing(link, status=429)
        try:
            asked = float(link._amount_to_pay(link._open_items()[link], amount))
            gateways, _others = link._ways_to_pay(asked, exactly=True)
            provider = gateways.filtered(lambda provider: str(provider.id) == provider_id)
            if not provider:
                return self._landing(link, error=request.env._("This way to pay is not available."))
            return request.redirect(link._open_order(provider, visitor(), amount), code=303)
        except UserError as error:
            return self._landing(link, error=str(error), typed=amount)

    @http.route(
        f"{const.PAY_ROUTE}/<string:token>/other",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def other(self, token, amount=None, **_form):
        """Go to Odoo's own payment page, with an address made for what is open at this moment."""
        speak_browsers_language()
        link = request.env["ar.payment.link"]._by_token(token)
        if not link:
            return unknown()
        if not note("started", link):
            return self._landing(link, status=429)
        items = link._open_items()[link] if link._condition() == "active" else ()
        try:
            asked = float(link._amount_to_pay(items, amount))
            link._check_rate()
        except UserError as error:
            return self._landing(link, error=str(error), typed=amount)
        path = items and link._core_payment_path(link._ways_to_pay(asked, exactly=True)[1], items, asked)
        return request.redirect(path, code=303) if path else self._landing(link)

    @http.route(
        f"{const.PAY_ROUTE}/<string:token>/show",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
    )
    def show(self, token, **_query):
        """Show the code of a link on a screen for a customer to scan, until it is paid."""
        speak_browsers_language()
        link = request.env["ar.payment.link"]._by_token(token)
        if not link:
            return unknown()
        check_rate(PAGES, link)
        if link._condition() != "active" or not link.amount_due:
            return self._landing(link)
        values = {
            "link": link,
            "company": link.company_id,
            "amount": link.amount_due,
            "shown": self._shown(link),
        }
        return render("ar_payment_gateways.show_page", values)

    @http.route(
        f"{const.PAY_ROUTE}/<string:token>/state",
        type="jsonrpc",
        auth="public",
        methods=["POST"],
        save_session=False,
    )
    def state(self, token):
        """Tell the page on a counter what it should show; book what was paid meanwhile."""
        link = request.env["ar.payment.link"]._by_token(token)
        if not link:
            note_unknown()
            return {"shown": "unknown"}
        check_rate(POLLS, link)
        for order in link.order_ids.filtered(lambda order: order.state == "open")[:3]:
            order._query_if_due()
        self._book(link)
        link.invalidate_recordset()
        return {"shown": self._shown(link)}

    @http.route(
        f"{const.ORDER_ROUTE}/<string:token>", type="http", auth="public", methods=["GET"], save_session=False
    )
    def order(self, token, **_query):
        """Show a gateway's code, and later the receipt."""
        speak_browsers_language()
        order = request.env["ar.gateway.order"]._by_access_token(token)
        if not order:
            return unknown()
        check_rate(PAGES, order)
        way = order.provider_id._ar_gateway_pay_page(order)
        values = {
            "order": order,
            "way": way,
            "link": order.link_id,
            "bridge": (bridge := order.provider_id._ar_gateway_bridge(order)) and json.dumps(bridge),
            "in_wallet": visitor().wallet == order.provider_id.code,
        }
        return render(
            "ar_payment_gateways.order_page",
            values,
            form_origin=way[1] and order._pay_origin(),
            # WeChat's H5 page takes only visitors who come from the registered domain.
            names_itself=bool(way[0]),
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
            note_unknown()
            return {"state": "unknown"}
        check_rate(POLLS, order)
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

    @classmethod
    def _book(cls, link):
        """Book what was paid through this link a moment ago, so that it is not asked for again."""
        for transaction in link._unbooked():
            cls._post_process(transaction)
            request.env.invalidate_all()

    @staticmethod
    def _shown(link):
        """Return what a page about this link depends on, as a text to compare."""
        return f"{link._condition()} {link.amount_due}"

    @classmethod
    def _landing(cls, link, error=None, typed=None, status=200):
        condition = link._condition()
        if status == 429:
            error = request.env._("Too many attempts. Please try again in a few minutes.")
        values = {"link": link, "company": link.company_id, "error": error, "typed": typed}
        if condition == "active":
            return render("ar_payment_gateways.landing_page", {**values, **cls._offer(link, error)}, status)
        if condition == "overpaid":
            values["credit"] = link._customer_credit()
        status = 200 if condition in OPEN_CONDITIONS else 410
        return render(f"ar_payment_gateways.{condition}_page", values, status=status)

    @staticmethod
    def _offer(link, error):
        """Return what the landing page says: how much for what, who takes it, and whether to go there right away.

        A wallet that has scanned the code goes straight to its own cashier if there is nothing to choose. What its
        browser cannot open is offered for another one.
        """
        items = link._open_items()[link]
        amount = float(total(items))
        gateways, others = link._ways_to_pay(amount)
        who = visitor()
        elsewhere = gateways.filtered(lambda provider: not who.can_open(provider.code))
        gateways -= elsewhere
        own = gateways.filtered(lambda provider: provider.code == who.wallet)
        smallest = link._smallest_part(total(items))
        straight = len(own) == 1 and items and smallest is None and not error and not who.is_robot
        return {
            "amount": amount,
            "smallest": smallest and float(smallest),
            "documents": link._payable_documents(items),
            "credit_notes": link._credit_notes(items),
            "elsewhere": elsewhere,
            "gateways": own | gateways,
            "straight": straight and own,
            "others": link._core_payment_path(others, items, amount) and others,
        }
