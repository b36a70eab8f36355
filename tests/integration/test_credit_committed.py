"""Set-up of tests that need real transactions."""

import random

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name


class CommittedCase(BaseCase):
    """A customer with a limit, a product and quotations, committed, and removed at the end."""

    test_tags = {"standard", "post_install"}
    test_module = "ar_credit_control"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dbname = get_db_name()
        cls.registry = Registry(cls.dbname)

    def _cursor(self):
        return db_connect(self.dbname).cursor()

    def _run(self, work):
        """Run `work(env)` in a transaction of its own, committed."""
        with self._cursor() as cr:
            result = work(self._env(cr))
            cr.commit()
            return result

    def _env(self, cr):
        from odoo.orm.environments import Transaction  # as Registry.cursor does

        if cr.transaction is None:
            cr.transaction = Transaction(self.registry)
        return api.Environment(cr, SUPERUSER_ID, {"mail_notrack": True, "tracking_disable": True})

    def _set_up(self, limit, amounts, with_account=True):
        def work(env):
            partner = env["res.partner"].create({"name": f"Concurrent {random.random()}", "is_company": True})
            product = env["product.product"].create({"name": "Race", "type": "service", "taxes_id": False})
            orders = env["sale.order"].create(
                [
                    {
                        "partner_id": partner.id,
                        "order_line": [
                            Command.create({"product_id": product.id, "price_unit": amount, "tax_ids": False})
                        ],
                    }
                    for amount in amounts
                ]
            )
            company = orders.company_id or env.company
            account = env["ar.credit.account"]
            if with_account:
                account = account.create(
                    {
                        "partner_id": partner.id,
                        "control": "limited",
                        "credit_limit": limit,
                        "company_id": company.id,
                    }
                )
            return partner.id, product.id, company.id, account.id, orders.ids

        self.partner_id, self.product_id, self.company_id, self.account_id, self.order_ids = self._run(work)
        self.addCleanup(self._run, self._clean)

    def _clean(self, env):
        cr = env.cr
        cr.execute("DELETE FROM ar_credit_limit_change WHERE account_id = %s", [self.account_id or None])
        cr.execute("DELETE FROM mail_activity WHERE res_model = 'ar.credit.hold'")
        cr.execute("DELETE FROM ar_credit_hold WHERE partner_id = %s", [self.partner_id])
        cr.execute("DELETE FROM sale_order WHERE partner_id = %s", [self.partner_id])
        cr.execute("DELETE FROM ar_credit_account WHERE partner_id = %s", [self.partner_id])
        env.invalidate_all()
        env["product.product"].browse(self.product_id).unlink()
        env["res.partner"].browse(self.partner_id).unlink()

    def _states(self):
        return self._run(lambda env: sorted(env["sale.order"].browse(self.order_ids).mapped("state")))
