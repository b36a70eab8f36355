"""The part of the gateways' benchmark that runs inside `odoo shell`: a company that is paid through the simulator."""

from odoo import fields


def prepare(env, base_url, simulator_url, merchant, orders):
    """Set up the provider, an open invoice and gateway orders that wait for their notification.

    :param dict merchant: app_id, seller_id, private_key, public_key: as the simulator has them.
    :param int orders: how many gateway orders.
    :return: paths of both payment pages, the path for notifications, and [number, minor units] of the orders.
    """
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param("web.base.url", base_url)
    parameters.set_param("web.base.url.freeze", "True")
    parameters.set_param("ar_payment_gateways.alipay_test_url", simulator_url)
    env, alipay = company_with_alipay(env, merchant)
    card = _provider(env, env.company, "demo", "CARD")
    card.write({"state": "test", "is_published": True})
    env["payment.method"].search([("code", "in", ("alipay", "demo"))]).active = True
    link = open_invoice(env)._get_ar_payment_link().sudo()
    waiting = [order_of(env, link, alipay) for _n in range(orders)]
    _gateways, others = link._ways_to_pay(exactly=True)
    result = {
        "ours": f"/pay/{link.token}",
        "core": link._core_payment_path(others),
        "notify": f"/payment/alipay/notify/{alipay.id}",
        "orders": [[order.name, order.amount_minor] for order in waiting],
    }
    env.cr.commit()
    return result


def paid(env, names):
    """Return how many of the orders are paid, and how many transactions are confirmed for them."""
    orders = env["ar.gateway.order"].search([("name", "in", names), ("state", "=", "paid")])
    return [len(orders), len(orders.transaction_id.filtered(lambda transaction: transaction.state == "done"))]


def company_with_alipay(env, merchant):
    """Make a company that is paid through Alipay.

    :param dict merchant: as in `prepare`.
    :return: the environment of the company, and its provider.
    """
    company = _company(env)
    env = env(context={"allowed_company_ids": company.ids})
    alipay = _provider(env, company, "alipay", "ALI")
    alipay.write(
        {
            "alipay_app_id": merchant["app_id"],
            "alipay_seller_id": merchant["seller_id"],
            "alipay_private_key": merchant["private_key"],
            "alipay_public_key": merchant["public_key"],
            "state": "test",
            "is_published": True,
        }
    )
    return env, alipay


def _company(env):
    company = env["res.company"].create(
        {"name": "Bench", "country_id": env.ref("base.cn").id, "currency_id": env.ref("base.CNY").id}
    )
    env.user.company_ids |= company
    env["account.chart.template"].try_loading("cn", company, install_demo=False)
    return company


def _provider(env, company, code, journal_code):
    journal = env["account.journal"].create(
        {"name": code, "code": journal_code, "type": "bank", "company_id": company.id}
    )
    found = env["payment.provider"].search([("code", "=", code)])
    provider = found.filtered(lambda p: p.company_id == company) or found[:1].sudo().copy(
        {"company_id": company.id}
    )
    provider.journal_id = journal
    return provider


def open_invoice(env):
    """Post an invoice of the company, without tax."""
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": env["res.partner"].create({"name": "Bench customer", "is_company": True}).id,
            "invoice_date": fields.Date.today(),
            "invoice_line_ids": [
                fields.Command.create(
                    {"name": "Goods", "price_unit": 1234.56, "tax_ids": [fields.Command.clear()]}
                )
            ],
        }
    )
    invoice.action_post()
    return invoice


def order_of(env, link, provider):
    """Make a gateway order that waits for its payment."""
    order = env["ar.gateway.order"]._prepare(link._create_transaction(provider), link)
    order.write({"state": "open", "qr_content": "https://qr.example.com/x"})
    return order
