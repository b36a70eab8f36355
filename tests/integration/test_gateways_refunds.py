"""Refunds at Alipay: what holds for every gateway."""

from tests.gateway_refund_scenarios import RefundScenarios
from tests.test_gateways_refund_common import RefundCase


class TestRefund(RefundScenarios, RefundCase):
    def test_no_answer_says_why(self):
        self.alipay.knobs.http_500 = 99
        self.assertIn("rejected", self.refund(70.0).problem)

    def test_a_limit_after_a_lost_answer_frees_nothing(self):
        """The money is back already; the answer to that is lost, and nothing asked after it is answered."""
        self.alipay.knobs.drop_response_after_commit = 1
        refund = self.refund(40.0)
        self.alipay.knobs.call_limited = 99
        self.run_cron()
        self.assertEqual(refund.state, "sent")
        self.assertIn("isv.app-call-limited", refund.problem)
        self.assertEqual(self.payment.amount_available_for_refund, 60.0)
        self.alipay.knobs.call_limited = 0
        self.run_cron()
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.refunded_there(), 40_00)
