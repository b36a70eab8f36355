"""Money that comes when it is not expected any more, and messages kept about it."""

from contextlib import suppress
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import new_test_user

from odoo.addons.ar_payment_gateways import const

from tests.test_gateways_refund_common import RefundCase

CREDIT = "Paid more than was open"


class LateCase(RefundCase):
    def waiting_order(self, invoice, provider=None):
        self.env.flush_all()
        link = invoice._get_ar_payment_link().sudo()
        path = link._open_order((provider or self.provider).sudo())
        self.env.invalidate_all()
        return self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])

    def pay(self, order):
        """The buyer pays; we hear of it by asking, and book it."""
        self.alipay.pay(order.name)
        order._query()
        self.book()

    def untaxed(self, amount):
        return self.invoice(amount, taxes=self.env["account.tax"])


class TestLate(LateCase):
    def test_second_wallet_pays_the_same_invoice(self):
        other = self.provider.sudo().copy({"company_id": self.company.id, "name": "Another wallet"})
        other.write({name: self.provider.sudo()[name] for name in const.AR_GATEWAYS["alipay"].credentials})
        other.write({"state": "test", "is_published": True})
        other.journal_id = self.journal
        invoice = self.untaxed(80.0)
        first, second = self.waiting_order(invoice), self.waiting_order(invoice, other)
        self.assertNotEqual(first, second)
        self.assertEqual(first.state, "open")  # the other wallet may still be used
        for order in (first, second):  # both have paid before anything is booked
            self.alipay.pay(order.name)
            order._query()
        self.book()
        self.assertEqual(invoice.amount_residual, 0)
        self.assertTrue(first.transaction_id.payment_id.is_reconciled)
        self.assertFalse(second.transaction_id.payment_id.is_reconciled)
        self.assertFalse(first.activity_ids)
        self.assertEqual(second.activity_ids.mapped("summary"), [CREDIT])
        self.assertIn("80", second.activity_ids.note)
        self.assertEqual(second.transaction_id._ar_credit(), 80.0)
        link = second.link_id
        self.assertEqual(link._customer_credit(), 80.0)
        # the task says "refund": that can be done, and then there is no credit any more
        second.transaction_id._refund(80.0)
        self.commit()
        self.assertEqual(link._customer_credit(), 0)

    def test_only_what_is_left_over_is_credit(self):
        invoice = self.untaxed(80.0)
        order = self.waiting_order(invoice)
        self._register_payment(invoice, amount=50.0, payment_difference_handling="open")
        self.pay(order)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(order.transaction_id._ar_credit(), 50.0)
        self.assertEqual(order.activity_ids.mapped("summary"), [CREDIT])

    def test_success_after_the_order_was_closed_pays_the_invoice(self):
        invoice = self.untaxed(80.0)
        order = self.waiting_order(invoice)
        order._close_locally()
        self.assertEqual(order.transaction_id.state, "cancel")
        self.pay(order)
        self.assertEqual((order.state, order.transaction_id.state), ("paid", "done"))
        self.assertEqual(invoice.amount_residual, 0)
        self.assertFalse(order.activity_ids)

    def test_success_for_an_invoice_under_revision_does_not_post_it(self):
        """Core would post the draft, whatever somebody was changing in it."""
        invoice = self.untaxed(80.0)
        order = self.waiting_order(invoice)
        invoice.button_draft()
        self.pay(order)
        self.assertEqual(invoice.state, "draft")
        self.assertEqual(order.transaction_id._ar_credit(), 80.0)
        self.assertEqual(order.activity_ids.mapped("summary"), [CREDIT])

    def test_withdrawn_link_is_closed_at_the_gateway_first(self):
        order = self.waiting_order(self.untaxed(80.0))
        self.alipay.scan(order.name)
        order.link_id.action_revoke()
        self.assertLessEqual(order.next_query_at, fields.Datetime.now())
        self.assertEqual(order.state, "open")
        self.alipay.requests.clear()
        order._expire()
        methods = [method for method, _content in self.alipay.requests]
        self.assertEqual(methods, ["alipay.trade.query", "alipay.trade.close"])
        self.assertEqual(self.alipay.trades.by_number[order.name].status, "TRADE_CLOSED")
        self.assertEqual((order.state, order.transaction_id.state), ("closed", "cancel"))

    def test_close_that_comes_too_late_closes_nothing(self):
        order = self.waiting_order(self.untaxed(80.0))
        self.alipay.scan(order.name)
        order.expires_at = fields.Datetime.now() - timedelta(minutes=const.CLOSE_GRACE_MINUTES + 1)
        close = self.alipay.trades.close

        def paid_meanwhile(content):
            self.alipay.trades.pay(self.alipay.trades.by_number[order.name])
            return close(content)

        self.alipay.trades.close = paid_meanwhile
        self.addCleanup(delattr, self.alipay.trades, "close")
        order._expire()
        self.assertEqual(order.state, "open")
        self.assertEqual(order.transaction_id.state, "draft")
        order._expire()
        self.assertEqual(order.state, "paid")

    def test_schedule_is_kept_on_the_order(self):
        order = self.waiting_order(self.untaxed(80.0))
        made = order.next_query_at
        waits = []
        for _times in range(4):
            order._query()
            waits.append(round((order.next_query_at - order.queried_at).total_seconds() / 60))
        self.assertEqual(waits, [1, 1, 2, 3])
        self.assertEqual(order.query_count, 4)
        self.assertGreater(order.next_query_at, made)
        self.alipay.knobs.http_500 = 1
        order._query()  # no answer: asked again later, not in every run
        self.assertEqual(order.query_count, 5)

    def test_a_number_the_gateway_does_not_want_is_replaced(self):
        invoice = self.untaxed(80.0)
        self.alipay.knobs.drop_response_after_commit = 1
        with suppress(UserError):  # assertRaises would roll the number back
            self.waiting_order(invoice)
        self.env.invalidate_all()
        self.company.name = "Renamed meanwhile"  # is in the subject, so the same number has another content
        order = self.waiting_order(invoice)
        self.assertEqual(order.state, "open")
        self.assertIn("ACQ.CONTEXT_INCONSISTENT", self.alipay.refusals)
        self.assertEqual(order.link_id.order_ids.mapped("state"), ["open", "closed"])


