"""Set-up shared by the tests of approvals: approvers, rules, delegations."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import mute_logger

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
