"""What Odoo's other addons do with a customer under credit control; run inside an `odoo shell` that has them all.

Each function gets the environment, works in its transaction, and returns what the test compares.
"""

import uuid
from types import SimpleNamespace

from odoo import fields
from odoo.fields import Command
from odoo.http import root


def _scene(env, limit=100):
    """Return a customer with a credit limit, goods at 10 in stock, and a salesman; deliveries are asked about."""
    env.ref("ar_credit_control.rule_delivery").active = True
    customer = env["res.partner"].create({"name": "Yiwu Lantern Export", "is_company": True})
    account = env["ar.credit.account"].create(
        {"partner_id": customer.id, "control": "limited", "credit_limit": limit}
    )
    goods = _product(env, "Lantern")
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    env["stock.quant"]._update_available_quantity(goods, warehouse.lot_stock_id, 1000)
    groups = env.ref("sales_team.group_sale_salesman") | env.ref("stock.group_stock_user")
    salesman = env["res.users"].create(
        {"name": "Salesman", "login": f"salesman-{uuid.uuid4()}", "group_ids": groups.ids}
    )
    return SimpleNamespace(
        customer=customer, account=account, goods=goods, warehouse=warehouse, salesman=salesman
    )


def _product(env, name, **values):
    return env["product.product"].create(
        {
            "name": name,
            "type": "consu",
            "is_storable": True,
            "list_price": 10,
            "taxes_id": False,
            "invoice_policy": "order",
            **values,
        }
    )


def _order(env, scene, product, quantity, **values):
    line = Command.create({"product_id": product.id, "product_uom_qty": quantity})
    vals = {"partner_id": scene.customer.id, "user_id": scene.salesman.id, "order_line": [line], **values}
    return env["sale.order"].with_user(scene.salesman).create(vals).sudo()


def _approve(env, hold):
    """Let somebody who had no part in it approve a hold."""
    groups = env.ref("ar_credit_control.group_manager")
    manager = env["res.users"].create(
        {"name": "Manager", "login": f"manager-{uuid.uuid4()}", "group_ids": groups.ids}
    )
    hold.with_user(manager).action_approve()


def till(env):
    """Return what became of the goods that an unknown customer bought at the till, at once and at closing time."""
    goods, found, cashier = _scene(env).goods, {}, env.ref("base.user_admin")
    cashier.group_ids |= env.ref("point_of_sale.group_pos_manager") | env.ref("account.group_account_manager")
    env = env(user=cashier.id)
    for when in ("real", "closing"):
        env.company.point_of_sale_update_stock_quantities = when
        config = _till(env, when)
        config.open_ui()
        session = config.current_session_id
        session.set_opening_control(0, "")
        cash = config.payment_method_ids.filtered("is_cash_count")[:1]
        env["pos.order"].sync_from_ui([_receipt(session, goods, 20, cash)])
        if when == "closing":
            session.post_closing_cash_details(200)
            session.close_session_from_ui()
        moves = session.picking_ids.move_ids
        found[when] = [moves.mapped("state"), sum(moves.mapped("quantity"))]
    return found


def _till(env, name):
    journal = env["account.journal"].create({"name": f"Till {name}", "type": "cash", "code": f"T{name[:3]}"})
    method = env["pos.payment.method"].create({"name": f"Cash {name}", "journal_id": journal.id})
    return env["pos.config"].create({"name": f"Till {name}", "payment_method_ids": [Command.set(method.ids)]})


def _receipt(session, product, quantity, method):
    """Return an order as the till sends it."""
    amount = product.list_price * quantity
    line = {
        "price_unit": product.list_price,
        "product_id": product.id,
        "price_subtotal": amount,
        "price_subtotal_incl": amount,
        "qty": quantity,
        "tax_ids": [],
        "pack_lot_ids": [],
    }
    payment = {"amount": amount, "name": fields.Datetime.now(), "payment_method_id": method.id}
    return {
        "amount_paid": amount,
        "amount_return": 0,
        "amount_tax": 0,
        "amount_total": amount,
        "date_order": fields.Datetime.to_string(fields.Datetime.now()),
        "fiscal_position_id": False,
        "pricelist_id": session.config_id.pricelist_id.id,
        "name": f"Order {uuid.uuid4()}",
        "lines": [Command.create(line)],
        "partner_id": False,
        "session_id": session.id,
        "payment_ids": [Command.create(payment)],
        "uuid": str(uuid.uuid4()),
        "last_order_preparation_change": "{}",
        "user_id": session.env.uid,
        "to_invoice": False,
        "state": "paid",
    }


