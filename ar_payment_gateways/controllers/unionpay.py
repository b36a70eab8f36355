"""The way back from UnionPay's cashier."""

from odoo import http
from odoo.http import request

from .. import const
from .limits import unknown


class UnionpayController(http.Controller):
    """One stop: the cashier posts the browser here, from another site, so without our cookies."""

    @http.route(
        f"{const.UNIONPAY_RETURN_ROUTE}/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        csrf=False,
        save_session=False,
        max_content_length=const.NOTIFICATION_MAX_BYTES,
    )
    def back(self, token, **_form):
        """Go to the order's page. What the browser brings along is not even read: the page asks UnionPay itself."""
        order = request.env["ar.gateway.order"]._by_access_token(token)
        if not order:
            return unknown()
        return request.redirect(order._page_url(), code=303)
