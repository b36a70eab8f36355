from odoo.api import Environment

from odoo.addons.payment import reset_payment_provider, setup_provider

from . import controllers, models, wizards


def post_init_hook(env: Environment) -> None:
    """Give every company its Alipay provider, and accounting its payment method."""
    setup_provider(env, "alipay")


def uninstall_hook(env: Environment) -> None:
    """Leave the provider behind as one without a code, as Odoo's own provider addons do."""
    reset_payment_provider(env, "alipay")
