"""Changing what was confirmed."""

from odoo.exceptions import UserError
from odoo.fields import Command

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
