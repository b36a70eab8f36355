"""Notifications of Alipay: what holds for every gateway, and the faults of its own format."""

from tests.gateway_notify_scenarios import NotifyScenarios
from tests.test_gateways_common import GatewaysHttpCase


class TestNotify(NotifyScenarios, GatewaysHttpCase):
    def fields(self, **extra):
        """The fields of a genuine notification of a payment that took place, not sent yet."""
        trade = self.alipay.trades.by_number[self.order.name]
        self.alipay.trades.pay(trade)
        return self.alipay.notification(trade, extra)

    def test_any_mutated_field_is_refused(self):
        fields = self.fields()
        for name in fields:
            if name == "sign_type":  # not signed and not believed
                continue
            for value in (fields[name] + "1", ""):
                self.assert_refused(({**fields, name: value}, {}), name)
        self.assert_refused(({**fields, "extra": "1"}, {}))
        self.assert_refused(({k: v for k, v in fields.items() if k != "sign"}, {}))
        self.assert_refused(({"a": "b"}, {}))
        self.assert_untouched()
        self.assert_accepted((fields, {}))

    def test_doubled_fields_are_refused(self):
        self.assert_refused(([*self.fields().items(), ("total_amount", "0.01")], {}))
        self.assert_untouched()

    def test_gbk_although_utf8_was_asked_for(self):
        self.alipay.knobs.gbk = True
        self.alipay.trades.by_number[self.order.name].content["subject"] = "深圳货款誠"
        self.pay(self.order)
        self.assertEqual([answer for _fields, answer in self.alipay.notifications], ["success"])
        self.assert_paid_once()

    def test_core_processing_cannot_be_tricked_either(self):
        transaction = self.order.transaction_id
        wrong = {
            "reference": transaction.reference,
            "amount": transaction.amount - 1,
            "currency_code": "CNY",
            "provider_reference": "x",
        }
        for _times in range(3):
            transaction._process("alipay", wrong)
            self.assertEqual(transaction.state, "error")
        transaction._process("alipay", {**wrong, "amount": transaction.amount, "currency_code": "USD"})
        self.assertEqual(transaction.state, "error")

    def test_waiting_and_closed_statuses_do_not_pay(self):
        self.alipay.knobs.notify_change = {"trade_status": "WAIT_BUYER_PAY"}
        self.assert_accepted(self.genuine())
        self.assert_untouched()

    def test_refund_leaves_the_paid_transaction_alone(self):
        self.assert_accepted(self.genuine())
        self.alipay.knobs.notify_change = {"trade_status": "TRADE_CLOSED", "refund_fee": "200.00"}
        self.assert_accepted(self.genuine())
        self.env.invalidate_all()
        self.assertEqual(self.order.transaction_id.state, "done")
        self.assertEqual(len(self.order.activity_ids), 1)
        self.assert_paid_once()

    def test_a_refund_before_the_payment_is_known_does_not_pay(self):
        self.alipay.knobs.notify_change = {"refund_fee": "200.00", "gmt_refund": "2026-01-01 00:00:00"}
        self.assert_accepted(self.genuine())
        self.env.invalidate_all()
        self.assertEqual(self.order.transaction_id.state, "draft")
