"""Goods leave only where the credit rules let them, on every way out of the warehouse."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form

from odoo.addons.ar_credit_control.core.rule import CheckPoint
from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from tests.integration.test_credit_stock_common import CreditStockCase


class TestCreditStock(CreditStockCase):
    def test_within_the_limit_goods_leave(self):
        _order, picking = self._to_deliver()
        self._validate(picking)
        self.assertEqual(picking.state, "done")

    def test_delivery_is_held_approved_and_then_leaves(self):
        order, picking = self._to_deliver()
        self._cut_limit()
        action = self._validate(picking)
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("credit_manager", action["params"]["message"])
        self.assertNotIn("50", action["params"]["message"])
        hold = order.sudo().ar_credit_hold_ids
        self.assertRecordValues(
            hold,
            [{"check_point": "delivery", "state": "pending", "excess": 50, "requested_by": self.packer.id}],
        )
        self.assertEqual((picking.state, order.order_line.qty_delivered), ("assigned", 0))
        hold.with_user(self.manager).action_approve("goods are made")
        self.assertEqual(hold.state, "approved")
        self._validate(picking)
        self.assertEqual((picking.state, hold.state), ("done", "released"))

    def test_invoiced_is_not_paid(self):
        """The posted invoice takes the order out of what is open; the goods are as little paid as before."""
        self.account.sudo().credit_limit = 500
        order, picking = self._to_deliver()
        advance, sent = self._to_deliver()
        invoices = self._invoice(order) | self._create_down_payment_invoice(
            advance.sudo(), "percentage", 100, post=True
        )
        self.assertEqual(order.sudo().ar_credit_open + advance.sudo().ar_credit_open, 0)
        self._cut_limit(50)
        for document in (picking, sent):
            self._validate(document)
            self.assertEqual(document.state, "assigned", "over the limit")
            hold = document.sale_id.ar_credit_hold_ids
            self.assertRecordValues(hold, [{"state": "pending", "order_amount": 100, "excess": 150}])
        self.account.sudo().write({"credit_limit": 500, "status": "blocked", "block_reason": "insolvent"})
        self.env.ref("ar_credit_control.rule_account_blocked").active = True
        for document in (picking, sent):
            self._validate(document)
            self.assertEqual(document.state, "assigned", "blocked")
        for invoice in invoices:
            self._register_payment(invoice)
        for document in (picking, sent):
            self._validate(document)
            self.assertEqual(document.state, "done", "paid orders need no credit")

    def test_other_ways_out_fail_closed(self):
        order, picking = self._to_deliver()
        self._cut_limit()
        picking.move_ids.write({"quantity": 10, "picked": True})
        for way in (
            picking._action_done,
            picking.move_ids._action_done,
            lambda: picking.sudo()._action_done(),
        ):
            with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
                way()
        self.env.invalidate_all()
        self.assertEqual(order.order_line.qty_delivered, 0)

    def test_returns_pass(self):
        order, picking = self._to_deliver()
        self._validate(picking)
        self._cut_limit(0)
        wizard = Form(
            self.env["stock.return.picking"].with_context(
                active_ids=picking.ids, active_id=picking.id, active_model="stock.picking"
            )
        ).save()
        wizard.product_return_moves.quantity = 4
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        self._validate(back)
        self.assertEqual((back.state, order.order_line.qty_delivered), ("done", 6))

    def test_what_left_stays_owed_after_cancelling(self):
        """Writing off on the order what the customer has would free credit; a return does it."""
        order, picking = self._to_deliver()
        self._validate(picking)
        order.sudo()._action_cancel()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(self.account.sudo().exposure, 100)
        with self.assertRaises(AccessError):
            order.order_line.with_user(self.salesman).write({"qty_delivered": 0})
        self.assertEqual(self.account.sudo().exposure, 100)

    def test_delivering_more_than_ordered_is_a_change_of_the_order(self):
        self.env.ref("ar_credit_control.rule_delivery").active = False
        order, picking = self._to_deliver()
        picking.move_ids.write({"quantity": 11, "picked": True})
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            picking._action_done()
        picking.with_user(self.packer).button_validate()
        hold = order.sudo().ar_credit_hold_ids
        self.assertRecordValues(hold, [{"state": "pending", "check_point": "delivery", "excess": 10}])
        self.assertEqual(picking.state, "assigned")
        hold.with_user(self.manager).action_approve("they paid for eleven before")
        self.account.sudo().credit_limit = 99
        picking.with_user(self.packer).button_validate()
        self.assertEqual(picking.state, "assigned", "more over the limit than approved")
        self.account.sudo().credit_limit = 110
        picking.with_user(self.packer).button_validate()
        self.assertEqual(order.order_line.qty_delivered, 11)

    def test_far_ahead_is_not_paid(self):
        """Beyond the horizon an order needs no limit, but nothing lets it out for a blocked customer."""
        self.company.ar_credit_horizon_days = 30
        block = self.env.ref("ar_credit_control.rule_account_blocked")
        order = self._order(200, product=self.goods, commitment_date="2099-01-01 00:00:00")
        order.action_confirm()
        picking = order.sudo().picking_ids
        self._validate(picking)
        hold = order.sudo().ar_credit_hold_ids
        self.assertRecordValues(hold, [{"state": "pending", "check_point": "delivery", "excess": 100}])
        hold.with_user(self.manager).action_approve("agreed")
        self._validate(picking)
        self.assertEqual(picking.state, "done")
        self.account.sudo().write({"credit_limit": 500, "status": "blocked", "block_reason": "insolvent"})
        block.active = True
        for amount in (200, 0):
            order = self._order(amount, product=self.goods, commitment_date="2099-01-01 00:00:00")
            with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
                order.action_confirm()

    def test_recent_confirmation_stands_within_the_tolerance(self):
        self.company.write({"ar_credit_recheck_days": 3, "ar_credit_recheck_tolerance": 10})
        order, picking = self._to_deliver()
        self._cut_limit(90)
        self._validate(picking)
        self.assertEqual(picking.state, "done")
        self.account.sudo().credit_limit = 1000
        order, picking = self._to_deliver()
        self._cut_limit(189)
        self._validate(picking)
        self.assertEqual(picking.state, "assigned", "further over the limit than tolerated")
        self._cut_limit(190)
        order.sudo().ar_credit_confirmed_on = fields.Datetime.now() - timedelta(days=4)
        self._validate(picking)
        self.assertEqual(picking.state, "assigned", "too long ago")
        order.sudo().ar_credit_confirmed_on = fields.Datetime.now()
        self._validate(picking)
        self.assertEqual(picking.state, "done")

    def test_what_was_let_go_by_itself_tolerates_nothing(self):
        """Nobody has decided on how far over the limit the customer was then."""
        self.company.write({"ar_credit_recheck_days": 3, "ar_credit_recheck_tolerance": 10})
        order, picking = self._to_deliver()
        self._cut_limit(10)
        gate = self.env["ar.credit.gate"]
        gate._hold_grown(order, CheckPoint.CONFIRM, "taken back")
        hold = order.sudo().ar_credit_hold_ids
        self.account.sudo().credit_limit = 1000
        self._let_go()
        self.assertEqual((hold.state, hold.decided_by), ("released", self.env["res.users"]))
        self.assertGreater(hold.excess, 0)
        self._cut_limit(80)
        self._validate(picking)
        self.assertEqual(picking.state, "assigned")

    def test_held_by_hand_stays(self):
        order, picking = self._to_deliver()
        reason = self.env.ref("ar_credit_control.reason_review")
        self.env["ar.credit.hold.force"].create(
            {"order_ids": [Command.set(order.ids)], "reason_code_id": reason.id}
        ).action_hold()
        self._validate(picking)
        self.assertEqual(picking.state, "assigned")
        order.sudo().ar_credit_hold_id.with_user(self.manager).action_approve("settled")
        self._validate(picking)
        self.assertEqual(picking.state, "done")

    def test_cancelled_order_with_delivered_goods_counts_on(self):
        order, picking = self._to_deliver()
        picking.move_ids.write({"quantity": 4, "picked": True})
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=picking.ids).button_validate()
        self.assert_exposure(100)
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertEqual(order.state, "cancel")
        self.assert_exposure(40)

    def test_uncontrolled_customers_cost_nothing_and_pass(self):
        order = self._order(1000, partner=self.partner_a, product=self.goods)
        order.action_confirm()
        self._validate(order.sudo().picking_ids)
        self.assertEqual(order.sudo().picking_ids.state, "done")

    # --- several at once ---------------------------------------------------------------------

    def test_several_at_once(self):
        _one, fits = self._to_deliver(quantity=4)
        held, stays = self._to_deliver(quantity=4)
        free = self._order(1000, partner=self.partner_a, product=self.goods)
        free.action_confirm()
        other = free.sudo().picking_ids
        self._account(10, partner=self.partner_b)
        self._cut_limit(50)
        pickings = fits | stays | other
        pickings.move_ids.write({"quantity": 4, "picked": True})
        other.move_ids.write({"quantity": 1, "picked": True})
        action = pickings.with_user(self.packer).button_validate()
        self.assertEqual(pickings.mapped("state"), ["assigned", "assigned", "done"])
        self.assertTrue(action["params"]["message"].startswith("1 of 3 documents went through, 2 did not:"))
        self.assertEqual(held.sudo().ar_credit_hold_ids.check_point, "delivery")

    # --- without an order --------------------------------------------------------------------

    def _held_twice(self):
        """Return the holds of a delivery of an order and of one by hand, and their transfers."""
        order, of_order = self._to_deliver(quantity=4)
        by_hand = self._by_hand()
        self._cut_limit(30)
        (of_order | by_hand).mapped(self._validate)
        return order.sudo().ar_credit_hold_ids | by_hand.sudo().ar_credit_hold_ids, (of_order | by_hand)

    def test_hold_ends_when_the_goods_leave(self):
        holds, pickings = self._held_twice()
        self.assertEqual(holds.mapped("state"), ["pending", "pending"])
        self._cut_limit(1000)
        pickings.mapped(self._validate)
        self.assertEqual(pickings.mapped("state"), ["done", "done"])
        self.assertEqual(holds.mapped("state"), ["released", "released"])
        self.assertFalse(holds.activity_ids)

    def test_hold_ends_when_the_transfer_is_cancelled(self):
        holds, pickings = self._held_twice()
        pickings.action_cancel()
        self.assertEqual(holds.mapped("state"), ["superseded", "superseded"])

    def test_held_deliveries_are_let_go_when_they_fit(self):
        holds, pickings = self._held_twice()
        self._let_go()
        self.assertEqual(holds.mapped("state"), ["pending", "pending"])
        self._cut_limit(1000)
        self._let_go()
        self.assertEqual(holds.mapped("state"), ["released", "released"])
        self._cut_limit(30)
        pickings.mapped(self._validate)
        self.assertEqual(pickings.mapped("state"), ["assigned", "assigned"], "no grant is left over")

    def test_rejected_delivery_says_so_and_who_can_ask_again(self):
        order, of_order = self._to_deliver(quantity=4)
        by_hand = self._by_hand()
        self._cut_limit(30)
        for picking, holder in ((of_order, order), (by_hand, by_hand)):
            self._validate(picking)
            hold = holder.sudo().ar_credit_hold_ids
            hold.with_user(self.manager).action_reject("secret figures")
            told = self._validate(picking)["params"]
            self.assertEqual(holder.sudo().ar_credit_hold_ids, hold, "the rejection stands")
            self.assertEqual(told["title"], "Not delivered: refused by credit control")
            self.assertIn(f"{hold.name} was rejected by {self.manager.name}.", told["message"])
            self.assertIn("Ask Again", told["message"])
            for wrong in ("can approve", "validate", "secret"):
                self.assertNotIn(wrong, told["message"])
