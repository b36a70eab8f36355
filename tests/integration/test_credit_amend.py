"""Changing what was confirmed."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form

from odoo.addons.ar_credit_control.exceptions import CreditExceededError

from tests.integration.test_credit_common import CreditCase


class TestCreditAmend(CreditCase):
    def test_amending_upwards_over_the_limit_is_refused(self):
        self._account(100)
        order = self._order(90)
        order.action_confirm()
        line = order.order_line
        changes = (
            lambda: line.write({"price_unit": 101}),
            lambda: line.write({"product_uom_qty": 2, "price_unit": 90}),
            lambda: order.write({"order_line": [Command.update(line.id, {"price_unit": 101})]}),
            lambda: order.write(
                {"order_line": [Command.create({"product_id": self.product.id, "price_unit": 11})]}
            ),
            lambda: (
                self.env["sale.order.line"]
                .with_user(self.salesman)
                .create({"order_id": order.id, "product_id": self.product.id, "price_unit": 11})
            ),
        )
        for number, change in enumerate(changes):
            with self.assertRaises(CreditExceededError, msg=f"change {number}"), self.env.cr.savepoint():
                change()
        self.assert_exposure(90)

    def test_amending_is_judged_by_its_result(self):
        self._account(100)
        order = self._order(90)
        order.order_line.copy({"order_id": order.id, "price_unit": 10})
        order.action_confirm()
        first, second = order.order_line
        order.write(
            {
                "order_line": [
                    Command.update(first.id, {"price_unit": 95}),
                    Command.update(second.id, {"price_unit": 5}),
                ]
            }
        )
        self.assert_exposure(100)

    def test_amending_downwards_passes_even_over_the_limit(self):
        account = self._account(100)
        order = self._order(90)
        order.action_confirm()
        account.sudo().credit_limit = 10
        order.order_line.price_unit = 80
        self.assert_exposure(80)

    def test_moving_the_debt_to_another_customer_is_checked(self):
        self._account(100)
        order = self._order(150, partner=self.partner_a)
        order.action_confirm()
        with self.assertRaises(CreditExceededError):
            order.partner_invoice_id = self.customer

    # --- reasons -----------------------------------------------------------------------------

    def _choose(self, documents, decision, **values):
        action = documents.action_open_ar_decision(decision)
        wizard = self.env["ar.approval.decide"].with_user(self.manager).with_context(**action["context"])
        return wizard.create(values)

    def test_several_with_one_reason(self):
        self._account(100)
        self._account(100, partner=self.partner_a)
        orders = self._order(150) | self._order(170, partner=self.partner_a)
        orders.action_confirm_or_hold()
        holds = orders.sudo().ar_credit_hold_ids.with_user(self.manager)
        reason = self.env.ref("ar_credit_control.reason_good_record")
        wizard = self._choose(holds, "approve", reason_code_id=reason.id, comment="ten years")
        self.assertTrue(all(hold.name in wizard.document_names for hold in holds))
        self.assertTrue(wizard.effect)
        wizard.action_decide()
        self.assertEqual(orders.mapped("state"), ["sale", "sale"])
        for hold in holds:
            self.assertEqual(hold.decision_reason_id, reason)
            self.assertEqual(hold.decision_comment, "Good payment record: ten years")
            log = hold.sudo().ar_approval_request_ids.decision_ids.filtered(
                lambda one: one.action == "approved"
            )
            self.assertEqual(log.mapped("comment"), ["Good payment record: ten years"])

    def test_reject_with_a_reason_alone(self):
        self._account(100)
        _order, hold = self._held()
        reason = self.env.ref("ar_credit_control.reason_risk")
        self._choose(hold.with_user(self.manager), "reject", reason_code_id=reason.id).action_decide()
        self.assertEqual((hold.state, hold.decision_comment), ("rejected", "Risk too high"))

    def test_the_window_decides_on_documents_with_approval_only(self):
        wizard = self.env["ar.approval.decide"].with_user(self.manager)
        with self.assertRaises(UserError):
            wizard.create({"res_model": "sale.order", "res_ids": [1], "decision": "approve"}).action_decide()

    def test_limit_changes_are_decided_in_the_same_window(self):
        account = self._account(100)
        asker = self._new_user("credit_asker", "ar_credit_control.group_user")
        change = (
            self.env["ar.credit.limit.change"]
            .with_user(asker)
            .create({"account_id": account.id, "new_limit": 300, "reason": "season"})
        )
        change.action_submit()
        reason = self.env.ref("ar_credit_control.reason_secured")
        self._choose(change.with_user(self.manager), "approve", reason_code_id=reason.id).action_decide()
        self.assertEqual(
            (change.state, change.decision_reason_id, account.credit_limit), ("applied", reason, 300)
        )

    def test_bill_that_charges_an_order_is_booked_over_the_limit(self):
        self._account(100)
        order = self._confirmed(90)
        plan = self.env["account.analytic.plan"].create({"name": "Projects"})
        project = self.env["account.analytic.account"].create({"name": "Fair", "plan_id": plan.id})
        self.service.expense_policy = "cost"
        bill = self.init_invoice("in_invoice", partner=self.partner_b, products=self.service, taxes=[])
        bill.invoice_line_ids.write({"price_unit": 40, "analytic_distribution": {str(project.id): 100}})
        charged = dict.fromkeys(bill.invoice_line_ids.ids, order)
        lines = type(self.env["account.move.line"])
        with patch.object(lines, "_sale_determine_order", lambda _lines: charged):
            bill.action_post()
        self.assertEqual((bill.state, order.order_line[-1:].is_expense), ("posted", True))
        self.assertIn("over the credit limit", order.message_ids[:1].body)
        self.assertGreater(self._exposure().total, 100)
        hold = order.ar_credit_hold_ids
        self.assertRecordValues(
            hold,
            [{"check_point": "event", "state": "pending", "excess": float(self._exposure().total) - 100}],
        )
        self.assertIn("Costs", hold.request_note)
        self.assertTrue(order._get_ar_credit_forced(), "it keeps the order")
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            order.order_line[:1].price_unit = 91


class TestCreditPartial(CreditCase):
    """Released up to an amount: approved for less than was asked for."""

    def setUp(self):
        super().setUp()
        self._account(100)
        self.product.lst_price = 15  # the price of a line follows its quantity
        self.order = self._order(15)
        self.order.order_line.product_uom_qty = 10
        self.order.action_confirm_or_hold()
        self.hold = self.order.sudo().ar_credit_hold_ids

    def _release(self, amount, user=None):
        self.hold.with_user(user or self.manager).action_ar_approve("a part", amount=amount)

    def _confirm(self, quantity):
        """Confirm with that many; return the message where it did not go through."""
        self.order.order_line.product_uom_qty = quantity
        action = self.order.action_confirm_or_hold()
        return "" if action is True else action["params"]["message"]

    def test_order_goes_on_when_it_was_cut_down(self):
        self._release(120)
        self.assertEqual((self.order.state, self.hold.state), ("draft", "approved"))
        entry = self.hold._get_ar_approval_request().decision_ids.filtered(
            lambda one: one.action == "approved"
        )
        self.assertEqual(entry.data["released up to"], "120.0")
        self.assertIn("120.00: a part", entry.comment)
        self.assertIn(self.salesman, self.hold.activity_ids.user_id)
        for quantity in (10, 9):
            self.assertIn("released up to", self._confirm(quantity))
            self.assertEqual(self.order.sudo().ar_credit_hold_ids, self.hold, "nobody is asked again")
        self.assertIn("120", self.order.ar_credit_message)
        self.assertFalse(self._confirm(8))
        self.assertEqual((self.order.state, self.hold.state), ("sale", "released"))
        self.assertFalse(self.hold.activity_ids)
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            self.order.order_line.product_uom_qty = 9

    def test_part_is_bound_to_its_own_excess(self):
        self._release(120)
        self._confirmed(30)
        self._confirm(8)
        self.assertEqual(self.order.state, "draft", "approved was 20 over the limit, not 50")
        self.assertEqual(
            self.order.sudo().ar_credit_hold_ids.sorted("id").mapped("state"), ["superseded", "pending"]
        )

    def test_swapping_what_was_released_is_a_new_question(self):
        self._release(120)
        self.order.order_line.write({"product_id": self.service.id})
        self._confirm(8)
        self.assertEqual(self.order.sudo().ar_credit_hold_ids.sorted("id")[-1:].state, "pending")

    def test_who_wants_more_says_why(self):
        self._release(120)
        ask = self.env["ar.credit.hold.ask"].with_user(self.salesman)
        ask.create({"hold_id": self.hold.id, "note": "paid soon"}).action_ask()
        again = self.order.sudo().ar_credit_hold_ids - self.hold
        self.assertEqual(
            (self.hold.state, again.state, again.request_note), ("superseded", "pending", "paid soon")
        )
        self.assertIn("120", again.rejection_text)

    def test_amounts_that_are_none(self):
        for amount in (0, -1, 150.01, float("nan"), float("inf")):
            with self.assertRaises(UserError, msg=str(amount)), self.env.cr.savepoint():
                self._release(amount)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self._release(120, self.salesman)
        self.assertEqual((self.hold.state, self.hold.granted_amount), ("pending", 0))
        change = self.env["ar.credit.limit.change"]
        with self.assertRaises(UserError):
            change._limit_ar_approval(5)
        self._release(150)
        self.assertEqual((self.order.state, self.hold.granted_amount), ("sale", 0), "all of it")

    def test_window_asks_for_the_amount(self):
        action = self.hold.with_user(self.manager).action_open_ar_decision("approve")
        window = Form(
            self.env["ar.approval.decide"].with_user(self.manager).with_context(**action["context"])
        )
        self.assertEqual((window.whole_amount, window.amount), (150, 150))
        window = window.save()
        window.amount = 0
        with self.assertRaises(UserError), self.env.cr.savepoint():
            window.action_decide()
        window.amount = 120
        window.action_decide()
        self.assertEqual((self.hold.state, self.hold.granted_amount), ("approved", 120))

    def test_more_credit_in_part(self):
        self._release(150)
        wizard = self.env["ar.credit.hold.more"].with_user(self.salesman)
        wizard.create({"order_id": self.order.id, "amount": 100, "note": "more"}).action_request()
        self.hold = self.order.sudo().ar_credit_hold_ids.sorted("id")[-1:]
        self._release(30)
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            self.order.order_line.product_uom_qty = 13
        self.order.order_line.product_uom_qty = 12
        self.assertEqual(self.hold.state, "released")
