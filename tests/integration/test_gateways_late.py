"""Money that comes when it is not expected any more, and messages kept about it."""

from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests.common import new_test_user

from odoo.addons.ar_payment_gateways import const

from tests.gateway_late_scenarios import Late, LateScenarios
from tests.test_gateways_refund_common import RefundCase


class TestLate(LateScenarios, RefundCase):
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

    def test_a_cancelled_sale_takes_back_codes_of_odoos_form(self):
        sale = self.env["sale.order"].sudo().create({"partner_id": self.partner_a.id})
        transaction = self.on_odoos_form(self.untaxed(80.0))
        transaction.write({"invoice_ids": [Command.clear()], "sale_order_ids": [Command.set(sale.ids)]})
        order = self.order_of(transaction)
        self.assertFalse(order._is_given_up())
        sale._action_cancel()
        self.assertTrue(order._is_given_up())
        self.assertLessEqual(order.next_query_at, fields.Datetime.now())

    def test_a_photographed_code_that_nobody_told_us_of(self):
        """Alipay closes nothing that was not scanned: given up here, the code can be paid until its time is over."""
        order = self.waiting_order(self.untaxed(80.0))
        order._expire()
        self.assertEqual(order.state, "closed")
        self.assertEqual(
            order.next_query_at, order.payable_until + timedelta(minutes=const.CLOSE_GRACE_MINUTES)
        )
        self.kit.pay_quietly(order.name)
        over = order.payable_until
        for payable_until, state in ((over - timedelta(days=2), "closed"), (over, "paid")):
            order.write({"next_query_at": fields.Datetime.now(), "payable_until": payable_until})
            self.env.flush_all()
            with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
                self.env["ar.gateway.order"].sudo()._cron_query()
            self.assertEqual(order.state, state)
        self.assertFalse(order.next_query_at)


class TestMessages(Late, RefundCase):
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
