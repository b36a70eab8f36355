"""Orders that have to pass the credit check and a review of OCA's sale_tier_validation, played inside `odoo shell`."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests.common import new_test_user


def prepare(env):
    """Make a customer with a limit of 100, the reviewers of both, and the rule that orders from 50 on are reviewed."""
    users = {
        login: new_test_user(env, login=f"tier_{login}", groups=groups)
        for login, groups in (
            ("seller", "sales_team.group_sale_salesman"),
            ("reviewer", "sales_team.group_sale_manager"),
            ("credit", "ar_credit_control.group_manager,sales_team.group_sale_salesman_all_leads"),
        )
    }
    env["tier.definition"].create(
        {
            "model_id": env["ir.model"]._get_id("sale.order"),
            "definition_domain": "[('amount_total', '>=', 50)]",
            "review_type": "individual",
            "reviewer_id": users["reviewer"].id,
        }
    )
    customer = env["res.partner"].create({"name": "Reviewed Ltd", "is_company": True})
    env["ar.credit.account"].sudo().create(
        {"partner_id": customer.id, "control": "limited", "credit_limit": 100}
    )
    env["product.product"].create({"name": "Reviewed thing", "type": "service", "taxes_id": False})
    env.cr.commit()


def order_of(env, amount):
    """Return a quotation of the seller, as he sees it."""
    seller = env["res.users"].search([("login", "=", "tier_seller")])
    product = env["product.product"].search([("name", "=", "Reviewed thing")])
    customer = env["res.partner"].search([("name", "=", "Reviewed Ltd")])
    line = Command.create({"product_id": product.id, "price_unit": amount, "tax_ids": False})
    order = env["sale.order"].with_user(seller)
    return order.create({"partner_id": customer.id, "user_id": seller.id, "order_line": [line]})


def confirm(order):
    """Press Confirm; return the state of the order and of its credit hold, or that OCA's review is missing."""
    try:
        with order.env.cr.savepoint():
            order.action_confirm_or_hold()
    except ValidationError:
        return ["not reviewed", order.state]
    return [order.state, order.sudo().ar_credit_hold_id.state or ""]


def review(order):
    """Ask for OCA's review, and pass it."""
    order.request_validation()
    order.invalidate_recordset()
    reviewer = order.env["res.users"].sudo().search([("login", "=", "tier_reviewer")])
    order.with_user(reviewer).validate_tier()
    order.invalidate_recordset()


def approve(order):
    """Approve the credit hold; return its state and that of the order, or that it was refused."""
    manager = order.env["res.users"].sudo().search([("login", "=", "tier_credit")])
    hold = order.sudo().ar_credit_hold_id
    try:
        with order.env.cr.savepoint():
            hold.with_user(manager).sudo(False).action_approve("known for years")
    except UserError:
        return ["refused", order.state]
    order.invalidate_recordset()
    return [hold.state, order.state]


def reviewed_first(env):
    """A reviewed order over the limit is held, and confirmed by the approval."""
    order = order_of(env, 150)
    unreviewed = confirm(order)
    review(order)
    return [unreviewed, confirm(order), approve(order)]


def reopened(env):
    """Whose review was taken back waits, the approval of its credit as well, and both work again later."""
    order = order_of(env, 150)
    review(order)
    held = confirm(order)
    order.restart_validation()
    order.invalidate_recordset()
    refused = approve(order)
    review(order)
    return [held, refused, order.sudo().ar_credit_hold_id.state, approve(order)]


def within_the_limit(env):
    """What fits the limit needs the review only."""
    order = order_of(env, 60)
    review(order)
    return [confirm(order)]
