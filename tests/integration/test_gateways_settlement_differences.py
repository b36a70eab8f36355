"""Bill against books: what differs is found, and settled by whom, how and why."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from tests.test_gateways_settlement_common import SettlementCase


class TestDifferences(SettlementCase):
    def test_in_the_bill_only(self):
        """A payment at the counter, with the gateway's own terminal: 长款."""
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        bill = self.upload()
        self.assertEqual(self.differences(bill), {("surplus", "POS1", "open")})
        self.assertEqual(bill.difference_ids.amount_gap, 7.0)
        self.assertEqual(bill.open_difference_count, 1)

    def test_in_our_books_only(self):
        self.pay_another()
        missing = self.pay_another(60.0)
        self.alipay.knobs.bill_without = (missing.name,)
        bill = self.upload()
        self.assertEqual(self.differences(bill), {("shortage", missing.name, "open")})
        self.assertEqual(bill.difference_ids.amount_gap, -60.0)

    def test_another_amount(self):
        self.alipay.knobs.bill_amount_delta = {self.order.name: 100}
        bill = self.upload()
        self.assertEqual(self.differences(bill), {("amount", self.order.name, "open")})
        self.assertEqual((bill.difference_ids.amount_bill, bill.difference_ids.amount_books), (101.0, 100.0))

    def test_another_state(self):
        order = self.unheard_order()
        bill = self.upload()
        self.assertEqual(self.differences(bill), {("status", order.name, "open")})
        self.assertEqual((bill.difference_ids.amount_books, bill.difference_ids.amount_gap), (0.0, 80.0))

    def test_another_day_is_no_loss(self):
        self.order.sudo().paid_at += timedelta(days=1)
        bill = self.upload()
        self.assertEqual(self.differences(bill), {("cross_day", self.order.name, "resolved")})

    def test_a_refund_of_another_day(self):
        """The payment is in yesterday's bill; only the refund is in today's."""
        self.refund(30.0)
        number = self.order.refund_ids.name
        self.alipay.knobs.bill_without = (self.order.name,)
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        bill = self.upload()
        self.assertEqual(
            self.differences(bill),
            {
                ("shortage", self.order.name, "open"),
                ("shortage", number, "open"),
                ("surplus", "POS1", "open"),
            },
        )

    def unheard_order(self):
        """An order that was paid although we never heard of it."""
        invoice = self.invoice(80.0, taxes=self.env["account.tax"])
        self.env.flush_all()
        path = invoice._get_ar_payment_link().sudo()._open_order(self.provider.sudo())
        order = self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
        self.alipay.pay(order.name)
        return order

    # --- settled ---

    def test_ask_the_gateway_and_book(self):
        order = self.unheard_order()
        difference = self.upload().difference_ids
        self.assertFalse(difference.line_id.statement_line_id.is_reconciled)
        difference.with_user(self.resolver).action_query_gateway()
        self.assertEqual(
            (order.state, difference.state, difference.resolution), ("paid", "resolved", "queried")
        )
        self.assertEqual(difference.resolved_by, self.resolver)
        self.assertTrue(difference.line_id.statement_line_id.is_reconciled)
        self.assertTrue(order.transaction_id.payment_id.is_matched)

    def test_a_late_notification_settles_by_itself(self):
        order = self.unheard_order()
        difference = self.upload().difference_ids
        order.sudo()._query()
        self.book()
        difference.sudo()._recheck()
        self.assertEqual(difference.state, "resolved")
        self.assertTrue(difference.line_id.statement_line_id.is_reconciled)

    def test_asking_in_vain(self):
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        difference = self.upload().difference_ids
        with self.assertRaisesRegex(UserError, "nothing to ask"):
            difference.with_user(self.resolver).action_query_gateway()
        self.assertEqual(difference.state, "open")

    def test_a_console_refund_that_nobody_told_us(self):
        self.alipay.console_refund(self.order.name, "20.00")
        bill = self.upload()
        self.assertEqual({found.kind for found in bill.difference_ids}, {"surplus"})
        difference = bill.difference_ids
        difference.with_user(self.resolver).action_query_gateway()
        self.assertEqual(difference.state, "open")  # Alipay's query says nothing of partial refunds
        difference.with_user(self.resolver).action_book_refund()
        self.assertEqual((difference.state, difference.refund_id.origin), ("resolved", "gateway"))
        self.assertTrue(difference.line_id.statement_line_id.is_reconciled)
        self.assertEqual(self.order.refundable_amount, 80.0)

    def test_no_more_is_booked_than_was_paid(self):
        self.alipay.console_refund(self.order.name, "20.00")
        difference = self.upload().difference_ids
        self.order.sudo().refund_reported_minor = 9000
        with self.assertRaisesRegex(UserError, "can still have been refunded"):
            difference.with_user(self.resolver).action_book_refund()

    def test_carried_over_and_found(self):
        missing = self.pay_another(60.0)
        self.alipay.knobs.bill_without = (missing.name,)
        difference = self.upload().difference_ids
        difference.with_user(self.resolver).action_carry()
        self.assertEqual(
            (difference.state, difference.carried_to), ("carried", self.today + timedelta(days=1))
        )
        self.alipay.knobs.bill_without = (self.order.name,)
        self.alipay.trades.by_number[missing.name].paid += timedelta(days=1)
        bill = self.store(self.bill_file(self.today + timedelta(days=1)))
        self.assertEqual((difference.state, difference.resolution), ("resolved", "found"))
        self.assertEqual(self.differences(bill), {("cross_day", missing.name, "resolved")})

    def test_carried_over_and_not_found(self):
        missing = self.pay_another(60.0)
        self.alipay.knobs.bill_without = (missing.name,)
        difference = self.upload().difference_ids
        difference.with_user(self.resolver).action_carry()
        self.alipay.knobs.bill_extra = (("2026112422009", "POS1", 700),)
        self.store(self.bill_file(self.today + timedelta(days=1)))
        self.assertEqual(difference.state, "open")

    def decide(self, difference, user=None, **values):
        wizard = self.env["ar.gateway.difference.resolve"].with_user(user or self.resolver)
        values = {"difference_ids": difference.ids, "reason": "因为", **values}
        return wizard.create(values).action_resolve()

    def test_accept_what_only_the_bill_has(self):
        income = self.company_data["default_account_revenue"]
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        difference = self.upload().difference_ids
        before = self.balance(income)
        self.decide(difference, account_id=income.id)
        self.assertEqual(self.balance(income), before - 7.0)
        self.assertTrue(difference.line_id.statement_line_id.is_reconciled)
        self.assertEqual(
            (difference.state, difference.resolution, difference.reason, difference.resolved_by),
            ("resolved", "accepted", "因为", self.resolver),
        )

    def test_accept_what_only_our_books_have(self):
        missing = self.pay_another(60.0)
        self.alipay.knobs.bill_without = (missing.name,)
        difference = self.upload().difference_ids
        self.decide(difference, account_id=self.fee_account.id)
        self.assertEqual(difference.move_id.state, "posted")
        self.assertTrue(self.outstanding(missing).reconciled)
        self.assertEqual(self.balance(self.fee_account), 60.6)

    def test_accept_another_amount(self):
        self.alipay.knobs.bill_amount_delta = {self.order.name: -250}
        difference = self.upload().difference_ids
        self.assertFalse(self.outstanding(self.order).reconciled)
        before = self.balance(self.fee_account)
        self.decide(difference, account_id=self.fee_account.id)
        self.assertTrue(self.outstanding(self.order).reconciled)
        self.assertEqual(round(self.balance(self.fee_account) - before, 2), 2.5)

    def test_link_by_hand(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.partner_b.id,
                "amount": 7.0,
                "currency_id": self.cny.id,
                "journal_id": self.journal.id,
            }
        )
        payment.action_post()
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700), ("2026112322010", "POS2", 800))
        small, big = self.upload().difference_ids.sorted("amount_bill")
        with self.assertRaisesRegex(UserError, "not an open payment"):
            self.decide(big, way="link", payment_id=payment.id)
        self.decide(small, way="link", payment_id=payment.id)
        self.assertEqual((small.state, small.resolution), ("resolved", "linked"))
        self.assertTrue(payment.is_matched)

    # --- guards ---

    def test_who_may_resolve(self):
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        difference = self.upload().difference_ids
        manager = "base.group_user,ar_payment_gateways.group_manager"
        no_accountant = new_test_user(self.env, "difference manager", manager, company_id=self.company.id)
        for user in (no_accountant, self.importer, self.auditor, self.env.ref("base.public_user")):
            for action in ("action_query_gateway", "action_carry", "action_accept", "action_link"):
                with self.assertRaises(AccessError):
                    getattr(difference.with_user(user), action)()
            with self.assertRaises(AccessError):
                self.decide(difference, user, account_id=self.fee_account.id)
            with self.assertRaises(AccessError):
                difference.with_user(user).write({"state": "resolved"})
        with self.assertRaises(AccessError):
            difference.with_user(self.resolver).write({"state": "resolved"})

    def test_resolved_stays_resolved(self):
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        difference = self.upload().difference_ids
        self.decide(difference, account_id=self.fee_account.id)
        with self.assertRaisesRegex(UserError, "resolved this already"):
            self.decide(difference, account_id=self.company_data["default_account_revenue"].id)

    def test_accounts_that_are_refused(self):
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        difference = self.upload().difference_ids
        foreign = self.company_data_2["default_account_revenue"] if "company_data_2" in dir(self) else None
        for account in (self.journal.default_account_id, foreign, self.env["account.account"]):
            if account is not None:
                with self.assertRaises(UserError):
                    self.decide(difference, account_id=account.id)
        self.assertEqual(difference.state, "open")
