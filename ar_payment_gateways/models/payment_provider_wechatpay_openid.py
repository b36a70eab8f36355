import requests

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import wechat_oauth

_logger = get_payment_logger(__name__)

SECONDS = 10


class PaymentProviderWechatpayOpenid(models.AbstractModel):
    """WeChat: who is it that looks at our page in WeChat's browser (snsapi_base of the official account)."""

    _name = "payment.provider.wechatpay.openid"
    _inherit = ["payment.provider.gateway"]
    _description = "Payment gateway: payers in WeChat's browser"

    def action_wechatpay_forget_secret(self):
        """Forget the secret of the official account: customers in WeChat's browser are shown a code again."""
        self.check_access("write")
        # sudo: nobody may read secrets, so nobody could empty one; checked above
        self.sudo().wechatpay_app_secret = False

    def _wechatpay_authorize_url(self, state):
        """Return where to send the visitor, so that WeChat sends him back with a code.

        :param str state: letters and digits; comes back with him.
        """
        return wechat_oauth.authorize_url(
            appid=self.wechatpay_appid,
            back_url=f"{self._ar_gateway_base_url()}{const.WECHATPAY_OPENID_ROUTE}",
            state=state,
            host=self._wechatpay_host(live=wechat_oauth.AUTHORIZE_HOST),
        )

    def _wechatpay_openid(self, code, record=None):
        """Return the openid that WeChat gives for a visitor's code.

        :param str code: from outside; good once.
        :param record: the ar.gateway.order that keeps the exchange, without the code and the account's secret.
        :raise core.wechat_oauth.OpenidError: if WeChat refuses; its text is WeChat's number of the reason.
        :raise ValidationError: if there is no answer.
        """
        self.ensure_one()
        url = wechat_oauth.exchange_url(
            appid=self.wechatpay_appid,
            secret=self._ar_secret("wechatpay_app_secret") or "",
            code=code,
            host=self._wechatpay_host(live=wechat_oauth.EXCHANGE_HOST),
        )
        asked = {"appid": self.wechatpay_appid, "grant_type": "authorization_code"}
        with self._ar_gateway_exchange(record, "sns/oauth2/access_token", asked) as kept:
            answer = self._wechatpay_exchange(url)
            kept["answer"] = answer
        return wechat_oauth.read_openid(answer)

    def _wechatpay_exchange(self, url):
        """Return the fields of WeChat's answer, none if it cannot be read."""
        try:
            # Not by Odoo's request helper: it logs the address, and the account's secret is in this one.
            answer = requests.get(url, timeout=SECONDS).json()
        except ValueError:
            return {}
        except requests.exceptions.RequestException:
            _logger.warning("Provider %s: WeChat cannot be reached for an openid.", self.id)
            raise ValidationError(self.env._("WeChat Pay cannot be reached.")) from None
        return answer if isinstance(answer, dict) else {}
