"""Notifications of any gateway: only genuine ones about our orders count, each once, only for the amount asked for.

A mixin over GatewaysHttpCase; the classes that run it name their gateway.
"""

from odoo.tests.common import new_test_user

from odoo.addons.ar_payment_gateways import const


class NotifyScenarios:
    """An invoice of 200.00 before tax, and its order that waits."""

    def setUp(self):
        super().setUp()
        self.inv = self.invoice(200.0)
        self.link = self.inv._get_ar_payment_link()
        self.order = self.open_order(self.link)

    def genuine(self):
        """A genuine notification of a payment that took place, not sent yet."""
        return self.kit.genuine(self.order.name)

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

    def test_another_key_is_refused(self):
        self.kit.knobs.notify_other_key = True
        self.assert_refused(self.genuine())
        self.assert_untouched()
        self.assertFalse(self.order.activity_ids)  # anybody can send that

    def test_query_string_and_other_methods_are_refused(self):
        message = self.genuine()
        self.assert_refused(message, suffix="?out_trade_no=x")
        path = f"{const.NOTIFY_ROUTE % self.kit.code}/{self.provider.id}"
        self.assertEqual(self.url_open(path).status_code, 405)
        self.assert_untouched()
        self.assert_accepted(message)

    def test_a_huge_body_is_refused(self):
        self.assertEqual(self.notify({"a": "x" * 70000})[0], 413)

    def test_another_providers_address_is_refused(self):
        other = self.provider.copy({"company_id": self.setup_other_company()["company"].id})
        self.assert_refused(self.genuine(), provider_id=other.id)
        self.assert_refused(self.genuine(), provider_id=0)
        self.assert_untouched()

    def test_repeated_notification_pays_once(self):
        message = self.genuine()
        for _times in range(3):
            self.assert_accepted(message)
        self.assert_paid_once()
        self.assert_accepted(message)
        self.assert_paid_once()

    def test_wrong_amount_is_never_paid_not_even_the_second_time(self):
        self.kit.knobs.amount_delta = -100
        message = self.genuine()
        for _times in range(3):
            self.assert_accepted(message)  # recorded: it need not be repeated
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
        self.order.with_user(self.env.user).action_book_received()
        self.assertEqual((self.order.state, self.inv.amount_residual), ("paid", 1.0))
        self.assert_accepted(message)

    def test_other_app_or_seller_is_refused_though_genuine(self):
        for change in self.kit.foreign:
            self.kit.knobs.notify_change = change
            for _times in range(2):
                self.assert_refused(self.genuine(), change)
        self.assert_untouched()
        [task] = self.order.activity_ids  # its signature is the gateway's, so somebody has to look
        for change in self.kit.foreign:
            self.assertEqual(task.note.count(*change), 1)

    def test_what_was_asked_for_before_the_credentials_changed_is_paid(self):
        """A merchant takes another application, or becomes another one, while customers look at codes."""
        self.provider.write(self.kit.other_identity)
        self.assert_accepted(self.genuine())
        self.assert_paid_once()
        self.assertFalse(self.order.activity_ids)

    def test_unknown_order_is_refused(self):
        self.kit.knobs.notify_change = self.kit.unknown_order
        self.assert_refused(self.genuine())

    def test_money_after_we_gave_up_is_booked(self):
        self.order._close_locally()
        self.assertEqual(self.order.transaction_id.state, "cancel")
        self.assert_accepted(self.genuine())
        self.assert_paid_once()
        self.assertEqual(self.order.transaction_id.state, "done")

    def test_money_for_an_invoice_that_was_paid_otherwise_is_credit_and_a_task(self):
        self._register_payment(self.inv)
        self.assert_accepted(self.genuine())
        self.env.invalidate_all()
        self.order.transaction_id._post_process()
        self.assertEqual(self.order.activity_ids.mapped("summary"), ["Paid more than was open"])
        payment = self.order.transaction_id.payment_id
        self.assertEqual(payment.amount, self.inv.amount_total)
        self.assertFalse(payment.is_reconciled)

    def test_disabled_provider_takes_what_was_begun_before(self):
        self.provider.state = "disabled"
        self.kit.knobs.notify_other_key = True
        self.assert_refused(self.genuine())
        self.kit.knobs.notify_other_key = False
        self.assert_accepted(self.genuine())
        self.assert_paid_once()

    def test_task_goes_to_somebody_of_the_company_who_can_do_it(self):
        company = self.env["res.company"].sudo().create({"name": "Nobody works here"})
        company.user_ids = False
        self.order.company_id = company
        self.assertEqual(self.order._accountant(), self.env.ref("base.user_admin"))
        area, invoicing = "base.group_user,ar_payment_gateways.group_", "account.group_account_invoice"
        for groups in (f"{area}manager", f"{area}user,{invoicing}", f"{area}manager,{invoicing}"):
            user = new_test_user(
                self.env, f"gw {groups}", groups, company_id=company.id, company_ids=[(6, 0, company.ids)]
            )
            self.assertEqual(self.order._accountant(), user)  # rather than the one before
