"""Real concurrency, on committed data with own cursors: duplicates at once, two taps, two refunds at once."""

from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from odoo.exceptions import ValidationError
from odoo.tools import mute_logger

from odoo.addons.ar_payment_gateways.core.visitor import Visitor

from tests.gateway_kits import WechatKit
from tests.test_gateways_committed import THREADS, CommittedCase


class TestConcurrency(CommittedCase):
    def test_taps_at_once_make_one_order(self):
        paths = self.at_once(
            lambda env: env["payment.transaction"].browse(self.transaction_id)._ar_open_order()
        )
        self.assertEqual(len(set(paths)), 1)
        with self.committed() as env:
            orders = env["ar.gateway.order"].search([("transaction_id", "=", self.transaction_id)])
            self.assertEqual(orders.mapped("state"), ["open"])
            number = orders.name
        self.assertEqual({self.kit.number_of(content) for content in self.kit.calls("create")}, {number})

    def test_duplicates_at_once_are_booked_once(self):
        with self.committed() as env:
            path = env["payment.transaction"].browse(self.transaction_id)._ar_open_order()
        with self.committed() as env:
            order = env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
            number = order.name
        message = self.kit.genuine(number)
        with self.committed() as env:
            before = env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron(env).id)])
        answers = self.at_once(lambda env: self.receive(env, message))
        self.assertIn(self.kit.accepted, answers)
        with self.committed() as env:
            transaction = env["payment.transaction"].browse(self.transaction_id)
            self.assertEqual(transaction.state, "done")
            self.assertEqual(transaction.ar_gateway_order_ids.state, "paid")
            # Each booking asks for post-processing once; one is committed.
            after = env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron(env).id)])
            self.assertEqual(after - before, 1)
            self.assertEqual(self.receive(env, message), self.kit.accepted)

    def test_a_failed_call_is_kept_though_everything_else_is_undone(self):
        self.kit.knobs.drop_request = 1
        with self.committed() as env, self.assertRaises(ValidationError):
            env["payment.transaction"].browse(self.transaction_id)._ar_open_order()
        with self.committed() as env:
            order = env["ar.gateway.order"].search([("transaction_id", "=", self.transaction_id)])
            self.assertEqual(order.state, "draft")
            self.assertIn("connection", order.exchange_ids.problem)
            self.assertFalse(order.exchange_ids.answer)

    def test_a_scheduled_action_that_was_too_late_starts_again(self):
        """As Odoo does with requests, and with nothing else: a payment must not wait for the next run."""
        seen = []

        def work(transaction):
            seen.append(transaction.provider_reference)
            if len(seen) == 1:
                with self.committed() as env:
                    faster = env["payment.transaction"].browse(self.transaction_id)
                    faster.provider_reference = "faster"
            transaction.provider_reference = f"{transaction.provider_reference}, then ours"

        with self.committed() as env, mute_logger("odoo.sql_db"):
            transaction = env["payment.transaction"].browse(self.transaction_id)
            env["ar.gateway.order"]._one_by_one(transaction, work)
        self.assertEqual(seen, [False, "faster"])
        with self.committed() as env:
            transaction = env["payment.transaction"].browse(self.transaction_id)
            self.assertEqual(transaction.provider_reference, "faster, then ours")


class TestRefundConcurrency(CommittedCase):
    """12.34 was paid; booking is not at stake here, so it is left out."""

    def setUp(self):
        super().setUp()
        booking = patch.object(
            self.env.registry["payment.transaction"],
            "_post_process",
            lambda transactions: transactions.write({"is_post_processed": True}),
        )
        self.enterContext(booking)
        self.kit.knobs.no_notify = True
        with self.committed() as env:
            path = env["payment.transaction"].browse(self.transaction_id)._ar_open_order()
        with self.committed() as env:
            order = env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
            self.order_id, self.number = order.id, order.name
            self.kit.pay(order.name)
            order._query()
            self.assertEqual(order.state, "paid")

    def refund(self, amount):
        """Return work that asks for a refund and tells whether it was taken."""

        def work(env):
            try:
                env["payment.transaction"].browse(self.transaction_id)._refund(amount)
            except ValidationError:
                return False
            return True

        return work

    def refunded(self):
        """The amounts that went back, as the gateway sees it, in fen."""
        return self.kit.refunds(self.number)

    def check_books(self):
        self.kit.finish_refunds()
        with self.committed() as env:
            for refund in env["ar.gateway.order"].browse(self.order_id).refund_ids:
                refund._settle()
        with self.committed() as env:
            order = env["ar.gateway.order"].browse(self.order_id)
            self.assertEqual(set(order.refund_ids.mapped("state")), {"done"})
            self.assertEqual(sorted(order.refund_ids.mapped("amount_minor")), self.refunded())
            children = order.transaction_id.child_transaction_ids
            self.assertEqual(len(children), len(order.refund_ids))
            self.assertEqual(set(children.mapped("state")), {"done"})
            for message in order.exchange_ids:
                self.assertNotIn("PRIVATE", str(message.read()))
            self.assertIn(self.kit.refund_call, order.exchange_ids.mapped("operation"))

    def test_clicks_at_once_are_one_refund(self):
        self.assertEqual(self.at_once(self.refund(5.0)), [True] * 4)
        self.assertEqual(self.refunded(), [500])
        self.check_books()

    def test_refunds_at_once_never_exceed_what_was_paid(self):
        amounts = iter((6.0, 5.0, 4.0, 3.0))
        works = {}

        def work(env):
            # The same amount again when the transaction is run again.
            works.setdefault(env.cr, None) or works.update({env.cr: self.refund(next(amounts))})
            return works[env.cr](env)

        taken = self.at_once(work)
        self.assertIn(False, taken)
        self.assertIn(True, taken)
        self.assertLessEqual(sum(self.refunded()), 1234)
        self.assertEqual(len(self.refunded()), taken.count(True))
        self.check_books()


class TestWechatConcurrency(TestConcurrency):
    gateway = WechatKit

    def test_a_state_taken_by_several_at_once_is_used_once(self):
        """A visitor's browser may load the way back twice; his code is good once."""
        with self.committed() as env:
            provider = env["payment.provider"].browse(self.provider_id)
            provider.wechatpay_app_secret = self.kit.merchant.appsecret
        wallet = Visitor(user_agent="MicroMessenger/8.0")
        with self.committed() as env:
            path = env["payment.transaction"].browse(self.transaction_id)._ar_open_order(wallet)
        with self.committed() as env:
            order = env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
            [state] = parse_qs(urlsplit(order._ask_payer()).query)["state"]
            order_id = order.id
        codes = [self.kit.simulator.new_code() for _thread in range(THREADS)]
        taken = iter(list(codes))

        def come_back(env):
            order = env["ar.gateway.order"].browse(order_id)
            return order._learn_payer(next(taken), state)

        paths = [path for path in self.at_once(come_back) if path]
        self.assertEqual(len(paths), 1)
        self.assertEqual(len(self.kit.simulator.codes), THREADS - 1)  # one code was exchanged
        self.assertEqual(len(self.kit.calls("create")), 1)
        with self.committed() as env:
            self.assertFalse(env["ar.gateway.order"]._by_openid_state(state))
            # An older state than the last one is none.
            order = env["ar.gateway.order"].browse(order_id)
            order.write({"state": "draft", "payer_openid": False})
            old = parse_qs(urlsplit(order._ask_payer()).query)["state"][0]
            order._ask_payer()
            self.assertFalse(order._use_state(old))


class TestWechatRefundConcurrency(TestRefundConcurrency):
    gateway = WechatKit
