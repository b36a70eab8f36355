"""Transactions know the payment link they came through; before, only our gateways' orders did."""

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
