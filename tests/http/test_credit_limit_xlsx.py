"""The workbook of all limits: what the user may see, and nothing as a formula."""

import io

import openpyxl

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from tests.common import ARHttpCase


class TestCreditLimitXlsx(ARHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls._user("credit_xlsx_auditor", "ar_credit_control.group_auditor")
        cls.salesman = cls._user("credit_xlsx_salesman", "sales_team.group_sale_salesman")
        cls.other = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.mine = cls._account('=HYPERLINK("http://x")', cls.env.company, 1234.5)
        cls.second = cls._account("Second", cls.env.company, 10)
        cls.theirs = cls._account("Foreign Secret", cls.other, 99)

    @classmethod
    def _user(cls, login, groups):
        return new_test_user(cls.env, login=login, password=login, groups=groups)

    @classmethod
    def _account(cls, name, company, limit):
        partner = cls.env["res.partner"].create({"name": name, "is_company": True})
        return cls.env["ar.credit.account"].create(
            {"partner_id": partner.id, "company_id": company.id, "control": "limited", "credit_limit": limit}
        )

    def _rows(self, user, ids=""):
        self.authenticate(user.login, user.login)
        action = self.mine.with_user(user).browse().action_export_xlsx()
        response = self.url_open(action["url"] + ids)
        self.assertEqual(response.status_code, 200)
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        self.assertEqual(len(book.sheetnames), 2)
        head, *rows = list(book.worksheets[0].iter_rows(min_row=4, values_only=True))
        return [dict(zip(head, row, strict=True)) for row in rows]

    def test_all_of_the_own_companies(self):
        rows = self._rows(self.auditor)
        by_name = {row["Customer"]: row for row in rows}
        self.assertIn("Second", by_name)
        self.assertNotIn("Foreign Secret", by_name)
        row = by_name[self.mine.partner_id.name]
        self.assertEqual(
            (row["Credit Limit"], row["Limit in Force"], row["Control"]), (1234.5, 1234.5, "Limited")
        )

    def test_chosen_ones_and_no_foreign_ids(self):
        rows = self._rows(self.auditor, f"{self.second.id},{self.theirs.id}")
        self.assertEqual([row["Customer"] for row in rows], ["Second"])

    def test_foreign_companies_and_people_without_rights_are_refused(self):
        self.authenticate(self.auditor.login, self.auditor.login)
        with mute_logger("odoo.http"):
            url = f"/ar_credit_control/credit_limits.xlsx?companies={self.other.id}"
            self.assertEqual(self.url_open(url).status_code, 403)
            self.authenticate(self.salesman.login, self.salesman.login)
            self.assertEqual(self.url_open("/ar_credit_control/credit_limits.xlsx").status_code, 403)

    def test_queue_of_holds(self):
        """A salesman sees his own holds, as on the screen."""
        product = self.env["product.product"].create({"name": "Thing", "type": "service", "taxes_id": False})
        line = {"product_id": product.id, "price_unit": 5000, "tax_ids": False}
        values = {"user_id": self.salesman.id, "order_line": [(0, 0, line)]}
        sales = self.env["sale.order"].with_user(self.salesman)
        own = sales.create({**values, "partner_id": self.mine.partner_id.id})
        foreign = self.env["sale.order"].create(
            {**values, "partner_id": self.second.partner_id.id, "user_id": self.env.ref("base.user_admin").id}
        )
        own.action_confirm_or_hold()
        foreign.action_confirm_or_hold()
        for user, names in ((self.auditor, {own.name, foreign.name}), (self.salesman, {own.name})):
            self.authenticate(user.login, user.login)
            action = self.env["ar.credit.hold"].with_user(user).browse().action_export_xlsx()
            response = self.url_open(action["url"])
            self.assertEqual(response.status_code, 200)
            sheet = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]
            head, *rows = list(sheet.iter_rows(min_row=4, values_only=True))
            rows = [dict(zip(head, row, strict=True)) for row in rows]
            self.assertTrue(names <= {row["Document"] for row in rows})
            hidden = {own.name, foreign.name} - names
            self.assertFalse(hidden & {row["Document"] for row in rows})
            mine = next(row for row in rows if row["Document"] == own.name)
            self.assertEqual(
                (mine["Customer"], mine["Over the Limit by"]), ('=HYPERLINK("http://x")', 3765.5)
            )
