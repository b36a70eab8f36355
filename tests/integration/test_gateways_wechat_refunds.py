"""Refunds at WeChat Pay: what holds for every gateway, and what is its own: accepted is not paid out."""

from datetime import UTC, datetime

from tests.gateway_kits import WechatKit
from tests.gateway_refund_scenarios import RefundScenarios
from tests.test_gateways_refund_common import RefundCase


class TestWechatRefund(RefundScenarios, RefundCase):
    gateway = WechatKit

    def accepted(self, amount=30.0):
        """A refund that WeChat has accepted and not paid out yet."""
        self.env["payment.refund.wizard"].with_context(active_id=self.payment.id).create(
            {"amount_to_refund": amount}
        ).action_refund()
        self.commit()
        return self.order.refund_ids[:1]

    def notification_of(self, refund, status):
        """What WeChat sends when it has paid the refund out, or could not."""
        simulator = self.kit.simulator
        simulator.knobs.refund_status = status
        simulator.finish_refund(refund.name)  # nobody is told: knob no_notify
        order, there = simulator.orders.find_refund(refund.name)
        content = {**simulator.orders.refund_answer(order, there), "mchid": self.kit.merchant.mchid}
        content["refund_status"] = content.pop("status")
        return simulator.envelope(f"REFUND.{status}", "refund", content)

    def receive(self, headers, body):
        answer = self.env["ar.gateway.order"]._receive("wechatpay", self.provider.id, body, headers)
        self.env.invalidate_all()
        return answer.status

    def test_accepted_is_not_refunded_yet(self):
        refund = self.accepted()
        self.assertEqual((refund.state, refund.transaction_id.state), ("sent", "pending"))
        self.assertEqual(self.order.refundable_amount, 70.0)
        self.assertFalse(refund.transaction_id.payment_id)

    def test_notification_finishes_it_once(self):
        refund = self.accepted()
        headers, body = self.notification_of(refund, "SUCCESS")
        for _times in range(3):
            self.assertEqual(self.receive(headers, body), 204)
        self.book()
        self.assertEqual(refund.state, "done")
        self.assertEqual(refund.transaction_id.payment_id.amount, 30.0)
        self.assertEqual(self.order.state, "paid")
        self.assertEqual(len(self.order.refund_ids), 1)

    def test_refund_that_could_not_be_paid_out_is_a_task(self):
        refund = self.accepted()
        self.assertEqual(self.receive(*self.notification_of(refund, "ABNORMAL")), 204)
        self.assertEqual(self.order.activity_ids.mapped("summary"), ["Refund to check"])
        self.assertEqual(self.order.refundable_amount, 70.0)  # it may still be settled in the console

    def test_closed_refund_frees_the_amount_and_takes_a_new_number(self):
        refund = self.accepted()
        self.assertEqual(self.receive(*self.notification_of(refund, "CLOSED")), 204)
        self.assertEqual((refund.state, self.order.refundable_amount), ("failed", 100.0))
        again = self.accepted()
        self.assertNotEqual(again.name, refund.name)

    def test_another_amount_or_merchant_does_not_finish_it(self):
        refund = self.accepted()
        headers, body = self.notification_of(refund, "SUCCESS")
        for change in (
            {"amount": {"refund": 1, "total": 100_00}},
            {"mchid": "1900009999"},
            {"out_refund_no": "X"},
        ):
            self.kit.knobs.notify_change = change
            self.receive(*self.notification_of(refund, "SUCCESS"))
            self.assertNotEqual(refund.state, "done", change)
        self.assertEqual(self.receive(headers, body), 204)
        self.assertEqual(refund.state, "done")

    def test_empty_account_is_tried_again_with_the_same_number(self):
        self.kit.knobs.business_error = "NOT_ENOUGH"
        refund = self.accepted()
        self.assertEqual(refund.state, "sent")
        self.assertIn("NOT_ENOUGH", refund.problem)
        self.run_cron()
        self.assertEqual(refund.state, "done")
        self.assertEqual(set(map(self.kit.refund_number_of, self.sent())), {refund.name})

    def test_one_of_unknown_outcome_is_asked_about_before_it_is_sent_again(self):
        self.kit.knobs.drop_response_after_commit = 1
        refund = self.accepted()
        self.assertEqual(refund.state, "sent")
        self.kit.simulator.requests.clear()
        self.run_cron_once()
        self.assertEqual([kind for kind, _content in self.kit.calls()], ["refund query"])

    def test_a_refused_question_fails_no_refund(self):
        """Else the amount would be free to be refunded again, while the first one is under way."""
        refund = self.accepted()
        for code in ("SIGN_ERROR", "NO_AUTH", "INVALID_REQUEST", "SYSTEM_ERROR", "FREQUENCY_LIMITED"):
            self.kit.knobs.business_error = code
            self.run_cron_once()
            self.assertEqual(refund.state, "sent", code)
        self.assertEqual(len(self.sent()), 1)
        self.run_cron()
        self.assertEqual(refund.state, "done")

    def of_the_console(self, number="console1", fen=20_00, **change):
        """The notification of a refund that was made in WeChat's console."""
        content = {
            "mchid": self.kit.merchant.mchid,
            "out_trade_no": self.order.name,
            "out_refund_no": number,
            "refund_id": "5030000",
            "refund_status": "SUCCESS",
            "success_time": datetime.now(UTC).isoformat(),
            "amount": {"refund": fen, "total": 100_00},
            **change,
        }
        return self.kit.simulator.envelope("REFUND.SUCCESS", "refund", content)

    def test_refund_of_the_console_by_a_signed_notification_is_booked(self):
        self.assertEqual(self.receive(*self.of_the_console()), 204)
        self.book()
        self.assertEqual(self.order.refund_ids.mapped("origin"), ["gateway"])
        self.assertEqual(self.order.refundable_amount, 80.0)

    def test_refund_of_another_merchant_is_not_ours(self):
        for _times in range(2):
            self.assertEqual(self.receive(*self.of_the_console(mchid="1900009999")), 500)
        self.assertFalse(self.order.refund_ids)
        self.assertEqual(len(self.order.activity_ids), 1)

    def test_no_more_goes_back_than_was_paid(self):
        for number in ("console1", "console2", "console3", "console3"):
            self.assertEqual(self.receive(*self.of_the_console(number, 70_00)), 204)
            self.book()
        self.assertEqual(self.order.refund_ids.mapped("amount"), [30.0, 70.0])
        self.assertEqual(self.order.refundable_amount, 0)
        self.assertEqual(
            sorted(self.order.activity_ids.mapped("summary")), ["Refund to check", "Refunded at the gateway"]
        )
