"""Settlement by day and by payment method: the numbers, the workbook, and who sees them."""

import io
import zipfile
from datetime import timedelta

from odoo.exceptions import AccessError

from odoo.addons.ar_payment_gateways.report.settlement_xlsx import SettlementWorkbook

from tests.test_gateways_settlement_common import SettlementCase


class TestSettlementReport(SettlementCase):
    def setUp(self):
        super().setUp()
        self.alipay.knobs.bill_extra = (("2026112322009", '=HYPERLINK("x")', 300_00),)
        self.first = self.upload()
        self.alipay.knobs.bill_without = (self.order.name,)
        self.alipay.knobs.bill_extra = (("2026112422009", "POS2", 100_00),)
        self.second = self.store(self.bill_file(self.today + timedelta(days=1)))
        self.env.flush_all()

    def groups(self, groupby, *fields):
        report = self.env["ar.gateway.settlement.report"].with_user(self.auditor)
        return report._read_group([("provider_id", "=", self.provider.id)], groupby, fields)

    def test_numbers_of_each_day(self):
        rows = self.groups(
            ["day:day"],
            "payment_count:sum",
            "amount_gross:sum",
            "amount_fee:sum",
            "amount_net:sum",
            "open_difference_count:sum",
        )
        self.assertEqual(
            [tuple(round(value, 2) for value in row[1:]) for row in rows],
            [(2, 400.0, 2.4, 397.6, 1), (1, 100.0, 0.6, 99.4, 1)],
        )

    def test_the_rate_is_of_the_sums(self):
        """Of 0.6 % on 500 yuan it is 0.6 %, however the days are split; the mean of unequal days would not be."""
        row = self.second.line_ids
        self.env.cr.execute("UPDATE ar_gateway_bill_line SET fee = 5 WHERE id = %s", [row.id])
        self.env.invalidate_all()
        [(rate,)] = self.groups([], "fee_rate:avg")
        self.assertAlmostEqual(rate, 100 * (2.4 + 5) / 500, 6)

    def test_share_by_method(self):
        [(method, gross)] = self.groups(["method"], "amount_gross:sum")
        self.assertEqual((method, gross), ("ALIPAY", 500.0))

    def test_other_companies_are_unseen(self):
        other = self.env["res.company"].create({"name": "Somebody else"})
        self.auditor.sudo().write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.assertFalse(self.groups(["day:day"], "amount_gross:sum"))

    def test_the_workbook(self):
        bills = (self.first + self.second).with_user(self.auditor)
        content = SettlementWorkbook(bills).content()
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = book.namelist()
            sheets = [book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2)]
        self.assertTrue(any(name.startswith("xl/charts/") for name in names))
        self.assertNotIn("<f>", "".join(sheets))
        self.assertIn("<v>400</v>", sheets[0])
        self.assertIn("<v>500</v>", sheets[0])  # the total
        self.assertIn("<v>500</v>", sheets[1])

    def test_exporting_needs_the_right_to_read(self):
        nobody = self.env.ref("base.public_user")
        with self.assertRaises(AccessError):
            SettlementWorkbook(self.first.with_user(nobody)).content()
