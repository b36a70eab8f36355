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
