"""The download of settlement: who gets it, and of which companies."""

import io
import zipfile
from datetime import datetime

from odoo.tests import new_test_user

from odoo.addons.ar_payment_gateways.core.settlement_read import read_bill

from tests.simulators import alipay_bill
from tests.simulators.alipay_trades import CHINA
from tests.test_gateways_common import GatewaysHttpCase


class TestSettlementDownload(GatewaysHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for login, groups in (
            ("settlement auditor", "base.group_user,ar_payment_gateways.group_auditor"),
            ("settlement nobody", "base.group_user"),
        ):
            new_test_user(
                cls.env,
                login=login,
                groups=groups,
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
        day = datetime.now(CHINA).date()
        row = alipay_bill.row("2026112322001", "AR1", "货款", f"{day} 12:00:00", 10_000, fee_minor=-60)
        account = f"{cls.provider.sudo().alipay_seller_id}0156"
        content = alipay_bill.archive(alipay_bill.details([row], (1, 10_000, 0, 0), account=account))
        bills = cls.env["ar.gateway.bill"].sudo()
        cls.bill, _new = bills._import(cls.provider.sudo(), read_bill(content))

    def get(self, login, company=None):
        self.authenticate(login, login)
        query = f"companies={(company or self.company).id}&ids={self.bill.id}"
        return self.url_open(f"/ar_payment_gateways/settlement.xlsx?{query}")

    def test_download(self):
        response = self.get("settlement auditor")
        self.assertEqual(response.status_code, 200)
        self.assertIn("attachment", response.headers["Content-Disposition"])
        with zipfile.ZipFile(io.BytesIO(response.content)) as book:
            self.assertIn("<v>100</v>", book.read("xl/worksheets/sheet1.xml").decode())

    def test_not_for_everybody(self):
        self.assertEqual(self.get("settlement nobody").status_code, 403)

    def test_not_of_other_companies(self):
        other = self.env["res.company"].create({"name": "Somebody else"})
        self.assertEqual(self.get("settlement auditor", other).status_code, 403)
