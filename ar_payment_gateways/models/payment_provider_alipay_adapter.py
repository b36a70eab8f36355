from datetime import UTC

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import alipay_refund, alipay_signing, alipay_trade, rsa_keys
from ..core.alipay_precreate import precreate_content
from ..core.form import parse_form
from ..core.gateway import Acknowledgement, Answer, Closing, Created, Notification

_logger = get_payment_logger(__name__)

ACCEPTED = "success"
"""The seven characters that end Alipay's retries (opendocs 194/103296)."""

REFUSED = "fail"


class PaymentProviderAlipay(models.AbstractModel):
    """What the machinery asks of Alipay (the hooks are described in payment_provider_gateway.py)."""

    _inherit = "payment.provider.alipay"

    def _ar_gateway_product(self, channel):
        if self.code != "alipay":
            return super()._ar_gateway_product(channel)
        return self.alipay_product_code

    def _ar_gateway_create(self, order):
        if self.code != "alipay":
            return super()._ar_gateway_create(order)
        content = precreate_content(
            order_number=order.name,
            amount_minor=order.amount_minor,
            subject=order._subject(),
            product_code=order.product,
            seller_id=self.alipay_seller_id,
            expires_at=order.expires_at.replace(tzinfo=UTC),
        )
        answer = self._alipay_call("alipay.trade.precreate", content, notify=True, record=order)
        if answer.get("code") == const.CODE_SUCCESS and answer.get("out_trade_no") == order.name:
            return Created(qr_content=answer["qr_code"])
        _logger.warning(
            "Alipay refused order %s: %s %s", order.name, answer.get("code"), answer.get("sub_code")
        )
        if answer.get("sub_code") in const.NEEDS_NEW_NUMBER:
            return Created(is_spent=True)
        raise ValidationError(self.env._("Alipay does not accept this payment at the moment."))

    def _ar_gateway_query(self, order):
        if self.code != "alipay":
            return super()._ar_gateway_query(order)
        answer = self._alipay_call("alipay.trade.query", {"out_trade_no": order.name}, record=order)
        if answer.get("code") == const.CODE_SUCCESS:
            report = alipay_trade.report_of_query(answer)
            return Answer(report, alipay_trade.refunded_of_query(report))
        if answer.get("sub_code") == const.TRADE_NOT_EXIST:  # nobody has scanned the code yet
            return Answer(None)
        raise ValidationError(self._alipay_refusal(answer))

    def _ar_gateway_close(self, order):
        if self.code != "alipay":
            return super()._ar_gateway_close(order)
        answer = self._alipay_call("alipay.trade.close", {"out_trade_no": order.name}, record=order)
        if answer.get("code") == const.CODE_SUCCESS or answer.get("sub_code") == const.TRADE_NOT_EXIST:
            return Closing.CLOSED
        return Closing.PAID if answer.get("sub_code") == const.TRADE_STATUS_ERROR else Closing.UNKNOWN

    def _ar_gateway_judge(self, report, order):
        if self.code != "alipay":
            return super()._ar_gateway_judge(report, order)
        expected = alipay_trade.Expected(
            order_number=order.name,
            amount_minor=order.amount_minor,
            app_id=self.alipay_app_id or "",
            seller_id=self.alipay_seller_id or "",
            currency=order.currency_id.name,
        )
        return alipay_trade.judge(report, expected)

    def _ar_gateway_merchant(self):
        return self.alipay_seller_id if self.code == "alipay" else super()._ar_gateway_merchant()

    def _ar_gateway_refund(self, refund):
        if self.code != "alipay":
            return super()._ar_gateway_refund(refund)
        content = alipay_refund.refund_content(
            order_number=refund.order_id.name,
            refund_number=refund.name,
            amount_minor=refund.amount_minor,
            reason=refund.reason or "",
        )
        answer = self._alipay_call("alipay.trade.refund", content, record=refund)
        return alipay_refund.read_refund(answer, refund.name, refund.amount_minor)

    def _ar_gateway_query_refund(self, refund):
        if self.code != "alipay":
            return super()._ar_gateway_query_refund(refund)
        content = {"out_trade_no": refund.order_id.name, "out_request_no": refund.name}
        answer = self._alipay_call("alipay.trade.fastpay.refund.query", content, record=refund)
        return alipay_refund.read_refund_query(answer, refund.name)

    def _ar_gateway_read_notification(self, body, headers):
        if self.code != "alipay":
            return super()._ar_gateway_read_notification(body, headers)
        form = parse_form(body)
        if not form or not self.alipay_public_key:
            return None
        key = rsa_keys.load_public_key(self.alipay_public_key)
        if not alipay_signing.verify_notification(form.fields, key, form.charset):
            return None
        report = alipay_trade.report_of_notification(form.fields)
        refund_number, refunded_minor = alipay_trade.refunded_of_notification(form.fields)
        return Notification(
            order_number=report.order_number,
            report=report,
            refund_number=refund_number,
            refunded_minor=refunded_minor,
            content=form.fields,
        )

    def _ar_gateway_acknowledge(self, accepted):
        if self.code != "alipay":
            return super()._ar_gateway_acknowledge(accepted)
        return Acknowledgement(ACCEPTED if accepted else REFUSED)

    def _ar_gateway_bill_kinds(self):
        return ("trade", "fund") if self.code == "alipay" else super()._ar_gateway_bill_kinds()

    def _ar_gateway_fetch_bill(self, day, kind="trade"):
        if self.code != "alipay":
            return super()._ar_gateway_fetch_bill(day, kind)
        answer = self._alipay_call(
            "alipay.data.dataservice.bill.downloadurl.query",
            {"bill_type": "trade" if kind == "trade" else "signcustomer", "bill_date": str(day)},
        )
        if answer.get("code") == const.CODE_SUCCESS:
            return self._ar_download_bill(answer.get("bill_download_url") or "", const.ALIPAY_BILL_HOSTS)
        if answer.get("sub_code") != const.BILL_NOT_EXIST:
            raise ValidationError(self._alipay_refusal(answer))
        return self._ar_no_bill(day)
