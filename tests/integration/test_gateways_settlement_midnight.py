"""Payments at 23:59, which the trade bill has on one day and the fund flow on the next, or the other way round."""

from datetime import timedelta

from odoo.exceptions import UserError

from odoo.addons.ar_payment_gateways.core.settlement_read import BillKind, empty_bill, read_bill

from tests.integration.test_gateways_settlement_funds import FundsCase


class TestMidnight(FundsCase):
    """100.00 at midnight; beside it 50.00 on the trade's day, and 20.00 on the account's unless that is a quiet one."""

    def orders(self, trade_day, fund_day, amounts=(5_000, 2_000)):
        self.bills = self.wechat_bills([(amount, []) for amount in (10_000, *amounts)])
        first, *others = self.bills.gateway.orders.by_number.values()
        first.paid += timedelta(days=trade_day)
        for other, day in zip(others, (trade_day, fund_day), strict=False):
            other.paid += timedelta(days=day)
        self.bills.gateway.knobs.bill_fund_days = {first.number: fund_day - trade_day}

    def take(self, day, kind):
        """Import and book a bill as the cron does; return it."""
        day = self.today + timedelta(days=day)
        content = self.bills.trade_bill(day) if kind is BillKind.TRADE else self.bills.fund_bill(day)
        read = read_bill(content, day) if content else empty_bill(day, kind)
        bills = self.env["ar.gateway.bill"].sudo()
        bill, _new = bills._import(self.wechat.sudo(), read, content=content or b"", origin="fetch")
        for waiting in bills.search([("state", "=", "imported")], order="day, id"):
            waiting._book_on()
        return bill

    def check(self, *amounts):
        """The ledger is the simulator's; what is open is only that our books do not know these payments."""
        paid, fees = sum(amounts, 100.0), round(0.006 * sum(amounts, 100.0), 2)
        self.env.invalidate_all()
        self.assertEqual(self.balance(self.wechat_journal.default_account_id), round(paid - fees, 2))
        self.assertEqual(self.balance(self.fee_account), fees)
        self.assertEqual(self.balance(self.wechat_journal.suspense_account_id), -paid)
        self.assertEqual(self.balance(self.company.transfer_account_id), 0.0)
        differences = self.env["ar.gateway.difference"].search([("provider_id", "=", self.wechat.id)])
        left = differences.filtered(lambda found: found.state == "open")
        self.assertEqual(
            set(left.mapped(lambda found: (found.kind, found.bill_id.kind))), {("surplus", "trade")}
        )
        return sorted((differences - left).mapped("kind"))

    def days(self, *days):
        """Import trades and fund flow of these days; return the fund flows."""
        return [[self.take(day, kind) for kind in BillKind][1] for day in days]

    def test_the_account_moves_the_day_after(self):
        self.orders(0, 1)
        _first, second = self.days(0, 1)
        self.assertEqual(self.check(50.0, 20.0), ["flow"])
        self.assertEqual(second.ledger_balance, second.balance_end)

    def test_the_account_moves_on_a_day_without_trades(self):
        self.orders(0, 1, (5_000,))
        _first, second = self.days(0, 1)
        self.assertEqual(self.check(50.0), ["flow"])
        self.assertEqual(second.ledger_balance, second.balance_end)

    def test_the_account_moves_the_day_before(self):
        self.orders(1, 0)
        for fund in self.days(0, 1):
            self.assertEqual(fund.ledger_balance, fund.balance_end)  # on each of the two days
        self.assertEqual(self.check(50.0, 20.0), ["flow", "surplus"])

    def test_the_account_moves_before_on_a_day_without_trades(self):
        self.orders(1, 0, (5_000,))
        for fund in self.days(0, 1):
            self.assertEqual(fund.ledger_balance, fund.balance_end)
        self.assertEqual(self.check(50.0), ["flow", "surplus"])

    def test_whichever_day_comes_first(self):
        """Bills of the first day that were late: what the second day had is found all the same."""
        self.orders(0, 1)
        self.days(1, 0)
        self.assertEqual(self.check(50.0, 20.0), ["balance", "flow", "surplus"])

    def test_nothing_else_at_all(self):
        """There is no fund flow of the first day then: believed once the next day's shows where the money is."""
        self.orders(0, 1, ())
        self.take(0, BillKind.TRADE)
        with self.assertRaisesRegex(UserError, "1 payments"), self.env.cr.savepoint():
            self.take(0, BillKind.FUND)
        self.days(1)
        self.take(0, BillKind.FUND)
        self.assertEqual(self.check(), ["balance", "flow", "surplus"])

    def test_what_somebody_has_settled_already_is_left_to_him(self):
        self.orders(1, 0)
        [fund] = self.days(0)
        found = fund.difference_ids.filtered(lambda found: found.kind == "surplus")
        found.sudo()._accept(self.fee_account, "no idea")
        self.days(1)
        gaps = self.env["ar.gateway.difference"].search(
            [("provider_id", "=", self.wechat.id), ("kind", "=", "flow")]
        )
        self.assertEqual(gaps.mapped("state"), ["open"])

    def test_a_day_whose_trade_bill_was_empty_at_first(self):
        """What was taken for foreign is the trade bill's once that is there."""
        self.orders(0, 0)
        bills = self.env["ar.gateway.bill"].sudo()
        bills._import(self.wechat.sudo(), empty_bill(self.today, BillKind.TRADE), origin="fetch")
        fund = self.take(0, BillKind.FUND)
        self.assertEqual(fund.ledger_balance, fund.balance_end)
        self.take(0, BillKind.TRADE)
        self.check(50.0, 20.0)
        self.assertEqual(fund.ledger_balance, fund.balance_end)
