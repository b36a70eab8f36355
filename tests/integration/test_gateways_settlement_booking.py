"""Rows of a bill in the gateway's journal: each once, matched with what Odoo booked, the balance the bill's."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from tests.test_gateways_settlement_common import SettlementCase


class TestBooking(SettlementCase):
    def test_gross_fee_and_refund(self):
        self.refund(30.0)
        self.book()
        bill = self.upload()
        self.assertEqual(bill.state, "booked")
        amounts = self.statement_lines().mapped("amount")
        self.assertEqual(sorted(amounts), [-30.0, -0.6, 100.0])
        self.assertEqual(self.balance(self.journal.default_account_id), bill.amount_net)
        self.assertEqual((bill.amount_net, bill.ledger_balance), (69.4, 69.4))
        self.assertEqual(self.balance(self.fee_account), 0.6)
        self.assertFalse(self.statement_lines().filtered(lambda line: not line.is_reconciled))

    def test_payments_leave_the_outstanding_account(self):
        other = self.pay_another()
        self.refund(30.0)
        self.book()
        refund_payment = self.order.refund_ids.transaction_id.payment_id
        payments = self.payment + other.transaction_id.payment_id + refund_payment
        self.assertEqual(payments.mapped("is_matched"), [False] * 3)
        self.upload()
        self.assertEqual(payments.mapped("is_matched"), [True] * 3)
        self.assertTrue(self.outstanding(self.order).reconciled)
        self.assertEqual(self.balance(self.outstanding(self.order).account_id), 0.0)
        self.assertEqual(
            self.statement_lines().filtered(lambda line: line.amount == 100).partner_id, self.partner_a
        )

    def test_payments_made_elsewhere_wait_in_suspense(self):
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        bill = self.upload()
        self.assertEqual(self.balance(self.journal.default_account_id), bill.amount_net)
        self.assertEqual(self.balance(self.journal.suspense_account_id), -7.0)

    def test_other_amounts_are_booked_as_the_bill_says(self):
        self.alipay.knobs.bill_amount_delta = {self.order.name: 100}
        bill = self.upload()
        self.assertEqual(self.balance(self.journal.default_account_id), bill.amount_net)
        self.assertFalse(self.payment.is_matched)

    def test_fees_without_an_account_stay_in_suspense(self):
        self.provider.sudo().ar_fee_account_id = False
        self.upload()
        self.assertEqual(self.balance(self.journal.suspense_account_id), 0.6)

    def test_a_payment_not_booked_yet_is_booked_first(self):
        invoice = self.invoice(80.0, taxes=self.env["account.tax"])
        self.env.flush_all()
        path = invoice._get_ar_payment_link().sudo()._open_order(self.provider.sudo())
        order = self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
        self.alipay.pay(order.name)
        order._query()
        self.assertFalse(order.transaction_id.payment_id)
        self.upload()
        self.assertTrue(order.transaction_id.payment_id.is_matched)

    def test_chunks_are_resumed(self):
        orders = [self.pay_another(amount) for amount in (11.0, 12.0, 13.0)]
        bill = self.store()
        lefts = []
        while bill.state != "booked":
            lefts.append(bill._book_chunk(limit=2))
        self.assertEqual(lefts, [2, 0])
        self.assertEqual(len(self.statement_lines()), len(orders) + 2)
        self.assertEqual(bill._book_chunk(), 0)
        self.assertEqual(self.balance(self.journal.default_account_id), bill.amount_net)

    def test_what_is_booked_twice_is_refused(self):
        """Even with every check gone, the statement lines' reference is unique."""
        bill = self.upload()
        bill = bill.sudo()
        bill.state = "imported"
        bill.line_ids.is_booked = False
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            bill._book_chunk()
        self.assertIn("ar_gateway_reference", str(caught.exception))

    def test_queries_do_not_grow_with_rows(self):
        for amount in range(1, 9):
            self.pay_another(float(amount))
        few = self.queries_of_booking((self.order.name, *self.names()[:4]))
        many = self.queries_of_booking(())
        self.assertLess((many - few) / 4, 25, f"{few} queries for 4 rows, {many} for 4 more")

    def large_bill(self):
        """A bill of 6 rows, 4 of them payments of ours, that counts as large."""
        for amount in (11.0, 12.0, 13.0):
            self.pay_another(amount)
        self.refund(30.0)
        self.book()
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        constant = patch("odoo.addons.ar_payment_gateways.const.BILL_SUM_FROM", 6)
        self.startPatcher(constant)
        return self.store()

    def test_payments_of_a_large_bill_are_booked_as_a_sum(self):
        bill = self.large_bill()
        self.assertEqual(bill._book_chunk(), 0)
        amounts = sorted(self.statement_lines().mapped("amount"))
        self.assertEqual(amounts, [-30.0, -bill.amount_fee, 7.0, 136.0])
        payments = bill.line_ids.order_id.transaction_id.payment_id
        self.assertEqual(payments.mapped("is_matched"), [True] * 4)
        [of_payments] = bill.line_ids.filtered(
            lambda row: row.kind == "payment" and row.order_id
        ).statement_line_id
        self.assertIn("4 rows", of_payments.payment_ref)
        self.assertEqual(self.balance(self.journal.default_account_id), bill.amount_net)
        self.assertEqual(self.balance(self.journal.suspense_account_id), -7.0)
        self.assertEqual(self.balance(self.outstanding(self.order).account_id), 0.0)

    def test_a_large_bill_is_resumed_where_it_was_broken_off(self):
        bill = self.large_bill()
        self.assertEqual(bill._book_chunk(limit=3), 3)
        items = type(self.env["account.move.line"])
        with (
            patch.object(items, "_reconcile_plan", side_effect=UserError("broken")),
            mute_logger("odoo.sql_db"),
        ):
            for _again in range(2):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    bill._book_chunk(limit=3)
        self.env.invalidate_all()
        self.assertEqual(bill.booked_count, 3)
        self.assertEqual(bill._book_chunk(limit=3), 0)
        self.assertEqual(self.balance(self.journal.default_account_id), bill.amount_net)
        self.assertEqual(self.balance(self.outstanding(self.order).account_id), 0.0)
        self.assertEqual(bill._book_chunk(), 0)
        self.assertEqual(sum(self.statement_lines().mapped("amount")), bill.amount_net)

    def test_queries_of_sums_do_not_grow_with_rows(self):
        with patch("odoo.addons.ar_payment_gateways.const.BILL_SUM_FROM", 2):
            for amount in range(1, 9):
                self.pay_another(float(amount))
            few = self.queries_of_booking((self.order.name, *self.names()[:4]))
            many = self.queries_of_booking(())
        self.assertLess((many - few) / 4, 4, f"{few} queries for 4 rows, {many} for 4 more")

    def names(self):
        return sorted(set(self.alipay.trades.by_number) - {self.order.name})

    def queries_of_booking(self, without):
        if not without:  # the second bill: the rest, on another day
            done = self.env["ar.gateway.bill.line"].search([("provider_id", "=", self.provider.id)])
            self.alipay.knobs.bill_without = tuple(done.mapped("order_number"))
            for name in set(self.alipay.trades.by_number) - set(self.alipay.knobs.bill_without):
                self.alipay.trades.by_number[name].paid += timedelta(days=1)
            bill = self.store(self.bill_file(self.today + timedelta(days=1)))
        else:
            self.alipay.knobs.bill_without = without
            bill = self.store()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        bill._book_chunk()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def statement_lines(self):
        return self.env["account.bank.statement.line"].search([("journal_id", "=", self.journal.id)])
