"""Fetching bills from Alipay's simulator over HTTP: signed questions, its own addresses only, one failure at a time."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError

from tests.simulators.alipay_trades import CHINA
from tests.test_gateways_settlement_common import SettlementCase

BILL = "alipay.data.dataservice.bill.downloadurl.query"


class TestFetch(SettlementCase):
    def setUp(self):
        super().setUp()
        self.yesterday = self.today - timedelta(days=1)
        self.paid_at(self.order, -1)
        self.provider.sudo().ar_bills_from = self.yesterday
        self.bills = self.env["ar.gateway.bill"].sudo()

    def run_cron(self, hour=12):
        now = datetime.now(UTC).astimezone(CHINA).replace(hour=hour)
        self.env.flush_all()
        self.bills._expect_bills(now)
        with (
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")),
            patch.object(type(self.bills), "_expect_bills", lambda *a: None),
        ):
            self.bills._cron_fetch()
        self.env.invalidate_all()
        return self.of_provider()

    def of_provider(self, provider=None):
        return self.bills.search([("provider_id", "=", (provider or self.provider).id)])

    def test_yesterdays_bill_comes_by_itself(self):
        bill = self.run_cron()
        self.assertEqual((bill.day, bill.state, bill.origin), (self.yesterday, "imported", "fetch"))
        self.assertEqual(bill.line_ids.order_id, self.order)
        self.assertEqual(
            [content for method, content in self.alipay.requests if method == BILL],
            [{"bill_type": "trade", "bill_date": str(self.yesterday)}],
        )
        self.assertFalse(self.alipay.refusals)
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            self.bills._cron_book()
        self.assertEqual(bill.state, "booked")
        self.assertTrue(self.payment.is_matched)

    def test_what_is_there_is_not_fetched_again(self):
        self.run_cron()
        self.alipay.requests.clear()
        self.assertEqual(len(self.run_cron()), 1)
        self.assertFalse(self.alipay.requests)

    def test_days_that_were_missed_are_made_up_for(self):
        self.provider.sudo().ar_bills_from = self.today - timedelta(days=4)
        bills = self.run_cron()
        self.assertEqual(len(bills), 4)
        # Alipay has no bill of a day without trades; after two days that is what it means.
        states = {bill.day: (bill.state, bill.line_count) for bill in bills}
        self.assertEqual(states[self.yesterday], ("imported", 1))
        self.assertEqual(states[self.today - timedelta(days=4)], ("imported", 0))

    def test_not_before_the_morning(self):
        self.assertFalse(self.run_cron(hour=9))

    def test_a_bill_that_is_not_made_yet(self):
        self.alipay.knobs.bill_not_ready = 1
        bill = self.run_cron()
        self.assertEqual((bill.state, bill.attempt_count), ("waiting", 1))
        self.assertIn("not made", bill.problem)
        self.assertGreater(bill.next_fetch_at, fields.Datetime.now())
        self.assertEqual(self.run_cron().attempt_count, 1)  # not its turn yet
        bill.with_user(self.importer).action_fetch()
        self.assertEqual((bill.state, bill.problem), ("booked", False))

    def test_an_upload_ends_the_waiting(self):
        self.alipay.knobs.bill_not_ready = 1
        bill = self.run_cron()
        self.assertEqual(self.upload(self.bill_file(self.yesterday)), bill)
        self.assertEqual((bill.state, bill.origin), ("booked", "upload"))

    def test_answers_that_do_not_count(self):
        for knobs in ({"unsigned": 1}, {"tamper_answer": True}, {"http_500": 1}):
            for name, value in knobs.items():
                setattr(self.alipay.knobs, name, value)
            with self.assertRaises(ValidationError):
                self.provider.sudo()._ar_gateway_fetch_bill(self.yesterday)
            self.alipay.knobs.tamper_answer = False
        self.assertTrue(self.provider.sudo()._ar_gateway_fetch_bill(self.yesterday))

    def test_addresses_of_others_are_not_asked(self):
        self.alipay.knobs.bill_url = "http://127.0.0.1:9/bill"
        with self.assertRaisesRegex(ValidationError, "not its own"):
            self.provider.sudo()._ar_gateway_fetch_bill(self.yesterday)
        self.alipay.knobs.bill_url = ""
        self.alipay.knobs.bill_redirect = f"{self.alipay.base_url}/elsewhere"
        with self.assertRaisesRegex(ValidationError, "could not be downloaded"):
            self.provider.sudo()._ar_gateway_fetch_bill(self.yesterday)

    def test_one_provider_keeps_no_other_waiting(self):
        broken = self.provider.sudo().copy(
            {"company_id": self.company.id, "name": "Broken", "ar_bills_from": self.yesterday}
        )
        broken.write(
            {
                "alipay_app_id": self.provider.sudo().alipay_app_id,
                "alipay_seller_id": "2088000000000009",
                "alipay_private_key": self.provider.sudo().alipay_private_key,
                "alipay_public_key": self.provider.sudo().alipay_public_key,
                "state": "test",
            }
        )
        broken.journal_id = self.journal.copy({"code": "ALX"})
        self.run_cron()
        waiting = self.of_provider(broken)
        self.assertEqual(waiting.state, "waiting")
        self.assertIn("merchant", waiting.problem)  # it was given the bill of another merchant
        self.assertEqual(self.of_provider().state, "imported")
