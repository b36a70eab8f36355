from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError, dumps, loads

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import alipay_certificates, alipay_page, alipay_signing

_logger = get_payment_logger(__name__)


class PaymentProviderAlipay(models.AbstractModel):
    """Alipay: its credentials and how it is called. What is asked of it is in payment_provider_alipay_adapter.py."""

    _name = "payment.provider.alipay"
    _inherit = ["payment.provider.alipay.trial", "payment.provider.alipay.keys"]
    _description = "Payment gateway: Alipay"

    alipay_app_id = fields.Char(
        "Alipay App ID", required_if_provider="alipay", copy=False, groups="base.group_system"
    )
    alipay_seller_id = fields.Char(
        "Alipay Seller ID",
        help="The number of the Alipay account that receives the money (starts with 2088).",
        required_if_provider="alipay",
        copy=False,
        groups="base.group_system",
    )
    alipay_code_pay = fields.Boolean(
        "Codes to Scan",
        help="Customers scan a code with Alipay; the merchant must have signed for it (订单码支付 or 当面付).",
        default=True,
        groups="base.group_system",
    )
    alipay_product_code = fields.Selection(
        [
            ("QR_CODE_OFFLINE", "Order code (QR_CODE_OFFLINE)"),
            ("FACE_TO_FACE_PAYMENT", "Face to face (FACE_TO_FACE_PAYMENT)"),
        ],
        "Product of Codes",
        help="The product that your account has signed for.",
        default="QR_CODE_OFFLINE",
        required_if_provider="alipay",
        groups="base.group_system",
    )
    alipay_page_pay = fields.Boolean(
        "Alipay's Cashier on Computers",
        help="Customers at a computer go to Alipay's cashier, where they scan a code or log in; the merchant must have"
        " signed for it (电脑网站支付). Without it they are shown a code.",
        groups="base.group_system",
    )
    alipay_wap_pay = fields.Boolean(
        "Alipay's Cashier on Phones",
        help="Customers on a phone go to Alipay's cashier, which opens their app; the merchant must have signed for it"
        " (手机网站支付). Without it they are shown a code.",
        groups="base.group_system",
    )

    # === CONSTRAINTS === #

    @api.constrains("state", "code", "alipay_code_pay", "alipay_page_pay", "alipay_wap_pay")
    def _check_alipay_products(self):
        for provider in self.filtered(lambda p: p.code == "alipay" and p.state != "disabled"):
            if not (provider.alipay_code_pay or provider.alipay_page_pay or provider.alipay_wap_pay):
                raise ValidationError(
                    self.env._("Tick at least one product of Alipay that the merchant has signed for.")
                )

    # === REQUESTS === #

    def _alipay_call(self, method, content, *, notify=False, record=None):
        """Call a method of Alipay's gateway and return its verified answer.

        :param str method: such as 'alipay.trade.query'.
        :param dict content: `biz_content`, strings only.
        :param bool notify: whether Alipay shall notify us about what comes of it.
        :param record: the ar.gateway.order or ar.gateway.refund it is about, which keeps the exchange.
        :return: the content of the answer's node: `code`, `msg`, maybe `sub_code`, and what the method returns.
            A business failure is an answer too: look at `code`.
        :rtype: dict
        :raise ValidationError: if there is no answer, or none that Alipay has signed: then nothing is known.
        """
        self.ensure_one()
        params = self._alipay_params(method, content)
        if notify:
            params["notify_url"] = self._ar_gateway_notify_url()
        signed = alipay_signing.sign_request(params, self._alipay_private_key())
        with self._ar_gateway_exchange(record, method, content) as kept:
            kept["answer"] = self._send_api_request(
                "POST",
                method,
                data=signed,
                reference=record and record.transaction_id.reference,
                alipay_method=method,
            )
            return kept["answer"]

    def _alipay_params(self, method, content):
        """Return the parameters of a request, before it is signed, at this moment."""
        return {
            **alipay_page.common_params(self.alipay_app_id or "", method, datetime.now(UTC)),
            **self._alipay_certificate_params(),
            "biz_content": dumps(content, ensure_ascii=False, separators=(",", ":")),
        }

    def _alipay_refusal(self, answer):
        return self.env._(
            "Alipay refused the request: %(code)s %(message)s",
            code=answer.get("sub_code") or answer.get("code") or "",
            message=answer.get("sub_msg") or answer.get("msg") or "",
        )

    def _alipay_gateway_url(self):
        """Return the gateway's address: live, sandbox, or a simulator on this machine."""
        self.ensure_one()
        if not self._ar_gateway_is_test():
            return const.ALIPAY_GATEWAY
        return self._ar_gateway_simulator_url() or const.ALIPAY_SANDBOX

    def _build_request_url(self, endpoint, **kwargs):
        if self.code != "alipay":
            return super()._build_request_url(endpoint, **kwargs)
        # Without the charset in the URL as well, Alipay reads the body, and answers, in GBK.
        return f"{self._alipay_gateway_url()}?charset=utf-8"

    def _build_request_headers(self, method, endpoint, payload, **kwargs):
        if self.code != "alipay":
            return super()._build_request_headers(method, endpoint, payload, **kwargs)
        return {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    def _parse_response_content(self, response, **kwargs):
        if self.code != "alipay":
            return super()._parse_response_content(response, **kwargs)
        try:
            answered_at = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            answered_at = None
        return self._alipay_read_answer(response.content, kwargs["alipay_method"], answered_at)

    def _alipay_read_answer(self, body, method, answered_at=None):
        """Return the content of a signed answer.

        An unsigned one is no answer, not even when it reports a failure: acting on "no such trade" that somebody
        else has said would give up an order that may be paid.
        """
        name = f"{method.replace('.', '_')}_response"
        try:
            node = alipay_signing.signed_node(body, name)
        except alipay_signing.MalformedAnswerError as error:
            raise ValidationError(self.env._("Alipay's answer cannot be read.")) from error
        try:
            data = loads(node.content.decode("utf-8", "replace"))
        except JSONDecodeError as error:
            raise ValidationError(self.env._("Alipay's answer cannot be read.")) from error
        if data.get("sub_code") == const.INVALID_TIMESTAMP and answered_at:
            # Signed or not: nothing is done with it but to tell a person.
            raise ValidationError(self._alipay_clock_text(answered_at))
        if method == const.ALIPAY_CERTIFICATE_METHOD:
            return data
        if not self._alipay_is_signed(node.content, node.signature, node.certificate):
            _logger.warning(
                "Provider %s: answer to %s without valid signature (%s %s).",
                self.id,
                method,
                data.get("code"),
                data.get("sub_code"),
            )
            if node.signature or data.get("code") == const.CODE_SUCCESS:
                raise ValidationError(self._alipay_unbelieved(node.certificate))
            raise ValidationError(self._alipay_refusal(data))
        return data

    def _alipay_unbelieved(self, name):
        """Return for a person why an answer is not believed, and so what to correct."""
        if self.alipay_mode == "certificate" and name not in alipay_certificates.signers(
            self.alipay_certificate
        ):
            return self.env._(
                "Alipay signs with a certificate that is not the one entered as its own, and that could not be fetched"
                " and traced to the root certificate. Download alipayCertPublicKey_RSA2.crt again from the console."
            )
        return self.env._("Alipay's answer is not signed with the key that is configured as Alipay's.")

    # === LOGS === #

    def _log_request(self, method, url, payload, *, reference=None):
        """Log what is asked, and never the signature or the content (buyers' names are in subjects)."""
        if self.code != "alipay":
            super()._log_request(method, url, payload, reference=reference)
            return
        _logger.info("Asking Alipay for %s (%s, provider %s).", payload["method"], reference or "-", self.id)

    def _log_response(self, response, *, reference=None):
        if self.code != "alipay":
            super()._log_response(response, reference=reference)
            return
        _logger.info(
            "Alipay answered HTTP %s (%s, provider %s).", response.status_code, reference or "-", self.id
        )
