"""Money that comes to any gateway when it is not expected any more.

Mixins over RefundCase; the classes that run them name their gateway.
"""

from datetime import timedelta
from itertools import pairwise
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.ar_payment_gateways import const

CREDIT = "Paid more than was open"


class Late:
    """Orders that wait, and what happens to them."""

    def waiting_order(self, invoice, provider=None):
        self.env.flush_all()
        link = invoice._get_ar_payment_link().sudo()
        path = link._open_order((provider or self.provider).sudo())
        self.env.invalidate_all()
        return self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])

    def pay(self, order):
        """The buyer pays; we hear of it by asking, and book it."""
        self.kit.pay(order.name)
        order._query()
        self.book()

    def on_odoos_form(self, invoice):
        """Somebody begins to pay on Odoo's own form, without a link; return the transaction."""
        return (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.provider.sudo()._ar_gateway_payment_method().id,
                    "amount": invoice.amount_residual,
                    "currency_id": invoice.currency_id.id,
                    "partner_id": invoice.partner_id.id,
                    "operation": "online_redirect",
                    "invoice_ids": [fields.Command.set(invoice.ids)],
                }
            )
        )

    def order_of(self, transaction):
        """The order that he is shown."""
        self.env.flush_all()
        path = transaction._ar_open_order()
        self.env.invalidate_all()
        return self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])

    def run_order_cron(self):
        self.env.flush_all()
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            self.env["ar.gateway.order"].sudo()._cron_query()
        self.env.invalidate_all()

    def untaxed(self, amount):
        return self.invoice(amount, taxes=self.env["account.tax"])


