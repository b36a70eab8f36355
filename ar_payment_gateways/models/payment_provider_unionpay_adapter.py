from dataclasses import replace
from datetime import UTC, datetime

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import unionpay_gateway, unionpay_merchant, unionpay_requests, unionpay_trade
from ..core.gateway import Closing, Created
from ..core.unionpay_signing import RefusedMessageError
from ..core.unionpay_trade import Outcome, outcome
from ..core.visitor import Channel

_logger = get_payment_logger(__name__)

QR, WALLET, FRONT_PHONE, FRONT_COMPUTER = "qr", "qr wallet", "front phone", "front computer"
"""`order.product`. A code that a wallet's browser opens is an order of its own: on a computer it would lead astray."""
FRONT_CHANNELS = {FRONT_PHONE: unionpay_requests.MOBILE, FRONT_COMPUTER: unionpay_requests.DESKTOP}
CANCEL = "cancel"
"""`refund.product` of a payment that is undone on its own settlement day."""


class PaymentProviderUnionpay(models.AbstractModel):
    """What the machinery asks of UnionPay (the hooks are described in payment_provider_gateway.py).

    UnionPay knows an order, and a refund, by merchant, number and time (`ordered_at`) together. It has no way to close
    one: it can be paid until the time it was told (`payable_until`).
    """

    _inherit = "payment.provider.unionpay"

    def _ar_gateway_product(self, channel):
        if self.code != "unionpay":
            return super()._ar_gateway_product(channel)
        if channel is Channel.WALLET:
            return WALLET
        if channel is Channel.PHONE and self.unionpay_front_phone:
            return FRONT_PHONE
        return FRONT_COMPUTER if channel is Channel.SCREEN and self.unionpay_front_computer else QR

    def _unionpay_key(self, record):
        """Return by what UnionPay knows an order or a refund."""
        return {
            "mer_id": self.unionpay_mer_id or "",
            "order_number": record.name,
            "ordered_at": record.ordered_at.replace(tzinfo=UTC),
        }

    def _unionpay_product(self, order):
        return (
            unionpay_requests.FRONT_PRODUCT
            if order.product in FRONT_CHANNELS
            else unionpay_requests.QR_PRODUCT
        )

    # === ORDERS === #

    def _ar_gateway_create(self, order):
        if self.code != "unionpay":
            return super()._ar_gateway_create(order)
        fields = {
            **self._unionpay_key(order),
            "amount_minor": order.amount_minor,
            "notify_url": self._ar_gateway_notify_url(),
            "expires_at": order.payable_until.replace(tzinfo=UTC),
        }
        if order.product in FRONT_CHANNELS:
            return self._unionpay_form(order, fields)
        answer = self._unionpay_call(
            unionpay_requests.BACK_PATH, unionpay_requests.qr_fields(**fields), record=order
        )
        created = unionpay_gateway.created(answer)
        if created and answer.get("orderId") == order.name:
            if order.product == WALLET and created.qr_content.startswith("https://"):
                return Created(pay_url=created.qr_content)
            return created
        _logger.warning("UnionPay refused order %s: %s", order.name, answer.get("respCode"))
        raise ValidationError(self.env._("UnionPay does not accept this payment at the moment."))

    def _unionpay_form(self, order, fields):
        """Return the form that the buyer's browser posts to UnionPay's cashier; UnionPay hears of it only then."""
        return_url = f"{self._ar_gateway_base_url()}{const.UNIONPAY_RETURN_ROUTE}/{order.access_token}"
        content = unionpay_requests.front_fields(
            **fields, return_url=return_url, channel=FRONT_CHANNELS[order.product]
        )
        path = unionpay_requests.FRONT_PATH
        shown = {**content, "frontUrl": "-"}  # the way to the order's page is not for the log
        with self._ar_gateway_exchange(order, self._unionpay_operation(path, content), shown):
            return Created(pay_url=f"{self._unionpay_host()}{path}", pay_fields=self._unionpay_sign(content))

    def _ar_gateway_form_sources(self, pay_url):
        sources = super()._ar_gateway_form_sources(pay_url)
        # The cashier is on another of its hosts; browsers ask the policy again when they are sent there.
        return f"{sources} https://*.95516.com" if self.code == "unionpay" else sources

    def _ar_gateway_query(self, order):
        if self.code != "unionpay":
            return super()._ar_gateway_query(order)
        content = unionpay_requests.query_fields(
            **self._unionpay_key(order), product=self._unionpay_product(order)
        )
        fields = self._unionpay_call(unionpay_requests.QUERY_PATH, content, record=order)
        answer = unionpay_gateway.answer(fields)
        if answer is None:
            raise ValidationError(self._unionpay_refusal(fields))
        return answer

    def _ar_gateway_close(self, order):
        if self.code != "unionpay":
            return super()._ar_gateway_close(order)
        if not order._is_past_paying():
            return Closing.UNKNOWN  # whoever has its code or form can still pay it
        return unionpay_gateway.closing(self._ar_gateway_query(order), True)

    def _ar_gateway_judge(self, report, order):
        if self.code != "unionpay":
            return super()._ar_gateway_judge(report, order)
        return unionpay_trade.judge(report, order._expected())

    def _ar_gateway_merchant(self):
        return self.unionpay_mer_id if self.code == "unionpay" else super()._ar_gateway_merchant()

    # === REFUNDS === #

    def _ar_gateway_refund_product(self, order, amount_minor):
        if self.code != "unionpay":
            return super()._ar_gateway_refund_product(order, amount_minor)
        # A cancellation that was refused before is tried as a refund.
        whole = amount_minor == order.amount_minor and not order.refund_ids
        paid_at = (order.paid_at or order.create_date).replace(tzinfo=UTC)
        return CANCEL if whole and unionpay_merchant.may_cancel(paid_at, datetime.now(UTC)) else "refund"

    def _ar_gateway_refund(self, refund):
        if self.code != "unionpay":
            return super()._ar_gateway_refund(refund)
        order, key = refund.order_id, self._unionpay_key(refund)
        make = (
            unionpay_requests.cancel_fields if refund.product == CANCEL else unionpay_requests.refund_fields
        )
        content = make(
            mer_id=key["mer_id"],
            refund_number=key["order_number"],
            refunded_at=key["ordered_at"],
            amount_minor=refund.amount_minor,
            query_id=order.gateway_reference,
            notify_url=self._ar_gateway_notify_url(),
            product=self._unionpay_product(order),
        )
        answer = self._unionpay_call(unionpay_requests.BACK_PATH, content, record=refund)
        return unionpay_gateway.refund_answer(answer, refund.name, order.name)

    def _ar_gateway_query_refund(self, refund):
        if self.code != "unionpay":
            return super()._ar_gateway_query_refund(refund)
        content = unionpay_requests.query_fields(
            **self._unionpay_key(refund), product=self._unionpay_product(refund.order_id)
        )
        answer = self._unionpay_call(unionpay_requests.QUERY_PATH, content, record=refund)
        # A question that is refused says nothing about the refund: it must not be asked for anew then.
        if outcome(answer.get("respCode", "")) not in (Outcome.DONE, Outcome.NOT_FOUND):
            raise ValidationError(self._unionpay_refusal(answer))
        return unionpay_gateway.refund_query_answer(answer)

    # === NOTIFICATIONS === #

    def _ar_gateway_read_notification(self, body, headers):
        if self.code != "unionpay":
            return super()._ar_gateway_read_notification(body, headers)
        try:
            notification = unionpay_gateway.notification(body, self._unionpay_trust(), datetime.now(UTC))
        except RefusedMessageError as error:
            _logger.warning("Provider %s: notification refused: %s", self.id, error)
            return None
        except ValueError:  # no certificates to trace it to
            return None
        if notification.refund:
            order = self._unionpay_refunded_order(notification)
            return replace(notification, order_number=order.name or "")
        return notification

    def _unionpay_refunded_order(self, notification):
        """Return the order of a refund, whose notification names the refund and UnionPay's number of the order."""
        refund = self.env["ar.gateway.refund"].search(
            [("provider_id", "=", self.id), ("name", "=", notification.refund_number)], limit=1
        )
        reference = notification.content.get("origQryId")
        if refund or not reference:
            return refund.order_id
        return self.env["ar.gateway.order"].search(
            [("provider_id", "=", self.id), ("gateway_reference", "=", reference)], limit=1
        )

    def _ar_gateway_acknowledge(self, accepted):
        if self.code != "unionpay":
            return super()._ar_gateway_acknowledge(accepted)
        return unionpay_gateway.acknowledgement(accepted)