class TestMessages(LateCase):
    def test_every_call_is_kept_once_and_without_secrets(self):
        order = self.waiting_order(self.untaxed(80.0))
        for _times in range(3):
            order._query()
        self.assertEqual(
            order.exchange_ids.mapped("operation"), ["alipay.trade.query", "alipay.trade.precreate"]
        )
        self.assertEqual(order.exchange_ids.mapped("times"), [3, 1])
        self.assertIn("ACQ.TRADE_NOT_EXIST", order.exchange_ids[0].answer)
        self.assertIn("80.00", order.exchange_ids[1].request)
        self.pay(order)
        kept = str(order.exchange_ids.read())
        for secret in ("2088000000009999", "PRIVATE KEY", '"sign"'):
            self.assertNotIn(secret, kept)

    def test_old_messages_are_deleted(self):
        order = self.order
        count = len(order.exchange_ids)
        self.assertGreater(count, 1)
        messages = self.env["ar.gateway.message"].sudo()
        order.exchange_ids[0].last_at = fields.Datetime.now() - timedelta(days=const.MESSAGE_DAYS + 1)
        self.env.flush_all()
        done, _more = messages._gc_messages()
        self.assertGreaterEqual(done, 1)
        order.invalidate_recordset()
        self.assertEqual(len(order.exchange_ids), count - 1)
        self.env["ir.config_parameter"].sudo().set_param(const.MESSAGE_DAYS_PARAMETER, "1")
        order.exchange_ids.last_at = fields.Datetime.now() - timedelta(days=2)
        self.env.flush_all()
        messages._gc_messages()
        order.invalidate_recordset()
        self.assertFalse(order.exchange_ids)

    def test_messages_are_for_those_who_configure_gateways(self):
        def user(role):
            return new_test_user(
                self.env, f"messages {role}", f"ar_payment_gateways.group_{role}", company_id=self.company.id
            )

        message, clerk = self.order.exchange_ids[:1], user("user")
        with self.assertRaises(AccessError):
            message.with_user(clerk).read(["request"])
        with self.assertRaises(AccessError):
            self.order.with_user(clerk).read(["exchange_ids"])
        for role in ("manager", "auditor"):
            mine = message.with_user(user(role))
            self.assertTrue(mine.read(["request"]))
            for work in (mine.unlink, lambda mine=mine: mine.write({"answer": "x"})):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    work()
