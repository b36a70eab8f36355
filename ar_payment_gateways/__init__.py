from odoo.api import Environment

from odoo.addons.payment import reset_payment_provider

from . import const, controllers, models, wizards


def post_init_hook(env: Environment) -> None:
    """Give every company a provider of each gateway, and accounting its payment method."""
    env["payment.provider"]._ar_setup_gateways()


def uninstall_hook(env: Environment) -> None:
    """Leave the providers behind as ones without a code, as Odoo's own provider addons do."""
    for code in const.AR_GATEWAYS:
        reset_payment_provider(env, code)
