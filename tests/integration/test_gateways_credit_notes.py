"""Money back from a credit note, and money that went back by the gateway's own console."""

from urllib.parse import urlencode

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from tests.simulators.alipay_trades import yuan
from tests.test_gateways_refund_common import RefundCase


class TestCreditNote(RefundCase):
    def test_refund_is_reconciled_with_the_credit_note(self):
        note = self.credit_note(40.0)
        self.assertEqual(note.amount_residual, 40.0)
        self.assertEqual(note.ar_gateway_refundable, 40.0)
        note.action_ar_gateway_refund()
        self.assertEqual(note.ar_gateway_refundable, 0)
        self.commit()
        refund = self.order.refund_ids
        self.assertEqual((refund.state, refund.move_id, refund.amount), ("done", note, 40.0))
        self.assertEqual(note.amount_residual, 0)
        self.assertEqual(note.matched_payment_ids, refund.transaction_id.payment_id)
        self.assertEqual(self.inv.amount_residual, 0)
        self.assertEqual(self.refunded_there(), 40_00)

    def test_twice_is_once(self):
        note = self.credit_note(40.0)
        note.action_ar_gateway_refund()
        note.action_ar_gateway_refund()
        self.commit()
        note.action_ar_gateway_refund()
        self.commit()
        self.assertEqual(len(self.order.refund_ids), 1)
        self.assertEqual(self.refunded_there(), 40_00)

    def test_two_credit_notes_of_the_same_amount_are_two_refunds(self):
        notes = self.credit_note(40.0) + self.credit_note(40.0)
        for note in notes:
            note.action_ar_gateway_refund()
        self.commit()
        self.assertEqual(self.order.refund_ids.move_id, notes)
        self.assertEqual(notes.mapped("amount_residual"), [0, 0])
        third = self.credit_note(40.0)
        self.assertEqual(third.ar_gateway_refundable, 20.0)
        third.action_ar_gateway_refund()
        self.commit()
        self.assertEqual(third.amount_residual, 20.0)
        self.assertEqual(self.refunded_there(), 100_00)

    def test_refused_refund_leaves_the_credit_note_open(self):
        self.alipay.trades.balance_minor = 0
        note = self.credit_note(40.0)
        note.action_ar_gateway_refund()
        self.commit()
        self.assertEqual(note.amount_residual, 40.0)
        self.assertEqual(note.ar_gateway_refundable, 40.0)
        self.assertIn("卖家余额不足", "".join(note.message_ids.mapped("body")))

    def test_nothing_to_refund(self):
        other = self.invoice(10.0)
        note = other._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.action_post()
        for move in (note, other, self.inv):
            self.assertEqual(move.ar_gateway_refundable, 0)
            with self.assertRaises(UserError):
                move.action_ar_gateway_refund()


class TestConsole(RefundCase):
    """Refunds that somebody makes in Alipay's own console."""

    def deliver(self, request_no):
        trade = self.alipay.trades.by_number[self.order.name]
        fields_ = self.alipay.notification(trade, self.alipay.refund_fields(trade, request_no))
        orders = self.env["ar.gateway.order"]
        answer = orders._receive("alipay", self.provider.id, urlencode(fields_).encode(), {}).body
        self.book()
        return answer

    def test_console_refund_is_booked_and_reported(self):
        self.alipay.console_refund(self.order.name, "25.00")
        for _times in range(3):
            self.assertEqual(self.deliver("20261123000000"), "success")
        refund = self.order.refund_ids
        self.assertEqual((refund.origin, refund.state, refund.amount), ("gateway", "done", 25.0))
        self.assertEqual(refund.transaction_id.payment_id.amount, 25.0)
        self.assertEqual(self.payment.amount_available_for_refund, 75.0)
        self.assertEqual(self.order.activity_ids.mapped("summary"), ["Refunded at the gateway"])
        self.assertEqual(self.order.transaction_id.state, "done")
        self.assertEqual(self.inv.amount_residual, 0)

    def test_a_second_console_refund_is_reported_too(self):
        """In the one task that is open; the same news again adds nothing."""
        self.alipay.console_refund(self.order.name, "25.00")
        self.deliver("20261123000000")
        self.alipay.console_refund(self.order.name, "25.00")
        for _times in range(2):
            self.deliver("20261123000001")
        [task] = self.order.activity_ids
        self.assertEqual(len(self.order.refund_ids), 2)
        for refund in self.order.refund_ids:
            self.assertEqual(task.note.count(refund.gateway_reference or refund.name), 1)
        before = task.note
        self.order._warn_once(task.summary, html2plaintext(task.note).splitlines()[0])
        self.assertEqual(task.note, before)

    def test_our_own_refund_is_not_booked_again(self):
        refund = self.refund(30.0)
        self.assertEqual(self.deliver(refund.name), "success")
        self.assertEqual(self.order.refund_ids, refund)
        self.alipay.console_refund(self.order.name, "5.00")
        self.assertEqual(self.deliver("20261123000000"), "success")
        self.assertEqual(self.order.refund_ids.mapped("amount"), [5.0, 30.0])

    def test_while_ours_is_under_way_nobody_guesses(self):
        self.alipay.knobs.drop_response_after_commit = 1
        refund = self.refund(30.0)
        self.alipay.console_refund(self.order.name, "5.00")
        self.assertEqual(self.deliver(refund.name), "success")
        self.assertEqual((self.order.refund_ids, refund.state), (refund, "sent"))
        self.run_cron()
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.order.refund_ids.mapped("amount"), [5.0, 30.0])
        self.assertEqual(sum(self.order.refund_ids.mapped("amount_minor")), self.refunded_there())

    def test_full_refund_is_found_by_a_query(self):
        self.alipay.console_refund(self.order.name, yuan(self.order.amount_minor))
        self.order._query()
        self.assertEqual(self.order.refund_ids.mapped("amount"), [100.0])
        self.order._query()
        self.assertEqual(len(self.order.refund_ids), 1)
        self.assertEqual(self.order.state, "paid")
