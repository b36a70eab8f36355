"""The statement of account: what is printed is what is open, with the code that pays it."""

import shutil
import unittest
from io import BytesIO

from odoo.exceptions import AccessError

from tests.integration.test_collections_common import DunningCase

REPORT = "ar_collections.customer_statement"


class TestCustomerStatement(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        provider = cls.env.ref("payment.payment_provider_demo").sudo().copy({"company_id": cls.company.id})
        provider.write({"state": "test", "is_published": True})
        cls.owed = cls.invoice(cls.customer, 1000, 40)
        cls.foreign = cls.invoice(cls.customer, 70, -5, currency=cls.eur)

    def page(self, partners, user=None):
        reports = self.env["ir.actions.report"].with_user(user or self.user).with_company(self.company)
        self.env.flush_all()
        return reports._render_qweb_html(REPORT, partners.ids)[0].decode()

    def links(self):
        return (
            self.env["ar.payment.link"]
            .sudo()
            .search([("kind", "=", "customer"), ("partner_id", "=", self.customer.id)])
        )

    def test_what_is_open_by_currency_with_its_code(self):
        self.pay(self.owed, 400)
        self.invoice(self.customer, 30, 10, move_type="out_refund")
        html = self.page(self.customer)
        for text in (self.owed.name, self.foreign.name, "1,000.00", "600.00", "570.00", "70.00", "40"):
            self.assertIn(text, html)
        self.assertEqual(html.count('id="ar_payment_qr"'), 2)
        self.assertEqual(set(self.links().mapped("currency_id")), {self.company.currency_id, self.eur})
        self.page(self.customer)
        self.assertEqual(len(self.links()), 2)

    def test_a_contact_gets_the_statement_of_its_company(self):
        contact = self.env["res.partner"].create({"name": "Zoe", "parent_id": self.customer.id})
        self.assertIn(self.owed.name, self.page(contact))

    def test_nothing_to_pay_has_no_code(self):
        self.owed.action_toggle_block_payment()
        html = self.page(self.customer)
        self.assertIn(self.owed.name, html)
        self.assertEqual(html.count('id="ar_payment_qr"'), 1)
        self.assertIn("Nothing is open", self.page(self.other))

    def test_others_companies_stay_out(self):
        other = self.setup_other_company()["company"]
        self.assertNotIn(
            self.owed.name,
            self.env["ir.actions.report"]
            .with_user(self.env.user)
            .with_company(other)
            ._render_qweb_html(REPORT, self.customer.ids)[0]
            .decode(),
        )

    def test_not_for_salesmen(self):
        with self.assertRaises(AccessError):
            self.page(self.customer, self.salesman)

    def test_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.customer.lang = "zh_CN"
        self.assertIn("对账单", self.page(self.customer))

    def test_queries_do_not_grow_with_customers(self):
        """But for their codes, which are made once."""
        others = self.env["res.partner"].create([{"name": f"C{n}"} for n in range(6)])
        for partner in others:
            self.invoice(partner, 10, 3)
        self.page(others)

        def count(partners):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.page(partners)
            return self.env.cr.sql_log_count - before

        self.page(others)
        few, many = count(others[:3]), count(others)
        self.assertLessEqual(many - few, 3 * 12, "about what a code, an address and a number cost")

    @unittest.skipUnless(shutil.which("wkhtmltopdf"), "Debian 13 has no wkhtmltopdf")
    def test_pdf_of_several_customers(self):
        from pypdf import PdfReader

        self.invoice(self.other, 5, 1)
        with self.allow_pdf_render():
            pdf, kind = (
                self.env["ir.actions.report"]
                .with_user(self.user)
                .with_context(force_report_rendering=True)
                ._render_qweb_pdf(REPORT, (self.customer | self.other).ids)
            )
        self.assertEqual(kind, "pdf")
        with self.allow_pdf_render():  # an address that names a customer twice
            twice, _kind = (
                self.env["ir.actions.report"]
                .with_user(self.user)
                .with_context(force_report_rendering=True)
                ._render_qweb_pdf(REPORT, [self.customer.id, self.customer.id])
            )
        self.assertTrue(twice.startswith(b"%PDF"))
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
        self.assertIn("Azure", text)
        self.assertIn("Beige", text)
