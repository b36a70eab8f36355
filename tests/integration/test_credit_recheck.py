"""Held orders go by themselves when money arrives or the limit is raised."""

from tests.integration.test_credit_rules import CreditRuleCase


class TestCreditRecheck(CreditRuleCase):
    def test_payment_lets_the_held_order_go(self):
        self._account(100)
        invoice = self._bill(100)
        order, hold = self._held(60)
        waiting, still = self._held(150)
        cron = self.env.ref("ar_credit_control.ir_cron_credit_recheck")
        before = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self._let_go()
        self.assertEqual(hold.state, "pending")
        self._register_payment(invoice)
        self.assertGreater(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), before)
        self._let_go()
        self.assertEqual((order.state, hold.state, still.state), ("sale", "released", "pending"))
        self.assertIn(self.salesman.partner_id, order.sudo().message_ids.notified_partner_ids)
        self.assertEqual(waiting.state, "draft")
        self.assertFalse(hold.activity_ids)

    def test_payment_without_a_journal_entry_lets_the_held_order_go(self):
        """It counts when it is registered, and no entry, no reconciliation comes along to say so."""
        self._account(100)
        self._bill(100)
        order, hold = self._held(60)
        cron = self.env.ref("ar_credit_control.ir_cron_credit_recheck")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.contact.id,
                "amount": 60,
            }
        )
        payment.outstanding_account_id = False
        payment.action_post()
        self.assertFalse(payment.move_id)
        self.assertTrue(triggers.search([("cron_id", "=", cron.id)]) - triggers)
        self._let_go()
        self.assertEqual((order.state, hold.state), ("sale", "released"))

    def test_each_is_confirmed_after_the_other(self):
        account = self._account(10)
        first, second = self._order(60), self._order(60)
        (first | second).action_confirm_or_hold()
        account.sudo().credit_limit = 100
        self._let_go()
        self.assertEqual((first.state, second.state), ("sale", "draft"))

    def test_changed_order_is_left_alone(self):
        account = self._account(10)
        order, hold = self._held(60)
        order.order_line.price_unit = 70
        account.sudo().credit_limit = 1000
        self._let_go()
        self.assertEqual((order.state, hold.state), ("draft", "pending"))

    def test_delivered_goods_of_a_cancelled_order_count_on(self):
        self._account(1000)
        order = self._order(100, product=self.service)
        order.action_confirm()
        order.order_line.product_uom_qty = 5
        order.order_line.qty_delivered = 2
        self.assert_exposure(500)
        order.action_cancel()
        self.assert_exposure(200)
        order.action_draft()
        self.assert_exposure(200)
        order.action_confirm()
        self.assert_exposure(500)
