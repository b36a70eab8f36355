"""The part of the tests of credit control on a running server that is executed inside `odoo shell`."""

from odoo.fields import Command

SALESMAN = "sales_team.group_sale_salesman"
MANAGER = "ar_credit_control.group_manager"


def prepare(env):
    """Make goods and a credit manager; return his login."""
    env["ir.cron"].search([]).active = False  # nothing but what the tests do
    goods = {"name": "Server goods", "type": "consu", "list_price": 1.0, "taxes_id": [Command.clear()]}
    env["product.product"].create(goods)
    login = _user(env, "server_manager", MANAGER).login
    env.cr.commit()
    return login


def orders(env, name, limit, amounts):
    """Return [login, order id] for each amount, of a new customer with a limit; each is written by its own salesman."""
    customer = env["res.partner"].create({"name": name, "is_company": True})
    env["ar.credit.account"].create({"partner_id": customer.id, "control": "limited", "credit_limit": limit})
    goods = env["product.product"].search([("name", "=", "Server goods")], limit=1)
    made = []
    for number, amount in enumerate(amounts):
        user = _user(env, f"{name}_{number}", SALESMAN)
        line = Command.create({"product_id": goods.id, "price_unit": amount, "tax_ids": [Command.clear()]})
        values = {"partner_id": customer.id, "user_id": user.id, "order_line": [line]}
        made.append([user.login, env["sale.order"].with_user(user).create(values).id])
    env.cr.commit()
    return made


def outcome(env, order_ids):
    """Return what became of orders: [state, number of transfers, [[state, number of approvals] of the holds]] each."""
    return [
        [
            order.state,
            len(order.picking_ids),
            [
                [
                    hold.state,
                    hold._get_ar_approval_requests().decision_ids.mapped("action").count("approved"),
                ]
                for hold in order.ar_credit_hold_ids
            ],
        ]
        for order in env["sale.order"].browse(order_ids)
    ]


def _user(env, login, group):
    return env["res.users"].create(
        {"name": login, "login": login, "password": login, "group_ids": [Command.link(env.ref(group).id)]}
    )
