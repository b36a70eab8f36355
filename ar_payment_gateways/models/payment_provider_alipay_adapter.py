from datetime import UTC

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import alipay_page, alipay_refund, alipay_signing, alipay_trade
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
        return alipay_page.choose_product(
            channel,
            code=self.alipay_product_code if self.alipay_code_pay else "",
            page=self.alipay_page_pay,
            wap=self.alipay_wap_pay,
        )

    def _ar_gateway_create(self, order):
        if self.code != "alipay":
            return super()._ar_gateway_create(order)
        if order.product in alipay_page.METHODS:
            return self._alipay_page(order)
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

    # === ALIPAY'S OWN PAGE === #

    def _alipay_page(self, order):
        """Return what the buyer's browser asks Alipay for, not signed yet; Alipay hears of it only then."""
        method = alipay_page.METHODS[order.product]
        base_url = self._ar_gateway_base_url()
        content = alipay_page.page_content(
            order_number=order.name,
            amount_minor=order.amount_minor,
            subject=order._subject(),
            product=order.product,
            expires_at=order.payable_until.replace(tzinfo=UTC),
            quit_url=f"{base_url}{order._page_url()}",
        )
        # The way out leads to the order's page, which is a secret of the customer's.
        shown = {**content, "quit_url": "-"} if "quit_url" in content else content
        with self._ar_gateway_exchange(order, method, shown):
            self._alipay_private_key()  # or say that it is missing
            return Created(pay_url=self._alipay_gateway_url(), pay_fields=content)

    def _ar_gateway_pay_page(self, order):
        if self.code != "alipay" or order.product not in alipay_page.METHODS:
            return super()._ar_gateway_pay_page(order)
        # Signed whenever it is shown: Alipay refuses what was signed long ago, and nothing signed is kept.
        if order.state != "open" or self.state == "disabled" or order._is_given_up():
            return "", {}
        if not order._is_as_numbered():  # it would be signed as somebody else's
            return "", {}
        params = {
            **self._alipay_params(alipay_page.METHODS[order.product], order.pay_fields),
            "notify_url": self._ar_gateway_notify_url(),
            "return_url": f"{self._ar_gateway_base_url()}{const.ALIPAY_RETURN_ROUTE}/{order.access_token}",
        }
        return alipay_page.page_address(order.pay_url, params, self._alipay_private_key()), {}

    def _alipay_is_return(self, order, body):
        """Tell whether Alipay has sent the browser back from this order. It does not say whether it was paid.

        :param bytes body: the query string that the browser brought.
        """
        form = self._alipay_genuine_form(body)
        return bool(form) and (form.fields.get("out_trade_no"), form.fields.get("app_id")) == (
            order.name,
            order.application,
        )

    def _alipay_genuine_form(self, body):
        """Return the fields of a message (core.form.Form) if Alipay has signed them, or None."""
        form = parse_form(body)
        if not form or not form.fields.get("sign"):
            return None
        keys = self._alipay_keys(form.fields.get("alipay_cert_sn", ""))
        genuine = any(alipay_signing.verify_notification(form.fields, key, form.charset) for key in keys)
        return form if genuine else None

    # === WHAT BECAME OF AN ORDER === #

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
        if answer.get("code") == const.CODE_SUCCESS:
            return Closing.CLOSED
        if answer.get("sub_code") == const.TRADE_NOT_EXIST:
            # Nobody has been at its cashier, and whoever has the page open still can.
            on_page = order.product in alipay_page.METHODS
            return Closing.UNKNOWN if on_page and not order._is_past_paying() else Closing.CLOSED
        return Closing.PAID if answer.get("sub_code") == const.TRADE_STATUS_ERROR else Closing.UNKNOWN

    def _ar_gateway_judge(self, report, order):
        if self.code != "alipay":
            return super()._ar_gateway_judge(report, order)
        return alipay_trade.judge(report, order._expected())

    def _ar_gateway_merchant(self):
        return self.alipay_seller_id if self.code == "alipay" else super()._ar_gateway_merchant()

    def _ar_gateway_application(self):
        return self.alipay_app_id if self.code == "alipay" else super()._ar_gateway_application()

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
        return self._alipay_said(answer, alipay_refund.read_refund(answer, refund.name, refund.amount_minor))

    def _ar_gateway_query_refund(self, refund):
        if self.code != "alipay":
            return super()._ar_gateway_query_refund(refund)
        content = {"out_trade_no": refund.order_id.name, "out_request_no": refund.name}
        answer = self._alipay_call("alipay.trade.fastpay.refund.query", content, record=refund)
        return self._alipay_said(answer, alipay_refund.read_refund_query(answer, refund.name))

    def _alipay_said(self, answer, read):
        """Return what an answer says about a refund.

        :raise ValidationError: if it says nothing, because the call itself was refused.
        """
        if read is None:
            raise ValidationError(self._alipay_refusal(answer))
        return read

    def _ar_gateway_read_notification(self, body, headers):
        if self.code != "alipay":
            return super()._ar_gateway_read_notification(body, headers)
        form = self._alipay_genuine_form(body)
        if not form:
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
