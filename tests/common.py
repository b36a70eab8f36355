"""Base classes of our tests.

Odoo gives its test tags only to classes that live in `odoo.addons`; without the tag `standard` the guard that
blocks outgoing HTTP is off (odoo/tests/common.py). So every class here sets them itself. Classes derived from
Odoo's own commons (AccountTestInvoicingCommon, PaymentCommon, ...) inherit theirs.
"""

from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.orm.environments import Transaction
from odoo.sql_db import db_connect
from odoo.tests import HttpCase, TransactionCase, get_db_name

from odoo.addons.account.tests.common import AccountTestInvoicingCommon


class ARCase(TransactionCase):
    test_tags = {"standard", "post_install"}
    test_module = "ar_collections"


class ARHttpCase(HttpCase):
    test_tags = {"standard", "post_install"}
    test_module = "ar_collections"


class PreparedCompanyCase(AccountTestInvoicingCommon):
    """AccountTestInvoicingCommon, whose company with its chart is made once per database instead of once per class.

    Making it takes seconds, and each class leaves it as it was: it works in a transaction that is rolled back.
    """

    @classmethod
    def setUpClass(cls):
        prepare_company(cls.country_code or "")
        super().setUpClass()

    @classmethod
    def setup_independent_company(cls, **kwargs):
        name = company_name(cls.country_code or "")
        # sudo: the user of the tests is not in it yet
        company = cls.env["res.company"].sudo().search([("name", "=", name)]).sudo(False)
        cls.env.user.company_ids = [Command.link(company.id)]
        return company

    @classmethod
    def init_invoice(
        cls,
        move_type,
        partner=None,
        invoice_date=None,
        post=False,
        products=(),
        amounts=(),
        taxes=None,
        company=None,
        currency=None,
        journal=None,
    ):
        """Odoo's, which it calls deprecated, without its form: that takes ten times as long as the invoice itself."""
        lines = [{"product_id": product.id} for product in products]
        lines += [{"name": "test line", "price_unit": amount} for amount in amounts]
        if taxes is not None:
            lines = [{**line, "tax_ids": [Command.set([tax.id for tax in taxes])]} for line in lines]
        date = invoice_date or fields.Date.to_date("2019-01-01")
        values = {
            "move_type": move_type,
            "partner_id": (partner or cls.partner_a).id,
            "invoice_date": date,
            "date": date,
            "invoice_line_ids": [Command.create(line) for line in lines],
        }
        if currency:
            values["currency_id"] = currency.id
        if journal:
            values["journal_id"] = journal.id
        invoice = cls.env["account.move"].with_company(company or cls.env.company).create(values)
        if post:
            invoice.action_post()
        return invoice


def company_name(country_code):
    """Return the name of the prepared company of a country, '' for none."""
    return f"Prepared company {country_code}".strip()  # Odoo's own is company_1_data, and names are unique


def prepare_company(country_code):
    """Make the company of a country and commit it, unless the database has it."""
    registry = Registry(get_db_name())
    with db_connect(registry.db_name).cursor() as cr:
        cr.execute("SELECT FROM res_company WHERE name = %s", [company_name(country_code)])
        if cr.rowcount:
            return
        cr.transaction = Transaction(registry)  # as Registry.cursor does
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        country = (
            env["res.country"].search([("code", "=", country_code)]) if country_code else env["res.country"]
        )
        values = {"country_id": country.id, "currency_id": country.currency_id.id} if country else {}
        company = env["res.company"].create({"name": company_name(country_code), **values})
        chart = env["account.chart.template"]
        chart.try_loading(chart._guess_chart_template(country), company=company, install_demo=False)
        company.write(
            {
                "account_fiscal_country_id": company.account_fiscal_country_id.id or env.ref("base.us").id,
                **({"currency_id": country.currency_id.id} if country else {}),
            }
        )
        cr.commit()


class ARAccountingCase(PreparedCompanyCase):
    """A company with a chart of accounts, taxes and products (AccountTestInvoicingCommon)."""
