"""Asking any gateway, expiry, and several attempts.

A mixin over GatewaysCase; the classes that run it name their gateway.
"""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import new_test_user

from odoo.addons.ar_payment_gateways import const


class OrderScenarios:
    """An invoice of 100.00 before tax, and its link."""

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.inv = self.invoice()
        self.link = self.inv._get_ar_payment_link().sudo()

    def open_order(self, link=None):
        self.env.flush_all()
        path = (link or self.link)._open_order(self.provider.sudo())
        self.env.invalidate_all()
        return self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])

    def run_cron(self):
        self.env["ar.gateway.order"].sudo().search([]).next_query_at = False
        self.env.flush_all()
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            self.env["ar.gateway.order"].sudo()._cron_query()
        self.env.invalidate_all()

    def over(self, order):
        """Let the order's time be over, grace included."""
        order.expires_at = fields.Datetime.now() - timedelta(minutes=const.CLOSE_GRACE_MINUTES + 1)

    def test_cron_finds_a_payment_nobody_told_us_of(self):
        order = self.open_order()
        self.kit.knobs.no_notify = True
        self.kit.pay(order.name)
        self.run_cron()
        self.assertEqual(order.state, "paid")
        self.assertEqual(order.transaction_id.state, "done")
        order.transaction_id._post_process()
        self.assertEqual(self.inv.amount_residual, 0)

    def test_an_answer_nobody_foresaw_keeps_no_other_order_waiting(self):
        first = self.open_order()
        second = self.open_order(self.invoice()._get_ar_payment_link().sudo())
        self.kit.knobs.no_notify = True
        self.kit.pay(second.name)
        query = type(first)._query

        def broken(order):
            if order == first:
                raise KeyError("trade_status")
            return query(order)

        with (
            patch.object(type(first), "_query", broken),
            patch.object(self.env.cr, "rollback") as rollback,
            self.assertLogs("odoo.addons.ar_payment_gateways.models.ar_gateway_order_query", "ERROR"),
        ):
            self.run_cron()
        rollback.assert_called_once()
        self.assertEqual((first.state, second.state), ("open", "paid"))

    def test_scanned_but_unpaid_is_closed_there_before_here(self):
        order = self.open_order()
        self.kit.scan(order.name)
        self.over(order)
        self.run_cron()
        self.assertTrue(self.kit.is_closed(order.name))
        self.assertEqual([kind for kind, _content in self.kit.calls()][-1], "close")
        self.assertEqual(order.state, "closed")

    def test_paid_at_the_last_moment_is_booked_not_closed(self):
        order = self.open_order()
        self.kit.knobs.no_notify = True
        self.kit.pay(order.name)
        self.over(order)
        self.run_cron()
        self.assertEqual(order.state, "paid")

    def test_no_answer_gives_nothing_up(self):
        order = self.open_order()
        self.over(order)
        for trouble in ({"http_500": 9}, {"unsigned": 9}, {"drop_response_after_commit": 9}):
            for name, value in trouble.items():
                setattr(self.kit.knobs, name, value)
            self.run_cron()
            self.assertEqual(order.state, "open", trouble)
            self.assertEqual(order.transaction_id.state, "draft")
            for name in trouble:
                setattr(self.kit.knobs, name, 0)

    def test_what_was_begun_before_the_provider_was_disabled_is_finished(self):
        paid, unpaid = self.open_order(), self.open_order(self.invoice()._get_ar_payment_link().sudo())
        self.assertTrue(paid.is_test)
        self.provider.state = "disabled"
        self.kit.knobs.no_notify = True
        self.kit.pay(paid.name)
        self.kit.scan(unpaid.name)
        self.kit.end(unpaid.name)
        self.over(unpaid)
        if unpaid.payable_until:
            unpaid.payable_until = unpaid.expires_at
        self.run_cron()
        self.assertEqual((paid.state, unpaid.state), ("paid", "closed"))
        self.assertTrue(self.kit.is_closed(unpaid.name))
        with self.assertRaises(UserError):
            self.open_order(self.invoice()._get_ar_payment_link().sudo())

    def test_an_order_is_asked_about_where_it_was_made(self):
        live, test = self.open_order(), self.open_order(self.invoice()._get_ar_payment_link().sudo())
        live.is_test = False
        self.over(live)
        self.kit.simulator.requests.clear()
        self.run_cron()
        self.assertEqual(live.state, "open")  # the test environment would say that there is no such order
        self.assertEqual(len(self.kit.calls()), 1)  # about the other one
        self.provider.state = "enabled"
        self.over(test)
        with patch.object(type(live), "_query", return_value=None):
            self.run_cron()
        self.assertEqual((live.state, test.state), ("open", "closed"))

    def test_a_code_of_another_mode_is_not_shown(self):
        live = self.open_order()
        live.is_test = False
        test = self.open_order()
        self.assertNotEqual(test, live)
        self.assertTrue(test.is_test)
        self.assertEqual(live.state, "open")  # the test environment cannot close it
        self.assertEqual(self.open_order(), test)

    def test_an_order_of_another_mode_is_not_sent(self):
        """Its call got no answer, or it waits for its payer, while the provider changes."""
        for elsewhere in ({"is_test": False}, {"merchant": "somebody else"}, {"application": "another"}):
            order = self.link._number_order(self.provider.sudo())
            order.write(elsewhere)
            self.assertIsNone(order._send_and_show())
            self.assertEqual((order.state, self.kit.calls()), ("closed", []))
        self.assertEqual(self.open_order().state, "open")

    def test_without_credentials_nothing_is_asked_and_nothing_given_up(self):
        order = self.open_order()
        self.kit.simulator.requests.clear()
        self.provider.action_reset_credentials()
        self.over(order)
        self.run_cron()
        self.assertIsNone(order._query())
        self.assertEqual((order.state, self.kit.calls()), ("open", []))

    def test_wrong_amount_by_query_is_kept_out(self):
        order = self.open_order()
        self.kit.knobs.no_notify = True
        self.kit.knobs.amount_delta = 500
        self.kit.pay(order.name)
        self.run_cron()
        self.run_cron()
        self.assertEqual(order.state, "mismatch")
        self.assertEqual(len(order.activity_ids), 1)
        self.assertEqual(order.transaction_id.state, "draft")
        # An accountant takes in what arrived.
        received = order.amount + 5.0
        clerk = new_test_user(
            self.env, "clerk", "ar_payment_gateways.group_manager,base.group_user", company_id=self.company.id
        )
        with self.assertRaises(AccessError):
            order.with_user(clerk).action_book_received()
        order.with_user(self.env.user).action_book_received()
        payment = order.transaction_id.payment_id
        self.assertEqual((order.state, order.amount, payment.amount), ("paid", received, received))
        self.assertEqual((self.inv.amount_residual, order.refundable_amount), (0, received))
        self.assertEqual(order.activity_ids.mapped("summary"), ["Paid more than was open"])
        with self.assertRaises(UserError):
            order.with_user(self.env.user).action_book_received()
        self.run_cron()
        self.assertEqual(order.state, "paid")

    def test_one_payment_for_two_invoices(self):
        other = self.invoice(55.5)
        link = self.env["ar.payment.link"]._for_moves(self.inv + other).sudo()
        total = self.inv.amount_residual + other.amount_residual
        order = self.open_order(link)
        self.assertAlmostEqual(order.amount, total)
        self.kit.knobs.no_notify = True
        self.kit.pay(order.name)
        order._query()
        order.transaction_id._post_process()
        self.assertEqual((self.inv + other).mapped("amount_residual"), [0, 0])
        self.assertEqual(order.transaction_id.payment_id.amount, total)

    def test_large_amounts_fit(self):
        order = self.open_order(self.invoice(45_000_000.0)._get_ar_payment_link().sudo())
        self.assertEqual(order.amount_minor, 45_000_000_00)
        self.assertEqual(self.kit.amount_of(self.kit.calls("create")[-1]), 45_000_000_00)
