"""Aged receivables: the sums of the general ledger at any date, the edges of the buckets, the workbook, the
rights.
"""

import io
from datetime import date, timedelta

import openpyxl

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.ar_collections.core import aging
from odoo.addons.ar_collections.report.aged_receivables_xlsx import AgedReceivablesWorkbook
from odoo.addons.ar_collections.wizards.ar_receivable_report import BUCKET_COLUMNS, BUCKET_KEYS

from tests.common import ARAccountingCase

T = date(2026, 6, 30)


class TestAgedReceivables(ARAccountingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.usd = cls.setup_other_currency("EUR", rates=[("2020-01-01", 0.5), ("2026-06-01", 0.4)])
        cls.user = new_test_user(cls.env, "collector", "ar_collections.group_user")
        cls.customer, cls.evil = cls.env["res.partner"].create(
            [{"name": "Azure"}, {"name": '=HYPERLINK("http://evil","x")'}]
        )

    @classmethod
    def invoice(cls, amount, days_overdue, partner=None, move_type="out_invoice", currency=None):
        due = T - timedelta(days_overdue)
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": (partner or cls.customer).id,
                "invoice_date": min(due, T) - timedelta(30),
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "currency_id": (currency or cls.company.currency_id).id,
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
            }
        )
        move.action_post()
        return move

    @classmethod
    def pay(cls, invoice, amount, day):
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        return wizard.create({"amount": amount, "payment_date": day})._create_payments()

    def report(self, as_of=T, user=None):
        report = self.env["ar.receivable.report"].with_user(user or self.user).create({"as_of": as_of})
        action = report.action_open()
        self.assertEqual(action["res_model"], "ar.receivable.report.line")
        self.assertEqual(
            self.env[action["res_model"]].with_user(user or self.user).search(action["domain"]),
            report.line_ids,
        )
        return report

    def test_edges_agree_with_the_core(self):
        """SQL puts every day where `aging.bucket_index` puts it."""
        days = [-400, -1, 0, 1, 2, 29, 30, 31, 59, 60, 61, 89, 90, 91, 400]
        moves = {self.invoice(100 + n, day): day for n, day in enumerate(days)}
        for line in self.report().line_ids:
            index = aging.bucket_index(T, T - timedelta(moves[line.move_id]))
            self.assertEqual(line.days_overdue, moves[line.move_id])
            self.assertEqual(line.bucket, BUCKET_KEYS[index])
            filled = [name for name in BUCKET_COLUMNS if line[name]]
            self.assertEqual(filled, [BUCKET_COLUMNS[index]])
            self.assertEqual(line[filled[0]], line.amount_residual)

    def test_total_is_the_general_ledger_at_any_date(self):
        first = self.invoice(1000, 100)
        euro = self.invoice(300, 45, currency=self.usd)
        self.invoice(120, 5, move_type="out_refund")
        self.invoice(80, -10, partner=self.evil)
        self.pay(first, 400, T - timedelta(20))
        self.pay(first, 600, T + timedelta(5))
        self.pay(euro, 300, T - timedelta(1))
        for offset in (-140, -100, -60, -21, -20, -19, -2, -1, 0, 4, 5, 60):
            report = self.report(T + timedelta(offset))
            self.assertEqual(report.difference, 0, f"T{offset:+}")
            columns = sum(sum(report.line_ids.mapped(name)) for name in (*BUCKET_COLUMNS, "amount_unapplied"))
            self.assertEqual(self.company.currency_id.round(columns), report.ledger_balance, f"T{offset:+}")
        report = self.report()
        self.assertEqual(report.ledger_balance, 560, "600 + 80 - 120, the rest is paid by T")
        self.assertEqual(sum(report.line_ids.mapped("amount_unapplied")), -120)
        self.assertEqual(sum(report.line_ids.mapped("amount_over_90")), 600)

    def test_computed_in_few_statements_whatever_the_size(self):
        for days in range(8):
            self.invoice(100, days)
        report = self.env["ar.receivable.report"].with_user(self.user).create({"as_of": T})
        report._compute_lines()
        self.env.flush_all()
        with self.assertQueryCount(8):
            report._compute_lines()
            self.env.flush_all()
        self.assertEqual(len(report.line_ids), 8, "computing again replaces the lines")

    def test_workbook_has_the_same_totals_and_no_formula(self):
        self.invoice(1000, 100)
        self.invoice(300, 45, currency=self.usd)
        self.invoice(80, -10, partner=self.evil)
        self.invoice(50, 10, move_type="out_refund")
        report = self.report()
        book = openpyxl.load_workbook(io.BytesIO(AgedReceivablesWorkbook(report).content()))
        self.assertEqual(len(book.worksheets), 2)
        for sheet, first in zip(book.worksheets, (3, 9), strict=True):
            self.assertEqual(sheet["B4"].value, report.total)
            self.assertEqual(sheet["B5"].value, report.ledger_balance)
            last = [cell.value for cell in list(sheet.rows)[-1]][first - 1 :]
            expected = [
                self.company.currency_id.round(sum(report.line_ids.mapped(name)))
                for name in (*BUCKET_COLUMNS, "amount_unapplied", "amount_residual")
            ]
            self.assertEqual(last, expected)
            self.assertNotIn("f", {cell.data_type for row in sheet.rows for cell in row})
        names = [cell.value for cell in book.worksheets[0]["A"]]
        self.assertIn(self.evil.name, names, "a name stays a name")

    def test_empty_book(self):
        report = self.report(date(2001, 1, 1))
        self.assertEqual((report.total, report.ledger_balance), (0, 0))
        self.assertTrue(AgedReceivablesWorkbook(report).content().startswith(b"PK"))

    def test_drill_down_and_another_date(self):
        invoice = self.invoice(100, 3)
        report = self.report()
        self.assertEqual(report.line_ids.action_open_move()["res_id"], invoice.id)
        lines = (
            self.env["ar.receivable.report.line"].with_user(self.user).with_context(ar_report_id=report.id)
        )
        self.assertEqual(lines.action_change_date()["res_id"], report.id)
        self.assertIn(f"/{report.id}.xlsx", lines.action_export_current()["url"])

    def test_rights(self):
        self.invoice(100, 3)
        report = self.report()
        salesman = new_test_user(self.env, "salesman", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self.env["ar.receivable.report"].with_user(salesman).create({"as_of": T})
        colleague = new_test_user(self.env, "colleague", "ar_collections.group_user")
        for call in (report.action_open, report.action_export_xlsx, report._check_allowed):
            with self.assertRaises(AccessError):
                getattr(report.with_user(colleague), call.__name__)()
        lines = self.env["ar.receivable.report.line"]
        self.assertFalse(lines.with_user(colleague).search([("report_id", "=", report.id)]))
        with self.assertRaises(AccessError):
            report.line_ids.write({"amount_residual": 1})
        auditor = new_test_user(self.env, "auditor", "ar_collections.group_auditor")
        self.assertEqual(self.report(user=auditor).total, 100)

    def test_other_company(self):
        other = self.setup_other_company(name="Other")["company"]
        report = self.env["ar.receivable.report"].with_user(self.user).create({"as_of": T})
        report.sudo().company_id = other
        with self.assertRaises(AccessError):
            report.action_open()
