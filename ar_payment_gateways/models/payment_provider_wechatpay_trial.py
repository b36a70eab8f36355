from datetime import UTC, datetime, timedelta

from odoo import fields, models
from odoo.exceptions import ValidationError

from ..core import order_number, wechat_requests
from ..core.wechat_oauth import OpenidError
from ..core.wechat_signing import RefusedMessageError

MAX_SKEW = timedelta(seconds=60)
"""WeChat allows five minutes; a clock that is one minute off will be five off some day."""

NO_SUCH_CODE = "0" * 32
WRONG_CODE = ("40029", "40163")
"""What WeChat says to a made-up code if the secret is right ("全局返回码")."""


class PaymentProviderWechatpayTrial(models.AbstractModel):
    """WeChat Pay: does it work, and if not, what exactly is wrong. One fen is ordered and the order closed at once."""

    _name = "payment.provider.wechatpay.trial"
    _inherit = ["payment.provider.gateway"]
    _description = "Payment gateway: test of WeChat Pay"

    def _ar_gateway_test(self):
        if self.code != "wechatpay":
            return super()._ar_gateway_test()
        try:
            problems = self._wechatpay_try_order(wechat_requests.NATIVE_TARGET)
        except ValidationError as error:
            return [str(error)], []
        if problems:
            return problems, []
        done = [self.env._("WeChat Pay accepts orders, and signs with the key that is entered as its own.")]
        if self.wechatpay_h5:
            problems += self._wechatpay_try_order(wechat_requests.H5_TARGET)
        for test in (self._wechatpay_try_seal, self._wechatpay_try_secret):
            problem, good = test()
            problems += [problem] if problem else []
            done += [good] if good else []
        return problems, done

    def _wechatpay_try_order(self, target):
        """Order one fen and close the order; return what went wrong."""
        now = fields.Datetime.now()
        content = wechat_requests.order_content(
            mchid=self.wechatpay_mchid,
            appid=self.wechatpay_appid,
            order_number=order_number.new_order_number(now, "TEST"),
            amount_minor=1,
            description="Test",
            notify_url=self._ar_gateway_notify_url(),
            expires_at=now.replace(tzinfo=UTC) + timedelta(minutes=10),
        )
        if target == wechat_requests.H5_TARGET:
            content = wechat_requests.h5_content(content, "127.0.0.1")
        reply = self._wechatpay_call("POST", target, content)
        if not reply.is_success:
            return [self._wechatpay_diagnose(reply, target)]
        close = wechat_requests.close_target(content["out_trade_no"])
        self._wechatpay_call("POST", close, wechat_requests.close_content(self.wechatpay_mchid))
        return []

    def _wechatpay_diagnose(self, reply, target):
        """Return for a person what WeChat's refusal of a request means."""
        code = reply.content.get("code")
        skew = reply.answered_at and reply.answered_at - datetime.now(UTC)
        if skew and abs(skew) > MAX_SKEW:
            return self._wechatpay_clock_text(skew)
        if code == "SIGN_ERROR":
            return self.env._(
                "The private key, the serial number of its certificate and the merchant number do not belong together"
                " (%(reason)s).",
                reason=reply.reason,
            )
        if code in ("APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS"):
            return self.env._(
                "The App ID %(appid)s is not bound to the merchant number %(mchid)s: bind them in the merchant platform"
                " (%(reason)s).",
                appid=self.wechatpay_appid,
                mchid=self.wechatpay_mchid,
                reason=reply.reason,
            )
        if code == "NO_AUTH":
            product = "H5" if target == wechat_requests.H5_TARGET else "Native"
            return self.env._(
                "The merchant has not signed for the product %(product)s (%(reason)s).",
                product=product,
                reason=reply.reason,
            )
        return self._wechatpay_refusal(reply)

    def _wechatpay_clock_text(self, skew):
        """Return that our clock is off, with how much and which way."""
        seconds = round(abs(skew.total_seconds()))
        if skew > timedelta(0):
            return self.env._(
                "The clock of this server is %s seconds slow; WeChat Pay refuses that.", seconds
            )
        return self.env._("The clock of this server is %s seconds fast; WeChat Pay refuses that.", seconds)

    def _wechatpay_try_seal(self):
        """Have WeChat send something that is sealed with the APIv3 key, if this merchant has such a thing."""
        untried = self.env._(
            "The APIv3 key cannot be tried beforehand: this merchant has no platform certificates. The first"
            " notification will tell."
        )
        try:
            response = self._wechatpay_send("GET", wechat_requests.CERTIFICATES_TARGET, wechatpay_raw=True)
            if not hasattr(response, "headers"):  # a refusal: merchants with a public key only have none
                return None, untried
            self._wechatpay_keep_certificates(self._wechatpay_open_certificates(response))
        except RefusedMessageError as error:
            return self._wechatpay_why(error), None
        except ValidationError:
            return None, untried
        return None, self.env._("The APIv3 key opens what WeChat Pay sends.")

    def _wechatpay_try_secret(self):
        """Ask for the openid of a made-up code: the refusal says whether the secret is right."""
        if not self._ar_secret("wechatpay_app_secret"):
            return None, None
        try:
            self._wechatpay_openid(NO_SUCH_CODE)
        except OpenidError as error:
            if str(error) not in WRONG_CODE:
                return self.env._("The secret of the official account is wrong (%s).", error), None
        except ValidationError as error:
            return str(error), None
        return None, self.env._("The secret of the official account is right.")
