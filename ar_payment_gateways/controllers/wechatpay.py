"""The way through WeChat that tells us who pays in its browser."""

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .. import const
from .limits import unknown
from .page import speak_browsers_language


class WechatpayController(http.Controller):
    """Two stops: on the way to WeChat, and back. The token of the order, then its state, are all the authority."""

    @http.route(
        f"{const.WECHATPAY_AUTHORIZE_ROUTE}/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        readonly=False,
    )
    def authorize(self, token, **_query):
        """Send the visitor to WeChat, to come back with a code."""
        order = request.env["ar.gateway.order"]._by_access_token(token)
        if not order:
            return unknown()
        url = order._ask_payer()
        if not url:  # he has been there before
            return request.redirect(order._page_url(), code=303)
        return request.redirect(url, code=303, local=False)

    @http.route(
        const.WECHATPAY_OPENID_ROUTE,
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        readonly=False,
    )
    def openid(self, code="", state="", **_query):
        """Take the visitor back, and show him the page where he pays."""
        speak_browsers_language()
        order = request.env["ar.gateway.order"]._by_openid_state(state) if state else None
        if not order:
            return unknown()
        try:
            path = order._learn_payer(code, state)
        except UserError:
            path = None  # the landing page lets him try again
        if not path:
            path = f"{const.PAY_ROUTE}/{order.link_id.token}" if order.link_id else "/payment/status"
        return request.redirect(path, code=303)
