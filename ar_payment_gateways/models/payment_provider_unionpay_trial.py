from datetime import UTC, datetime, timedelta

from odoo import fields, models
from odoo.exceptions import ValidationError

from ..core import order_number, unionpay_requests
from ..core.unionpay_trade import Outcome, outcome

MAX_SKEW = timedelta(minutes=5)
SOON = timedelta(days=30)
TRIAL_MINUTES = 2
"""How long the code of a test could be paid; UnionPay has no way to close it."""


class PaymentProviderUnionpayTrial(models.AbstractModel):
    """UnionPay: does it work, and if not, what exactly is wrong.

    An order that does not exist is asked about, and a code for one fen is made that nobody gets to see.
    """

    _name = "payment.provider.unionpay.trial"
    _inherit = ["payment.provider.gateway"]
    _description = "Payment gateway: test of UnionPay"

    def _ar_gateway_test(self):
        if self.code != "unionpay":
            return super()._ar_gateway_test()
        ended = self._unionpay_ended()
        if ended:
            return ended, []
        now = fields.Datetime.now().replace(tzinfo=UTC)
        content = unionpay_requests.query_fields(
            mer_id=self.unionpay_mer_id or "",
            order_number=order_number.new_order_number(now, "TEST"),
            ordered_at=now,
        )
        try:
            answer, moment = self._unionpay_send(unionpay_requests.QUERY_PATH, content)
        except ValidationError as error:
            return [str(error)], []
        skew = moment and moment - datetime.now(UTC)
        if skew and abs(skew) > MAX_SKEW:
            return [
                self.env._(
                    "The clock of this server and UnionPay's are %s seconds apart.",
                    round(abs(skew.total_seconds())),
                )
            ], []
        if outcome(answer.get("respCode", "")) not in (Outcome.NOT_FOUND, Outcome.DONE):
            return [self._unionpay_diagnose(answer)], []
        try:
            problems = self._unionpay_try_code(now)
        except ValidationError as error:
            problems = [str(error)]
        return problems, [
            self.env._(
                "UnionPay accepts our signature, and signs with a certificate that can be traced to the ones entered"
                " here."
            ),
            *([] if problems else [self.env._("UnionPay makes codes to scan for this merchant.")]),
            *self._unionpay_ends_soon(),
            *self._unionpay_untried(),
        ]

    def _unionpay_try_code(self, now):
        """Ask for a code for one fen; return what went wrong. Which refusal means what is not documented publicly."""
        content = unionpay_requests.qr_fields(
            mer_id=self.unionpay_mer_id,
            order_number=order_number.new_order_number(now, "TEST"),
            ordered_at=now,
            amount_minor=1,
            notify_url=self._ar_gateway_notify_url(),
            expires_at=now + timedelta(minutes=TRIAL_MINUTES),
        )
        answer, _moment = self._unionpay_send(unionpay_requests.BACK_PATH, content)
        if outcome(answer.get("respCode", "")) is Outcome.DONE and answer.get("qrCode"):
            return []
        return [
            self.env._(
                "UnionPay makes no code to scan for merchant %(merchant)s: has it signed for that product (二维码支付"
                " 主扫)? (%(reason)s)",
                merchant=self.unionpay_mer_id,
                reason=self._unionpay_refusal(answer),
            )
        ]

    def _unionpay_untried(self):
        """Return what this test cannot tell."""
        if not (self.unionpay_front_phone or self.unionpay_front_computer):
            return []
        return [
            self.env._(
                "Whether the merchant has signed for UnionPay's cashier shows only when somebody opens it: pay a small"
                " invoice once."
            )
        ]

    def _unionpay_ended(self):
        """Return which certificates have ended."""
        today = fields.Date.context_today(self)
        names = ("unionpay_certificate_end", "unionpay_trust_end")
        return [
            self.env._(
                "%(what)s: %(date)s.", what=self._fields[name]._description_string(self.env), date=self[name]
            )
            for name in names
            if self[name] and self[name] < today
        ]

    def _unionpay_ends_soon(self):
        """Return a warning about a certificate of ours that ends within a month."""
        end = self.unionpay_certificate_end
        if not end or end > fields.Date.context_today(self) + SOON:
            return []
        return [self.env._("The merchant's certificate ends on %s: have UnionPay renew it.", end)]

    def _unionpay_diagnose(self, answer):
        """Return for a person what UnionPay's refusal means."""
        text = self._unionpay_refusal(answer)
        if answer.get("respCode") == "11":
            return self.env._(
                "UnionPay does not accept our signature: the merchant's certificate is not the one that UnionPay knows"
                " for merchant %(merchant)s. (%(reason)s)",
                merchant=self.unionpay_mer_id,
                reason=text,
            )
        return text
