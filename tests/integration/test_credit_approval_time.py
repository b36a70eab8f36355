"""Until when somebody decides, and how he is asked."""

from contextlib import contextmanager
from datetime import datetime, timedelta

from odoo import fields
from odoo.fields import Command

from .test_credit_approval_common import ApprovalCase


class TestTime(ApprovalCase):
    def _overdue(self, hold):
        step = hold._get_ar_approval_request().step_ids
        self.assertEqual(
            step.deadline,
            self.env.company.resource_calendar_id.plan_hours(4, step.started_on, compute_leaves=True),
        )
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

    def test_deadlines_count_working_hours(self):
        self._rule((self.anna, {"sla_hours": 4}))
        _order, hold = self._held()
        step = hold._get_ar_approval_request().step_ids
        company = self.env.company
        company.resource_calendar_id = self.env["resource.calendar"].create(
            {
                "name": "Shop",
                "tz": "Asia/Shanghai",
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {
                            "name": day,
                            "dayofweek": day,
                            "hour_from": 9,
                            "hour_to": 18,
                            "day_period": "morning",
                        }
                    )
                    for day in "01234"
                ],
            }
        )
        friday = datetime(2026, 11, 20, 8)  # noqa: DTZ001  # 16:00 in Shanghai, as Odoo's naive UTC
        self.assertEqual(step._get_deadline(friday), datetime(2026, 11, 23, 3))  # noqa: DTZ001  # Monday, 11:00
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": company.id,
                "date_from": "2026-11-22 16:00:00",
                "date_to": "2026-11-23 16:00:00",
            }
        )
        self.assertEqual(step._get_deadline(friday), datetime(2026, 11, 24, 3))  # noqa: DTZ001
        company.resource_calendar_id.attendance_ids.unlink()
        self.assertEqual(step._get_deadline(friday), datetime(2026, 11, 20, 12))  # noqa: DTZ001
        step.sla_hours = 0
        self.assertFalse(step._get_deadline(friday))

    def enter_registry_test_mode(self):
        """Let the cron's own cursor be this test's."""

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
        order = hold.order_id
        for named in (order.name, order.partner_id.name, order.user_id.name):
            self.assertIn(named, mail.body_html)
        self.assertIn("requested by", mail.body_html)
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
