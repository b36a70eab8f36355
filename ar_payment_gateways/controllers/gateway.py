"""What the gateways' servers, and Odoo's own payment form, send us."""

import logging

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .. import const
from .page import visitor

_logger = logging.getLogger(__name__)

CODE = f"<any({', '.join(const.AR_GATEWAYS)}):code>"


class GatewayController(http.Controller):
    """Routes of all our providers; the code in the address says whose."""

    @http.route(
        f"{const.NOTIFY_ROUTE % CODE}/<int:provider_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=const.NOTIFICATION_MAX_BYTES,
        raw_body=True,
    )
    def notify(self, code, provider_id, **_data):
        """Take a notification. Only the body counts: a query string could smuggle in other fields."""
        body = b"" if request.httprequest.query_string else request.httprequest.get_data()
        answer = request.env["ar.gateway.order"]._receive(
            code, provider_id, body, request.httprequest.headers
        )
        return request.make_response(
            answer.body, headers=[("Content-Type", answer.content_type)], status=answer.status
        )

    @http.route(
        const.CHECKOUT_ROUTE % CODE,
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def checkout(self, code, transaction_id="", access_token="", **_form):
        """Go from Odoo's payment form to the page with the code.

        The access token is made for this transaction by `_get_specific_rendering_values`; nothing else is trusted.
        """
        # sudo: the access token is the permission
        transaction = request.env["payment.transaction"].sudo()
        transaction = transaction.browse(int(transaction_id) if transaction_id.isdecimal() else 0).exists()
        if transaction.provider_code != code or not payment_utils.check_access_token(
            access_token, "ar_checkout", transaction.id, transaction.reference
        ):
            return request.not_found()
        PaymentPostProcessing.monitor_transaction(transaction)
        try:
            return request.redirect(transaction._ar_open_order(visitor()), code=303)
        except UserError as error:
            _logger.warning("Transaction %s: no code: %s", transaction.reference, error)
            transaction._ar_refuse(str(error))
            return request.redirect("/payment/status", code=303)
