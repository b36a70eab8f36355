"""Money that comes to any gateway when it is not expected any more.

Mixins over RefundCase; the classes that run them name their gateway.
"""

from datetime import timedelta
from itertools import pairwise
from unittest.mock import patch

from odoo import fields

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
