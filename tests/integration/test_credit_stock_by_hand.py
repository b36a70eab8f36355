"""Transfers without an order meet the credit rules like deliveries of one."""

from odoo.addons.ar_credit_control.exceptions import CreditHoldError

from tests.integration.test_credit_stock_common import CreditStockCase


class TestCreditStockByHand(CreditStockCase):
    def test_by_hand_within_the_limit(self):
        picking = self._by_hand()
        self._validate(picking)
        self.assertEqual(picking.state, "done")

    def test_by_hand_over_the_limit_is_held_and_approved(self):
        picking = self._by_hand()
        self._cut_limit(50)
        action = self._validate(picking)
        hold = picking.sudo().ar_credit_hold_ids
        self.assertRecordValues(
            hold,
            [
                {
                    "check_point": "delivery",
                    "state": "pending",
                    "excess": 10,
                    "order_amount": 60,
                    "partner_id": self.customer.id,
                    "document_name": picking.name,
                    "requested_by": self.packer.id,
                }
            ],
        )
        self.assertEqual(picking.state, "assigned")
        self.assertIn("credit_manager", action["params"]["message"])
        self.assertIn(self.manager, hold.activity_ids.user_id)
        told = "".join(picking.sudo().message_ids.mapped("body"))
        self.assertIn(hold.name, told)
        self._validate(picking)
        self.assertEqual(
            "".join(picking.sudo().message_ids.mapped("body")).count(hold.name), told.count(hold.name), "once"
        )
        self.assertNotIn("limit", told, "no figures of the customer for the warehouse")
        hold.with_user(self.manager).action_approve("sample")
        self.assertEqual((picking.state, hold.state), ("assigned", "approved"))
        self._validate(picking)
        self.assertEqual((picking.state, hold.state), ("done", "released"))

    def test_by_hand_more_than_approved_is_held_again(self):
        picking = self._by_hand()
        self._cut_limit(50)
        self._validate(picking)
        picking.sudo().ar_credit_hold_ids.with_user(self.manager).action_approve("sample")
        picking.move_ids.product_uom_qty = 60
        self._validate(picking)
        self.assertEqual(picking.state, "assigned")

    def test_by_hand_other_ways_fail_closed(self):
        picking = self._by_hand()
        self._cut_limit(50)
        picking.move_ids.write({"quantity": 6, "picked": True})
        with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
            picking.move_ids._action_done()

    def test_by_hand_blocked_customer_gets_nothing_also_without_a_price(self):
        rule = self.env.ref("ar_credit_control.rule_account_blocked")
        rule.write({"active": True, "at_delivery": True})
        self.goods.list_price = 0
        self.account.sudo().status = "blocked"
        picking = self._by_hand()
        self._validate(picking)
        self.assertEqual(picking.state, "assigned")

    def test_by_hand_returns_and_others_pass(self):
        self._cut_limit(0)
        for picking in (self._by_hand(back=True), self._by_hand(partner=self.partner_a)):
            self._validate(picking)
            self.assertEqual(picking.state, "done")

    def test_several_by_hand(self):
        pickings = self._by_hand(2) | self._by_hand(6) | self._by_hand(3)
        self._cut_limit(50)
        for move in pickings.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        pickings.with_user(self.packer).button_validate()
        self.assertEqual(pickings.mapped("state"), ["done", "assigned", "done"])


class TestCreditOutOfTheBox(CreditStockCase):
    """With no rule switched on or off: what nobody was asked about is, and what was decided on goes its way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("ar_credit_control.rule_delivery").active = False

    def test_goods_and_invoices_without_an_order_are_held(self):
        for control in ("limited", "no_credit"):
            self.account.sudo().write({"control": control, "credit_limit": 50})
            picking = self._by_hand()
            self._validate(picking)
            invoice = self.init_invoice("out_invoice", partner=self.customer, amounts=[60], taxes=[])
            invoice.action_post_or_hold()
            for document in (picking, invoice):
                hold = document.sudo().ar_credit_hold_ids
                excess = 10 if control == "limited" else 60
                self.assertRecordValues(hold, [{"state": "pending", "excess": excess, "order_amount": 60}])
            self.assertEqual((picking.state, invoice.state), ("assigned", "draft"), control)
            invoice.button_cancel()

    def test_what_was_approved_is_delivered_and_invoiced_without_another_decision(self):
        order = self._order(10, product=self.goods)
        order.order_line.product_uom_qty = 30
        order.action_confirm_or_hold()
        hold = order.sudo().ar_credit_hold_ids
        hold.with_user(self.manager).action_approve("known")
        self.company.ar_credit_default_control = "no_credit"
        order.sudo().ar_credit_confirmed_on = "2020-01-01"
        advance = self._create_down_payment_invoice(order.sudo(), "percentage", 50, post=True)
        self._validate(order.sudo().picking_ids)
        self.assertEqual(order.sudo().picking_ids.state, "done")
        invoice = self._invoice(order.sudo())
        self.assertEqual((advance.state, invoice.state), ("posted", "posted"))
        self.assertEqual(self.account.sudo().exposure, 300)
        self.assertEqual(order.sudo().ar_credit_hold_ids, hold)
        self.assertFalse(self.env["ar.credit.hold"].search([("move_id.partner_id", "=", self.customer.id)]))
