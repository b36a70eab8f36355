"""Two approvers at the same second, and refused attempts: on real transactions."""

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from .test_credit_concurrency import TestCreditConcurrency as _Base


class TestApprovalConcurrency(_Base):
    """Commits its own managers besides what its base commits, and removes or archives them at the end."""

    def setUp(self):
        super().setUp()
        self._set_up(100, [150])

        def work(env):
            group = env.ref("ar_credit_control.group_manager")
            outsiders = env.ref("ar_credit_control.group_user")
            users = env["res.users"].with_context(no_reset_password=True)
            made = [
                users.create(
                    {"name": name, "login": f"{name} {self.partner_id}", "group_ids": [(4, kind.id)]}
                ).id
                for name, kind in (("First", group), ("Second", group), ("Outsider", outsiders))
            ]
            env["sale.order"].browse(self.order_ids).action_confirm_or_hold()
            return made, env["ar.credit.hold"].search([("order_id", "in", self.order_ids)]).ids

        self.user_ids, self.hold_ids = self._run(work)

    def _clean(self, env):
        requests = (
            "(SELECT id FROM ar_approval_request WHERE res_model = 'ar.credit.hold' AND res_id = ANY(%s))"
        )
        for table in ("ar_approval_decision", "ar_approval_request_step"):
            env.cr.execute(f"DELETE FROM {table} WHERE request_id IN {requests}", [self.hold_ids])
        env.cr.execute(
            "DELETE FROM ar_approval_request WHERE res_model = 'ar.credit.hold' AND res_id = ANY(%s)",
            [self.hold_ids],
        )
        env["res.users"].browse(self.user_ids).active = False
        super()._clean(env)

    def _hold(self, cr, user_id):
        env = api.Environment(cr, user_id, {})
        self._env(cr)
        return env["ar.credit.hold"].browse(self.hold_ids)

    def test_second_approver_conflicts_and_is_told(self):
        first, second, _outsider = self.user_ids
        with self._cursor() as one, self._cursor() as two, mute_logger("odoo.sql_db"):
            holds = [self._hold(cr, user) for cr, user in ((one, first), (two, second))]
            self.assertEqual([hold.state for hold in holds], ["pending", "pending"])
            holds[0].action_approve("first")
            one.commit()
            with self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) as conflict:
                holds[1].action_reject("second")
            self.assertEqual(conflict.exception.pgcode, "40001")
            two.rollback()
            again = self._hold(two, second)
            again.invalidate_recordset()
            with self.assertRaisesRegex(UserError, "decided already"):
                again.action_reject("second")
            two.rollback()
        self.assertEqual(self._states(), ["sale"])
        actions = self._run(lambda env: self._actions(env))
        self.assertEqual(actions, ["requested", "approved", "used"])

    def test_refused_attempt_is_logged_though_undone(self):
        outsider = self.user_ids[2]
        with self._cursor() as cr, mute_logger("odoo.addons.ar_credit_control.models.ar_approval_request"):
            with self.assertRaises(AccessError):
                self._hold(cr, outsider).action_approve("please")
            cr.rollback()
        self.assertEqual(self._run(self._actions), ["requested", "refused"])
        entry = self._run(
            lambda env: (
                env["ar.approval.decision"]
                .search([("action", "=", "refused"), ("user_id", "=", outsider)])
                .read(["comment", "number"])
            )
        )
        self.assertEqual(len(entry), 1)
        self.assertIn("not among those who may decide", entry[0]["comment"])
        self.assertFalse(
            self._run(
                lambda env: env["ar.approval.decision"]._get_first_broken(
                    env["ar.credit.hold"].browse(self.hold_ids)._get_ar_approval_request()
                )
            )
        )

    def test_attempt_does_not_wait_for_a_decision_in_the_same_transaction(self):
        """Were the log of the attempt to wait for this transaction, which waits for it, both would for ever."""
        _first, _second, outsider = self.user_ids
        with self._cursor() as cr, mute_logger("odoo.addons.ar_credit_control.models.ar_approval_request"):
            request = self._hold(cr, SUPERUSER_ID)._get_ar_approval_request()
            request._log("escalated")
            with self.assertRaises(AccessError):
                self._hold(cr, outsider).action_approve("please")
            cr.rollback()
        self.assertEqual(self._run(self._actions), ["requested"])

    def _actions(self, env):
        requests = env["ar.credit.hold"].browse(self.hold_ids)._get_ar_approval_requests()
        return requests.decision_ids.sorted("id").mapped("action")


del _Base
