import base64
import binascii
from datetime import UTC, datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import alipay_certificates, alipay_signing, rsa_keys
from ..core.alipay_certificates import UntrustedCertificateError

_logger = get_payment_logger(__name__)

FILES = ("alipay_app_certificate", "alipay_certificate", "alipay_root_certificate")


class PaymentProviderAlipayKeys(models.AbstractModel):
    """Alipay: what we sign with, and what its signatures are checked with: its key, or its certificates."""

    _name = "payment.provider.alipay.keys"
    _inherit = ["payment.provider.gateway"]
    _description = "Payment gateway: keys and certificates of Alipay"

    alipay_mode = fields.Selection(
        [("key", "Keys"), ("certificate", "Certificates")],
        "Signatures by",
        help="What was chosen for the app in Alipay's open platform (接口加签方式): 密钥, or 证书.",
        default="key",
        required_if_provider="alipay",
        groups="base.group_system",
    )
    alipay_private_key = fields.Text(
        "Private Key of the App", required_if_provider="alipay", copy=False, groups=fields.NO_ACCESS
    )
    alipay_private_key_new = fields.Text(
        "New Private Key of the App",
        compute="_compute_ar_secret_inputs",
        inverse="_inverse_ar_secret_inputs",
        groups="base.group_system",
    )
    alipay_private_key_kept = fields.Char(
        "Fingerprint of the App's Private Key",
        compute="_compute_ar_secrets_kept",
        compute_sudo=True,
        groups="base.group_system",
    )
    alipay_public_key = fields.Text(
        "Alipay's Public Key",
        help="Alipay's key as shown in the open platform's console after yours is uploaded; not your own.",
        copy=False,
        groups="base.group_system",
    )
    alipay_public_key_fingerprint = fields.Char(
        "Fingerprint", compute="_compute_alipay_public_key_fingerprint", groups="base.group_system"
    )
    alipay_app_certificate = fields.Text(
        "Certificate of the App (PEM)", copy=False, groups="base.group_system"
    )
    alipay_certificate = fields.Text(
        "Alipay's Certificate (PEM)",
        help="When Alipay renews it, the new one is fetched, traced to the root certificate and kept beside this one.",
        copy=False,
        groups="base.group_system",
    )
    alipay_root_certificate = fields.Text(
        "Alipay's Root Certificate (PEM)", copy=False, groups="base.group_system"
    )
    alipay_app_certificate_file = fields.Binary(
        "Certificate of the App",
        help="appCertPublicKey_….crt as the open platform's console offers it for download.",
        compute="_compute_alipay_files",
        inverse="_inverse_ar_secret_inputs",
        groups="base.group_system",
    )
    alipay_certificate_file = fields.Binary(
        "Alipay's Certificate",
        help="alipayCertPublicKey_RSA2.crt as the open platform's console offers it for download.",
        compute="_compute_alipay_files",
        inverse="_inverse_ar_secret_inputs",
        groups="base.group_system",
    )
    alipay_root_certificate_file = fields.Binary(
        "Alipay's Root Certificate",
        help="alipayRootCert.crt as the open platform's console offers it for download.",
        compute="_compute_alipay_files",
        inverse="_inverse_ar_secret_inputs",
        groups="base.group_system",
    )
    alipay_app_certificate_end = fields.Date(
        "Certificate of the App Ends", compute="_compute_alipay_certificate_ends", groups="base.group_system"
    )
    alipay_certificate_end = fields.Date(
        "Alipay's Certificate Ends", compute="_compute_alipay_certificate_ends", groups="base.group_system"
    )
    alipay_root_serial = fields.Char(
        "Number of Alipay's Root Certificate",
        compute="_compute_alipay_certificate_ends",
        groups="base.group_system",
    )
    alipay_certificates_asked_at = fields.Datetime(
        "Alipay's Certificate Asked For", readonly=True, copy=False, groups="base.group_system"
    )

    # === COMPUTE === #

    @api.depends("alipay_public_key")
    def _compute_alipay_public_key_fingerprint(self):
        for provider in self:
            try:
                key = rsa_keys.load_public_key(provider.alipay_public_key or "")
                provider.alipay_public_key_fingerprint = rsa_keys.fingerprint(key)
            except ValueError:
                provider.alipay_public_key_fingerprint = False

    def _compute_alipay_files(self):
        for name in FILES:
            self[f"{name}_file"] = False

    def _ar_entered(self):
        """Also the text of uploaded files; the constraints look into it."""
        entered = super()._ar_entered()
        for name in FILES:
            if content := self[f"{name}_file"]:
                try:
                    entered[name] = base64.b64decode(content).decode("ascii").strip()
                except (ValueError, binascii.Error) as error:
                    raise ValidationError(self._alipay_no_certificate(name)) from error
        return entered

    def _ar_input_names(self):
        return [*super()._ar_input_names(), *(f"{name}_file" for name in FILES)]

    @api.depends(*FILES)
    def _compute_alipay_certificate_ends(self):
        def read(reader, text):
            try:
                return text and reader(text)
            except ValueError:
                return False

        for provider in self:
            last_day, root_serial = alipay_certificates.last_day, alipay_certificates.root_serial
            provider.alipay_app_certificate_end = read(last_day, provider.alipay_app_certificate)
            provider.alipay_certificate_end = read(last_day, provider.alipay_certificate)
            provider.alipay_root_serial = read(root_serial, provider.alipay_root_certificate)

    # === CONSTRAINTS === #

    def _check_required_if_provider(self):
        """As Odoo's, after all is written, files too: what the chosen kind of signatures needs is there."""
        result = super()._check_required_if_provider()
        for provider in self.filtered(lambda p: p.code == "alipay" and p.state != "disabled"):
            needed = FILES if provider.alipay_mode == "certificate" else ("alipay_public_key",)
            missing = [provider._ar_field_label(name) for name in needed if not provider[name]]
            if missing:
                raise ValidationError(
                    self.env._("The following fields must be filled: %s", ", ".join(missing))
                )
        return result

    @api.constrains("alipay_private_key", *FILES)
    def _check_alipay_certificates(self):
        """Refuse files that could never work, the ones mixed up, and the mistake that would let anybody forge."""
        readers = (
            alipay_certificates.app_key,
            alipay_certificates.signer_keys,
            alipay_certificates.root_serial,
        )
        for provider in self.filtered(lambda p: p.code == "alipay"):
            found = {}
            for name, reader in zip(FILES, readers, strict=True):
                try:
                    found[name] = provider[name] and reader(provider[name])
                except ValueError as error:
                    raise ValidationError(provider._alipay_no_certificate(name)) from error
            provider._check_alipay_app_certificate(found["alipay_app_certificate"])
            provider._check_alipay_signers(found["alipay_app_certificate"], found["alipay_certificate"])

    def _alipay_no_certificate(self, name):
        return self.env._(
            "%(field)s: this is not the certificate file that is needed here.",
            field=self._ar_field_label(name),
        )

    def _check_alipay_app_certificate(self, key):
        """The app's certificate and its private key belong together."""
        ours = self._ar_secret("alipay_private_key")
        try:
            ours = ours and rsa_keys.load_private_key(ours)
        except ValueError:
            return  # `_check_ar_keys` says what is wrong with it
        if key and ours and not rsa_keys.is_pair(ours, key):
            raise ValidationError(
                self.env._("The private key does not belong to the certificate of the app.")
            )

    def _check_alipay_signers(self, app_key, signer_keys):
        """Alipay's certificate is not ours: the two files are easily mixed up."""
        keys = [key.public_numbers() for key in (signer_keys or {}).values()]
        if app_key and app_key.public_numbers() in keys:
            raise ValidationError(
                self.env._(
                    "This is the certificate of the app. What is needed is Alipay's, alipayCertPublicKey_RSA2.crt."
                )
            )

    # === SIGNING AND BELIEVING === #

    def _alipay_private_key(self):
        if not self._ar_secret("alipay_private_key") or not self.alipay_app_id:
            raise ValidationError(self.env._("Enter the credentials of Alipay first."))
        return rsa_keys.load_private_key(self._ar_secret("alipay_private_key"))

    def _alipay_certificate_params(self):
        """Return what requests say about our certificates; {} where there are none."""
        if self.alipay_mode != "certificate":
            return {}
        try:
            return {
                "app_cert_sn": alipay_certificates.app_serial(self.alipay_app_certificate or ""),
                "alipay_root_cert_sn": alipay_certificates.root_serial(self.alipay_root_certificate or ""),
            }
        except rsa_keys.KeyFormatError as error:
            raise ValidationError(self.env._("Enter the credentials of Alipay first.")) from error

    def _alipay_keys(self, name, renew=False):
        """Return the keys that a message may be signed with.

        A message that names a certificate is checked with that one. One that we have not got is fetched, not more often
        than every few minutes, for answers to our own calls only: anybody can post messages with made-up names, and
        would take the turn of the true one.

        :param str name: what the message calls its certificate, from outside; '' if it does not.
        :param bool renew: whether to fetch the one that it names.
        :return: public keys; empty if nothing can be believed.
        """
        if self.alipay_mode != "certificate":
            return [rsa_keys.load_public_key(self.alipay_public_key)] if self.alipay_public_key else []
        if not self.alipay_certificate:
            return []
        now = datetime.now(UTC)
        keys = alipay_certificates.signer_keys(self.alipay_certificate, now)
        if renew and name and name not in keys:
            # What was kept just now is not to be seen from the snapshot of this transaction.
            keys = alipay_certificates.signer_keys(
                self._alipay_renew_certificate(name) or self.alipay_certificate, now
            )
        return [keys[name]] if name in keys else [] if name else list(keys.values())

    def _alipay_is_signed(self, content, signature, name):
        """Tell whether Alipay has signed these bytes of an answer."""
        return any(
            alipay_signing.verify(content, signature, key) for key in self._alipay_keys(name, renew=True)
        )

    def _alipay_renew_certificate(self, name):
        """Fetch the certificate that Alipay signs with now, and keep it if it can be traced to the root file.

        :return: all certificates with the new one, as PEM; '' if it was not to be had.
        """
        if not self._ar_gateway_take_turn("alipay_certificates_asked_at"):
            return ""
        try:
            # What is in this answer proves itself; its signature may be of the very key that we have not got.
            answer = self._alipay_call(const.ALIPAY_CERTIFICATE_METHOD, {"alipay_cert_sn": name})
            merged = alipay_certificates.renewed(
                self.alipay_certificate,
                alipay_certificates.decode(answer.get("alipay_cert_content") or ""),
                name,
                self.alipay_root_certificate or "",
                datetime.now(UTC),
            )
        except UntrustedCertificateError as error:
            _logger.error("Provider %s: Alipay's new certificate is not believed: %s", self.id, error)
            return ""
        except (ValidationError, ValueError) as error:
            _logger.warning("Provider %s: no new certificate of Alipay's: %s", self.id, error)
            return ""
        provider_id = self.id

        def keep(env):
            env["payment.provider"].browse(provider_id).alipay_certificate = merged

        # In a transaction of its own: what is asked meanwhile may be undone, the certificate stays good.
        self.env["ar.gateway.order"]._in_own_transaction(keep)
        self.invalidate_recordset(["alipay_certificate"])
        return merged
