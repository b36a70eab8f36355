from urllib.parse import urlsplit

from odoo import models
from odoo.exceptions import ValidationError

from .. import const
from ..core import wechat_requests
from ..core.settlement_bill import BillError
from ..core.settlement_wechat import check_sha1
from ..core.wechat_trade import Advice


class PaymentProviderWechatpayBill(models.AbstractModel):
    """WeChat Pay's bills: where a day's bill is to be had comes in a signed answer, with the hash of what is there."""

    _name = "payment.provider.wechatpay.bill"
    _inherit = ["payment.provider.wechatpay.requests"]
    _description = "Payment gateway: bills of WeChat Pay"

    def _ar_gateway_bill_kinds(self):
        return ("trade", "fund") if self.code == "wechatpay" else super()._ar_gateway_bill_kinds()

    def _ar_gateway_fetch_bill(self, day, kind="trade"):
        if self.code != "wechatpay":
            return super()._ar_gateway_fetch_bill(day, kind)
        target = wechat_requests.trade_bill_target if kind == "trade" else wechat_requests.fund_bill_target
        reply = self._wechatpay_call("GET", target(day))
        if reply.is_success:
            return self._wechatpay_download(reply.content)
        if reply.advice is Advice.NOT_FOUND:
            # NO_STATEMENT_EXIST: nothing happened, or not so far; it is not signed.
            return self._ar_no_bill(day)
        if reply.advice is Advice.RETRY_SAME:  # STATEMENT_CREATING
            return None
        raise ValidationError(self._wechatpay_refusal(reply))

    def _wechatpay_download(self, answer):
        """Return the bill that an answer names. The download is not signed: the hash in the answer, which is, says
        whether it is the right one.

        :raise ValidationError:
        """
        url = str(answer.get("download_url") or "")
        parts = urlsplit(url)
        headers = self._build_request_headers("GET", f"{parts.path}?{parts.query}", None)
        content = self._ar_download_bill(url, const.WECHATPAY_BILL_HOSTS, headers)
        try:
            check_sha1(content, str(answer.get("hash_value") or ""))
        except BillError as error:
            raise ValidationError(self.env["ar.gateway.bill"]._explain(error)) from None
        return content
