"""Confirming against the limit: passing, holding, approving, amending."""

from unittest.mock import patch

from odoo.fields import Command

from odoo.addons.ar_credit_control.exceptions import CreditHoldError

from tests.integration.test_credit_common import CreditCase


class TestCreditConfirm(CreditCase):
    # --- passing -----------------------------------------------------------------------------

    def test_exactly_at_the_limit_passes_and_a_cent_more_does_not(self):
        self._account(100)
        self._order(100).action_confirm()
        with self.assertRaises(CreditHoldError):
            self._order(0.01).action_confirm()

    def test_zero_is_an_amount(self):
        self._account(0)
        with self.assertRaises(CreditHoldError):
            self._order(1).action_confirm()

    def test_no_credit_lets_prepaid_customers_order(self):
        self._account(control="no_credit")
        with self.assertRaises(CreditHoldError):
            self._order(50).action_confirm()
        self.init_payment(50, post=True, partner=self.customer)
        self._order(50).action_confirm()

    def test_unlimited_and_uncontrolled_customers_pass_without_lock(self):
        for control in ("unlimited", "none"):
            account = self._account(partner=self.partner_a if control == "none" else None, control=control)
            order = self._order(1e6, partner=account.partner_id)
            order.action_confirm()
            self.assertEqual(order.state, "sale")
            account.invalidate_recordset()
            self.assertEqual(account.lock_version, 0)

    def test_company_default_holds_customers_without_account(self):
        self.company.write({"ar_credit_default_control": "limited", "ar_credit_default_limit": 100})
        self._order(100).action_confirm()
        account = self.env["ar.credit.account"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(account.control, "default")
        self.assertEqual(account.lock_version, 1)
        with self.assertRaises(CreditHoldError):
            self._order(1).action_confirm()

    def test_limit_is_for_the_company_of_the_order_not_the_switcher(self):
        other = self.setup_other_company()["company"]
        self.env.user.company_ids |= other
        self._account(100, company_id=other.id)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": other.id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "price_unit": 150, "tax_ids": False})
                ],
            }
        )
        with self.assertRaises(CreditHoldError):
            order.with_context(allowed_company_ids=(self.company | other).ids).action_confirm()

    def test_batch_is_cumulative(self):
        self._account(100)
        orders = self._order(60) | self._order(60) | self._order(40)
        with self.assertRaises(CreditHoldError):
            orders.action_confirm()
        orders.action_confirm_or_hold()
        self.assertEqual(orders.mapped("state"), ["sale", "draft", "sale"])
        self.assertEqual(len(orders.sudo().ar_credit_hold_ids), 1)

    # --- holding -----------------------------------------------------------------------------

    def test_hold_freezes_the_numbers(self):
        self._account(100)
        self._order(60).action_confirm()
        self.init_invoice("out_invoice", partner=self.customer, amounts=[15], taxes=[], post=True)
        order, hold = self._held(50)
        self.assertEqual(order.state, "draft")
        self.assertRecordValues(
            hold,
            [
                {
                    "state": "pending",
                    "partner_id": self.customer.id,
                    "receivable": 15,
                    "open_orders": 60,
                    "exposure": 75,
                    "order_amount": 50,
                    "credit_limit": 100,
                    "excess": 25,
                    "currency_id": self.company.currency_id.id,
                    "requested_by": self.salesman.id,
                    "salesperson_id": self.salesman.id,
                }
            ],
        )
        self.env.ref("ar_credit_control.rule_invoice").active = False
        self.init_invoice("out_invoice", partner=self.customer, amounts=[500], taxes=[], post=True)
        hold.invalidate_recordset()
        self.assertEqual(hold.exposure, 75)
        self.assertEqual(hold.current_exposure, 575)

    def test_message_has_numbers_and_who_can_help(self):
        self._account(100)
        action = self._order(150).action_confirm_or_hold()
        self.assertEqual(action["tag"], "display_notification")
        message = action["params"]["message"]
        for part in ("100.00", "50.00", "credit_manager", "Yiwu Lantern Export"):
            self.assertIn(part, message)

    def test_managers_get_an_activity_and_it_goes_with_the_decision(self):
        self._account(100)
        _order, hold = self._held()
        self.assertIn(self.manager, hold.activity_ids.user_id)
        hold.with_user(self.manager).action_reject("no")
        self.assertEqual(hold.activity_ids.user_id, hold.salesperson_id, "what to do about it")

    def test_confirming_again_keeps_the_hold(self):
        self._account(100)
        order, hold = self._held()
        order.action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids, hold)

    def test_nothing_of_the_confirmation_survives(self):
        """What addons around ours do before the check (loyalty points, coupons) is undone, once and entirely."""
        self._account(100)
        order = self._order(150)
        before = type(order).action_confirm

        def action_confirm(records):
            records.client_order_ref = (records.client_order_ref or "") + "x"
            return before(records)

        with patch.object(type(order), "action_confirm", action_confirm):
            order.action_confirm_or_hold()
            self.assertFalse(order.client_order_ref)
            order.sudo().ar_credit_hold_ids.with_user(self.manager).action_approve()
        self.assertEqual(order.client_order_ref, "x")

    def test_within_the_limit_again_releases_the_hold(self):
        account = self._account(100)
        order, hold = self._held()
        account.sudo().credit_limit = 150
        order.action_confirm_or_hold()
        self.assertEqual((order.state, hold.state), ("sale", "released"))

    def test_cancelling_supersedes(self):
        self._account(100)
        order, hold = self._held()
        order.action_cancel()
        self.assertEqual(hold.state, "superseded")

    # --- Odoo's own edges --------------------------------------------------------------------

    def test_signature_files_a_hold_and_tells_the_salesperson(self):
        self._account(100)
        order = self._order(150).sudo()
        order.with_user(self.env.ref("base.public_user")).sudo()._validate_order()
        self.assertEqual(order.state, "sent")
        hold = order.ar_credit_hold_ids
        self.assertTrue(hold.notify_customer)
        self.assertIn(self.salesman.partner_id, order.message_ids.notified_partner_ids)
        hold.with_user(self.manager).action_approve()
        self.assertEqual(order.state, "sale")

    def test_own_warning_replaces_that_of_odoo(self):
        self.company.account_use_credit_limit = True
        self.customer.credit_limit = 10
        order = self._order(50).with_user(self.env.user)
        self.assertTrue(order.partner_credit_warning)
        self._account(40)
        order.invalidate_recordset()
        self.assertFalse(order.partner_credit_warning)
        self.assertIn("40.00", order.ar_credit_message)
        self.assertEqual(order.ar_credit_excess, 10)
        invoice = self.init_invoice("out_invoice", partner=self.customer, amounts=[70], taxes=[])
        self.assertFalse(invoice.partner_credit_warning)
