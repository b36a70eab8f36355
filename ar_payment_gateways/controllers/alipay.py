"""What Alipay's servers, and Odoo's own payment form, send us."""

import logging

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .. import const
from ..core.form import parse_form

_logger = logging.getLogger(__name__)

ACCEPTED = "success"
"""The seven characters that end Alipay's retries (opendocs 194/103296)."""

REFUSED = "fail"


class AlipayController(http.Controller):
    """Routes of the provider `alipay`."""

    @http.route(
        f"{const.NOTIFY_ROUTE}/<int:provider_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=const.NOTIFICATION_MAX_BYTES,
        raw_body=True,
    )
    def notify(self, provider_id, **_data):
        """Take a notification. Only the body counts: a query string could smuggle in other fields."""
        accepted = False
        form = parse_form(request.httprequest.get_data())
        if form and not request.httprequest.query_string:
            orders = request.env["ar.gateway.order"]
            accepted = orders._receive_alipay(provider_id, form.fields, form.charset)
        return request.make_response(
            ACCEPTED if accepted else REFUSED, headers=[("Content-Type", "text/plain; charset=utf-8")]
        )

    @http.route(
        const.CHECKOUT_ROUTE, type="http", auth="public", methods=["POST"], csrf=False, save_session=False
    )
    def checkout(self, transaction_id="", access_token="", **_form):
        """Go from Odoo's payment form to the page with the code.

        The access token is made for this transaction by `_get_specific_rendering_values`; nothing else is trusted.
        """
        # sudo: the access token is the permission
        transaction = request.env["payment.transaction"].sudo()
        transaction = transaction.browse(int(transaction_id) if transaction_id.isdecimal() else 0).exists()
        if transaction.provider_code != "alipay" or not payment_utils.check_access_token(
            access_token, "ar_checkout", transaction.id, transaction.reference
        ):
            return request.not_found()
        PaymentPostProcessing.monitor_transaction(transaction)
        try:
            return request.redirect(transaction._ar_open_order(), code=303)
        except UserError as error:
            _logger.warning("Transaction %s: no code: %s", transaction.reference, error)
            transaction._set_error(str(error))
            return request.redirect("/payment/status", code=303)
