import base64
import binascii
import re
from datetime import UTC, datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import rsa_keys, unionpay_certificates, unionpay_merchant
from ..core.unionpay_certificates import UntrustedCertificateError

_MER_ID = re.compile(r"[0-9A-Za-z]{15}")


class PaymentProviderUnionpay(models.AbstractModel):
    """UnionPay's online gateway: its credentials.

    How it is called is in payment_provider_unionpay_requests.py, what is asked of it in
    payment_provider_unionpay_adapter.py.
    """

    _name = "payment.provider.unionpay"
    _inherit = [
        "payment.provider.unionpay.trial",
        "payment.provider.unionpay.bill",
        "payment.provider.unionpay.requests",
    ]
    _description = "Payment gateway: UnionPay"

    unionpay_mer_id = fields.Char(
        "UnionPay Merchant Number",
        help="15 characters (merId).",
        required_if_provider="unionpay",
        copy=False,
        groups="base.group_system",
    )
    unionpay_pfx = fields.Binary(
        "Merchant's Certificate File (.pfx)",
        help="The sign certificate as UnionPay hands it out. Key and certificate are taken out of it; the file and its"
        " password are not kept.",
        compute="_compute_unionpay_pfx",
        inverse="_inverse_unionpay_pfx",
        groups="base.group_system",
    )
    unionpay_pfx_password = fields.Char(
        "Password of the File",
        compute="_compute_unionpay_pfx",
        inverse="_inverse_unionpay_pfx",
        groups="base.group_system",
    )
    unionpay_private_key = fields.Text(
        "Merchant's Private Key (PEM)",
        required_if_provider="unionpay",
        copy=False,
        groups=fields.NO_ACCESS,
    )
    unionpay_private_key_new = fields.Text(
        "New Private Key (PEM)",
        compute="_compute_ar_secret_inputs",
        inverse="_inverse_ar_secret_inputs",
        groups="base.group_system",
    )
    unionpay_private_key_kept = fields.Char(
        "Fingerprint of the Private Key",
        compute="_compute_ar_secrets_kept",
        compute_sudo=True,
        groups="base.group_system",
    )
    unionpay_certificate = fields.Text(
        "Merchant's Certificate (PEM)",
        required_if_provider="unionpay",
        copy=False,
        groups="base.group_system",
    )
    unionpay_certificate_end = fields.Date(
        "Merchant's Certificate Ends", compute="_compute_unionpay_certificate_end", groups="base.group_system"
    )
    unionpay_root_certificate = fields.Text(
        "Root Certificate",
        help="The content of acp_prod_root.cer. What UnionPay sends is believed only if it can be traced to it.",
        required_if_provider="unionpay",
        copy=False,
        groups="base.group_system",
    )
    unionpay_middle_certificate = fields.Text(
        "Middle Certificate",
        help="The content of acp_prod_middle.cer.",
        required_if_provider="unionpay",
        copy=False,
        groups="base.group_system",
    )
    unionpay_trust_end = fields.Date(
        "UnionPay's Certificates End", compute="_compute_unionpay_trust_end", groups="base.group_system"
    )
    unionpay_owner = fields.Char(
        "Organisation in UnionPay's Certificate",
        help="The third part of the common name of the certificate that UnionPay signs with. The same authority issues"
        " certificates to merchants: without this check any of them could sign payments.",
        default=unionpay_certificates.OWNER,
        required_if_provider="unionpay",
        groups="base.group_system",
    )
    unionpay_front_phone = fields.Boolean(
        "On Phones",
        help="Customers on a phone go to UnionPay's cashier, which opens their wallet; the merchant must have signed"
        " for it (手机网页支付). Without it they are shown a code.",
        default=True,
        groups="base.group_system",
    )
    unionpay_front_computer = fields.Boolean(
        "On Computers",
        help="Customers at a computer go to UnionPay's cashier, where they can also pay by card or online banking; the"
        " merchant must have signed for it (网关支付). Without it they are shown a code.",
        groups="base.group_system",
    )

    # === COMPUTE === #

    def _compute_unionpay_pfx(self):
        self.unionpay_pfx = self.unionpay_pfx_password = False

    def _inverse_unionpay_pfx(self):
        """Take key and certificate out of an uploaded file."""
        for provider in self.filtered("unionpay_pfx"):
            try:
                pfx = base64.b64decode(provider.unionpay_pfx)
                found = unionpay_merchant.unpack_pfx(pfx, provider.unionpay_pfx_password or "")
            except (rsa_keys.KeyFormatError, binascii.Error) as error:
                raise ValidationError(
                    self.env._(
                        "The certificate file cannot be opened: it is no .pfx file, or the password is wrong."
                    )
                ) from error
            provider.sudo().write(  # sudo: nobody may read the key; who may write providers may enter one
                {"unionpay_private_key": found.private_key, "unionpay_certificate": found.certificate}
            )
        # Else file and password would be sent back with the saved form.
        self.invalidate_recordset(["unionpay_pfx", "unionpay_pfx_password"])

    @api.depends("unionpay_certificate")
    def _compute_unionpay_certificate_end(self):
        for provider in self:
            try:
                found = unionpay_certificates.load_certificate(provider.unionpay_certificate or "")
                provider.unionpay_certificate_end = unionpay_merchant.last_day(found)
            except ValueError:
                provider.unionpay_certificate_end = False

    @api.depends("unionpay_root_certificate", "unionpay_middle_certificate")
    def _compute_unionpay_trust_end(self):
        for provider in self:
            try:
                provider.unionpay_trust_end = unionpay_merchant.trust_ends(provider._unionpay_trust())
            except ValueError:
                provider.unionpay_trust_end = False

    # === CONSTRAINTS === #

    @api.constrains("unionpay_mer_id", "unionpay_owner")
    def _check_unionpay_numbers(self):
        """Refuse what could never work."""
        for provider in self.filtered(lambda p: p.code == "unionpay"):
            if provider.unionpay_mer_id and not _MER_ID.fullmatch(provider.unionpay_mer_id):
                raise ValidationError(self.env._("UnionPay's merchant number has 15 characters."))

    # A new key is written before it is compared: naming its fields here puts the check off until then.
    @api.constrains(
        "unionpay_private_key", "unionpay_private_key_new", "unionpay_pfx", "unionpay_certificate"
    )
    def _check_unionpay_identity(self):
        """Refuse a certificate that UnionPay would not accept; the key alone is checked as all keys are."""
        for provider in self.filtered(lambda p: p.code == "unionpay"):
            if provider.unionpay_certificate:
                provider._unionpay_load_certificate("unionpay_certificate")
            if not provider._ar_secret("unionpay_private_key") or not provider.unionpay_certificate:
                continue
            try:
                provider._unionpay_identity()
            except unionpay_merchant.PairError as error:
                raise ValidationError(
                    self.env._("The merchant's private key does not belong to the merchant's certificate.")
                ) from error
            except ValueError:
                continue  # `_check_ar_keys` says what is wrong with the key

    @api.constrains("unionpay_root_certificate", "unionpay_middle_certificate", "unionpay_certificate")
    def _check_unionpay_trust(self):
        """Refuse certificates to which no signature of UnionPay's could ever be traced."""
        for provider in self.filtered(lambda p: p.code == "unionpay"):
            names = ("unionpay_root_certificate", "unionpay_middle_certificate")
            pems = [provider._unionpay_load_certificate(name) for name in names if provider[name]]
            if len(pems) < len(names):
                continue
            try:
                trust = provider._unionpay_trust()
                unionpay_certificates.check_trust(trust, datetime.now(UTC))
            except UntrustedCertificateError as error:
                raise ValidationError(
                    self.env._(
                        "The middle certificate was not issued by the root certificate, or one of the two is not"
                        " an authority's."
                    )
                ) from error

    def _unionpay_load_certificate(self, field_name):
        """Return the certificate in a field, in its time, or say what is wrong with it."""
        label = self._ar_field_label(field_name)
        try:
            found = unionpay_certificates.load_certificate(self[field_name])
        except rsa_keys.KeyFormatError as error:
            raise ValidationError(
                self.env._("%(field)s: this is not a certificate in PEM format.", field=label)
            ) from error
        end = unionpay_merchant.last_day(found)
        if end < fields.Date.context_today(self):
            raise ValidationError(
                self.env._("%(field)s: this certificate ended on %(date)s.", field=label, date=end)
            )
        return found
