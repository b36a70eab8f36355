"""The same bill imported and booked by several connections at once, on committed data."""

from datetime import date

from psycopg2 import IntegrityError

from odoo.tools import mute_logger

from odoo.addons.ar_payment_gateways.core.settlement_read import read_bill

from tests.simulators import alipay_bill
from tests.test_gateways_committed import CommittedCase

DAY = date(2001, 2, 3)  # before anybody's lock date matters, after nobody's books


class TestImportAtOnce(CommittedCase):
    def setUp(self):
        super().setUp()
        seller = self.kit.simulator.merchant.seller_id
        rows = [
            alipay_bill.row(f"20010203{number}", f"C{number}", "货款", f"{DAY} 12:00:00", 1000, fee_minor=-6)
            for number in range(5)
        ]
        self.content = alipay_bill.archive(
            alipay_bill.details(rows, (5, 5000, 0, 0), account=f"{seller}0156")
        )
        with self.committed() as env:
            company = env["payment.provider"].browse(self.provider_id).company_id
            cny = env.ref("base.CNY")
            self.was_active = cny.active
            cny.active = True
            self.journal_id = (
                env["account.journal"]
                .create(
                    {
                        "name": "Concurrency",
                        "code": "CCY",
                        "type": "bank",
                        "company_id": company.id,
                        "currency_id": cny.id if company.currency_id != cny else False,
                    }
                )
                .id
            )
            env["payment.provider"].browse(self.provider_id).journal_id = self.journal_id

    def clean_up(self):
        with self.committed() as env:
            # Odoo keeps the payment method, and so the journal, of a provider that is in use.
            env.cr.execute("UPDATE payment_provider SET state = 'disabled' WHERE id = %s", [self.provider_id])
            bills = env["ar.gateway.bill"].search([("provider_id", "=", self.provider_id)])
            bills.difference_ids.unlink()
            statement_lines = env["account.bank.statement.line"].search(
                [("journal_id", "=", self.journal_id)]
            )
            bills.line_ids.unlink()
            bills.unlink()
            statement_lines.move_id.button_draft()
            statement_lines.unlink()
            env["account.payment.method.line"].search([("journal_id", "=", self.journal_id)]).unlink()
            env["account.journal"].browse(self.journal_id).unlink()
            env.ref("base.CNY").active = self.was_active
            env["ir.cron.trigger"].search(
                [("cron_id", "=", env.ref("ar_payment_gateways.ir_cron_book_bills").id)]
            ).unlink()
        super().clean_up()

    def test_one_bill_and_every_row_once(self):
        def work(env):
            provider = env["payment.provider"].browse(self.provider_id)
            try:
                bill, is_new = env["ar.gateway.bill"]._import(provider, read_bill(self.content))
            except IntegrityError as error:
                env.cr.rollback()
                return error.diag.constraint_name
            bill._book_chunk()
            return is_new

        with mute_logger("odoo.sql_db", "odoo.service.model"):
            results = self.at_once(work)
        self.assertEqual(results.count(True), 1)
        # Odoo turns the constraint's name into its sentence.
        self.assertLessEqual(set(results), {True, False, "ar_gateway_bill_day_unique"})
        with self.committed() as env:
            bill = env["ar.gateway.bill"].search([("provider_id", "=", self.provider_id)])
            lines = env["account.bank.statement.line"].search([("journal_id", "=", self.journal_id)])
            self.assertEqual((len(bill), len(bill.line_ids), bill.state), (1, 5, "booked"))
            self.assertEqual(sorted(lines.mapped("amount")), [-0.3] + [10.0] * 5)

    def test_booking_at_once(self):
        with self.committed() as env:
            provider = env["payment.provider"].browse(self.provider_id)
            bill_id = env["ar.gateway.bill"]._import(provider, read_bill(self.content))[0].id

        def work(env):
            bill = env["ar.gateway.bill"].browse(bill_id)
            bill._book_chunk(limit=2)
            return True

        with mute_logger("odoo.sql_db", "odoo.service.model"):
            self.at_once(work)
        with self.committed() as env:
            bill = env["ar.gateway.bill"].browse(bill_id)
            while bill._book_chunk():
                pass
            lines = env["account.bank.statement.line"].search([("journal_id", "=", self.journal_id)])
            self.assertEqual(sorted(lines.mapped("amount")), [-0.3] + [10.0] * 5)
            self.assertEqual(bill.state, "booked")
