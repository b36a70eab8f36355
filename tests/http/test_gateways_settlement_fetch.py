"""Fetching bills from Alipay's simulator over HTTP: signed questions, its own addresses only, one failure at a time."""

from datetime import UTC, datetime, time, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError

from tests.gateway_kit_unionpay import UnionpayKit
from tests.gateway_kits import WechatKit
from tests.simulators.alipay_trades import CHINA
from tests.test_gateways_settlement_common import SettlementCase

BILL = "alipay.data.dataservice.bill.downloadurl.query"


class FetchCase(SettlementCase):
    """`self.order` was paid yesterday, and yesterday's bill is the first that is fetched."""

    kinds = ("trade",)

    def setUp(self):
        super().setUp()
        self.yesterday = self.today - timedelta(days=1)
        self.paid_yesterday()
        self.provider.sudo().ar_bills_from = self.yesterday
        self.bills = self.env["ar.gateway.bill"].sudo()

    def paid_yesterday(self):
        self.paid_at(self.order, -1)

    def booked(self, bills):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            self.bills._cron_book()
        self.assertEqual(set(bills.mapped("state")), {"booked"})
        self.assertTrue(self.payment.is_matched)

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
        domain = [("provider_id", "=", (provider or self.provider).id), ("kind", "in", self.kinds)]
        return self.bills.search(domain)


class TestFetch(FetchCase):
    def test_yesterdays_bill_comes_by_itself(self):
        bill = self.run_cron()
        self.assertEqual((bill.day, bill.state, bill.origin), (self.yesterday, "imported", "fetch"))
        self.assertEqual(bill.line_ids.order_id, self.order)
        self.assertEqual(
            [content for method, content in self.alipay.requests if method == BILL],
            [{"bill_type": each, "bill_date": str(self.yesterday)} for each in ("trade", "signcustomer")],
        )
        self.assertFalse(self.alipay.refusals)
        self.booked(bill)

    def test_the_fund_flow_tells_of_payouts(self):
        self.alipay.knobs.bill_payout = 50_00
        self.run_cron()
        self.booked(self.of_provider())
        fund = self.bills.search([("provider_id", "=", self.provider.id), ("kind", "=", "fund")])
        self.assertEqual((fund.state, fund.amount_payout, fund.amount_fee), ("booked", 50.0, 0.6))
        self.assertEqual(self.balance(self.journal.default_account_id), fund.balance_end)
        self.assertEqual(self.balance(self.company.transfer_account_id), 50.0)

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

    def test_a_kind_that_comes_with_an_upgrade_starts_then(self):
        provider, start = self.provider.sudo(), self.today - timedelta(days=4)

        def expected(day, kinds=("trade", "fund")):
            noon = datetime.combine(day, time(12), CHINA)
            with patch.object(type(provider), "_ar_gateway_bill_kinds", lambda provider: kinds):
                self.bills._expect_bills(noon)
            bills = self.bills.search([("provider_id", "=", provider.id)])
            return {kind: sorted(some.mapped("day")) for kind, some in bills.grouped("kind").items()}

        days = [start + timedelta(days=number) for number in range(5)]
        provider.ar_bills_from = start
        provider.ar_bill_starts = False  # nobody noted them then
        self.assertEqual(expected(days[2], ("trade",)), {"trade": days[:2]})
        provider.ar_bill_starts = False
        self.assertEqual(expected(days[3]), {"trade": days[:3]})
        self.assertEqual(expected(days[4]), {"trade": days[:4], "fund": days[3:4]})
        provider.ar_bills_from = days[1]  # somebody wants them
        self.assertEqual(expected(days[4]), {"trade": days[:4], "fund": days[1:4]})

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


