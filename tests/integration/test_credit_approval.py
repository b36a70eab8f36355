"""Approval of credit holds: rules and steps, authority, quorum, delegation, escalation, tolerance, and the log."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from .test_credit_common import CreditCase


class ApprovalCase(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls._account(0)
        cls.default_rule = cls.env.ref("ar_credit_control.approval_rule_credit_hold")
        # A credit user may open holds, but is no credit manager.
        cls.anna, cls.bert, cls.cora = (
            cls._new_user(f"credit_{name}", "ar_credit_control.group_user")
            for name in ("anna", "bert", "cora")
        )
        cls.admin = cls.env.ref("base.user_admin")

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.addons.ar_credit_control.models.ar_approval_request"))

    @classmethod
    def _rule(cls, *steps, **vals):
        """Return a rule of lowest sequence, with steps given as (user or users, values)."""
        commands = [
            Command.create(
                {
                    "name": users[:1].name,
                    "source": "users",
                    "user_ids": [Command.set(users.ids)],
                    "sequence": 10 * number,
                    **step,
                }
            )
            for number, (users, step) in enumerate(steps, 1)
        ]
        return cls.env["ar.approval.rule"].create(
            {"name": "Test", "sequence": 1, "step_ids": commands, **vals}
        )

    def _delegate(self, user, delegate, days=3, **vals):
        today = fields.Date.today()
        values = {"delegate_id": delegate.id, "date_from": today, "date_to": today + timedelta(days=days)}
        return self.env["ar.approval.delegation"].with_user(user).create({**values, **vals})

    def _refused(self, hold, user, error=AccessError):
        with self.assertRaises(error), self.env.cr.savepoint():
            hold.with_user(user).action_approve()

    def _log(self, hold):
        """Return (action, user, for whom) of the log of a hold, in order."""
        entries = hold._get_ar_approval_requests().decision_ids.sorted("id")
        return [(entry.action, entry.user_id, entry.principal_id) for entry in entries]


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
        self.assertFalse(hold.activity_ids)
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


class TestWho(ApprovalCase):
    def test_excluded_ones_leave_to_the_fallback(self):
        self._rule((self.anna, {}))
        order = self._order(10)
        order.sudo().user_id = self.anna
        order.sudo().action_confirm_or_hold()
        hold = order.sudo().ar_credit_hold_ids
        self.assertIn(self.manager.name, hold.helper_names)
        self.assertNotIn(self.anna.name, hold.helper_names)
        self._refused(hold, self.anna)
        self.assertIn("fallback", [action for action, *_who in self._log(hold)])

    def test_last_editor_of_prices_is_who_typed_not_who_recomputed(self):
        self.anna.group_ids |= self.env.ref("sales_team.group_sale_salesman_all_leads")
        self._rule((self.anna, {}))
        order = self._order(10)
        line = order.order_line
        self.assertEqual(line.sudo().ar_priced_by_id, self.salesman)
        line.with_user(self.anna).name = "Blue lantern"
        self._recompute(line.with_user(self.anna))
        self.assertEqual(line.sudo().write_uid, self.anna)
        self.assertEqual(line.sudo().ar_priced_by_id, self.salesman)
        line.with_user(self.anna).discount = 10
        self._recompute(line.with_user(self.bert))
        self.assertEqual(line.sudo().ar_priced_by_id, self.anna)
        order.action_confirm_or_hold()
        self._refused(order.sudo().ar_credit_hold_ids, self.anna)
        for value in (False, self.bert.id):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                line.write({"ar_priced_by_id": value})

    def _recompute(self, line):
        for name in ("price_unit", "price_subtotal"):
            self.env.add_to_compute(line._fields[name], line)
        line.sudo().flush_recordset()

    def test_delegate_decides_on_behalf(self):
        self._rule((self.anna, {}))
        self._delegate(self.anna, self.bert)
        self._delegate(self.bert, self.cora)
        order, hold = self._held()
        self.assertIn(f"{self.cora.name} for {self.anna.name}", hold.helper_names)
        self.assertEqual(hold.activity_ids.user_id, self.anna | self.bert | self.cora)
        hold.with_user(self.cora).action_approve("she is away")
        self.assertEqual(order.state, "sale")
        self.assertIn(("approved", self.cora, self.anna), self._log(hold))
        self.assertIn(f"{self.cora.name} for {self.anna.name}", "".join(hold.message_ids.mapped("body")))

    def test_delegation_outside_its_days_gives_nothing(self):
        self._rule((self.anna, {}))
        today = fields.Date.today()
        self._delegate(self.anna, self.bert, date_from=today + timedelta(days=1))
        self._delegate(self.anna, self.cora, date_from=today - timedelta(days=5), days=-1)
        _order, hold = self._held()
        self.assertEqual(hold.helper_names, self.anna.name)
        self._refused(hold, self.bert)

    def test_delegation_does_not_make_independent(self):
        self.salesman.group_ids |= self.env.ref("ar_credit_control.group_user")
        self._rule((self.anna, {}))
        self._delegate(self.anna, self.salesman)
        _order, hold = self._held()
        self._refused(hold, self.salesman)
        # Who had a part in it can't hand on what he has not got.
        order = self._order(20)
        order.sudo().user_id = self.anna
        self._delegate(self.salesman, self.cora)
        order.sudo().action_confirm_or_hold()
        self._refused(order.sudo().ar_credit_hold_ids, self.cora)

    def test_quorum_counts_people_not_seats(self):
        self._rule((self.anna | self.bert, {"quorum": "count", "needed": 2}))
        self._delegate(self.anna, self.bert)
        order, hold = self._held()
        hold.with_user(self.bert).action_approve()
        self.assertEqual(order.state, "draft")
        hold.with_user(self.anna).action_approve()
        self.assertEqual(order.state, "sale")

    def test_delegations_in_circles_and_long_chains_are_refused(self):
        dora = self._new_user("credit_dora", "ar_credit_control.group_user")
        self._delegate(self.anna, self.bert)
        self._delegate(self.bert, self.cora)
        self._delegate(self.cora, dora)
        for user, delegate in (
            (dora, self.anna),
            (dora, self.manager),
            (self.anna, self.anna),
            (self.manager, self.anna),
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self._delegate(user, delegate)
        with self.assertRaises(ValidationError):
            self._delegate(dora, self.env.ref("base.public_user"))

    def test_people_of_other_companies_do_not_decide(self):
        other = self.setup_other_company()["company"]
        self.anna.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self._rule((self.anna, {}))
        _order, hold = self._held()
        self.assertIn(self.manager.name, hold.helper_names)
        self.assertNotIn(self.anna.name, hold.helper_names)

    def test_those_who_can_not_open_it_are_not_asked(self):
        outsider = self._new_user("credit_outsider", "base.group_user")
        self._rule((outsider, {}))
        _order, hold = self._held()
        self.assertIn(self.manager.name, hold.helper_names)
        self.assertNotIn(self.anna.name, hold.helper_names)
        self._refused(hold, outsider)


class TestTime(ApprovalCase):
    def _overdue(self, hold):
        step = hold._get_ar_approval_request().step_ids
        self.assertEqual(step.deadline - step.started_on, timedelta(hours=4))
        step.deadline = fields.Datetime.now() - timedelta(minutes=1)
        return step

    def test_overdue_steps_escalate_once(self):
        self._rule((self.anna, {"sla_hours": 4, "escalate_user_ids": [Command.set(self.bert.ids)]}))
        order, hold = self._held()
        self._refused(hold, self.bert)
        step = self._overdue(hold)
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.ir_cron_approval_escalate").method_direct_trigger()
            self.env.ref("ar_credit_control.ir_cron_approval_escalate").method_direct_trigger()
        self.assertTrue(step.escalated_on)
        self.assertEqual([action for action, *_who in self._log(hold)].count("escalated"), 1)
        self.assertEqual(hold.activity_ids.user_id, self.anna | self.bert)
        hold.with_user(self.bert).action_approve()
        self.assertEqual(order.state, "sale")

    def enter_registry_test_mode(self):
        """Let the cron's own cursor be this test's."""
        from contextlib import contextmanager

        @contextmanager
        def entered():
            self.registry_enter_test_mode(register_cleanup=False)
            try:
                yield
            finally:
                self.registry_leave_test_mode()

        return entered()

    def test_approver_gets_a_mail_with_a_plain_link(self):
        _order, hold = self._held()
        mail = self.env["mail.mail"].search(
            [("recipient_ids", "in", self.manager.partner_id.ids)], limit=1, order="id desc"
        )
        self.assertEqual(mail.state, "outgoing")
        self.assertIn(f"/odoo/ar.credit.hold/{hold.id}", mail.body_html)
        self.assertIn(hold.name, mail.subject)
        self.assertNotIn("token", mail.body_html)
        self.assertFalse(
            self.env["mail.mail"].search(
                [("recipient_ids", "in", self.salesman.partner_id.ids), ("subject", "like", hold.name)]
            )
        )

    def test_context_of_the_caller_silences_nothing(self):
        order = self._order(10)
        order.with_context(
            mail_activity_automation_skip=True, mail_activity_quick_update=True, mail_notrack=True
        ).action_confirm_or_hold()
        self.assertIn(self.manager, order.sudo().ar_credit_hold_ids.activity_ids.user_id)


class TestTolerance(ApprovalCase):
    def test_without_tolerance_nothing_may_grow(self):
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        for price in (500.01, 99999):
            with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
                order.order_line.price_unit = price
        order.order_line.price_unit = 400
        order.order_line.price_unit = 500
        self.assertIn("used", [action for action, *_who in self._log(hold)])

    def test_within_tolerance_it_stays_valid_and_is_logged(self):
        self.company.ar_credit_tolerance_percent = 10
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        order.order_line.price_unit = 510
        self.assertEqual(self._log(hold)[-1][0], "tolerated")
        data = hold._get_ar_approval_request().decision_ids.sorted("id")[-1:].data
        self.assertEqual((data["amount"], data["approved amount"]), ("510.00", "500.00"))
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            order.order_line.price_unit = 99999
        # It was 500 that was approved: steps of ten per cent do not add up.
        order.order_line.price_unit = 550
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            order.order_line.price_unit = 560

    def test_waiting_hold_within_tolerance_can_be_approved(self):
        self.company.ar_credit_tolerance_percent = 10
        order, hold = self._held(500)
        order.order_line.price_unit = 510
        self.assertFalse(hold.is_stale)
        hold.with_user(self.manager).action_approve()
        self.assertEqual(order.state, "sale")

    def test_waiting_hold_beyond_tolerance_is_put_again(self):
        self.company.ar_credit_tolerance_percent = 10
        order, hold = self._held(500)
        order.order_line.price_unit = 99999
        self.assertTrue(hold.is_stale)
        self._refused(hold, self.manager, UserError)
        order.action_confirm_or_hold()
        self.assertEqual((order.state, hold.state), ("draft", "superseded"))
        self.assertEqual(self._log(hold)[-1][0], "superseded")

    def test_tolerance_is_frozen_with_the_approval(self):
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        self.company.ar_credit_tolerance_percent = 100
        with self.assertRaises(CreditExceededError):
            order.order_line.price_unit = 510

    def test_tolerance_lends_no_authority(self):
        self.company.ar_credit_tolerance_percent = 10
        self._rule((self.anna, {"authority": "limited", "cap": 505}), (self.bert, {"authority": "unlimited"}))
        order, hold = self._held(500)
        hold.with_user(self.anna).action_approve()
        order.order_line.price_unit = 505
        with self.assertRaises(CreditExceededError):
            order.order_line.price_unit = 506

    def test_approval_ends_after_its_days(self):
        self.company.write({"ar_credit_tolerance_percent": 10, "ar_credit_validity_days": 7})
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        request = hold._get_ar_approval_request()
        self.assertEqual(request.last_day, fields.Date.today() + timedelta(days=7))
        request.last_day = fields.Date.today() - timedelta(days=1)
        with self.assertRaises(CreditExceededError):
            order.order_line.price_unit = 510

    def test_approval_lapses_with_a_cancellation(self):
        order, hold = self._held(500)
        hold.with_user(self.manager).action_approve()
        order.action_cancel()
        self.assertEqual(hold._get_ar_approval_request().state, "lapsed")
        order.action_draft()
        with self.assertRaises(CreditHoldError):
            order.action_confirm()

    def test_grown_debt_is_put_again_with_the_numbers_of_now(self):
        order, hold = self._held(500)
        self.init_invoice("out_invoice", partner=self.customer, amounts=[300], taxes=[], post=True)
        action = hold.with_user(self.manager).action_approve("ok")
        self.assertEqual(action["tag"], "display_notification")
        again = order.sudo().ar_credit_hold_ids - hold
        self.assertEqual((order.state, hold.state, again.state), ("draft", "superseded", "pending"))
        self.assertEqual((again.excess, again.requested_by), (800, self.salesman))
        again.with_user(self.manager).action_approve()
        self.assertEqual(order.state, "sale")

    def test_slices_of_a_big_order_add_up(self):
        """A salesman cuts 2,500 into three; who may approve 1,000 of excess can let one of them pass."""
        self._rule(
            (self.anna, {"authority": "limited", "cap": 1000}), (self.bert, {"authority": "unlimited"})
        )
        orders = [self._held(amount) for amount in (900, 900, 700)]
        first, second, third = orders
        first[1].with_user(self.anna).action_approve()
        self.assertEqual(first[0].state, "sale")
        for order, hold in (second, third):
            self.assertEqual(hold.helper_names, self.anna.name)
            hold.with_user(self.anna).action_approve()
            self.assertEqual(order.state, "draft")
            again = order.sudo().ar_credit_hold_ids - hold
            self.assertEqual((again.state, again.helper_names), ("pending", self.bert.name))
            self._refused(again, self.anna)
        _late, hold = self._held(100)
        self.assertEqual((hold.excess, hold.helper_names), (1000, self.anna.name))
        _more, hold = self._held(101)
        self.assertEqual((hold.excess, hold.helper_names), (1001, self.bert.name))

    def test_mass_approval_is_cumulative(self):
        self._rule(
            (self.anna, {"authority": "limited", "cap": 1000}), (self.bert, {"authority": "unlimited"})
        )
        first, hold = self._held(900)
        second, other = self._held(900)
        wizard = self.env["ar.credit.hold.decide"].with_user(self.anna)
        action = wizard.create({"hold_ids": (hold | other).ids, "decision": "approve"}).action_decide()
        self.assertEqual((first.state, second.state), ("sale", "draft"))
        self.assertEqual(action["tag"], "display_notification")


class TestLog(ApprovalCase):
    def test_the_whole_story_is_told_and_verifies(self):
        _order, hold = self._held()
        hold.with_user(self.manager).action_approve("known customer")
        self.assertEqual([action for action, *_who in self._log(hold)], ["requested", "approved", "used"])
        entries = hold._get_ar_approval_request().decision_ids.with_user(self.auditor)
        self.assertEqual(entries.action_verify()["params"]["type"], "success")

    def test_changes_behind_odoo_are_found(self):
        _order, hold = self._held()
        hold.with_user(self.manager).action_approve()
        request = hold._get_ar_approval_request()
        self.env.flush_all()
        attacks = (
            (
                "UPDATE ar_approval_decision SET user_id = %s WHERE request_id = %s AND number = 2",
                self.anna.id,
                2,
            ),
            ("UPDATE ar_approval_decision SET comment = %s WHERE request_id = %s AND number = 1", "x", 1),
            ("UPDATE ar_approval_decision SET data = %s WHERE request_id = %s AND number = 3", '{"a": 1}', 3),
            (
                "DELETE FROM ar_approval_decision WHERE comment IS DISTINCT FROM %s AND request_id = %s AND number = 3",
                "x",
                3,
            ),
            (
                "DELETE FROM ar_approval_decision WHERE comment IS DISTINCT FROM %s AND request_id = %s AND number = 1",
                "x",
                1,
            ),
        )
        for statement, value, number in attacks:
            with self.subTest(statement), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(statement, [value, request.id])
                self.env.invalidate_all()
                self.assertEqual(self.env["ar.approval.decision"]._get_first_broken(request), number)
                action = request.with_user(self.auditor).action_verify_log()
                self.assertEqual(action["params"]["type"], "danger")
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertFalse(self.env["ar.approval.decision"]._get_first_broken(request))
