"""What happens after the check and can't be refused: it is booked, and the order is held for a decision."""

from unittest.mock import patch

from odoo.tools import mute_logger

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.ar_credit_control.core.rule import CheckPoint

from tests.integration.test_credit_common import CreditCase
from tests.integration.test_credit_stock_common import CreditStockCase


class EventCase(CreditCase):
    def _assert_kept(self, order, **vals):
        """Assert that the order waits for a decision, and that no delivery of it passes; return that."""
        hold = order.sudo().ar_credit_hold_ids.filtered(lambda one: one.state == "pending")
        self.assertRecordValues(hold, [{"check_point": "event", "salesperson_id": self.salesman.id, **vals}])
        self.assertIn("since it was checked", hold.reason_text)
        self.assertFalse(self._passes(order))
        return hold

    def _passes(self, order):
        decision = order.sudo()._preview_ar_credit(CheckPoint.DELIVERY)
        return decision is None or decision.passed


class TestCreditUnpaid(AccountPaymentCommon, EventCase):
    """The money of an order that was confirmed as paid is gone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._account(100)

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.addons.sale.models.payment_transaction"))
        providers = type(self.provider)
        origin = providers._compute_feature_support_fields

        def supported(records):
            origin(records)
            records.support_manual_capture = "full_only"

        self.enterContext(patch.object(providers, "_compute_feature_support_fields", supported))
        self.enterContext(mute_logger("odoo.addons.ar_credit_control.exceptions"))

    def _paid(self, amount=500, state="authorized"):
        order = self._order(amount).sudo()
        order.write({"require_payment": True, "prepayment_percent": 1.0})
        tx = self._create_transaction(
            "direct",
            amount=amount,
            reference=order.name,
            currency_id=order.currency_id.id,
            partner_id=order.partner_id.id,
            sale_order_ids=[(6, 0, order.ids)],
            state=state,
        )
        tx._post_process()
        self.assertEqual(order.state, "sale")
        self.assert_exposure(0)
        return order, tx

    def _void(self, order):
        """Press Void Transaction, and let the provider confirm it."""
        confirmed = patch.object(
            type(self.env["payment.transaction"]), "_send_void_request", lambda tx: tx._set_canceled()
        )
        with confirmed:
            order.with_user(self.salesman).sudo(False).payment_action_void()

    def test_voided_authorization(self):
        order, tx = self._paid()
        self._void(order)
        self.assertEqual(tx.state, "cancel")
        self.assert_exposure(500)
        hold = self._assert_kept(order, excess=400, order_amount=500)
        self.assertIn(tx.reference, hold.request_note)
        self.assertEqual(hold.told_state, "pending")
        (tx | tx.child_transaction_ids)._post_process()
        self.assertEqual(order.ar_credit_hold_ids, hold, "asked once")
        hold.with_user(self.manager).action_approve("they pay on delivery")
        self.assertEqual((order.state, hold.state), ("sale", "released"))
        self.assertTrue(self._passes(order))
        self.assertEqual(self._invoice(order).state, "posted")

    def test_no_lock_makes_a_provider_hear_it_twice(self):
        order, _tx = self._paid()
        before = (
            self.env["ar.credit.account"]._search_pairs({(self.customer.id, self.company.id)}).lock_version
        )
        self._void(order)
        self.env.invalidate_all()
        account = self.env["ar.credit.account"]._search_pairs({(self.customer.id, self.company.id)})
        self.assertEqual(account.lock_version, before)
        self._assert_kept(order, excess=400)

    def test_rejected_stays_kept_and_what_is_owed_is_billed(self):
        order, _tx = self._paid()
        self._void(order)
        order.ar_credit_hold_ids.with_user(self.manager).action_reject("no")
        self.assertFalse(self._passes(order))
        self.assertEqual(self._invoice(order).state, "posted")

    def test_failed_and_cancelled_payments(self):
        for step in (lambda tx: tx._set_error("stolen"), lambda tx: tx._set_canceled()):
            with self.subTest(), self.env.cr.savepoint() as savepoint:
                order, tx = self._paid()
                step(tx)
                self._assert_kept(order, excess=400)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_refund(self):
        order, tx = self._paid(state="done")
        refund = tx._create_child_transaction(500, is_refund=True)
        refund._set_done()
        refund._post_process()
        self.assertTrue(refund.payment_id)
        self.assert_exposure(500)
        self._assert_kept(order, excess=400)

    def test_payment_is_taken_back_although_a_rule_blocks(self):
        order, _tx = self._paid()
        rule = {"name": "Never", "outcome": "block", "at_confirm": True}
        self.env["ar.credit.rule"].create(rule)
        self._void(order)
        self._assert_kept(order, excess=400)

    def test_what_fits_without_the_money_is_not_held(self):
        order, _tx = self._paid(100)
        self._void(order)
        self.assert_exposure(100)
        self.assertFalse(order.ar_credit_hold_ids)

    def test_put_off_it_waits_for_a_decision(self):
        """Beyond the horizon nothing of it counts, and nothing of it was paid."""
        order, _tx = self._paid()
        self._void(order)
        hold = self._assert_kept(order, excess=400)
        self.company.ar_credit_horizon_days = 30
        order.commitment_date = "2099-01-01 00:00:00"
        self.assert_exposure(0)
        self._let_go()
        self.assertEqual(hold.state, "pending")

    def test_an_attempt_that_never_paid_asks_nothing(self):
        order = self._confirmed(90)
        account = self.env["ar.credit.account"]._search_pairs({(self.customer.id, self.company.id)})
        account.credit_limit = 50
        tx = self._create_transaction("direct", sale_order_ids=[(6, 0, order.ids)], state="pending")
        tx._set_canceled()
        tx._post_process()
        self.assertFalse(order.ar_credit_hold_ids)


class TestCreditEventDelivery(EventCase, CreditStockCase):
    def test_goods_of_the_order_stay_without_a_rule_for_deliveries(self):
        self.env.ref("ar_credit_control.rule_delivery").active = False
        order, picking = self._to_deliver()
        self._cut_limit(50)
        gate = self.env["ar.credit.gate"]
        gate._hold_grown(order, CheckPoint.CONFIRM, "The bank took it back.")
        hold = order.sudo().ar_credit_hold_ids
        self._validate(picking)
        self.assertEqual((picking.state, order.sudo().ar_credit_hold_ids), ("assigned", hold))
        hold.with_user(self.manager).action_approve("they pay on delivery")
        self._validate(picking)
        self.assertEqual(picking.state, "done")
