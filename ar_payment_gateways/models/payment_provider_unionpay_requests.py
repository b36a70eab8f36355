from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from ..core import unionpay_certificates, unionpay_gateway, unionpay_merchant, unionpay_requests
from ..core.unionpay_form import encode
from ..core.unionpay_signing import RefusedMessageError, sign_request

_logger = get_payment_logger(__name__)


class PaymentProviderUnionpayRequests(models.AbstractModel):
    """UnionPay: requests and their answers, and the certificates that those are checked with."""

    _name = "payment.provider.unionpay.requests"
    _inherit = ["payment.provider.gateway"]
    _description = "Payment gateway: requests to UnionPay"

    # === REQUESTS === #

    def _unionpay_call(self, path, content, *, record=None):
        """Call UnionPay and return the verified fields of its answer.

        :param str path: of core.unionpay_requests.
        :param dict content: the fields before signing.
        :param record: the ar.gateway.order or ar.gateway.refund it is about, which keeps the exchange.
        :return: a refusal is an answer too: look at `respCode`.
        :rtype: dict
        :raise ValidationError: if there is no answer, or none that UnionPay has signed: then nothing is known.
        """
        with self._ar_gateway_exchange(record, self._unionpay_operation(path, content), content) as kept:
            kept["answer"], _moment = self._unionpay_send(
                path, content, reference=record and record.transaction_id.reference
            )
            return kept["answer"]

    def _unionpay_send(self, path, content, reference=None):
        """Return the fields of an answer, and when it was sent by the gateway's clock (None if it does not say)."""
        self.ensure_one()
        body = encode(self._unionpay_sign(content))
        operation = self._unionpay_operation(path, content)
        try:
            return self._send_api_request(
                "POST",
                path,
                data=body,
                reference=reference,
                unionpay_operation=operation,
                unionpay_asked=content,
            )
        except requests.exceptions.RequestException as error:
            raise ValidationError(self.env._("UnionPay cannot be reached.")) from error

    @staticmethod
    def _unionpay_operation(path, content):
        """Return what is asked for, in UnionPay's words: 'backTransReq 01 07'."""
        name = path.rsplit("/", 1)[-1].removesuffix(".do") or "file"
        return f"{name} {content['txnType']} {content['txnSubType']}"

    def _unionpay_sign(self, content):
        """Return the fields with signature and certificate number; the same fields give the same ones."""
        if (
            not self._ar_secret("unionpay_private_key")
            or not self.unionpay_certificate
            or not self.unionpay_mer_id
        ):
            raise ValidationError(self.env._("Enter the credentials of UnionPay first."))
        return sign_request(content, self._unionpay_identity())

    def _unionpay_host(self, live=unionpay_requests.HOST, test=unionpay_requests.TEST_HOST):
        """Return the host to call: live, test, or a simulator on this machine."""
        self.ensure_one()
        if not self._ar_gateway_is_test():
            return live
        return (self._ar_gateway_simulator_url() or test).rstrip("/")

    def _build_request_url(self, endpoint, **kwargs):
        if self.code != "unionpay":
            return super()._build_request_url(endpoint, **kwargs)
        return f"{self._unionpay_host()}{endpoint}"

    def _build_request_headers(self, method, endpoint, payload, **kwargs):
        if self.code != "unionpay":
            return super()._build_request_headers(method, endpoint, payload, **kwargs)
        return {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}

    def _parse_response_content(self, response, **kwargs):
        if self.code != "unionpay":
            return super()._parse_response_content(response, **kwargs)
        try:
            fields = unionpay_gateway.read_reply(
                response.content, self._unionpay_trust(), datetime.now(UTC), kwargs["unionpay_asked"]
            )
        except RefusedMessageError as error:
            _logger.warning("Provider %s: answer refused: %s", self.id, error)
            raise ValidationError(self._unionpay_why(error)) from error
        try:
            return fields, parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return fields, None

    def _unionpay_why(self, error):
        """Return for a person why a message is not believed, and so what to correct."""
        _what, _colon, step = str(error).partition("certificate: ")
        if step == "owner":
            return self.env._(
                "UnionPay's answer is signed with a certificate of another organisation than %s.",
                self.unionpay_owner or "",
            )
        if step == "expired":
            return self.env._(
                "A certificate that UnionPay's answer is traced with is not in its time: the one it is signed with, or"
                " the middle or root certificate that is entered here. Or the clock of this server is wrong."
            )
        if step:
            return self.env._(
                "UnionPay's answer is signed with a certificate that the middle certificate entered here did not issue."
            )
        if str(error) in ("malformed", "another order"):
            return self.env._("UnionPay's answer cannot be read.")
        return self.env._("UnionPay's answer is not signed as it has to be.")

    def _unionpay_refusal(self, answer):
        return self.env._(
            "UnionPay refused the request: %(code)s %(message)s",
            code=answer.get("respCode", ""),
            message=answer.get("respMsg", ""),
        )

    # === CERTIFICATES === #

    def _unionpay_identity(self):
        """Return what we sign with (core.unionpay_certificates.Identity)."""
        return unionpay_merchant.identity(self._ar_secret("unionpay_private_key"), self.unionpay_certificate)

    def _unionpay_trust(self):
        """Return what UnionPay's signatures are traced to.

        :raise ValueError: if the certificates that are entered cannot be used.
        """
        owners = {self.unionpay_owner or unionpay_certificates.OWNER}
        if self._ar_gateway_is_test():
            owners.add(unionpay_certificates.TEST_OWNER)
        return unionpay_certificates.load_trust(
            self.unionpay_root_certificate or "", self.unionpay_middle_certificate or "", frozenset(owners)
        )

    # === LOGS === #

    def _log_request(self, method, url, payload, *, reference=None):
        """Log that something is asked, and never the signature or the content."""
        if self.code != "unionpay":
            super()._log_request(method, url, payload, reference=reference)
            return
        _logger.info("Asking UnionPay: %s (%s, provider %s).", url, reference or "-", self.id)

    def _log_response(self, response, *, reference=None):
        if self.code != "unionpay":
            super()._log_response(response, reference=reference)
            return
        _logger.info(
            "UnionPay answered HTTP %s (%s, provider %s).", response.status_code, reference or "-", self.id
        )
