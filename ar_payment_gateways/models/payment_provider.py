from odoo import api, fields, models

from .. import const


class PaymentProvider(models.Model):
    """The gateways of this addon. What differs between them is in their mixins (see payment_provider_gateway.py).

    The mixins come first: what they override of Odoo's hooks falls back to Odoo's for other codes.
    """

    _name = "payment.provider"
    _inherit = ["payment.provider.alipay", "payment.provider"]

    code = fields.Selection(selection_add=[("alipay", "Alipay")], ondelete={"alipay": "set default"})

    # === FRAMEWORK HOOKS === #

    @api.depends("code")
    def _compute_feature_support_fields(self):
        super()._compute_feature_support_fields()
        self.filtered(lambda provider: provider.code in const.AR_GATEWAYS).support_refund = "partial"

    def _get_supported_currencies(self):
        supported = super()._get_supported_currencies()
        if self.code in const.AR_GATEWAYS:
            currencies = const.AR_GATEWAYS[self.code].currencies
            supported = supported.filtered(lambda currency: currency.name in currencies)
        return supported

    def _get_default_payment_method_codes(self):
        self.ensure_one()
        if self.code not in const.AR_GATEWAYS:
            return super()._get_default_payment_method_codes()
        return set(const.AR_GATEWAYS[self.code].method_codes)

    def _get_reset_values(self):
        if self.code not in const.AR_GATEWAYS:
            return super()._get_reset_values()
        return dict.fromkeys(const.AR_GATEWAYS[self.code].credentials, None)

    def _ar_gateway_payment_method(self):
        """Return the payment.method of attempts at this gateway; it need not be switched on for Odoo's own form."""
        self.ensure_one()
        return self.env.ref(const.AR_GATEWAYS[self.code].method_xmlid)