class TestFetchFromWechat(FetchCase):
    gateway = WechatKit
    kinds = ("trade", "fund")

    def paid_yesterday(self):
        orders = self.kit.simulator.orders.by_number
        for number in set(orders) - {self.order.name}:
            del orders[number]
        orders[self.order.name].paid -= timedelta(days=1)
        self.order.sudo().paid_at -= timedelta(days=1)

    def fetch(self, kind="trade", day=None):
        return self.provider.sudo()._ar_gateway_fetch_bill(day or self.yesterday, kind)

    def test_trades_and_fund_flow_come_by_themselves(self):
        bills = self.run_cron()
        self.assertEqual(set(bills.mapped("kind")), {"trade", "fund"})
        self.assertEqual(
            set(bills.mapped(lambda bill: (bill.day, bill.state))), {(self.yesterday, "imported")}
        )
        self.assertEqual(bills.line_ids.order_id, self.order)
        self.assertFalse(self.kit.simulator.refusals)  # the downloads were signed, too
        self.booked(bills)
        fund = bills.filtered(lambda bill: bill.kind == "fund")
        self.assertEqual(self.balance(self.journal.default_account_id), fund.balance_end)

    def test_a_day_without_trades_and_a_bill_not_made_yet(self):
        self.assertEqual(self.fetch(day=self.yesterday - timedelta(days=3)), b"")
        # It says the same of a bill that it has not begun to make, and does not sign that.
        self.assertIsNone(self.fetch(day=self.today))
        self.kit.knobs.bill_not_ready = True
        self.assertIsNone(self.fetch("fund"))
        bills = self.run_cron()
        self.assertEqual(set(bills.mapped("state")), {"waiting"})
        self.kit.knobs.bill_not_ready = False
        bills.with_user(self.importer).action_fetch()
        self.assertEqual(set(bills.mapped("state")), {"booked"})

    def test_bills_that_are_not_believed(self):
        self.kit.knobs.unsigned = 1
        with self.assertRaises(ValidationError):
            self.fetch()
        ask = self.kit.simulator.bills.ask
        for change, why in (
            ({"hash_value": "0" * 40}, "not the one"),
            ({"download_url": "https://mch.weixin.qq.com.example.com/x"}, "not its own"),
            ({"download_url": f"{self.kit.address}/v3/billdownload/file?token=0"}, "could not be downloaded"),
        ):
            changed = patch.object(
                self.kit.simulator.bills, "ask", lambda *a, change=change: {**ask(*a), **change}
            )
            with changed, self.assertRaisesRegex(ValidationError, why):
                self.fetch()
        self.kit.knobs.business_error = "NO_AUTH"
        with self.assertRaisesRegex(ValidationError, "NO_AUTH"):
            self.fetch()
        self.assertTrue(self.fetch())


class TestFetchFromUnionpay(FetchCase):
    gateway = UnionpayKit

    def paid_yesterday(self):
        orders = self.kit.simulator.orders.by_key
        for key, order in list(orders.items()):
            if order.number != self.order.name:
                del orders[key]
            else:
                order.done -= timedelta(days=1)
        self.order.sudo().paid_at -= timedelta(days=1)

    def test_the_settlement_file_comes_by_itself(self):
        bill = self.run_cron()
        self.assertEqual((bill.day, bill.kind, bill.state), (self.yesterday, "trade", "imported"))
        self.assertEqual(bill.line_ids.order_id, self.order)
        self.booked(bill)

    def test_no_file_and_refusals(self):
        fetch = self.provider.sudo()._ar_gateway_fetch_bill
        self.assertEqual(fetch(self.yesterday - timedelta(days=3)), b"")
        self.kit.knobs.bill_not_ready = True
        self.assertIsNone(fetch(self.yesterday))
        self.kit.knobs.bill_not_ready = False
        self.kit.knobs.business_error = "01"
        with self.assertRaisesRegex(ValidationError, "01"):
            fetch(self.yesterday)
        self.kit.knobs.unsigned = 1
        with self.assertRaises(ValidationError):
            fetch(self.yesterday)

    def test_files_are_on_a_host_of_their_own(self):
        provider = self.provider.sudo()
        provider.state = "enabled"
        self.assertEqual(provider._build_request_url("/"), "https://filedownload.95516.com/")
