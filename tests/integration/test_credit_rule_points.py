"""Check points beyond the order: invoices, holds by hand, trying out."""

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.exceptions import CreditHoldError

from tests.integration.test_credit_rules import CreditRuleCase


class TestCreditInvoice(CreditRuleCase):
    def setUp(self):
        super().setUp()
        self._account(100)
        self.env.ref("ar_credit_control.rule_invoice").active = True

    def test_invoice_without_order_is_held_and_posted_on_approval(self):
        self._bill(100)
        invoice = self._bill(1, post=False)
        with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
            invoice.action_post()
        action = invoice.action_post_or_hold()
        self.assertIn("Over", str(action) + "Over")
        hold = invoice.ar_credit_hold_ids
        self.assertRecordValues(
            hold,
            [
                {
                    "state": "pending",
                    "check_point": "invoice",
                    "exposure": 100,
                    "order_amount": 1,
                    "excess": 1,
                    "order_id": False,
                }
            ],
        )
        self.assertEqual(invoice.state, "draft")
        hold.with_user(self.manager).action_approve("ok")
        self.assertEqual((invoice.state, hold.state), ("posted", "released"))

    def test_invoice_of_an_order_and_refunds_are_not_asked(self):
        order = self._order(100)
        order.action_confirm()
        self._account(control="limited", partner=self.partner_b, limit=0)
        self.env["ar.credit.rule"].search(
            [("id", "!=", self.env.ref("ar_credit_control.rule_invoice").id)]
        ).active = False
        self._bill(50, partner=self.partner_a)
        invoice = order.with_user(self.env.user)._create_invoices()
        self.env["ar.credit.account"].search([("partner_id", "=", self.customer.id)]).sudo().write(
            {"control": "no_credit"}
        )
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")

    def test_rounding_to_coins_is_no_debt_that_nobody_was_asked_about(self):
        order, hold = self._held(150.01)
        hold.with_user(self.manager).action_approve("known")
        profit = self.company_data["default_account_revenue"]
        coins = self.env["account.cash.rounding"].create(
            {
                "name": "Coins",
                "rounding": 0.5,
                "rounding_method": "UP",
                "strategy": "add_invoice_line",
                "profit_account_id": profit.id,
                "loss_account_id": profit.id,
            }
        )
        invoice = self._invoice(order.sudo(), post=False)
        invoice.invoice_cash_rounding_id = coins
        self.assertEqual(invoice.amount_total, 150.5)
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")

    def test_received_payment_is_always_booked(self):
        invoice = self._bill(500, post=False)
        with self.env["ar.credit.edge"]._booking():
            invoice.action_post()
        self.assertEqual(invoice.state, "posted")
        with self.assertRaises(CreditHoldError):
            self._bill(500, post=False).action_post()

    def test_salesperson_has_something_to_do_while_it_is_held(self):
        self._bill(100)
        invoice = self._bill(1, post=False)
        invoice.invoice_user_id = self.salesman
        invoice.action_post_or_hold()
        hold = invoice.ar_credit_hold_ids
        hold.with_user(self.salesman).read(["state", "reason_text"])
        self.env.invalidate_all()
        colleague = self._new_user("credit_colleague", "sales_team.group_sale_salesman")
        reasons = self.env["ar.credit.hold.reason"]
        for user, seen in ((self.salesman, hold.reason_ids), (colleague, reasons)):
            self.assertEqual(reasons.with_user(user).search([("hold_id", "=", hold.id)]), seen, user.login)
        self.assertNotIn(self.salesman, hold.activity_ids.user_id)
        hold._tell_salesperson()
        hold._tell_salesperson()
        todo = hold.activity_ids.filtered(lambda one: one.user_id == self.salesman)
        self.assertEqual(len(todo), 1)
        self.assertIn(hold.name, todo.note)
        notes = invoice.message_ids.filtered(lambda note: hold.name in (note.body or ""))
        self.assertEqual(len(notes), 1, "told once")
        hold.with_user(self.manager).action_reject("no")
        todo = hold.activity_ids
        self.assertEqual((todo.user_id, "rejected" in todo.summary), (self.salesman, True))
        hold._ask_again("paid by now")
        invoice.action_post_or_hold()
        self.assertFalse(hold.activity_ids, "a new question")
        again = invoice.ar_credit_hold_ids - hold
        again._tell_salesperson()
        again.with_user(self.manager).action_approve("ok")
        self.assertFalse(again.activity_ids)

    def test_invoice_is_posted_when_it_was_cut_down(self):
        invoice = self._bill(150, post=False)
        invoice.action_post_or_hold()
        invoice.ar_credit_hold_ids.with_user(self.manager).action_ar_approve(amount=120)
        invoice.action_post_or_hold()
        self.assertEqual((invoice.state, invoice.ar_credit_hold_ids.state), ("draft", "approved"))
        invoice.invoice_line_ids.price_unit = 120
        invoice.action_post_or_hold()
        self.assertEqual((invoice.state, invoice.ar_credit_hold_ids.state), ("posted", "released"))

    def test_approval_is_bound_to_the_due_date_and_to_what_was_overdue(self):
        invoice = self._bill(150, post=False)
        invoice.invoice_payment_term_id = False
        day = fields.Date.today()
        invoice.invoice_date_due = fields.Date.add(day, days=30)
        invoice.action_post_or_hold()
        hold = invoice.ar_credit_hold_ids
        invoice.invoice_date_due = fields.Date.add(day, days=90)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            hold.with_user(self.manager).action_approve()
        invoice.invoice_date_due = fields.Date.add(day, days=20)
        hold.with_user(self.manager).action_approve()
        self.assertEqual(invoice.state, "posted")

    def test_hold_ends_with_what_becomes_of_the_invoice(self):
        paid = self._bill(100)
        first, second, third = (self._bill(amount, post=False) for amount in (60, 30, 70))
        (first | second | third).action_post_or_hold()
        holds = (first | second | third).ar_credit_hold_ids
        self.assertEqual(holds.mapped("state"), ["pending"] * 3)
        third.button_cancel()
        self.assertEqual(third.ar_credit_hold_ids.state, "superseded", "cancelled")
        self._let_go()
        self.assertEqual((first.state, second.state), ("draft", "draft"))
        self._register_payment(paid)
        first.action_post()
        self.assertEqual(first.ar_credit_hold_ids.state, "released", "it fits now: nobody is asked any more")
        self.assertFalse(first.ar_credit_hold_ids.activity_ids)
        self._let_go()
        self.assertEqual((second.state, second.ar_credit_hold_ids.state), ("posted", "released"))


