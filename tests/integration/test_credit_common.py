"""Set-up shared by the tests of credit control: a company, its people, one customer and an untaxed product."""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import new_test_user

from tests.common import ARAccountingCase


class CreditCase(ARAccountingCase):
    """Amounts are in company currency (USD) and without tax unless a test says otherwise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.env.user.group_ids |= cls.env.ref("sales_team.group_sale_manager")
        cls.env.user.group_ids |= cls.env.ref("ar_credit_control.group_manager")
        # Nobody but our own people may be asked for a decision.
        cls.env.ref("base.user_admin").group_ids -= cls.env.ref("ar_credit_control.group_manager")
        cls.customer = cls.env["res.partner"].create({"name": "Yiwu Lantern Export", "is_company": True})
        cls.contact = cls.env["res.partner"].create({"name": "Mei Lin", "parent_id": cls.customer.id})
        cls.product = cls._create_product(
            name="Lantern", taxes_id=False, invoice_policy="order", lst_price=1.0
        )
        cls.service = cls._create_product(
            name="Freight", taxes_id=False, invoice_policy="delivery", type="service"
        )
        cls.salesman = cls._new_user("credit_salesman", "sales_team.group_sale_salesman")
        cls.manager = cls._new_user("credit_manager", "ar_credit_control.group_manager")
        cls.auditor = cls._new_user("credit_auditor", "ar_credit_control.group_auditor")

    def tearDown(self):
        """Compare the running sums of exposure with the documents."""
        self.env.flush_all()
        sums = self.env["ar.credit.sum"].sudo()
        for kept in sums._get_sums():
            self.assertFalse(sums._find_wrong(kept), f"{kept.table} is not what the documents say")
        super().tearDown()

    @classmethod
    def _new_user(cls, login, groups):
        return new_test_user(
            cls.env,
            login=login,
            password=login,
            groups=groups,
            company_id=cls.company.id,
            email=f"{login}@example.com",
        )

    @classmethod
    def _account(cls, limit=100.0, partner=None, **vals):
        """Return an account with a limit, past the journal: as module data and migrations do."""
        values = {
            "partner_id": (partner or cls.customer).id,
            "control": "limited",
            "credit_limit": limit,
            **vals,
        }
        return cls.env["ar.credit.account"].sudo().create(values).sudo(False)

    @classmethod
    def _order(cls, amount, partner=None, product=None, user=None, **vals):
        """Return a quotation of one line of quantity 1, written and sold by `user` (a salesman by default)."""
        user = user or cls.salesman
        return (
            cls.env["sale.order"]
            .with_user(user)
            .create(
                {
                    "partner_id": (partner or cls.customer).id,
                    "user_id": user.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": (product or cls.product).id,
                                "price_unit": amount,
                                "product_uom_qty": 1,
                            }
                        )
                    ],
                    **vals,
                }
            )
        )

    def _held(self, amount=150):
        """Return an order over the limit and its hold."""
        order = self._order(amount)
        order.action_confirm_or_hold()
        return order, order.sudo().ar_credit_hold_ids

    def _exposure(self, partner=None):
        """Return the core Exposure of a partner in the company."""
        partner = partner or self.customer
        measured = self.env["ar.credit.exposure"]._measure(self.company, [partner.id])
        return measured.exposures[partner.id, self.company.id]

    def assert_exposure(self, total, partner=None):
        self.assertEqual(float(self._exposure(partner).total), total)

    def _confirmed(self, amount, **vals):
        order = self._order(amount, **vals)
        order.action_confirm()
        return order.sudo()

    def _invoice(self, order, post=True):
        invoice = self._create_final_invoice(order.with_user(self.env.user))
        if post:
            invoice.action_post()
        return invoice

    def _let_go(self):
        """Run the scheduled action, without its commits."""
        self.env.flush_all()
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            self.env["ar.credit.hold"].sudo()._cron_recheck()