def repair(env):
    """Return the states of a repair for a customer over his limit, of what he gets back, and of the order for parts."""
    scene = _scene(env)
    broken = _product(env, "Broken lantern")
    env["stock.quant"]._update_available_quantity(broken, scene.warehouse.lot_stock_id, 1)
    part = Command.create(
        {
            "repair_line_type": "add",
            "product_id": scene.goods.id,
            "product_uom_qty": 20,
        }
    )
    order = env["repair.order"].create(
        {
            "partner_id": scene.customer.id,
            "product_id": broken.id,
            "product_location_dest_id": env.ref("stock.stock_location_customers").id,
            "move_ids": [part],
        }
    )
    order.action_validate()
    order.action_create_sale_order()
    sale = order.sale_order_id
    sale.action_confirm_or_hold()
    held = [sale.state, sale.ar_credit_hold_ids.mapped("state")]
    order.action_repair_start()
    order.move_ids.picked = True
    order.action_repair_end()
    return {
        "order": held,
        "repair": order.state,
        "back": order.move_id.state,
        "parts": order.move_ids.mapped("state"),
    }


def kit(env):
    """Return what became of two deliveries of a kit: within the limit, and after the limit was cut."""
    scene = _scene(env)
    kit_ = _product(env, "Set", is_storable=False)
    bom = env["mrp.bom"].create(
        {
            "product_tmpl_id": kit_.product_tmpl_id.id,
            "type": "phantom",
            "bom_line_ids": [Command.create({"product_id": scene.goods.id, "product_qty": 3})],
        }
    )
    found = []
    for limit in (100, 50):
        order = _order(env, scene, kit_, 5)
        order.action_confirm()
        scene.account.credit_limit = limit
        picking = order.picking_ids
        for move in picking.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        picking.with_user(scene.salesman).button_validate()
        holds = order.ar_credit_hold_ids | picking.ar_credit_hold_ids
        found.append(
            [
                picking.state,
                picking.move_ids.mapped("product_id.name"),
                order.order_line.qty_delivered,
                [[hold.check_point, hold.state, bool(hold.picking_id)] for hold in holds],
            ]
        )
    assert bom
    return found


def loyalty(env):
    """Return points and history of a loyalty card: after the order was held, pressed again, and approved."""
    scene = _scene(env)
    program = env["loyalty.program"].create(
        {
            "name": "Points",
            "program_type": "loyalty",
            "trigger": "auto",
            "applies_on": "both",
            "rule_ids": [Command.create({"reward_point_mode": "money", "reward_point_amount": 1})],
            "reward_ids": [
                Command.create({"reward_type": "discount", "discount": 10, "required_points": 1000})
            ],
        }
    )
    card = env["loyalty.card"].create(
        {"program_id": program.id, "partner_id": scene.customer.id, "points": 5}
    )
    order = _order(env, scene, scene.goods, 15)
    found = []
    for _again in range(2):
        order.with_user(scene.salesman).action_confirm_or_hold()
        found.append([order.state, card.points, len(card.history_ids)])
    _approve(env, order.ar_credit_hold_ids)
    found.append([order.state, card.points, len(card.history_ids)])
    return found


def shop(env):
    """Return what became of a paid order of the shop, and a session each that shows it, a free one and one that passes.

    What is paid needs no credit, unless the company wants it to; a rule for this customer holds everything.
    """
    scene = _scene(env)
    env.company.ar_credit_prepaid_free = False
    env["ar.credit.rule"].create({"name": "Careful", "partner_ids": scene.customer.ids})
    website = env["website"].search([("company_id", "=", env.company.id)], limit=1)
    env["res.lang"]._activate_lang("zh_CN")
    website.language_ids |= env.ref("base.lang_zh_CN")
    service = _product(env, "Advice", type="service", is_storable=False)
    paid, free, passed = (
        _order(env, scene, service, quantity, website_id=website.id) for quantity in (15, 0, 5)
    )
    _pay(env, paid)
    passed.partner_invoice_id = passed.partner_id = env["res.partner"].create({"name": "Somebody else"})
    passed.action_confirm()
    sessions = [_session(env, order) for order in (paid, free, passed)]
    env.cr.commit()
    tx = paid.transaction_ids
    return {
        "paid": [paid.state, tx.state, bool(tx.payment_id), paid.ar_credit_hold_ids.mapped("state")],
        "sessions": sessions,
        "free": free.id,
    }


def _pay(env, order):
    """Pay an order online, and book it as the customer's browser or the scheduled action does."""
    provider = env["payment.provider"].search([("code", "=", "demo"), ("company_id", "=", env.company.id)])
    provider.state = "test"
    tx = env["payment.transaction"].create(
        {
            "provider_id": provider.id,
            "payment_method_id": env.ref("payment.payment_method_unknown").id,
            "reference": f"shop-{uuid.uuid4()}",
            "amount": order.amount_total,
            "currency_id": order.currency_id.id,
            "partner_id": order.partner_id.id,
            "sale_order_ids": [Command.set(order.ids)],
            "operation": "online_direct",
        }
    )
    tx._set_done()
    tx._post_process()


def _session(env, order):
    """Return the id of a visitor's session whose last order this is."""
    session = root.session_store.new()
    session.update({"db": env.cr.dbname, "sale_last_order_id": order.id, "context": {}})
    root.session_store.save(session)
    return session.sid
