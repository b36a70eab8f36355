"""Credit rules on real documents: what is asked where, what follows, and what it costs."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from tests.integration.test_credit_common import CreditCase


class CreditRuleCase(CreditCase):
    def _rule(self, *conditions, outcome="hold", points=("confirm",), **vals):
        names = ("quotation", "confirm", "amend", "delivery", "invoice")
        return self.env["ar.credit.rule"].create(
            {
                "name": f"Rule {outcome}",
                "outcome": outcome,
                **{f"at_{name}": name in points for name in names},
                "condition_ids": [
                    Command.create({"fact": fact, "operator": operator, "sequence": n, **self._value(value)})
                    for n, (fact, operator, value) in enumerate(conditions)
                ],
                **vals,
            }
        )

    def _value(self, value):
        return value if isinstance(value, dict) else {"value": value}

    def _bill(self, amount, days_ago=0, partner=None, post=True):
        """Return an invoice without order, of so many days ago and due at once."""
        date = fields.Date.today() - timedelta(days=days_ago)
        invoice = self.init_invoice(
            "out_invoice",
            partner=partner or self.customer,
            invoice_date=date,
            amounts=[amount],
            taxes=[],
        )
        invoice.line_ids.filtered("date_maturity").date_maturity = date  # due at once
        if post:
            invoice.action_post()
        return invoice


class TestCreditRules(CreditRuleCase):
    def test_what_narrows_a_rule_is_logged(self):
        rule = self._rule(("overdue_days", "gt", 30)).with_context({})
        self.env.cr.precommit.run()  # nothing of a record is tracked in the transaction that made it
        group = self.env["ar.credit.group"].create({"name": "Only these"})
        for vals in (
            {"sequence": 77, "partner_ids": [Command.set(self.partner_b.ids)]},
            {"partner_ids": [Command.clear()], "group_ids": [Command.set(group.ids)]},
        ):
            rule.write(vals)
            self.env.flush_all()
            self.env.cr.precommit.run()
        tracked = rule.message_ids.tracking_value_ids
        self.assertEqual(set(tracked.field_id.mapped("name")), {"sequence", "partner_ids", "group_ids"})

    def test_conditions_on_one_customer_stop_only_him(self):
        self._account(1000)
        self._account(1000, partner=self.partner_b)
        self._bill(10, days_ago=45)
        self._rule(("overdue_days", "gt", 30))
        order, hold = self._held(5)
        self.assertEqual((order.state, hold.excess, hold.days_overdue, hold.overdue), ("draft", 0, 45, 10))
        self.assertRecordValues(
            hold.reason_ids,
            [{"fact": "overdue_days", "measured": "45", "threshold": "30.00", "outcome": "hold"}],
        )
        self.assertEqual(hold.reason_ids.sentence, "Overdue for: 45 days (more than 30 days)")
        self.assertIn("45 days", hold._get_banner())
        self._order(5, partner=self.partner_b).action_confirm()

    def test_less_discount_is_a_new_question_though_the_order_is_dearer(self):
        self._account(1000)
        self._rule(("discount_percent", "gt", 10))
        order = self._order(150)
        order.order_line.discount = 50
        order.action_confirm_or_hold()
        order.sudo().ar_credit_hold_ids.with_user(self.manager).action_reject("too much")
        for discount, states in ((50, ["rejected"]), (20, ["rejected", "pending"])):
            order.order_line.discount = discount
            order.action_confirm_or_hold()
            self.assertEqual(order.sudo().ar_credit_hold_ids.sorted("id").mapped("state"), states)

    def test_boundary_at_or_above(self):
        self._account(1000)
        self._bill(10, days_ago=30)
        condition = self._rule(("overdue_days", "gt", 30)).condition_ids
        self._order(1).action_confirm()
        condition.operator = "ge"
        with self.assertRaises(CreditHoldError):
            self._order(1).action_confirm()

    def test_unlimited_customers_are_asked_what_does_not_depend_on_the_limit(self):
        self._account(control="unlimited")
        self._account(partner=self.partner_b, control="none")
        for partner in (self.customer, self.partner_b):
            self._bill(10, days_ago=45, partner=partner)
        self._order(1e6).action_confirm()
        self._rule(("overdue_days", "gt", 30))
        with self.assertRaises(CreditHoldError):
            self._order(1).action_confirm()
        self._order(1, partner=self.partner_b).action_confirm()

    def test_warning_lets_pass_and_leaves_a_note(self):
        self._account(1000)
        self._rule(("order_amount", "ge", 50), outcome="warn", points=("quotation", "confirm"))
        order = self._order(50).with_user(self.env.user)
        self.assertIn("Amount of this document", order.ar_credit_message)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertIn("Rule warn", "".join(order.message_ids.mapped("body")))
        self.assertFalse(self._order(49).with_user(self.env.user).ar_credit_message)

    def test_block_is_filed_and_nobody_approves_it(self):
        self._account(100)
        self._rule(("use_percent", "gt", 150), outcome="block")
        order, hold = self._held(151)
        self.assertEqual((order.state, hold.state), ("draft", "blocked"))
        self.assertFalse(hold.activity_ids)
        with self.assertRaises(UserError):
            hold.with_user(self.manager).action_approve("please")
        with self.assertRaises(CreditHoldError) as refusal:
            order.action_confirm()
        self.assertIn("No approval lifts this", str(refusal.exception))
        action = order.action_confirm_or_hold()
        self.assertEqual(action["params"]["type"], "danger")
        self.assertEqual(order.sudo().ar_credit_hold_ids, hold)

    def test_approval_of_a_hold_does_not_lift_a_block(self):
        self._account(100)
        order, hold = self._held(150)
        self._rule(("order_amount", "gt", 100), outcome="block")
        hold.with_user(self.manager).action_approve("known")
        self.assertEqual((order.state, hold.state), ("draft", "superseded"))
        self.assertEqual(order.sudo().ar_credit_hold_id.state, "blocked")

    def test_customers_own_rule_and_exclusion(self):
        self._account(100)
        self._rule(("use_percent", "gt", 120), partner_ids=[Command.set(self.customer.ids)])
        self._order(120).action_confirm()
        with self.assertRaises(CreditHoldError):
            self._order(1).action_confirm()
        self._rule(outcome="exclude", partner_ids=[Command.set(self.customer.ids)], sequence=1)
        self._order(1000).action_confirm()

    def test_group_rule(self):
        group = self.env["ar.credit.group"].create({"name": "Lantern makers"})
        self._account(1000, group_id=group.id)
        self._account(1000, partner=self.partner_b)
        self._rule(("order_amount", "gt", 10), group_ids=[Command.set(group.ids)])
        with self.assertRaises(CreditHoldError):
            self._order(11).action_confirm()
        self._order(11, partner=self.partner_b).action_confirm()

    def test_sentence_and_constraints(self):
        rule = self._rule(
            ("use_percent", "gt", 100),
            ("overdue_days", "gt", {"value": 30, "joint": "and"}),
            ("overdue_amount", "ge", {"value": 1000, "joint": "or"}),
        )
        self.assertEqual(
            rule.sentence,
            "Use of limit: more than 100 % and (Overdue for: more than 30 days or Overdue amount: at least"
            " $\xa01,000.00)",
        )
        self.assertIn("Conditions: Use of limit", "".join(rule.message_ids.mapped("body")))
        with self.assertRaises(ValidationError):
            rule.write({"at_confirm": False})
        with self.assertRaises(ValidationError):
            self._rule(("limit_expired", "gt", 1))

    def test_amending_asks_its_own_rules_and_more_credit_can_be_approved(self):
        self._account(100)
        order = self._order(90)
        order.action_confirm()
        line = order.order_line
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            line.price_unit = 130
        wizard = self.env["ar.credit.hold.more"].with_user(self.salesman)
        wizard.create({"order_id": order.id, "amount": 40, "note": "bigger batch"}).action_request()
        hold = order.sudo().ar_credit_hold_id
        self.assertRecordValues(
            hold,
            [{"check_point": "amend", "order_amount": 40, "excess": 30, "exposure": 90, "state": "pending"}],
        )
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            line.price_unit = 130
        hold.with_user(self.manager).action_approve("fine")
        self.assertEqual(hold.state, "approved")
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            line.price_unit = 130.01
        line.price_unit = 130
        self.assertEqual((order.amount_total, hold.state), (130, "released"))
        with self.assertRaises(CreditExceededError):
            line.price_unit = 131

    def test_cost_does_not_depend_on_the_number_of_rules(self):
        self._account(1e6)

        def cost():
            order = self._order(1).with_user(self.env.user)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            order.action_confirm()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        cost()
        few = cost()
        for number in range(30):
            self._rule(("use_percent", "gt", 200 + number), ("order_amount", "gt", 5000))
        cost()  # reads the rules once
        self.assertEqual(cost(), few)
        self.env["ar.credit.account"].search([]).sudo().write({"control": "none"})
        cost()
        plain = cost()
        self.assertLessEqual(few - plain, 1)

    def test_activity_speaks_the_language_of_its_reader(self):
        self._account(100)
        kind = self.env.ref("ar_credit_control.mail_activity_type_credit_hold")
        kind.with_context(lang="zh_CN").summary = "请决定"
        self.manager.lang = "zh_CN"
        _order, hold = self._held()
        mine = hold.activity_ids.filtered(lambda activity: activity.user_id == self.manager)
        self.assertEqual(mine.summary, "请决定")