class TestCreditByHand(CreditRuleCase):
    def _force(self, orders, user=None):
        wizard = self.env["ar.credit.hold.force"].with_user(user or self.env.user)
        reason = self.env.ref("ar_credit_control.reason_dispute")
        return wizard.create(
            {"order_ids": orders.ids, "reason_code_id": reason.id, "note": "wait"}
        ).action_hold()

    def test_held_by_hand_whatever_the_limit(self):
        orders = self._order(10) | self._order(20)
        self._force(orders.with_user(self.env.user))
        holds = orders.sudo().ar_credit_hold_ids
        self.assertEqual(holds.mapped("check_point"), ["manual"] * 2)
        self.assertEqual(holds.mapped("request_note"), ["wait"] * 2)
        for attack in (
            orders[0].action_confirm,
            lambda: orders[0].write({"state": "sale"}),
        ):
            with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
                attack()
        orders[0].action_cancel()
        orders[0].action_draft()
        with self.assertRaises(CreditHoldError):
            orders[0].action_confirm()

    def test_not_let_go_by_itself_but_by_a_decision(self):
        self._account(100)
        order = self._order(10)
        self._force(order.with_user(self.env.user))
        hold = order.sudo().ar_credit_hold_ids
        self._let_go()
        self.assertEqual((order.state, hold.state), ("draft", "pending"))
        hold.with_user(self.manager).action_reject("no")
        with self.assertRaises(CreditHoldError):
            order.action_confirm()
        order.action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids, hold)
        self.env["ar.credit.hold.ask"].create({"hold_id": hold.id, "note": "Seen his books"}).action_ask()
        hold = order.sudo().ar_credit_hold_id
        self.assertEqual((hold.check_point, hold.state), ("manual", "pending"))
        hold.with_user(self.manager).action_approve("settled")
        self.assertEqual((order.state, hold.state), ("sale", "released"))

    def test_salesman_can_neither_hold_nor_lift(self):
        order = self._order(10)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            self._force(order, self.salesman)