class LateScenarios(Late):
    """Payments of a second wallet, of closed orders, of invoices that changed meanwhile."""

    def test_second_wallet_pays_the_same_invoice(self):
        other = self.provider.sudo().copy({"company_id": self.company.id, "name": "Another wallet"})
        other.write(
            {name: self.provider.sudo()[name] for name in const.AR_GATEWAYS[self.kit.code].credential_fields}
        )
        other.write({"state": "test", "is_published": True})
        other.journal_id = self.journal
        invoice = self.untaxed(80.0)
        first, second = self.waiting_order(invoice), self.waiting_order(invoice, other)
        self.assertNotEqual(first, second)
        self.assertEqual(first.state, "open")  # the other wallet may still be used
        for order in (first, second):  # both have paid before anything is booked
            self.kit.pay(order.name)
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
        self.settle()
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

    def test_success_for_an_invoice_emptied_meanwhile(self):
        """Begun on Odoo's form. Core would post the draft, which cannot be, and leave the money out of the books."""
        invoice = self.untaxed(80.0)
        order = self.order_of(self.on_odoos_form(invoice))
        invoice.button_draft()
        self.assertLessEqual(order.next_query_at, fields.Datetime.now())  # nobody is to pay it any more
        self.assertTrue(order._is_given_up())
        invoice.invoice_line_ids.unlink()
        self.pay(order)
        self.assertEqual((order.state, invoice.state), ("paid", "draft"))
        self.assertEqual(order.transaction_id._ar_credit(), 80.0)
        self.assertEqual(order.activity_ids.mapped("summary"), [CREDIT])

    def test_a_payment_that_cannot_be_booked_is_told_once_and_tried_on(self):
        order = self.waiting_order(self.untaxed(80.0))
        self.kit.pay(order.name)
        order._query()
        transaction = order.transaction_id
        self.assertGreater(order.next_query_at, fields.Datetime.now() + timedelta(minutes=50))
        transaction.last_state_change -= timedelta(days=5)  # core's cron has given up
        broken = patch.object(
            type(transaction), "_create_payment", side_effect=UserError("Period is locked.")
        )
        for trouble, summaries, days in (
            (broken, ["Payment not booked"], 5),
            (broken, ["Payment not booked"], 50),
        ):
            order.next_query_at = fields.Datetime.now() - timedelta(days=days)
            with trouble:
                self.run_order_cron()
            self.assertEqual(order.activity_ids.mapped("summary"), summaries)
            self.assertIn("Period is locked.", order.activity_ids.note)
            self.assertGreater(order.next_query_at, fields.Datetime.now())
            self.assertFalse(transaction.payment_id)
        order.next_query_at = fields.Datetime.now()
        self.run_order_cron()
        self.assertEqual(transaction.payment_id.amount, 80.0)
        self.assertFalse(order.next_query_at)
        self.assertFalse(order.activity_ids)

    def test_payments_that_cannot_be_booked_keep_nobody_waiting(self):
        """However long they are due, and however many: those who wait to pay come first."""
        waiting = self.waiting_order(self.untaxed(70.0)).sudo()
        due = fields.Datetime.now() - timedelta(days=9)
        stuck = self.order.sudo()
        stuck.write({"next_query_at": due, "state": "paid"})
        waiting.next_query_at = fields.Datetime.now() - timedelta(seconds=1)
        asked = []
        orders = self.env["ar.gateway.order"].sudo()
        with patch.object(type(orders), "_one_by_one", lambda _self, records, _work: asked.extend(records)):
            orders._cron_query(limit=1)
        self.assertEqual(asked, [waiting, stuck])

    def test_two_orders_of_one_transaction_are_two_payments(self):
        """Odoo's form has one transaction; opened again, on the phone perhaps, it has two codes, and both get paid."""
        invoice = self.untaxed(80.0)
        transaction = self.on_odoos_form(invoice)
        link = transaction.sudo().ar_link_id = invoice._get_ar_payment_link()  # which has led there
        first = self.order_of(transaction)
        second = first._prepare(transaction)
        second._send_to_gateway()
        for order in (second, first):  # both have paid before anything is booked
            self.kit.pay(order.name)
        for order in (second, first):
            order._query()
        self.book()
        self.assertEqual((first.state, second.state), ("paid", "paid"))
        self.assertEqual(second.transaction_id, transaction)
        self.assertNotEqual(first.transaction_id, transaction)
        self.assertEqual(first.transaction_id.invoice_ids, invoice)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertTrue(transaction.payment_id.is_reconciled)
        self.assertEqual(first.transaction_id.payment_id.amount, 80.0)
        self.assertFalse(second.activity_ids)
        self.assertEqual(first.activity_ids.mapped("summary"), [CREDIT])
        self.assertEqual(link.transaction_ids, first.transaction_id | transaction)
        self.assertEqual(link._customer_credit(), 80.0)
        for order in (first, second):
            self.assertNotEqual(order.gateway_reference, False)
            self.assertEqual(order.transaction_id.provider_reference, order.gateway_reference)
        first.transaction_id._refund(80.0)
        self.commit()
        self.settle()
        self.assertEqual(self.kit.refunded(first.name), 80_00)

    def test_another_amount_by_a_second_order_is_a_payment_of_its_own(self):
        transaction = self.on_odoos_form(self.untaxed(80.0))
        first = self.order_of(transaction)
        second = first._prepare(transaction)
        second._send_to_gateway()
        self.pay(first)
        self.kit.knobs.amount_delta = 500
        self.pay(second)
        self.assertEqual(second.state, "mismatch")
        second._book_received()
        for order, amount in ((first, 80.0), (second, 85.0)):
            self.assertEqual(
                (order.transaction_id.amount, order.transaction_id.payment_id.amount), (amount, amount)
            )
        self.assertEqual(second.activity_ids.mapped("summary"), [CREDIT])

    def test_a_payment_ends_the_other_orders_of_its_transaction(self):
        transaction = self.on_odoos_form(self.untaxed(80.0))
        first = self.order_of(transaction)
        second = first._prepare(transaction)
        second._send_to_gateway()
        self.pay(first)
        self.assertTrue(second._is_given_up())
        self.assertLessEqual(second.next_query_at, fields.Datetime.now())

    def test_a_new_order_ends_the_older_ones_of_its_transaction(self):
        transaction = self.on_odoos_form(self.untaxed(80.0))
        first = self.order_of(transaction)
        self.kit.scan(first.name)
        first.expires_at = fields.Datetime.now() + timedelta(minutes=1)  # too late to be shown again
        second = self.order_of(transaction)
        self.assertNotEqual(first, second)
        self.assertTrue(first._is_given_up() or first.state == "closed")
        if self.kit.closes:
            self.assertTrue(self.kit.is_closed(first.name))
            self.assertEqual(first.state, "closed")
        self.assertEqual((second.state, transaction.state), ("open", "draft"))
        self.pay(second)
        self.assertEqual(transaction.invoice_ids.amount_residual, 0)

    def test_withdrawn_link_is_closed_at_the_gateway_first(self):
        order = self.waiting_order(self.untaxed(80.0))
        self.kit.scan(order.name)
        order.link_id.action_revoke()
        self.assertLessEqual(order.next_query_at, fields.Datetime.now())
        self.assertEqual(order.state, "open")
        self.kit.simulator.requests.clear()
        order._expire()
        self.assertEqual([kind for kind, _content in self.kit.calls()], ["query", "close"])
        self.assertTrue(self.kit.is_closed(order.name))
        self.assertEqual((order.state, order.transaction_id.state), ("closed", "cancel"))

    def test_close_that_comes_too_late_closes_nothing(self):
        order = self.waiting_order(self.untaxed(80.0))
        self.kit.scan(order.name)
        order.expires_at = fields.Datetime.now() - timedelta(minutes=const.CLOSE_GRACE_MINUTES + 1)
        self.addCleanup(self.kit.before_closing(lambda: self.kit.pay_quietly(order.name)))
        order._expire()
        self.assertEqual(order.state, "open")
        self.assertEqual(order.transaction_id.state, "draft")
        order._expire()
        self.assertEqual(order.state, "paid")

    def test_schedule_is_kept_on_the_order(self):
        order = self.waiting_order(self.untaxed(80.0))
        seconds = const.AR_GATEWAYS[self.kit.code].query_seconds
        self.assertEqual(order.next_query_at, order.ordered_at + timedelta(seconds=max(60, seconds[0])))
        ends_at = order.expires_at + timedelta(minutes=const.CLOSE_GRACE_MINUTES)
        moments = [order.ordered_at + timedelta(seconds=each) for each in (0, *seconds[:4])]
        for now, then in pairwise(moments):
            with patch.object(fields.Datetime, "now", staticmethod(lambda *_args, now=now: now)):
                order._query()
                order._query()  # a page that waits: it changes nothing about when the cron asks
            self.assertEqual(order.next_query_at, min(then, ends_at))
        self.assertEqual(order.query_count, 8)
        self.kit.knobs.http_500 = 1
        order._query()  # no answer: asked again later, not in every run
        self.assertEqual(order.query_count, 9)
