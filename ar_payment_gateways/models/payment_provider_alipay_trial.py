from datetime import UTC, datetime, timedelta

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
        theirs = self.alipay_certificate if self.alipay_mode == "certificate" else self.alipay_public_key
        if not self._ar_secret("alipay_private_key") or not self.alipay_app_id or not theirs:
            return [self.env._("Enter the credentials of Alipay first.")], []
        if ended := self._alipay_ended():
            return ended, []
        return self._alipay_try_code() if self.alipay_code_pay else self._alipay_try_query()

    def _alipay_try_query(self):
        """Ask about an order that does not exist: the refusal says whether keys and app fit."""
        content = {"out_trade_no": order_number.new_order_number(fields.Datetime.now(), "TEST")}
        try:
            answer = self._alipay_call("alipay.trade.query", content)
        except ValidationError as error:
            return [self._alipay_diagnose(str(error))], []
        if answer.get("sub_code") != const.TRADE_NOT_EXIST:
            return [self._alipay_diagnose(self._alipay_refusal(answer))], []
        return [], [
            self.env._("Alipay answers, and signs with the key that is entered as its own."),
            *self._alipay_untried(),
        ]

    def _alipay_ended(self):
        """Return which certificates have ended."""
        if self.alipay_mode != "certificate":
            return []
        today = fields.Date.context_today(self)
        return [
            self.env._(
                "%(what)s: %(date)s.", what=self._fields[name]._description_string(self.env), date=self[name]
            )
            for name in ("alipay_app_certificate_end", "alipay_certificate_end")
            if self[name] and self[name] < today
        ]

    def _alipay_untried(self):
        """Return what this test cannot tell."""
        if not (self.alipay_page_pay or self.alipay_wap_pay):
            return []
        return [
            self.env._(
                "Whether the merchant has signed for Alipay's cashier shows only when somebody opens it: pay a small"
                " invoice once."
            )
        ]

    def _alipay_try_code(self):
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
            ),
            *self._alipay_untried(),
        ]

    def _alipay_wrong_key(self):
        if self.alipay_mode == "certificate":
            return self.env._(
                "The certificate of the app is not the one that Alipay knows for it, or the app signs by keys: compare"
                " with the open platform's console (接口加签方式)."
            )
        return self.env._(
            "The private key does not belong to the app: upload its public key in the open platform."
        )

    def _alipay_clock_text(self, answered_at):
        """Return that our clock is off, with how much and which way.

        :param datetime answered_at: by the gateway's clock, just now.
        """
        skew = answered_at - datetime.now(UTC)
        seconds = round(abs(skew.total_seconds()))
        if skew > timedelta(0):
            return self.env._("The clock of this server is %s seconds slow; Alipay refuses that.", seconds)
        return self.env._("The clock of this server is %s seconds fast; Alipay refuses that.", seconds)

    def _alipay_diagnose(self, text):
        """Return for a person what a refusal means; `text` names it by Alipay's own word."""
        advice = {
            "isv.invalid-signature": self._alipay_wrong_key(),
            "isv.missing-signature-config": self._alipay_wrong_key(),
            "isv.invalid-app-id": self.env._("Alipay knows no app %s.", self.alipay_app_id),
            const.INVALID_TIMESTAMP: self.env._("The clock of this server is minutes off."),
            "ACQ.ACCESS_FORBIDDEN": self.env._(
                "The merchant has not signed for the product %s.", self.alipay_product_code
            ),
            "insufficient-isv-permissions": self.env._(
                "The merchant has not signed for the product %s.", self.alipay_product_code
            ),
        }
        found = [f"{meaning} ({text})" for word, meaning in advice.items() if word in text]
        return found[0] if found else text