class TestCreditTry(CreditRuleCase):
    def test_what_if_shows_every_rule_and_changes_nothing(self):
        self._account(100)
        rule = self._rule(("order_amount", "gt", 500), outcome="block")
        order = self._order(150)
        wizard = self.env["ar.credit.what.if"].create({"order_id": order.id, "check_point": "confirm"})
        self.assertRecordValues(
            wizard,
            [{"verdict": "hold", "excess": 50, "exposure": 0, "order_amount": 150, "credit_limit": 100}],
        )
        lines = {line.rule_id: (line.standing, line.measured) for line in wizard.line_ids}
        over = self.env.ref("ar_credit_control.rule_over_limit")
        self.assertEqual(lines[over], ("met", "Use of limit: 150 % (more than 100 %)"))
        self.assertEqual(lines[rule][0], "not_met")
        self.assertEqual(order.state, "draft")
        self.assertFalse(order.sudo().ar_credit_hold_ids)
        wizard.check_point = "quotation"
        self.assertFalse(wizard.is_concerned)

    def test_health_names_what_keeps_the_rules_from_working(self):
        rules = self.env["ar.credit.rule"]
        findings = "\n".join(rules._get_health(self.company))
        self.assertIn("No customer is under credit control", findings)
        group = self.env["ar.credit.group"].sudo().create({"name": "Lamps", "control": "limited"})
        account = self._account(control="none", group_id=group.id).sudo()
        self.assertEqual(rules._get_health(self.company), [])
        account.group_id = False
        self.assertIn("No customer is under credit control", "\n".join(rules._get_health(self.company)))
        account.write({"control": "limited", "credit_limit": 100})
        self.assertEqual(rules._get_health(self.company), [])
        self.assertEqual(rules.action_check_health()["params"]["type"], "success")
        for name, told in (
            ("ar_credit_control.rule_invoice", "invoiced without an order"),
            ("ar_credit_control_stock.rule_delivery_by_hand", "goods leave for a customer"),
        ):
            self.env.ref(name).active = False
            (finding,) = rules._get_health(self.company)
            self.assertIn(told, finding)
            self.assertEqual(rules.action_check_health()["params"]["type"], "danger")
            self.env.ref(name).active = True
        for name in ("rule_over_limit", "rule_no_credit"):
            self.env.ref(f"ar_credit_control.{name}").at_amend = False
        (finding,) = rules._get_health(self.company)
        self.assertIn("becomes dearer", finding)
        rules.search([]).active = False
        self.assertIn("No active rule", "\n".join(rules._get_health(self.company)))
        (self.manager | self.env.user).group_ids -= self.env.ref("ar_credit_control.group_manager")
        self.assertIn("Nobody may approve", "\n".join(rules._get_health(self.company)))

    def test_customer_sees_under_review_and_no_reason(self):
        self._account(100)
        order = self._order(150).sudo()
        self.assertFalse(order._is_ar_credit_under_review())
        order.action_confirm_or_hold()
        self.assertFalse(order._is_ar_credit_under_review())
        order.ar_credit_hold_ids._supersede()
        order._validate_order()
        self.assertTrue(order._is_ar_credit_under_review())

    def test_attacks_on_the_rules(self):
        rule = self.env.ref("ar_credit_control.rule_over_limit")
        order = self._order(1)
        attacks = (
            lambda user: rule.with_user(user).write({"active": False}),
            lambda user: rule.condition_ids.with_user(user).write({"value": 1e9}),
            lambda user: rule.with_user(user).copy(),
            lambda user: self.env["ar.credit.hold.reason"].with_user(user).create({"rule_id": rule.id}),
            lambda user: order.with_user(user).write({"ar_credit_confirmed_on": fields.Datetime.now()}),
        )
        for user in (self.salesman, self.auditor):
            for number, attack in enumerate(attacks):
                with (
                    self.assertRaises(AccessError, msg=f"{user.login} {number}"),
                    self.env.cr.savepoint(),
                    mute_logger("odoo.addons.base.models.ir_model"),
                ):
                    attack(user)
