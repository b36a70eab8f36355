"""UnionPay's "Test Connection": what it tries, and what it says."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import UserError

from tests.gateway_kit_unionpay import UnionpayKit
from tests.test_gateways_common import GatewaysCase


class TestUnionpayTrial(GatewaysCase):
    gateway = UnionpayKit

    def test_connection_works(self):
        action = self.provider.action_ar_test_connection()
        self.assertEqual(action["params"]["type"], "success")
        self.assertIn("can be traced", action["params"]["message"])
        self.assertIn("makes codes to scan", action["params"]["message"])
        self.assertIn("pay a small", action["params"]["message"])
        self.provider.write({"unionpay_front_phone": False, "unionpay_front_computer": False})
        self.assertNotIn("pay a small", self.provider.action_ar_test_connection()["params"]["message"])

    def test_connection_tries_a_code_that_nobody_sees(self):
        """Which can be paid for minutes only; the refusal is shown as UnionPay says it."""
        before = set(self.kit.simulator.orders.by_key)
        self.provider._ar_gateway_test()
        [key] = set(self.kit.simulator.orders.by_key) - before
        order = self.kit.simulator.orders.by_key[key]
        self.assertEqual(order.amount, 1)
        self.assertTrue(order.is_over(order.created + timedelta(minutes=3)))
        self.kit.knobs.not_signed_for = ("0107",)
        self.provider.unionpay_front_phone = True
        [problem], done = self.provider._ar_gateway_test()
        self.assertIn("has it signed for that product", problem)
        self.assertIn("32 无此交易权限", problem)
        self.assertIn("can be traced", done[0])
        self.assertIn("pay a small", done[-1])

    def test_connection_says_what_is_wrong(self):
        def problem(**knobs):
            for name, value in knobs.items():
                setattr(self.kit.knobs, name, value)
            with self.assertRaises(UserError) as caught:
                self.provider.action_ar_test_connection()
            self.kit.reset()
            return str(caught.exception)

        self.assertIn("did not issue", problem(self_signed=True))
        self.assertIn("another organisation", problem(as_merchant=True))
        self.assertIn("not signed", problem(unsigned=1))
        self.assertIn("not signed", problem(tamper_answer=True))
        self.assertIn("99", problem(business_error="99"))
        self.assertIn("does not accept our signature", problem(business_error="11"))
        self.assertIn("connection", problem(drop_request=9))
        self.provider.unionpay_owner = "Somebody else"
        self.assertIn("Somebody else", problem())
        self.provider.unionpay_owner = "中国银联股份有限公司"
        late = datetime.now(UTC) + timedelta(days=9999)
        with patch(
            "odoo.addons.ar_payment_gateways.models.payment_provider_unionpay_requests.datetime"
        ) as clock:
            clock.now.return_value = late
            self.assertIn("not in its time", problem())

    def test_connection_says_how_much_the_clock_is_off(self):
        moment = datetime.now(UTC) + timedelta(minutes=10)
        send = type(self.provider)._unionpay_send
        with patch.object(
            type(self.provider), "_unionpay_send", lambda *args, **kw: (send(*args, **kw)[0], moment)
        ):
            [problem], _done = self.provider._ar_gateway_test()
        self.assertRegex(problem, r"(599|600|601) seconds apart")
