import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from odoo import fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from ..core import rsa_keys, wechat_gateway, wechat_keys, wechat_message, wechat_requests
from ..core.wechat_signing import Refusal, RefusedMessageError, authorization

_logger = get_payment_logger(__name__)

USER_AGENT = "AR-Suite-Odoo/19"
"""WeChat Pay refuses requests without one."""


class UnsuccessfulAnswerError(Exception):
    """An answer outside 2xx, which Odoo's request helper knows as an error only; `reply` says what it is."""

    def __init__(self, reply):
        super().__init__(reply.reason)
        self.reply = reply


class PaymentProviderWechatpayRequests(models.AbstractModel):
    """WeChat Pay: requests and their answers, and the keys that those are checked with."""

    _name = "payment.provider.wechatpay.requests"
    _inherit = ["payment.provider.gateway"]
    _description = "Payment gateway: requests to WeChat Pay"

    wechatpay_certificates_asked_at = fields.Datetime(
        "Platform Certificates Asked For", readonly=True, copy=False, groups="base.group_system"
    )

    # === REQUESTS === #

    def _wechatpay_call(self, method, target, content=None, *, record=None):
        """Call WeChat Pay and return its answer.

        :param str target: path and query, percent-encoded.
        :param dict content: the body; None for GET.
        :param record: the ar.gateway.order or ar.gateway.refund it is about, which keeps the exchange.
        :rtype: core.wechat_gateway.Reply
        :raise ValidationError: if there is no answer, or a success that WeChat has not signed: then nothing is known.
        """
        self.ensure_one()
        operation = f"{method} {target.split('?')[0]}"
        with self._ar_gateway_exchange(record, operation, content or {}) as kept:
            body = wechat_requests.encode(content) if content is not None else None
            reply = self._wechatpay_send(
                method, target, body, reference=record and record.transaction_id.reference
            )
            kept["answer"] = {"http_status": reply.status, **reply.content}
            return reply

    def _wechatpay_send(self, method, target, body=None, **kwargs):
        if not self._ar_secret("wechatpay_private_key") or not self.wechatpay_mchid:
            raise ValidationError(self.env._("Enter the credentials of WeChat Pay first."))
        try:
            return self._send_api_request(method, target, data=body, **kwargs)
        except UnsuccessfulAnswerError as error:
            return error.reply
        except requests.exceptions.RequestException as error:
            raise ValidationError(self.env._("WeChat Pay cannot be reached.")) from error

    def _wechatpay_host(self, live=wechat_requests.HOST):
        """Return the address to call: WeChat's, or a simulator on this machine. WeChat Pay has no test environment."""
        return (self._ar_gateway_simulator_url() or live).rstrip("/")

    def _build_request_url(self, endpoint, **kwargs):
        if self.code != "wechatpay":
            return super()._build_request_url(endpoint, **kwargs)
        return f"{self._wechatpay_host()}{endpoint}"

    def _build_request_headers(self, method, endpoint, payload, **kwargs):
        if self.code != "wechatpay":
            return super()._build_request_headers(method, endpoint, payload, **kwargs)
        headers = {
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
            "Authorization": authorization(
                mchid=self.wechatpay_mchid,
                certificate_serial=self.wechatpay_certificate_serial,
                key=rsa_keys.load_private_key(self._ar_secret("wechatpay_private_key")),
                method=method,
                target=endpoint,
                timestamp=int(time.time()),
                nonce=secrets.token_hex(16),
                body=payload or b"",
            ),
        }
        if payload:
            headers["Content-Type"] = "application/json"
        if self.wechatpay_public_key_id:  # else WeChat signs with the platform certificate
            headers["Wechatpay-Serial"] = self.wechatpay_public_key_id
        return headers

    def _parse_response_error(self, response):
        if self.code != "wechatpay":
            return super()._parse_response_error(response)
        raise UnsuccessfulAnswerError(self._wechatpay_read(response))

    def _parse_response_content(self, response, wechatpay_raw=False, **kwargs):
        if self.code != "wechatpay":
            return super()._parse_response_content(response, **kwargs)
        return response if wechatpay_raw else self._wechatpay_read(response)

    def _wechatpay_read(self, response):
        def read(certificates=None):
            return wechat_gateway.read_reply(
                response.status_code,
                response.headers,
                response.content,
                self._wechatpay_key_ring(certificates),
                datetime.now(UTC),
            )

        try:
            try:
                reply = read()
            except RefusedMessageError as error:
                renewed = error.refusal is Refusal.UNKNOWN_KEY and self._wechatpay_renew_certificates()
                if not renewed:
                    raise
                reply = read(renewed)
        except RefusedMessageError as error:
            _logger.warning("Provider %s: answer refused: %s", self.id, error.refusal.value)
            raise ValidationError(self._wechatpay_why(error)) from error
        try:
            return replace(reply, answered_at=parsedate_to_datetime(response.headers.get("Date", "")))
        except ValueError:
            return reply

    def _wechatpay_why(self, error):
        """Return for a person why an answer is not believed, and so what to correct."""
        if error.refusal is Refusal.STALE:
            return self.env._(
                "WeChat Pay's clock and the one of this server are %(seconds)s seconds apart; at most 300 are allowed.",
                seconds=round(abs(error.skew.total_seconds())),
            )
        if error.refusal is Refusal.UNDECIPHERABLE:
            return self.env._(
                "What WeChat Pay sent cannot be opened with the APIv3 key that is entered here."
            )
        if error.refusal in (Refusal.UNKNOWN_KEY, Refusal.EXPIRED_KEY):
            return self.env._(
                "WeChat Pay signs with a key that is not entered here, or whose time is over. Enter its public key,"
                " with its ID, as the merchant platform shows them."
            )
        if error.refusal is Refusal.BAD_SIGNATURE:
            return self.env._(
                "WeChat Pay's answer is not signed with the key that is entered as WeChat Pay's."
            )
        return self.env._("WeChat Pay's answer cannot be read.")

    # === WECHAT PAY'S KEYS === #

    def _wechatpay_key_ring(self, certificates=None):
        """Return the keys that WeChat Pay may sign with: its public key and its certificates, side by side.

        :param str certificates: those kept just now, which are not to be seen from the snapshot of this transaction.
        """
        keys = []
        if self.wechatpay_public_key and self.wechatpay_public_key_id:
            keys.append(wechat_keys.public_key(self.wechatpay_public_key_id, self.wechatpay_public_key))
        keys += wechat_keys.platform_certificates(certificates or self.wechatpay_platform_certificates or "")
        return wechat_keys.key_ring(keys)

    def _wechatpay_renew_certificates(self):
        """Fetch the platform certificates if it is time to, and keep them beside those we have.

        :return: all certificates, as PEM; '' if none were to be had. Merchants with a public key only have none.
        :rtype: str
        """
        self.ensure_one()
        if not self._ar_gateway_take_turn("wechatpay_certificates_asked_at"):
            return ""
        try:
            response = self._wechatpay_send("GET", wechat_requests.CERTIFICATES_TARGET, wechatpay_raw=True)
            if isinstance(response, wechat_gateway.Reply):  # a refusal
                return ""
            fetched = self._wechatpay_open_certificates(response)
        except (ValidationError, RefusedMessageError, ValueError) as error:
            _logger.warning("Provider %s: no platform certificates: %s", self.id, error)
            return ""
        return self._wechatpay_keep_certificates(fetched)

    def _wechatpay_open_certificates(self, response):
        return wechat_message.renew_certificates(
            response.headers,
            response.content,
            self._wechatpay_key_ring(),
            wechat_keys.load_apiv3_key(self._ar_secret("wechatpay_apiv3_key") or ""),
            datetime.now(UTC),
        )

    def _wechatpay_keep_certificates(self, fetched):
        provider_id = self.id

        def keep(env):
            provider = env["payment.provider"].browse(provider_id)
            kept = provider.wechatpay_platform_certificates or ""
            merged = wechat_keys.merge_certificates(kept, fetched, datetime.now(UTC))
            if merged != kept.strip():
                provider.wechatpay_platform_certificates = merged
            return merged

        # In a transaction of its own: what is asked meanwhile may be undone, the keys stay good.
        merged = self.env["ar.gateway.order"]._in_own_transaction(keep)
        self.invalidate_recordset(["wechatpay_platform_certificates"])
        return merged

    # === LOGS === #

    def _log_request(self, method, url, payload, *, reference=None):
        """Log what is asked, and never the signature or the content (payers are in it)."""
        if self.code != "wechatpay":
            super()._log_request(method, url, payload, reference=reference)
            return
        _logger.info("Asking WeChat Pay: %s %s (%s, provider %s).", method, url, reference or "-", self.id)

    def _log_response(self, response, *, reference=None):
        if self.code != "wechatpay":
            super()._log_response(response, reference=reference)
            return
        _logger.info(
            "WeChat Pay answered HTTP %s (request %s, %s, provider %s).",
            response.status_code,
            response.headers.get("Request-ID", "-"),
            reference or "-",
            self.id,
        )
