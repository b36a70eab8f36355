"""Scheduled work against people who are faster, and against records that fail: on real transactions."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tools import mute_logger

from tests.integration.test_credit_committed import CommittedCase

BATCH = "odoo.addons.ar_credit_control.models.ar_cron_batch"


class TestCreditCron(CommittedCase):
    """`_each` commits between the records, so a second transaction that is faster is a real one."""

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.sql_db"))

    def _clean(self, env):
        requests = "(SELECT id FROM ar_approval_request WHERE res_model IN ('ar.credit.hold', 'ar.credit.limit.change')"
        requests += " AND create_date > NOW() AT TIME ZONE 'UTC' - INTERVAL '1 hour')"
        for table in ("ar_approval_decision", "ar_approval_request_step"):
            env.cr.execute(f"DELETE FROM {table} WHERE request_id IN {requests}")
        env.cr.execute(f"DELETE FROM ar_approval_request WHERE id IN {requests}")
        super()._clean(env)

    def _bump(self):
        """Let another transaction check the same customer, as a confirmation does."""
        self._run(lambda env: env["ar.credit.account"]._lock({(self.partner_id, self.company_id)}))

    def _once_first(self, original):
        """Return a method that another transaction outruns at its first call."""
        calls = []

        def outrun(record, *args, **kwargs):
            calls.append(record.id)
            if len(calls) == 1:
                record.env.cr.execute("SELECT 1")  # the snapshot is taken
                self._bump()
            return original(record, *args, **kwargs)

        return outrun, calls

    def test_recheck_starts_again_where_somebody_was_faster(self):
        self._set_up(100, [60, 70])
        self._run(lambda env: env["sale.order"].browse(self.order_ids[1]).action_confirm_or_hold())
        self._run(lambda env: env["sale.order"].browse(self.order_ids[0]).action_confirm_or_hold())
        holds = self.registry["ar.credit.hold"]
        self._run(lambda env: env["sale.order"].browse(self.order_ids[1])._action_cancel())
        outrun, calls = self._once_first(holds._recheck)
        with self._cursor() as cr, patch.object(holds, "_recheck", outrun):
            self._env(cr)["ar.credit.hold"]._cron_recheck()
            cr.commit()
        self.assertEqual(len(calls), 2, "the first attempt was too late")
        self.assertEqual(self._states(), ["cancel", "sale"])

    def test_limit_change_starts_again_where_somebody_was_faster(self):
        self._set_up(100, [60])

        def schedule(env):
            change = env["ar.credit.limit.change"].create(
                {"account_id": self.account_id, "new_limit": 50, "reason": "x"}
            )
            change.write({**change._get_snapshot(), "state": "scheduled"})
            return change.id

        change_id = self._run(schedule)
        changes = self.registry["ar.credit.limit.change"]
        outrun, calls = self._once_first(changes._apply_scheduled)
        with self._cursor() as cr, patch.object(changes, "_apply_scheduled", outrun):
            self._env(cr)["ar.credit.limit.change"]._cron_apply_scheduled()
            cr.commit()
        self.assertEqual(len(calls), 2)
        state = self._run(lambda env: env["ar.credit.limit.change"].browse(change_id).state)
        self.assertEqual(state, "applied")

    def _overdue_steps(self, env):
        orders = env["sale.order"].browse(self.order_ids)
        orders.action_confirm_or_hold()
        steps = env["ar.approval.request.step"].search(
            [("request_id", "in", orders.ar_credit_hold_ids._get_ar_approval_requests().ids)]
        )
        steps.deadline = fields.Datetime.now() - timedelta(hours=1)
        return steps.ids

    def test_one_step_that_fails_keeps_no_other_from_being_escalated(self):
        self._set_up(100, [150, 160])
        first, second = sorted(self._run(self._overdue_steps))
        steps = self.registry["ar.approval.request.step"]
        original = steps._escalate

        def escalate(record):
            if record.id == first:
                raise ValueError("no mail server")
            return original(record)

        with self._cursor() as cr, patch.object(steps, "_escalate", escalate), mute_logger(BATCH):
            self._env(cr)["ar.approval.request.step"]._cron_escalate()
            cr.commit()
        escalated = self._run(
            lambda env: env["ar.approval.request.step"].browse([first, second]).mapped("escalated_on")
        )
        self.assertFalse(escalated[0])
        self.assertTrue(escalated[1])

    def test_escalation_of_a_step_that_was_decided_meanwhile(self):
        """A decision between the search and the lock is a conflict (40001), which must not end the run."""
        self._set_up(100, [150, 160])
        first, second = sorted(self._run(self._overdue_steps))
        steps = self.registry["ar.approval.request.step"]
        original, calls = steps._escalate_overdue, []

        def escalate(record):
            calls.append(record.id)
            if len(calls) == 1:
                record.env.cr.execute("SELECT 1")
                self._run(lambda env: env["ar.approval.request.step"].browse(first).request_id._log("used"))
            return original(record)

        with self._cursor() as cr, patch.object(steps, "_escalate_overdue", escalate):
            self._env(cr)["ar.approval.request.step"]._cron_escalate()
            cr.commit()
        self.assertEqual(calls, [first, first, second])
        escalated = self._run(
            lambda env: env["ar.approval.request.step"].browse([first, second]).mapped("escalated_on")
        )
        self.assertTrue(all(escalated))
