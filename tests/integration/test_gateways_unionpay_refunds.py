"""Refunds at UnionPay: what holds for every gateway, and what is its own: cancelled the same day, refunded later."""

from datetime import timedelta
from unittest.mock import patch
from urllib.parse import urlencode

from tests.gateway_kit_unionpay import UnionpayKit
from tests.gateway_refund_scenarios import RefundScenarios
from tests.test_gateways_refund_common import RefundCase

MAY_CANCEL = "odoo.addons.ar_payment_gateways.core.unionpay_merchant.may_cancel"


class TestUnionpayRefund(RefundScenarios, RefundCase):
    gateway = UnionpayKit

    def accepted(self, amount=30.0):
        """A refund that UnionPay has accepted and not carried out yet."""
        self.env["payment.refund.wizard"].with_context(active_id=self.payment.id).create(
            {"amount_to_refund": amount}
        ).action_refund()
        self.commit()
        return self.order.refund_ids[:1]

    def notification_of(self, refund):
        """What UnionPay sends when it has carried out the refund: signed, about the refund's number only."""
        self.kit.simulator.finish_refund(refund.name)  # nobody is told: knob no_notify
        return self.kit.simulator.notification(self.kit.order(refund.name))

    def receive(self, fields):
        body = urlencode(fields).encode()
        answer = self.env["ar.gateway.order"]._receive("unionpay", self.provider.id, body, {})
        self.env.invalidate_all()
        return answer.status

    def kinds(self):
        return [content["txnType"] for content in self.sent()]

    def test_all_of_it_on_its_own_day_is_cancelled(self):
        with patch(MAY_CANCEL, lambda paid_at, now: True):
            refund = self.refund()
        self.assertEqual((refund.state, self.kinds()), ("done", ["31"]))
        self.assertEqual(self.refunded_there(), 100_00)

    def test_part_of_it_or_later_is_refunded(self):
        with patch(MAY_CANCEL, lambda paid_at, now: True):
            self.refund(40.0)
            with patch("odoo.addons.ar_payment_gateways.const.REFUND_REPEAT_SECONDS", -1):
                self.refund(60.0)
        self.assertEqual(self.kinds(), ["04", "04"])

    def test_another_day_is_a_refund(self):
        self.order.paid_at -= timedelta(days=1)
        self.assertEqual(self.refund().state, "done")
        self.assertEqual(self.kinds(), ["04"])

    def test_a_refused_cancellation_is_a_refund_the_second_time(self):
        with patch(MAY_CANCEL, lambda paid_at, now: True):
            self.kit.refuse_refunds()
            self.assertEqual(self.refund().state, "failed")
            self.kit.allow_refunds()
            self.assertEqual(self.refund().state, "done")
        self.assertEqual(self.refunded_there(), 100_00)
        self.assertEqual(self.order.refund_ids.mapped("product"), ["refund", "cancel"])

    def test_a_repetition_is_the_same_to_the_letter(self):
        """Kind and time are kept: past the cut-off and past midnight it is still the request that was sent."""
        with patch(MAY_CANCEL, lambda paid_at, now: True):
            self.kit.knobs.drop_response_after_commit = 1
            refund = self.refund(commit=False)
            self.commit()
        with patch(MAY_CANCEL, lambda paid_at, now: False):
            self.provider.sudo()._ar_gateway_refund(refund)
        self.assertEqual(len(self.sent()), 2)
        self.assertEqual(*self.sent())
        self.settle()
        self.assertEqual((refund.state, self.refunded_there()), ("done", 100_00))

    def test_notification_finishes_it_once(self):
        refund = self.accepted()
        self.assertEqual((refund.state, refund.transaction_id.state), ("sent", "pending"))
        fields = self.notification_of(refund)
        for _times in range(3):
            self.assertEqual(self.receive(fields), 200)
        self.book()
        self.assertEqual(refund.state, "done")
        self.assertEqual(refund.transaction_id.payment_id.amount, 30.0)
        self.assertEqual((self.order.state, len(self.order.refund_ids)), ("paid", 1))

    def test_another_amount_or_merchant_does_not_finish_it(self):
        refund = self.accepted()
        genuine = self.notification_of(refund)
        for change in ({"txnAmt": "1"}, {"merId": "777290058167152"}, {"orderId": "RF1"}, {"txnType": "01"}):
            self.kit.knobs.notify_change = change
            self.receive(self.kit.simulator.notification(self.kit.order(refund.name)))
            self.assertNotEqual(refund.state, "done", change)
        self.kit.knobs.notify_change = {}
        self.assertEqual(self.receive(genuine), 200)
        self.assertEqual(refund.state, "done")

    def test_a_refund_of_the_console_is_ours_only_if_the_merchant_is(self):
        """UnionPay signs the messages of all merchants alike."""
        refund = self.accepted()
        self.notification_of(refund)
        for merchant, status, booked in (("777290058167152", 500, 0), (self.kit.merchant.mer_id, 200, 1)):
            self.kit.knobs.notify_change = {"orderId": "CONSOLE0001", "merId": merchant}
            self.assertEqual(
                self.receive(self.kit.simulator.notification(self.kit.order(refund.name))), status
            )
            self.assertEqual(len(self.order.refund_ids - refund), booked)
        self.assertEqual(self.order.refundable_amount, 40.0)

    def test_a_refund_of_the_console_for_which_ours_leaves_no_room_is_booked_once_ours_has_failed(self):
        """UnionPay never tells how much went back in all."""
        refund = self.accepted()
        change = {"orderId": "CONSOLE0001", "txnAmt": "10000", "respCode": "00"}
        self.kit.knobs.notify_change = change
        asked = self.kit.order(refund.name)
        asked.done = self.kit.simulator.now()  # for as long as it takes to write such a message
        news = self.kit.simulator.notification(asked)
        asked.done, self.kit.knobs.notify_change = None, {}
        for _times in range(2):
            self.assertEqual(self.receive(news), 200)
        self.assertEqual(sum((self.order.refund_ids - refund).mapped("amount")), 70.0)
        self.kit.simulator.finish_refund(refund.name, "60")
        self.run_cron_once()
        self.assertEqual(refund.state, "failed")
        self.assertEqual(sum((self.order.refund_ids - refund).mapped("amount")), 100.0)
        self.assertEqual(self.order.refundable_amount, 0)

    def test_a_refused_question_fails_no_refund(self):
        """Else the amount would be free to be refunded again, while the first one is under way."""
        refund = self.accepted()
        for code in ("11", "10", "03", "99", ""):
            self.kit.knobs.business_error = code or "05"
            self.run_cron_once()
            self.assertEqual(refund.state, "sent", code)
        self.assertEqual(len(self.sent()), 1)
        self.run_cron()
        self.assertEqual(refund.state, "done")

    def test_a_failed_one_frees_the_amount_and_takes_a_new_number(self):
        refund = self.accepted()
        self.kit.simulator.finish_refund(refund.name, "60")
        self.run_cron_once()
        self.assertEqual((refund.state, self.order.refundable_amount), ("failed", 100.0))
        again = self.accepted()
        self.assertNotEqual(again.name, refund.name)
        self.settle()
        self.assertEqual(again.state, "done")

    def test_one_of_unknown_outcome_is_asked_about_before_it_is_sent_again(self):
        self.kit.knobs.drop_response_after_commit = 1
        refund = self.accepted()
        self.assertEqual(refund.state, "sent")
        self.kit.simulator.requests.clear()
        self.run_cron_once()
        self.assertEqual([kind for kind, _content in self.kit.calls()], ["refund query"])
