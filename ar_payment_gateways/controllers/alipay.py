"""The way back from Alipay's cashier."""

import logging

from odoo import http
from odoo.http import request

from .. import const
from .limits import unknown

_logger = logging.getLogger(__name__)


class AlipayController(http.Controller):
    """One stop: the cashier sends the browser here, from another site."""

    @http.route(
        f"{const.ALIPAY_RETURN_ROUTE}/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        readonly=False,
    )
    def back(self, token, **_query):
        """Go to the order's page, which asks Alipay itself.

        What the browser brings along says nothing about whether it was paid. If Alipay has signed it, Alipay is asked
        at once; else whoever comes here gets to see the page, no more.
        """
        order = request.env["ar.gateway.order"]._by_access_token(token)
        if order.provider_id.code != "alipay":
            return unknown()
        if order.provider_id._alipay_is_return(order, request.httprequest.query_string):
            order._query_if_due()
        else:
            _logger.warning("Order %s: came back without a valid signature of Alipay's.", order.name)
        return request.redirect(order._page_url(), code=303)
