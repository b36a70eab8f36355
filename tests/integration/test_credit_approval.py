"""Which rule and which steps a hold needs: bands, authority, order and quorum."""

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from odoo.addons.ar_credit_control.core.approval import Facts

from .test_credit_approval_common import ApprovalCase


class TestRules(ApprovalCase):
    def test_cap_is_on_the_excess_and_inclusive(self):
        self._rule(
            (self.anna, {"authority": "limited", "cap": 1000}),
            (self.bert, {"authority": "limited", "cap": 5000}),
            (self.cora, {"authority": "unlimited"}),
        )
        for amount, user in ((1000.00, self.anna), (1000.01, self.bert), (5000.01, self.cora)):
            order, hold = self._held(amount)
            self.assertEqual(hold.helper_names, user.name)
            self.assertEqual(hold.activity_ids.user_id, user)
            for other in (self.anna | self.bert | self.cora | self.manager) - user:
                self._refused(hold, other)
            hold.with_user(user).action_approve()
            self.assertEqual(order.state, "sale")
            # The next order starts from nothing.
            order.with_user(self.env.user).action_cancel()

    def test_nobody_has_the_authority(self):
        self._rule((self.anna, {"authority": "limited", "cap": 10}))
        order, hold = self._held(11)
        self.assertTrue(hold._get_ar_approval_request().step_ids.is_fallback)
        self.assertIn("fallback", [action for action, *_who in self._log(hold)])
        self._refused(hold, self.anna)
        hold.with_user(self.manager).action_approve()
        self.assertEqual(order.state, "sale")

    def test_bands_and_company_choose_the_rule(self):
        small = self._rule((self.anna, {}), excess_up_to=500, amount_up_to=600)
        big = self._rule((self.bert, {}), excess_above=500, sequence=2)
        _order, hold = self._held(500)
        self.assertEqual(hold._get_ar_approval_request().rule_id, small)
        _order, hold = self._held(500.01)
        self.assertEqual(hold._get_ar_approval_request().rule_id, big)
        small.company_id = self.setup_other_company()["company"]
        _order, hold = self._held(400)
        self.assertEqual(hold._get_ar_approval_request().rule_id, self.default_rule)
        self.assertIn("excess above 500", big.condition_text)

    def test_risk_class_chooses_the_rule(self):
        risky = self.env["ar.risk.class"].create({"name": "Approval test: risky"})
        rule = self._rule((self.anna, {}), risk_class_ids=[Command.set(risky.ids)])
        choose = self.env["ar.approval.rule"]._choose
        self.assertEqual(choose("credit_hold", Facts(self.company.id, risk_class_id=risky.id)), rule)
        self.assertEqual(choose("credit_hold", Facts(self.company.id)), self.default_rule)
        self.assertIn("risky", rule.condition_text)

    def test_without_a_rule_credit_managers_are_asked(self):
        self.default_rule.active = False
        order, hold = self._held()
        hold.with_user(self.manager).action_approve()
        self.assertEqual(order.state, "sale")

    def test_running_requests_keep_their_steps(self):
        rule = self._rule((self.anna, {}), (self.bert, {}))
        order, hold = self._held()
        rule.step_ids[1:].unlink()
        rule.step_ids.user_ids = self.cora
        hold.with_user(self.anna).action_approve()
        self.assertEqual(order.state, "draft")
        hold.with_user(self.bert).action_approve()
        self.assertEqual(order.state, "sale")

    def test_steps_in_order_and_parallel(self):
        self._rule((self.anna, {}), (self.bert, {"sequence": 20}), (self.cora, {"sequence": 20}))
        order, hold = self._held()
        self._refused(hold, self.bert)
        hold.with_user(self.anna).action_approve("fine")
        self.assertEqual(hold.state, "pending")
        self.assertEqual(hold.activity_ids.user_id, self.bert | self.cora)
        self._refused(hold, self.anna)
        hold.with_user(self.cora).action_approve()
        self._refused(hold, self.cora, UserError)
        self.assertEqual((order.state, hold.helper_names), ("draft", self.bert.name))
        hold.with_user(self.bert).action_approve()
        self.assertEqual(order.state, "sale")
        self.assertFalse(hold.activity_ids)

    def test_one_rejection_ends_it(self):
        self._rule((self.anna | self.bert | self.cora, {"quorum": "all"}))
        order, hold = self._held()
        hold.with_user(self.anna).action_approve()
        hold.with_user(self.bert).action_reject("no")
        self.assertEqual((order.state, hold.state, hold.decision_comment), ("draft", "rejected", "no"))
        self.assertEqual(hold.activity_ids.user_id, hold.salesperson_id, "what to do about it")
        self._refused(hold, self.cora, UserError)

    def test_quorum_all_and_two_of_three(self):
        three = self.anna | self.bert | self.cora
        rule = self._rule((three, {"quorum": "all"}))
        order, hold = self._held()
        for user in three:
            self.assertEqual(order.state, "draft")
            hold.with_user(user).action_approve()
        self.assertEqual(order.state, "sale")
        rule.step_ids.write({"quorum": "count", "needed": 2})
        order, hold = self._held()
        hold.with_user(self.anna).action_approve()
        self._refused(hold, self.anna, UserError)
        hold.with_user(self.cora).action_approve()
        self.assertEqual(order.state, "sale")

    def test_team_leader_and_field_path(self):
        team = self.env["crm.team"].create({"name": "Export", "user_id": self.anna.id})
        rule = self._rule((self.bert, {"source": "team_leader"}))
        order = self._order(10, team_id=team.id)
        order.action_confirm_or_hold()
        self.assertEqual(order.sudo().ar_credit_hold_ids.helper_names, self.anna.name)
        self.customer.user_id = self.cora
        rule.step_ids.write({"source": "field", "field_path": "partner_id.user_id"})
        _order, hold = self._held(10)
        self.assertEqual(hold.helper_names, self.cora.name)

    def test_field_path_is_checked_when_saved(self):
        rule = self._rule((self.anna, {}))
        for path in (
            "",
            "partner_id",
            "nonsense",
            "order_id.nothing.user_id",
            "excess",
            "order_id.user_id.login",
        ):
            with self.assertRaises(ValidationError, msg=path), self.env.cr.savepoint():
                rule.step_ids.write({"source": "field", "field_path": path})

    def test_configuration_that_asks_nobody_is_refused(self):
        with self.assertRaises(ValidationError):
            self._rule()
        with self.assertRaises(ValidationError):
            self._rule((self.anna.browse(), {"name": "Nobody"}))
        with self.assertRaises(ValidationError):
            self._rule((self.anna, {}), excess_above=10, excess_up_to=10)
