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
        return self._sheets(user, ids)["Credit Limits"]

    def _sheets(self, user, ids=""):
        self.authenticate(user.login, user.login)
        action = self.mine.with_user(user).browse().action_export_xlsx()
        response = self.url_open(action["url"] + ids)
        self.assertEqual(response.status_code, 200)
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        self.assertEqual(book.sheetnames, ["Credit Limits", "Credit Groups", "Covers", "Limit Changes"])
        sheets = {}
        for sheet in book.worksheets:
            head, *rows = list(sheet.iter_rows(min_row=4, values_only=True))
            sheets[sheet.title] = [dict(zip(head, row, strict=True)) for row in rows]
        return sheets

    @classmethod
    def _change(cls, **vals):
        change = cls.env["ar.credit.limit.change"].create(
            {"date_to": "2099-01-01", "reason": "season", **vals}
        )
        change.sudo().write({"state": "applied", "requested_on": "2026-01-01"})
        return change

    def _group(self, name, *companies, **vals):
        return self.env["ar.credit.group"].create(
            {"name": name, "company_ids": [company.id for company in companies], **vals}
        )

    def _cover(self, account, number, **vals):
        return self.env["ar.credit.cover"].create(
            {"account_id": account.id, "number": number, "amount": 500, "percent": 90, **vals}
        )

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

    def test_limits_of_groups_and_covers_are_limits(self):
        group = self._group("Lanterns", self.env.company, control="limited", credit_limit=7000)
        self._group("Nobody yet", self.env.company)
        self._group("Foreign group", self.other)
        self.mine.group_id = group
        for target in ({"group_id": group.id}, {"account_id": self.mine.id}):
            self._change(change_type="temporary", new_limit=9000, **target)
        term = self.env.ref("account.account_payment_term_30days")
        self._cover(self.mine, "P-1", payment_term_ids=term.ids, state="active", max_credit_days=30)
        self._cover(self.second, "P-2")
        self._cover(self.theirs, "Secret")
        sheets = self._sheets(self.auditor)
        names = {row["Name"]: row for row in sheets["Credit Groups"]}
        self.assertLessEqual({"Lanterns", "Nobody yet"}, names.keys())
        self.assertNotIn("Foreign group", names)
        self.assertEqual(
            [names["Lanterns"][key] for key in ("Credit Limit", "Limit in Force", "Number of Members")],
            [7000, 9000, 1],
        )
        covers = {row["Number"]: row for row in sheets["Covers"]}
        self.assertLessEqual({"P-1", "P-2"}, covers.keys())
        self.assertNotIn("Secret", covers)
        row = covers["P-1"]
        self.assertEqual(
            [row[key] for key in ("Amount", "Share Paid (%)", "Secured Value", "Payment Terms Allowed")],
            [500, 0.9, 450, term.display_name],
        )
        temporary = [row for row in sheets["Limit Changes"] if row["New Limit"] == 9000]
        self.assertEqual({row["Of Group"] for row in temporary}, {"Lanterns", ""})
        chosen = self._sheets(self.auditor, str(self.second.id))
        self.assertEqual([row["Number"] for row in chosen["Covers"]], ["P-2"])
        self.assertFalse(chosen["Credit Groups"])

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
