from datetime import UTC, datetime

from odoo import models
from odoo.exceptions import ValidationError

from ..core import unionpay_requests
from ..core.settlement_bill import BillError
from ..core.settlement_unionpay import unpack_answer


class PaymentProviderUnionpayBill(models.AbstractModel):
    """UnionPay's settlement file, which is in the signed answer itself, packed twice."""

    _name = "payment.provider.unionpay.bill"
    _inherit = ["payment.provider.unionpay.requests"]
    _description = "Payment gateway: bills of UnionPay"

    def _ar_gateway_bill_kinds(self):
        return ("trade",) if self.code == "unionpay" else super()._ar_gateway_bill_kinds()

    def _ar_gateway_fetch_bill(self, day, kind="trade"):
        if self.code != "unionpay":
            return super()._ar_gateway_fetch_bill(day, kind)
        content = unionpay_requests.file_fields(
            mer_id=self.unionpay_mer_id or "", settled_on=day, now=datetime.now(UTC)
        )
        answer = self._unionpay_call(unionpay_requests.FILE_PATH, content)
        code = answer.get("respCode")
        if code == unionpay_requests.NO_FILE:
            return self._ar_no_bill(day)
        if code != "00":
            raise ValidationError(self._unionpay_refusal(answer))
        try:
            return unpack_answer(answer.get("fileContent") or "")
        except BillError as error:
            raise ValidationError(self.env["ar.gateway.bill"]._explain(error)) from None

    def _build_request_url(self, endpoint, **kwargs):
        if self.code != "unionpay" or endpoint != unionpay_requests.FILE_PATH:
            return super()._build_request_url(endpoint, **kwargs)
        host = self._unionpay_host(unionpay_requests.FILE_HOST, unionpay_requests.TEST_FILE_HOST)
        return f"{host}{endpoint}"
