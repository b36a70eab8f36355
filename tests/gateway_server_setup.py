"""The part of the tests on a running server that is executed inside `odoo shell`."""

from odoo import fields
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.ar_payment_gateways import const


def prepare(env, base_url, gateways):
    """Make a Chinese company with a provider of each gateway; return their ids by code.

    :param dict gateways: by provider code [address of the simulator, credentials].
    """
    company = env["res.company"].create(
        {"name": "Server", "country_id": env.ref("base.cn").id, "currency_id": env.ref("base.CNY").id}
    )
    env.user.company_ids |= company
    env["account.chart.template"].try_loading("cn", company, install_demo=False)
    env = env(context={"allowed_company_ids": company.ids})
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param("web.base.url", base_url)
    parameters.set_param("web.base.url.freeze", "True")
    found = {code: _provider(env, company, code, *each).id for code, each in gateways.items()}
    env["res.partner"].create({"name": "Server customer", "is_company": True})
    env["ir.cron"].search([]).active = False  # the tests say when
    env.cr.commit()
    return found


def _provider(env, company, code, address, credentials):
    gateway = const.AR_GATEWAYS[code]
    env["ir.config_parameter"].sudo().set_param(gateway.test_parameter, address)
    template = env.ref(f"ar_payment_gateways.payment_provider_{code}")
    provider = template.search([("code", "=", code), ("company_id", "=", company.id)]) or template.copy(
        {"company_id": company.id}
    )
    journal = {"name": code, "code": code[:3].upper(), "type": "bank", "company_id": company.id}
    provider.journal_id = env["account.journal"].create(journal)
    provider.write({**credentials, "state": "test", "is_published": True})
    env.ref(gateway.method_xmlid).active = True
    return provider


def links(env, count):
    """Return the paths of as many new links, each for an invoice of 1234.56."""
    partner = env["res.partner"].search([("name", "=", "Server customer")])
    company = env["res.company"].search([("name", "=", "Server")])
    env = env(context={"allowed_company_ids": company.ids})
    line = {"name": "Goods", "price_unit": 1234.56, "tax_ids": [fields.Command.clear()]}
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [fields.Command.create(line)],
            }
            for _n in range(count)
        ]
    )
    invoices.action_post()
    paths = [f"/pay/{invoice._get_ar_payment_link().sudo().token}" for invoice in invoices]
    env.cr.commit()
    return paths


def checkout(env, provider_id):
    """Return the id of a transaction of Odoo's own payment form, and where and what the form posts to us."""
    provider = env["payment.provider"].browse(provider_id)
    company = provider.company_id
    values = {
        "provider_id": provider.id,
        "payment_method_id": provider._ar_gateway_payment_method().id,
        "amount": 12.34,
        "currency_id": company.currency_id.id,
        "partner_id": env["res.partner"].search([("name", "=", "Server customer")]).id,
        "reference": env["payment.transaction"]._compute_reference(provider.code, prefix="form"),
        "operation": "online_redirect",
    }
    transaction = env["payment.transaction"].create(values)
    fields_posted = {"transaction_id": transaction.id, "access_token": transaction._ar_checkout_token()}
    env.cr.commit()
    return [transaction.id, const.CHECKOUT_ROUTE % provider.code, fields_posted]


def settle(env):
    """What the scheduled actions do within the next hour: ask about every order and refund, and book."""
    while True:
        orders = env["ar.gateway.order"].search([("state", "in", ("draft", "open"))])
        refunds = env["ar.gateway.refund"].search([("state", "in", ("draft", "sent"))])
        try:
            orders.next_query_at = refunds.next_query_at = "2000-01-01"
            env.cr.commit()
            break
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:  # a notification arrives
            env.cr.rollback()
            env.invalidate_all()
    env["ar.gateway.order"]._cron_query()
    env["ar.gateway.refund"]._cron_settle()
    env["payment.transaction"]._cron_post_process()
    env.cr.commit()


def refund(env, number):
    """Give 100.00 of an order back; it is sent when this is committed."""
    env["ar.gateway.order"].search([("name", "=", number)]).transaction_id.sudo()._refund(100.0)
    env.cr.commit()


def expire(env, number):
    """Close an order that nobody has paid in time."""
    order = env["ar.gateway.order"].search([("name", "=", number)])
    over = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
    order.expires_at = over
    order.payable_until = order.payable_until and over
    env.cr.commit()
    order._expire()
    env.cr.commit()
