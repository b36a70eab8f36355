"""Refunds at Alipay: what holds for every gateway."""

from tests.gateway_refund_scenarios import RefundScenarios
from tests.test_gateways_refund_common import RefundCase


class TestRefund(RefundScenarios, RefundCase):
    def test_no_answer_says_why(self):
        self.alipay.knobs.http_500 = 99
        self.assertIn("rejected", self.refund(70.0).problem)
