"""A plain salesman, an approver and the administrator against the approvals; each attack must fail."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from .test_credit_common import CreditCase

MODELS = (
    "ar.approval.decision",
    "ar.approval.request",
    "ar.approval.request.step",
    "ar.approval.rule",
    "ar.approval.step",
)


class TestApprovalAttacks(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._account(100)
        cls.admin = cls.env.ref("base.user_admin")

    def setUp(self):
        super().setUp()
        for name in (
            "odoo.addons.base.models.ir_model",
            "odoo.addons.base.models.ir_rule",
            "odoo.addons.ar_credit_control.models.ar_approval_decision",
            "odoo.addons.ar_credit_control.models.ar_approval_request",
        ):
            self.enterContext(mute_logger(name))
        self.order, self.hold = self._held()
        self.request = self.hold._get_ar_approval_request()
        self.records = {
            "ar.approval.decision": self.request.decision_ids,
            "ar.approval.request": self.request,
            "ar.approval.request.step": self.request.step_ids,
            "ar.approval.rule": self.request.rule_id,
            "ar.approval.step": self.request.rule_id.step_ids,
        }

    def _refused(self, attack, error=AccessError):
        with self.assertRaises(error), self.env.cr.savepoint():
            attack()

    def test_salesman_writes_nothing(self):
        values = {
            "ar.approval.decision": {"action": "approved"},
            "ar.approval.request": {"state": "approved"},
            "ar.approval.request.step": {"state": "approved"},
            "ar.approval.rule": {"active": False},
            "ar.approval.step": {"user_ids": [Command.set(self.salesman.ids)]},
        }
        for model, records in self.records.items():
            self.assertTrue(records, model)
            for context in ({}, {"install_mode": True, "import_file": True, "ar_approval_append": True}):
                mine = records.with_user(self.salesman).with_context(**context)
                with self.subTest(model=model, context=bool(context)):
                    self._refused(lambda mine=mine, model=model: mine.write(values[model]))
                    self._refused(mine.unlink)
                    self._refused(lambda mine=mine, model=model: mine.create(values[model]))
                    self._refused(lambda mine=mine: mine.copy())
                    self._refused(lambda mine=mine: mine.read(["display_name"]))
                    self._refused(
                        lambda mine=mine, model=model: mine.web_save(values[model], {"display_name": {}})
                    )
            loaded = self.env[model].with_user(self.salesman)
            with self.env.cr.savepoint() as savepoint:
                try:
                    name = "comment" if model == "ar.approval.decision" else "name"
                    self.assertFalse(loaded.load([".id", name], [[str(records[:1].id), "x"]])["ids"])
                except AccessError:
                    savepoint.rollback()

    def test_managers_and_administrators_do_not_write_the_log(self):
        entry = self.request.decision_ids[:1]
        values = {"request_id": self.request.id, "action": "approved", "user_id": self.manager.id}
        for user in (self.manager, self.admin, self.auditor):
            mine = entry.with_user(user)
            for records in (mine, mine.sudo()):
                self._refused(lambda records=records: records.write({"comment": "x"}))
                self._refused(records.unlink)
                self._refused(lambda records=records: records.create([values]))
                self._refused(lambda records=records: records.copy())
            self._refused(lambda user=user: self.request.with_user(user).write({"state": "approved"}))
            self._refused(lambda user=user: self.request.step_ids.with_user(user).unlink())
            self.assertFalse(mine.sudo().load(["action"], [["Approved"]])["ids"])

    def test_managers_do_not_widen_their_authority(self):
        step = self.request.rule_id.step_ids.with_user(self.manager)
        self._refused(lambda: step.write({"authority": "unlimited"}))
        self._refused(lambda: self.request.rule_id.with_user(self.manager).unlink())
        self._refused(
            lambda: (
                self.env["ar.approval.rule"]
                .with_user(self.manager)
                .create({"name": "Me", "step_ids": [Command.create({"name": "Me"})]})
            )
        )

    def test_log_outlives_what_it_is_about(self):
        self.hold.with_user(self.manager).action_approve()
        for record in (self.request.step_ids, self.request, self.manager):
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint() as savepoint:
                with self.assertRaisesRegex(Exception, "ar_approval_(request|decision)"):
                    record.sudo().unlink()
                    self.env.flush_all()
                savepoint.rollback()
        self._refused(lambda: self.hold.sudo().unlink(), UserError)

    def test_methods_by_the_salesman(self):
        hold = self.hold.with_user(self.salesman)
        for context in ({}, {"uid": self.manager.id, "force_approve": True, "default_decided_by": 1}):
            mine = hold.with_context(**context)
            for attack in (
                mine.action_approve,
                mine.action_ar_approve,
                mine.action_reject,
                mine.action_ar_reject,
            ):
                self._refused(attack)
        self._refused(
            lambda: hold.write(
                {"ar_approval_request_ids": [Command.update(self.request.id, {"state": "approved"})]}
            )
        )
        self._refused(lambda: self.request.with_user(self.salesman).action_verify_log())
        self._refused(lambda: self.request.decision_ids.with_user(self.salesman).action_verify())
        self._refused(lambda: hold.read(["ar_approval_request_ids"]))
        self.assertFalse(hold.can_decide)
        self.assertEqual((self.order.state, self.hold.state), ("draft", "pending"))

    def test_wizard_of_a_sales_leader_decides_nothing(self):
        leader = self._new_user("credit_leader", "sales_team.group_sale_salesman_all_leads")
        wizard = self.env["ar.approval.decide"].with_user(leader)
        record = wizard.create(
            {"res_model": "ar.credit.hold", "res_ids": self.hold.ids, "decision": "approve"}
        )
        self._refused(record.action_decide)

    def test_delegations_of_others(self):
        delegation = self.env["ar.approval.delegation"]
        days = {"date_from": "2020-01-01", "date_to": "2099-12-31"}
        for user in (self.salesman, self.admin):
            values = {"user_id": self.manager.id, "delegate_id": self.salesman.id, **days}
            self._refused(lambda user=user, values=values: delegation.with_user(user).create(values))
            self._refused(
                lambda user=user, values=values: (
                    delegation.with_user(user)
                    .with_context(default_user_id=self.manager.id)
                    .create({k: v for k, v in values.items() if k != "user_id"})
                )
            )
        own = delegation.with_user(self.salesman).create({"delegate_id": self.auditor.id, **days})
        self._refused(lambda: own.write({"user_id": self.manager.id}), UserError)
        self._refused(own.unlink)
        self._refused(lambda: own.sudo().unlink(), UserError)
        self._refused(lambda: own.with_user(self.manager).write({"delegate_id": self.manager.id}))
        self._refused(lambda: own.with_user(self.auditor).write({"date_to": "2030-01-01"}))
        self._refused(lambda: own.write({"delegate_id": self.salesman.id}), UserError)
        outsider = self._new_user("credit_outsider", "base.group_user")
        self.assertFalse(delegation.with_user(outsider).search([]))
        self.assertEqual(delegation.with_user(self.manager).search([]), own.with_user(self.manager))

    def test_manager_delegating_to_the_salesperson_hands_on_nothing(self):
        days = {"date_from": "2020-01-01", "date_to": "2099-12-31"}
        self.env["ar.approval.delegation"].with_user(self.manager).create(
            {"delegate_id": self.salesman.id, **days}
        )
        self._refused(self.hold.with_user(self.salesman).action_approve)

    def test_marking_the_activity_done_approves_nothing(self):
        activity = self.hold.activity_ids.filtered(lambda one: one.user_id == self.manager)
        for user in (self.salesman, self.auditor):
            self._refused(lambda user=user: activity.with_user(user).action_feedback(feedback="done"))
            self._refused(activity.with_user(user).unlink)
        activity.with_user(self.manager).action_feedback(feedback="done")
        self.assertEqual((self.order.state, self.hold.state), ("draft", "pending"))
