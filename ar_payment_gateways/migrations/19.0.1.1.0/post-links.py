"""Transactions know the payment link they came through, orders whose merchant they are; both were known otherwise."""

from odoo import api
from odoo.tools import SQL


def migrate(cr, version):
    """Fill in what the orders know."""
    env = api.Environment(cr, api.SUPERUSER_ID, {})
    env.execute_query(
        SQL(
            "UPDATE payment_transaction SET ar_link_id = o.link_id FROM ar_gateway_order o"
            " WHERE o.transaction_id = payment_transaction.id AND o.link_id IS NOT NULL RETURNING o.id"
        )
    )
    orders = env["ar.gateway.order"]
    for provider in orders.search([("merchant", "=", False)]).provider_id:
        identity = provider._ar_gateway_identity()
        mine = orders.search([("provider_id", "=", provider.id), ("merchant", "=", False)])
        mine.write({name: identity[name] for name in ("merchant", "application")})
    # Booked ones are not asked about any more; when they were to be asked about was never cleared.
    booked = [("state", "=", "paid"), ("transaction_id.is_post_processed", "=", True)]
    orders.search([*booked, ("next_query_at", "!=", False)]).write({"next_query_at": False})
    cron = env.ref("ar_payment_gateways.ir_cron_query_orders")
    if (cron.interval_number, cron.interval_type) == (2, "minutes"):
        cron.interval_number = 1
