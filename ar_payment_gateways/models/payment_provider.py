from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import ormcache

from .. import const


class PaymentProvider(models.Model):
    """The gateways of this addon. What differs between them is in their mixins (see payment_provider_gateway.py).

    The mixins come first: what they override of Odoo's hooks falls back to Odoo's for other codes.
    """

    _name = "payment.provider"
    _inherit = [
        "payment.provider.alipay",
        "payment.provider.wechatpay",
        "payment.provider.unionpay",
        "payment.provider",
    ]

    code = fields.Selection(
        selection_add=[
            ("alipay", "Alipay"),
            ("wechatpay", "WeChat Pay"),
            ("unionpay", "UnionPay"),
        ],
        ondelete=dict.fromkeys(const.AR_GATEWAYS, "set default"),
    )

    ar_was_test = fields.Boolean("Was in Test Mode", readonly=True, copy=False, groups="base.group_system")

    # === FRAMEWORK HOOKS === #

    @api.depends("code")
    def _compute_feature_support_fields(self):
        result = super()._compute_feature_support_fields()
        self.filtered(lambda provider: provider.code in const.AR_GATEWAYS).support_refund = "partial"
        return result

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
        return dict.fromkeys(const.AR_GATEWAYS[self.code].credential_fields, None)

    def _check_required_if_provider(self):
        # sudo: nobody may read secrets, here is only asked whether they are there.
        return super(PaymentProvider, self.sudo())._check_required_if_provider()

    def action_reset_credentials(self):
        """Forget the credentials, the secrets too; for whoever may write providers."""
        if self.code not in const.AR_GATEWAYS:
            return super().action_reset_credentials()
        self.check_access("write")
        # sudo: nobody may read secrets, so nobody could overwrite them; checked above
        return super(PaymentProvider, self.sudo()).action_reset_credentials()

    @api.model
    def _ar_setup_gateways(self):
        """Give every company a provider of each gateway, and accounting its payment method; what is there stays."""
        for code in const.AR_GATEWAYS:
            self._setup_provider(code)

    @api.model
    def _ar_setup_new_gateways(self):
        """The same for a gateway that an upgrade brings. While the addon is being installed `post_init_hook` does it:
        after the translations, which the copies of other companies then have too."""
        if self.env.ref("base.module_ar_payment_gateways").state != "to install":
            self._ar_setup_gateways()

    # === ACTIONS === #

    def action_ar_test_connection(self):
        """Find out whether this provider works, and say what exactly is wrong if it does not."""
        self.ensure_one()
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only administrators may test a payment provider."))
        self.check_access("write")
        problems, done = self.sudo()._ar_gateway_test()  # sudo: it signs; checked above
        if problems:
            raise UserError("\n\n".join(problems))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("It works"),
                "message": " ".join(done),
                "sticky": True,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === OFFERING === #

    @api.model_create_multi
    def create(self, vals_list):
        """Forget what was offered before; so do `write` and `unlink`."""
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        if vals.get("state") == "disabled":
            # What was begun before goes on being asked about, and where it was begun.
            for is_test, providers in self.grouped(lambda provider: provider._ar_gateway_is_test()).items():
                super(PaymentProvider, providers).write({"ar_was_test": is_test})
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @ormcache("company_id", "country_id", "currency_id")
    def _ar_offered_ids(self, company_id, country_id, currency_id, partner_id):
        """Return the ids of the published providers that take a currency from customers of a country.

        Whatever the amount, so that it can be remembered: of the queries of a landing page these are half.

        :param partner_id: one of that country, or without one.
        """
        # sudo: for a customer who is not logged in; what he gets to see are names.
        providers = self.sudo()._get_compatible_providers(
            company_id, partner_id, 0.0, currency_id=currency_id
        )
        return tuple(providers.filtered("is_published").ids)

    def _ar_gateway_payment_method(self):
        """Return the payment.method of attempts at this gateway; it need not be switched on for Odoo's own form."""
        self.ensure_one()
        return self.env.ref(const.AR_GATEWAYS[self.code].method_xmlid)
