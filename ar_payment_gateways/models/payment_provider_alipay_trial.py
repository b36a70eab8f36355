from datetime import UTC, timedelta

from odoo import fields, models
from odoo.exceptions import ValidationError

from .. import const
from ..core import order_number
from ..core.alipay_precreate import precreate_content


class PaymentProviderAlipayTrial(models.AbstractModel):
    """Alipay: does it work, and if not, what exactly is wrong. A code for one fen is made that nobody gets to see."""

    _name = "payment.provider.alipay.trial"
    _inherit = ["payment.provider.gateway"]
    _description = "Payment gateway: test of Alipay"

    def _ar_gateway_test(self):
        if self.code != "alipay":
            return super()._ar_gateway_test()
        if not self.alipay_private_key or not self.alipay_app_id or not self.alipay_public_key:
            return [self.env._("Enter the credentials of Alipay first.")], []
        now = fields.Datetime.now()
        content = precreate_content(
            order_number=order_number.new_order_number(now, "TEST"),
            amount_minor=1,
            subject="Test",
            product_code=self.alipay_product_code,
            seller_id=self.alipay_seller_id,
            expires_at=now.replace(tzinfo=UTC) + timedelta(minutes=5),
        )
        try:
            answer = self._alipay_call("alipay.trade.precreate", content, notify=True)
        except ValidationError as error:
            return [self._alipay_diagnose(str(error))], []
        if answer.get("code") != const.CODE_SUCCESS:
            return [self._alipay_diagnose(self._alipay_refusal(answer))], []
        self._alipay_call("alipay.trade.close", {"out_trade_no": content["out_trade_no"]})
        return [], [
            self.env._(
                "Alipay makes codes for the product %s, and signs with the key that is entered as its own.",
                self.alipay_product_code,
            )
        ]

    def _alipay_diagnose(self, text):
        """Return for a person what a refusal means; `text` names it by Alipay's own word."""
        advice = {
            "isv.invalid-signature": self.env._(
                "The private key does not belong to the app: upload its public key in the open platform."
            ),
            "isv.invalid-app-id": self.env._("Alipay knows no app %s.", self.alipay_app_id),
            "isv.invalid-timestamp": self.env._("The clock of this server is minutes off."),
            "ACQ.ACCESS_FORBIDDEN": self.env._(
                "The merchant has not signed for the product %s.", self.alipay_product_code
            ),
            "insufficient-isv-permissions": self.env._(
                "The merchant has not signed for the product %s.", self.alipay_product_code
            ),
        }
        found = [f"{meaning} ({text})" for word, meaning in advice.items() if word in text]
        return found[0] if found else text
