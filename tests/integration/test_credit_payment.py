"""Online payments: the money is always booked, and counts before it is."""

from unittest.mock import patch

from odoo.tools import mute_logger

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.ar_credit_control.core.rule import CheckPoint

from tests.integration.test_credit_common import CreditCase


class TestCreditPayment(AccountPaymentCommon, CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._account(100)

    def _pay(self, order, amount):
        tx = self._create_transaction(
            "direct",
            amount=amount,
            currency_id=order.currency_id.id,
            partner_id=order.partner_id.id,
            sale_order_ids=[(6, 0, order.ids)],
            state="done",
        )
        with mute_logger("odoo.addons.sale.models.payment_transaction"):
            tx._post_process()
        return tx

    def _forbid_prepaid(self):
        """Hold also what is paid."""
        self.company.ar_credit_prepaid_free = False
        rule = {"name": "All", "outcome": "hold", "at_confirm": True}
        self.env["ar.credit.rule"].create(rule)

    def _order_to_pay(self, amount, share):
        order = self._order(amount).sudo()
        order.write({"require_payment": True, "prepayment_percent": share})
        return order

    def test_paid_in_full_passes_whatever_the_limit(self):
        order = self._order_to_pay(500, 1.0)
        tx = self._pay(order, 500)
        self.assertEqual(order.state, "sale")
        self.assertTrue(tx.payment_id)
        self.assert_exposure(0)

    def test_paid_needs_no_credit_until_the_money_is_used_elsewhere(self):
        """Neither before the payment is in the books nor after, invoiced or not; unless it pays something else."""
        account = self.env["ar.credit.account"]._search_pairs({(self.customer.id, self.company.id)})
        account.write({"status": "blocked", "block_reason": "insolvent"})
        self.env.ref("ar_credit_control.rule_account_blocked").active = True
        order = self._order_to_pay(500, 1.0)
        tx = self._pay(order, 500)
        self.assertEqual(order.state, "sale")
        self.assertTrue(self._delivery_passes(order))
        other = self.init_invoice("out_invoice", partner=self.customer, amounts=[500], taxes=[])
        with self.env.cr.savepoint() as savepoint:
            with self.env["ar.credit.edge"]._booking():
                other.action_post()
            receivables = (other | tx.payment_id.move_id).line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            receivables.reconcile()
            self.assertFalse(self._delivery_passes(order), "it has paid another invoice")
            savepoint.rollback()
        self.env.invalidate_all()
        self._invoice_booking(order)
        self.assertTrue(self._delivery_passes(order))

    def _invoice_booking(self, order):
        with self.env["ar.credit.edge"]._booking():
            return self._invoice(order)

    def _delivery_passes(self, order):
        decision = order._preview_ar_credit(CheckPoint.DELIVERY)
        return decision is None or decision.passed

    def test_paid_in_part_is_judged_by_the_rest(self):
        order = self._order_to_pay(150, 0.3)
        self._pay(order, 50)
        self.assertEqual(order.state, "sale")
        self.assert_exposure(100)

    def test_held_order_does_not_disturb_the_payment(self):
        order = self._order_to_pay(500, 0.1)
        tx = self._pay(order, 50)
        self.assertEqual(order.state, "sent", "no cart any more")
        self.assertEqual(tx.payment_id.amount, 50)
        hold = order.ar_credit_hold_ids
        self.assertRecordValues(hold, [{"state": "pending", "order_amount": 450, "excess": 350}])
        self.assertIn(self.salesman.partner_id, order.message_ids.notified_partner_ids)
        hold.with_user(self.manager).action_approve()
        self.assertEqual((order.state, order.invoice_count), ("sale", 0))
        self.assert_exposure(450)

    def test_order_released_after_its_payment_is_invoiced_as_at_the_payment(self):
        self.env["ir.config_parameter"].sudo().set_param("sale.automatic_invoice", "True")
        self._forbid_prepaid()
        order = self._order_to_pay(500, 1.0)
        tx = self._pay(order, 500)
        self.assertEqual((order.state, order.invoice_count), ("sent", 0))
        with patch.object(type(tx), "_send_invoice", autospec=True) as send:
            order.ar_credit_hold_ids.with_user(self.manager).action_approve()
        self.assertEqual(send.call_args.args[0], tx)
        invoice = order.invoice_ids
        self.assertRecordValues(invoice, [{"state": "posted", "amount_total": 500}])
        self.assertEqual(tx.invoice_ids, invoice)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def test_part_paid_before_the_release_is_invoiced_as_a_down_payment(self):
        self.env["ir.config_parameter"].sudo().set_param("sale.automatic_invoice", "True")
        order = self._order_to_pay(500, 0.1)
        tx = self._pay(order, 50)
        with patch.object(type(tx), "_send_invoice", autospec=True):
            order.ar_credit_hold_ids.with_user(self.manager).action_approve()
        self.assertTrue(order.invoice_ids, order.message_ids.mapped("body"))
        self.assertRecordValues(order.invoice_ids, [{"state": "posted", "amount_total": 50}])
        self.assert_exposure(450)
