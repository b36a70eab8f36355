from odoo import api, models
from odoo.exceptions import ValidationError

from .. import const
from ..core import credentials, rsa_keys
from ..core.credentials import Kind

INPUT, KEPT = "_new", "_kept"
"""A secret `x` has no group that may read it. `x_new` takes another one, `x_kept` tells that there is one."""


class PaymentProviderCredentials(models.AbstractModel):
    """The merchant's keys and secrets: entered, checked, used, and never shown again.

    As Odoo's own second factors (auth_totp), a secret is a field that only the machinery may read: neither a form, an
    export, a domain nor any other call from outside gets it, whoever calls. What is secret, and what has to be in which
    field, is in the table const.AR_GATEWAYS.
    """

    _name = "payment.provider.credentials"
    _description = "Payment gateway: keys and secrets"

    @api.model
    def _ar_credentials(self):
        """Return the credentials (core.credentials.Credential) of all gateways."""
        return [each for gateway in const.AR_GATEWAYS.values() for each in gateway.credentials]

    @api.model
    def _ar_secret_names(self, suffix=""):
        return [f"{each.field}{suffix}" for each in self._ar_credentials() if each.is_secret]

    def _ar_secret(self, name):
        """Return a secret for use; never hand it on."""
        self.ensure_one()
        assert name in self._ar_secret_names()
        return self.sudo()[name]  # sudo: nobody may read it, and the callers sign and decipher with it only

    # === ENTERING AND SHOWING === #

    def _compute_ar_secret_inputs(self):
        for name in self._ar_secret_names(INPUT):
            self[name] = False

    def _inverse_ar_secret_inputs(self):
        """Keep what was entered, all at once; nothing entered changes nothing."""
        for provider in self:
            entered = provider._ar_entered()
            if entered:
                # sudo: nobody may read the fields; whoever may write providers may enter them
                provider.sudo().write(entered)
        # Else what was just entered would be sent back with the saved form.
        self.invalidate_recordset(self._ar_input_names())

    def _ar_entered(self):
        """Return what was entered into the fields of this form that are not shown again, by the fields that keep it."""
        return {
            name: self[f"{name}{INPUT}"].strip()
            for name in self._ar_secret_names()
            if (self[f"{name}{INPUT}"] or "").strip()
        }

    def _ar_input_names(self):
        return self._ar_secret_names(INPUT)

    @api.depends(lambda self: self._ar_secret_names())
    def _compute_ar_secrets_kept(self):
        """Tell what may be seen of each secret."""
        for provider in self:
            for each in self._ar_credentials():
                if each.is_secret:
                    provider[f"{each.field}{KEPT}"] = credentials.shown(each, provider[each.field] or "")

    # === CHECKS === #

    @api.constrains(
        lambda self: [each.field for each in self._ar_credentials() if each.kind is not Kind.TEXT]
    )
    def _check_ar_keys(self):
        """Refuse keys that could never work, and the one mistake that would let anybody forge payments."""
        for provider in self.filtered(lambda provider: provider.code in const.AR_GATEWAYS):
            ours, theirs = [], []
            for each in const.AR_GATEWAYS[provider.code].credentials:
                if each.kind is Kind.OUR_KEY:
                    ours += provider._ar_load_keys(each)
                else:
                    theirs += [(each, key.public_numbers()) for key in provider._ar_load_keys(each)]
            numbers = [key.public_numbers() for key in ours]
            for each, key in theirs:
                if key in numbers:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: this belongs to the merchant's own private key. What is needed is the gateway's"
                            " own, which its console shows after yours was uploaded.",
                            field=provider._ar_field_label(each.field),
                        )
                    )

    def _ar_load_keys(self, credential):
        """Return the public halves of the keys in a field, or say what is wrong with it."""
        text = self.sudo()[credential.field]  # sudo: a secret maybe; only looked at
        try:
            return credentials.public_keys(credential.kind, text) if text else []
        except rsa_keys.WeakKeyError as error:
            raise ValidationError(
                self.env._(
                    "%(field)s: the key is too short, RSA2 needs 2048 bits or more.",
                    field=self._ar_field_label(credential.field),
                )
            ) from error
        except rsa_keys.KeyFormatError as error:
            raise ValidationError(
                self.env._(
                    "%(field)s: this is not the RSA key that is needed here.",
                    field=self._ar_field_label(credential.field),
                )
            ) from error

    def _ar_field_label(self, name):
        return self.env["ir.model.fields"]._get(self._name, name).field_description
