"""Notifications: only genuine ones about our orders count, each once, and only for the amount asked for."""

from odoo.tests.common import new_test_user

from odoo.addons.ar_payment_gateways import const

from tests.test_gateways_common import GatewaysHttpCase


class TestNotify(GatewaysHttpCase):
    def setUp(self):
        super().setUp()
        self.inv = self.invoice(200.0)
        self.link = self.inv._get_ar_payment_link()
        self.order = self.open_order(self.link)

    def genuine(self, **extra):
        """The fields of a genuine notification of a payment that took place, not sent yet."""
        trade = self.alipay.trades.by_number[self.order.name]
        self.alipay.trades.pay(trade)
        return self.alipay.notification(trade, extra)

    def assert_untouched(self):
        self.env.invalidate_all()
        self.assertEqual(self.order.state, "open")
        self.assertEqual(self.order.transaction_id.state, "draft")
        self.assertEqual(self.inv.amount_residual, self.inv.amount_total)

    def assert_paid_once(self):
        self.env.invalidate_all()
        self.assertEqual(self.order.state, "paid")
        self.order.transaction_id._post_process()
        self.assertEqual(self.inv.amount_residual, 0)
        self.assertEqual(len(self.inv.matched_payment_ids), 1)

    def test_any_mutated_field_is_refused(self):
        fields = self.genuine()
        for name in fields:
            if name == "sign_type":  # not signed and not believed
                continue
            for value in (fields[name] + "1", ""):
                self.assertEqual(self.notify({**fields, name: value}), "fail", name)
        self.assertEqual(self.notify({**fields, "extra": "1"}), "fail")
        self.assertEqual(self.notify({k: v for k, v in fields.items() if k != "sign"}), "fail")
        self.assertEqual(self.notify({"a": "b"}), "fail")
        self.assert_untouched()
        self.assertEqual(self.notify(fields), "success")

    def test_gbk_although_utf8_was_asked_for(self):
        self.alipay.knobs.gbk = True
        self.alipay.trades.by_number[self.order.name].content["subject"] = "深圳货款誠"
        self.pay(self.order)
        self.assertEqual([answer for _fields, answer in self.alipay.notifications], ["success"])
        self.assert_paid_once()

    def test_another_key_is_refused(self):
        self.alipay.knobs.notify_other_key = True
        self.assertEqual(self.notify(self.genuine()), "fail")
        self.assert_untouched()

    def test_query_string_doubled_fields_and_other_methods_are_refused(self):
        fields = self.genuine()
        self.assertEqual(self.notify(fields, "?out_trade_no=x"), "fail")
        self.assertEqual(self.notify([*fields.items(), ("total_amount", "0.01")]), "fail")
        self.assertEqual(
            self.url_open(f"{const.NOTIFY_ROUTE % 'alipay'}/{self.provider.id}").status_code, 405
        )
        self.assert_untouched()

    def test_a_huge_body_is_refused(self):
        response = self.url_open(
            f"{const.NOTIFY_ROUTE % 'alipay'}/{self.provider.id}", data={"a": "x" * 70000}
        )
        self.assertEqual(response.status_code, 413)

    def test_another_providers_address_is_refused(self):
        other = self.provider.copy({"company_id": self.setup_other_company()["company"].id})
        response = self.url_open(f"{const.NOTIFY_ROUTE % 'alipay'}/{other.id}", data=self.genuine())
        self.assertEqual(response.text, "fail")
        self.assertEqual(self.url_open(f"{const.NOTIFY_ROUTE % 'alipay'}/0", data={"a": "1"}).text, "fail")
        self.assert_untouched()

    def test_repeated_notification_pays_once(self):
        fields = self.genuine()
        for _times in range(3):
            self.assertEqual(self.notify(fields), "success")
        self.assert_paid_once()
        self.assertEqual(self.notify(fields), "success")
        self.assert_paid_once()

    def test_wrong_amount_is_never_paid_not_even_the_second_time(self):
        self.alipay.knobs.amount_delta = -100
        fields = self.genuine()
        for _times in range(3):
            self.assertEqual(self.notify(fields), "success")  # recorded: Alipay need not repeat it
        self.env.invalidate_all()
        self.assertEqual(self.order.state, "mismatch")
        self.assertNotEqual(self.order.transaction_id.state, "done")
        self.assertFalse(self.order.transaction_id.payment_id)
        self.assertEqual(len(self.order.activity_ids), 1)
        self.assertIn("199", self.order.problem)
        self.assertEqual(self.inv.amount_residual, self.inv.amount_total)
        self.assertIn("checking your payment", self.url_open(self.order._page_url()).text)
        # nor when asked for
        self.order._query()
        self.assertEqual(self.order.state, "mismatch")

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

    def test_other_app_or_seller_is_refused_though_genuine(self):
        for change in ({"app_id": "2021999999999999"}, {"seller_id": "2088999999999999"}):
            self.alipay.knobs.notify_change = change
            self.assertEqual(self.notify(self.genuine()), "fail")
        self.assert_untouched()

    def test_unknown_order_is_refused(self):
        self.alipay.knobs.notify_change = {"out_trade_no": "AR20990101000000ABCDEFGHJK"}
        self.assertEqual(self.notify(self.genuine()), "fail")

    def test_waiting_and_closed_statuses_do_not_pay(self):
        self.alipay.knobs.notify_change = {"trade_status": "WAIT_BUYER_PAY"}
        self.assertEqual(self.notify(self.genuine()), "success")
        self.assert_untouched()

    def test_refund_leaves_the_paid_transaction_alone(self):
        self.assertEqual(self.notify(self.genuine()), "success")
        self.alipay.knobs.notify_change = {"trade_status": "TRADE_CLOSED", "refund_fee": "200.00"}
        self.assertEqual(self.notify(self.genuine()), "success")
        self.env.invalidate_all()
        self.assertEqual(self.order.transaction_id.state, "done")
        self.assertEqual(len(self.order.activity_ids), 1)
        self.assert_paid_once()

    def test_a_refund_before_the_payment_is_known_does_not_pay(self):
        self.alipay.knobs.notify_change = {"refund_fee": "200.00", "gmt_refund": "2026-01-01 00:00:00"}
        self.assertEqual(self.notify(self.genuine()), "success")
        self.env.invalidate_all()
        self.assertEqual(self.order.transaction_id.state, "draft")

    def test_money_after_we_gave_up_is_booked(self):
        self.order._close_locally()
        self.assertEqual(self.order.transaction_id.state, "cancel")
        self.assertEqual(self.notify(self.genuine()), "success")
        self.assert_paid_once()
        self.assertEqual(self.order.transaction_id.state, "done")

    def test_money_for_an_invoice_that_was_paid_otherwise_is_credit_and_a_task(self):
        self._register_payment(self.inv)
        self.assertEqual(self.notify(self.genuine()), "success")
        self.env.invalidate_all()
        self.order.transaction_id._post_process()
        self.assertEqual(self.order.activity_ids.mapped("summary"), ["Paid more than was open"])
        payment = self.order.transaction_id.payment_id
        self.assertEqual(payment.amount, self.inv.amount_total)
        self.assertFalse(payment.is_reconciled)

    def test_disabled_provider_takes_nothing(self):
        self.provider.state = "disabled"
        self.assertEqual(self.notify(self.genuine()), "fail")

    def test_task_goes_to_a_manager_of_the_company(self):
        manager = new_test_user(
            self.env,
            "gw_manager",
            "base.group_user,ar_payment_gateways.group_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        self.alipay.knobs.amount_delta = 1
        self.notify(self.genuine())
        self.env.invalidate_all()
        self.assertIn(manager, self.order.activity_ids.user_id | self.order._accountant())
