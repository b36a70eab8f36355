import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import rsa_keys, wechat_keys

_MCHID = re.compile(r"[0-9]{8,12}")


class PaymentProviderWechatpay(models.AbstractModel):
    """WeChat Pay: its credentials.

    How it is called is in payment_provider_wechatpay_requests.py, what is asked of it in
    payment_provider_wechatpay_adapter.py.
    """

    _name = "payment.provider.wechatpay"
    _inherit = [
        "payment.provider.wechatpay.trial",
        "payment.provider.wechatpay.openid",
        "payment.provider.wechatpay.bill",
        "payment.provider.wechatpay.requests",
    ]
    _description = "Payment gateway: WeChat Pay"

    wechatpay_mchid = fields.Char(
        "WeChat Pay Merchant Number", required_if_provider="wechatpay", copy=False, groups="base.group_system"
    )
    wechatpay_appid = fields.Char(
        "WeChat App ID",
        help="Of the official account, mini program or app that is bound to the merchant number (starts with wx).",
        required_if_provider="wechatpay",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_private_key = fields.Text(
        "Private Key of the Merchant",
        required_if_provider="wechatpay",
        copy=False,
        groups=fields.NO_ACCESS,
    )
    wechatpay_private_key_new = fields.Text(
        "New Private Key of the Merchant",
        help="The content of apiclient_key.pem.",
        compute="_compute_ar_secret_inputs",
        inverse="_inverse_ar_secret_inputs",
        groups="base.group_system",
    )
    wechatpay_private_key_kept = fields.Char(
        "Fingerprint of the Merchant's Private Key",
        compute="_compute_ar_secrets_kept",
        compute_sudo=True,
        groups="base.group_system",
    )
    wechatpay_certificate_serial = fields.Char(
        "Serial Number of the Merchant's Certificate",
        help="40 hexadecimal digits, as the merchant platform shows them; the content of apiclient_cert.pem will do.",
        required_if_provider="wechatpay",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_apiv3_key = fields.Char(
        "APIv3 Key",
        required_if_provider="wechatpay",
        copy=False,
        groups=fields.NO_ACCESS,
    )
    wechatpay_apiv3_key_new = fields.Char(
        "New APIv3 Key",
        help="The 32 characters that were chosen in the merchant platform. Without it no payment is notified.",
        compute="_compute_ar_secret_inputs",
        inverse="_inverse_ar_secret_inputs",
        groups="base.group_system",
    )
    wechatpay_apiv3_key_kept = fields.Char(
        "APIv3 Key Entered",
        compute="_compute_ar_secrets_kept",
        compute_sudo=True,
        groups="base.group_system",
    )
    wechatpay_public_key_id = fields.Char(
        "ID of WeChat Pay's Public Key",
        help="Starts with PUB_KEY_ID_.",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_public_key = fields.Text(
        "WeChat Pay's Public Key",
        help="The content of pub_key.pem from the merchant platform; not the merchant's own key.",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_public_key_fingerprint = fields.Char(
        "Fingerprint of WeChat Pay's Public Key",
        compute="_compute_wechatpay_public_key_fingerprint",
        groups="base.group_system",
    )
    wechatpay_platform_certificates = fields.Text(
        "Platform Certificates",
        help="How WeChat Pay signed before it had public keys. They are fetched and renewed by themselves; while both"
        " kinds are in use, both are believed.",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_platform_certificates_end = fields.Date(
        "Platform Certificates End",
        compute="_compute_wechatpay_platform_certificates_end",
        groups="base.group_system",
    )
    wechatpay_h5 = fields.Boolean(
        "H5 Payments",
        help="The merchant has signed for H5 payments and registered this domain for them: customers on a phone go to"
        " the WeChat app by themselves. Without it they are shown a code.",
        groups="base.group_system",
    )
    wechatpay_app_secret = fields.Char(
        "Secret of the Official Account",
        copy=False,
        groups=fields.NO_ACCESS,
    )
    wechatpay_app_secret_new = fields.Char(
        "New Secret of the Official Account",
        help="If it is given, customers who scan with WeChat pay without leaving its browser. The account must have"
        " this domain for web authorisation, and the merchant the directory /pay/order/ for JSAPI payments.",
        compute="_compute_ar_secret_inputs",
        inverse="_inverse_ar_secret_inputs",
        groups="base.group_system",
    )
    wechatpay_app_secret_kept = fields.Char(
        "Secret of the Official Account Entered",
        compute="_compute_ar_secrets_kept",
        compute_sudo=True,
        groups="base.group_system",
    )

    # === COMPUTE === #

    @api.depends("wechatpay_public_key")
    def _compute_wechatpay_public_key_fingerprint(self):
        for provider in self:
            try:
                key = rsa_keys.load_public_key(provider.wechatpay_public_key or "")
                provider.wechatpay_public_key_fingerprint = rsa_keys.fingerprint(key)
            except ValueError:
                provider.wechatpay_public_key_fingerprint = False

    @api.depends("wechatpay_platform_certificates")
    def _compute_wechatpay_platform_certificates_end(self):
        for provider in self:
            try:
                found = wechat_keys.platform_certificates(provider.wechatpay_platform_certificates or "")
                ends = [key.not_after for key in found if key.not_after]
                provider.wechatpay_platform_certificates_end = max(ends).date() if ends else False
            except ValueError:
                provider.wechatpay_platform_certificates_end = False

    # === CONSTRAINTS === #

    @api.constrains("wechatpay_mchid", "wechatpay_certificate_serial", "wechatpay_apiv3_key")
    def _check_wechatpay_numbers(self):
        """Refuse what could never work, and say what is wrong with it."""
        for provider in self.filtered(lambda p: p.code == "wechatpay"):
            if provider.wechatpay_mchid and not _MCHID.fullmatch(provider.wechatpay_mchid):
                raise ValidationError(self.env._("The merchant number has 8 to 12 digits."))
            key = provider._ar_secret("wechatpay_apiv3_key")
            if key and len(key.encode()) != wechat_keys.APIV3_KEY_BYTES:
                raise ValidationError(
                    self.env._(
                        "The APIv3 key has %(needed)s characters, this one has %(given)s.",
                        needed=wechat_keys.APIV3_KEY_BYTES,
                        given=len(key.encode()),
                    )
                )
            serial = provider.wechatpay_certificate_serial
            if serial and serial != provider._wechatpay_serial_of(serial):
                provider.wechatpay_certificate_serial = provider._wechatpay_serial_of(serial)

    def _wechatpay_serial_of(self, text):
        """Return the serial number as requests name it, of the number as somebody wrote it or of a certificate."""
        try:
            return wechat_keys.certificate_serial(text)
        except rsa_keys.KeyFormatError as error:
            raise ValidationError(
                self.env._(
                    "The serial number of the merchant's certificate has 40 hexadecimal digits; it is shown in the"
                    " merchant platform under API security."
                )
            ) from error

    @api.constrains("wechatpay_public_key", "wechatpay_public_key_id")
    def _check_wechatpay_key_ids(self):
        for provider in self.filtered(lambda p: p.code == "wechatpay"):
            provider._check_wechatpay_key_id()

    def _check_wechatpay_key_id(self):
        key_id = self.wechatpay_public_key_id
        if bool(key_id) != bool(self.wechatpay_public_key):
            raise ValidationError(
                self.env._("WeChat Pay's public key and its ID belong together: enter both.")
            )
        if not key_id:
            return
        try:
            wechat_keys.public_key(key_id, self.wechatpay_public_key)
        except rsa_keys.KeyFormatError as error:
            raise ValidationError(
                self.env._(
                    "The ID of WeChat Pay's public key starts with PUB_KEY_ID_ and goes on with digits."
                )
            ) from error
        if key_id != key_id.strip():
            self.wechatpay_public_key_id = key_id.strip()

    @api.constrains("state", "code", "wechatpay_public_key", "wechatpay_platform_certificates")
    def _check_wechatpay_has_key(self):
        """Without a key of WeChat's nothing it says could be believed."""
        for provider in self.filtered(lambda p: p.code == "wechatpay" and p.state != "disabled"):
            if not provider.wechatpay_public_key and not provider.wechatpay_platform_certificates:
                raise ValidationError(
                    self.env._(
                        "Enter WeChat Pay's public key with its ID; or test the connection first, which fetches the"
                        " platform certificates of merchants that have them."
                    )
                )

    # === CRON === #

    @api.model
    def _cron_wechatpay_certificates(self):
        """Renew the platform certificates of merchants that have any, before the old ones end."""
        for provider in self.search([("code", "=", "wechatpay"), ("state", "!=", "disabled")]):
            if provider.wechatpay_platform_certificates:
                provider._wechatpay_renew_certificates()
