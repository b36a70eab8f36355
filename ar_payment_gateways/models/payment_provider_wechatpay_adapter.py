import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from odoo import fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import rsa_keys, wechat_gateway, wechat_keys, wechat_requests, wechat_trade
from ..core.visitor import Channel
from ..core.wechat_signing import Refusal, RefusedMessageError, jsapi_parameters
from ..core.wechat_trade import Advice

_logger = get_payment_logger(__name__)

TARGETS = {
    "native": wechat_requests.NATIVE_TARGET,
    "h5": wechat_requests.H5_TARGET,
    "jsapi": wechat_requests.JSAPI_TARGET,
}
"""By `order.product`."""


class PaymentProviderWechatpay(models.AbstractModel):
    """What the machinery asks of WeChat Pay (the hooks are described in payment_provider_gateway.py)."""

    _inherit = "payment.provider.wechatpay"

    def _ar_gateway_product(self, channel):
        if self.code != "wechatpay":
            return super()._ar_gateway_product(channel)
        if channel is Channel.PHONE and self.wechatpay_h5:
            return "h5"
        return "jsapi" if channel is Channel.WALLET and self._ar_secret("wechatpay_app_secret") else "native"

    def _ar_gateway_reusable_domain(self, visitor):
        domain = super()._ar_gateway_reusable_domain(visitor)
        if self.code != "wechatpay":
            return domain
        product = self._ar_gateway_product(visitor.channel(self.code))
        if product == "jsapi":  # made for one WeChat, or not yet known for whose
            domain += [("payer_openid", "=", False)]
        elif product == "h5":  # WeChat compares the address, and the page it gives is over soon
            since = fields.Datetime.now() - timedelta(minutes=const.WECHATPAY_H5_MINUTES)
            domain += [("payer_address", "=", visitor.address), ("create_date", ">", since)]
        return domain

    def _ar_gateway_detour(self, order):
        if self.code != "wechatpay":
            return super()._ar_gateway_detour(order)
        if order.product != "jsapi" or order.payer_openid or order.state != "draft":
            return None
        return f"{const.WECHATPAY_AUTHORIZE_ROUTE}/{order.access_token}"

    def _ar_gateway_create(self, order):
        if self.code != "wechatpay":
            return super()._ar_gateway_create(order)
        if self._ar_gateway_is_test() and not self._ar_gateway_simulator_url():
            raise ValidationError(
                self.env._("WeChat Pay has no test environment: it works when it is enabled.")
            )
        reply = self._wechatpay_call(
            "POST", TARGETS[order.product], self._wechatpay_order_content(order), record=order
        )
        created = wechat_gateway.created(reply)
        if created and (created.is_spent or created.qr_content or created.pay_url or created.pay_fields):
            if created.pay_url:
                back = f"{self._ar_gateway_base_url()}{order._page_url()}"
                return replace(created, pay_url=wechat_requests.h5_link(created.pay_url, back))
            return created
        _logger.warning("WeChat Pay refused order %s: %s", order.name, reply.reason)
        raise ValidationError(self.env._("WeChat Pay does not accept this payment at the moment."))

    def _wechatpay_order_content(self, order):
        content = wechat_requests.order_content(
            mchid=self.wechatpay_mchid,
            appid=self.wechatpay_appid,
            order_number=order.name,
            amount_minor=order.amount_minor,
            description=order._subject(),
            notify_url=self._ar_gateway_notify_url(),
            expires_at=order.expires_at.replace(tzinfo=UTC),
        )
        if order.product == "jsapi":
            return wechat_requests.jsapi_content(content, order.payer_openid or "")
        if order.product == "h5":
            return wechat_requests.h5_content(content, order.payer_address or "")
        return content

    def _ar_gateway_bridge(self, order):
        if self.code != "wechatpay":
            return super()._ar_gateway_bridge(order)
        prepay_id = (order.pay_fields or {}).get("prepay_id")
        if order.state != "open" or not prepay_id:
            return {}
        return jsapi_parameters(
            appid=order.application,
            prepay_id=prepay_id,
            timestamp=int(time.time()),
            nonce=secrets.token_hex(16),
            key=rsa_keys.load_private_key(self._ar_secret("wechatpay_private_key")),
        )

    def _ar_gateway_query(self, order):
        if self.code != "wechatpay":
            return super()._ar_gateway_query(order)
        target = wechat_requests.query_target(self.wechatpay_mchid or "", order.name)
        reply = self._wechatpay_call("GET", target, record=order)
        answer = wechat_gateway.answer(reply)
        if answer is None:
            raise ValidationError(self._wechatpay_refusal(reply))
        return answer

    def _ar_gateway_close(self, order):
        if self.code != "wechatpay":
            return super()._ar_gateway_close(order)
        content = wechat_requests.close_content(self.wechatpay_mchid)
        reply = self._wechatpay_call("POST", wechat_requests.close_target(order.name), content, record=order)
        return wechat_gateway.closing(reply)

    def _ar_gateway_judge(self, report, order):
        if self.code != "wechatpay":
            return super()._ar_gateway_judge(report, order)
        return wechat_trade.judge(report, order._expected())

    def _ar_gateway_merchant(self):
        return self.wechatpay_mchid if self.code == "wechatpay" else super()._ar_gateway_merchant()

    def _ar_gateway_application(self):
        return self.wechatpay_appid if self.code == "wechatpay" else super()._ar_gateway_application()

    def _ar_gateway_refund(self, refund):
        if self.code != "wechatpay":
            return super()._ar_gateway_refund(refund)
        order = refund.order_id
        content = wechat_requests.refund_content(
            order_number=order.name,
            refund_number=refund.name,
            amount_minor=refund.amount_minor,
            total_minor=order.amount_minor,
            reason=refund.reason or "",
            notify_url=self._ar_gateway_notify_url(),
        )
        reply = self._wechatpay_call("POST", wechat_requests.REFUND_TARGET, content, record=refund)
        # Nothing was done, and the same number is good again once somebody has filled the account or mended the keys.
        if not reply.is_success and (reply.advice is Advice.RETRY_SAME or reply.status == 401):
            raise ValidationError(self._wechatpay_refusal(reply))
        return wechat_gateway.refund_answer(reply, refund.name, order.name)

    def _ar_gateway_query_refund(self, refund):
        if self.code != "wechatpay":
            return super()._ar_gateway_query_refund(refund)
        reply = self._wechatpay_call("GET", wechat_requests.refund_query_target(refund.name), record=refund)
        # A question that is refused says nothing about the refund: it must not be taken for one that failed.
        if not reply.is_success and reply.advice is not Advice.NOT_FOUND:
            raise ValidationError(self._wechatpay_refusal(reply))
        return wechat_gateway.refund_answer(reply, refund.name, refund.order_id.name)

    def _wechatpay_refusal(self, reply):
        return self.env._("WeChat Pay refused the request: %s", reply.reason)

    def _ar_gateway_read_notification(self, body, headers):
        if self.code != "wechatpay":
            return super()._ar_gateway_read_notification(body, headers)
        if not self._ar_secret("wechatpay_apiv3_key"):
            return None
        headers = dict(headers.items())
        try:
            try:
                return self._wechatpay_open_notification(body, headers)
            except RefusedMessageError as error:
                renewed = error.refusal is Refusal.UNKNOWN_KEY and self._wechatpay_renew_certificates()
                if not renewed:
                    raise
                return self._wechatpay_open_notification(body, headers, renewed)
        except RefusedMessageError as error:
            _logger.warning("Provider %s: notification refused: %s", self.id, error.refusal.value)
            return None

    def _wechatpay_open_notification(self, body, headers, certificates=None):
        return wechat_gateway.notification(
            headers,
            body,
            self._wechatpay_key_ring(certificates),
            wechat_keys.load_apiv3_key(self._ar_secret("wechatpay_apiv3_key")),
            datetime.now(UTC),
        )

    def _ar_gateway_acknowledge(self, accepted):
        if self.code != "wechatpay":
            return super()._ar_gateway_acknowledge(accepted)
        return wechat_gateway.acknowledgement(accepted)
