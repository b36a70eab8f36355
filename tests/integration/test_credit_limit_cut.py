"""A cut is what the company decided last: it ends the temporary raises that it finds, unless somebody says no."""

from odoo.tests import Form, freeze_time

from .test_credit_limit_change import LimitCase


class TestLimitCut(LimitCase):
    def setUp(self):
        super().setUp()
        self.account = self._account(1000)
        window = {"change_type": "temporary", "date_from": self._in(60), "date_to": self._in(70)}
        self.raised = self._applied(self.account, **window, new_limit=1500)
        self.added = self._applied(
            self.account,
            change_type="temporary",
            temporary_mode="adds",
            new_limit=400,
            date_to=self._in(5),
        )
        self.lowered = self._applied(self.account, **window | {"date_to": self._in(62)}, new_limit=30)
        self.assertEqual(set((self.raised + self.added + self.lowered).mapped("state")), {"applied"})
        self.env.flush_all()

    def _limits(self, **expected):
        for day, limit in expected.items():
            with freeze_time(self._in(int(day[1:]))):
                self.assertEqual((day, self._limit(self.account)), (day, limit))

    def _assert_ended(self):
        self._limits(d0=100, d3=100, d65=100, d71=100)
        for ended in self.raised + self.added:
            self.assertEqual(ended.ended_by, self.manager)
            self.assertLess(ended.date_to, self.today)
        self.assertEqual(self.raised.planned_date_to, self._in(70))
        self.assertFalse(self.lowered.ended_on, "it allows less for a while")
        self.assertEqual(self.lowered.date_to, self._in(62))

    def test_a_cut_ends_what_was_raised_for_a_while(self):
        self._limits(d0=1400, d65=1500)
        cut = self._change(self.account, user=self.manager, new_limit=100)
        cut.action_submit()
        self.assertEqual((cut.state, cut.limit_after), ("applied", 100))
        self._assert_ended()

    def test_a_cut_to_come_ends_it_then(self):
        cut = self._change(self.account, user=self.manager, new_limit=100, date_from=self._in(2))
        cut.action_submit()
        self.assertEqual(cut.state, "scheduled")
        self._limits(d0=1400)
        with freeze_time(self._in(2)):
            cut.with_user(self.manager)._apply_scheduled()
            self.assertEqual(self._limit(self.account), 100)

    def test_a_mass_cut_ends_it_too(self):
        for chosen, limit in ((False, 1500), (True, 100)):
            with self.subTest(chosen), self.env.cr.savepoint() as savepoint:
                mass = Form(
                    self.env["ar.credit.limit.mass"]
                    .with_user(self.manager)
                    .with_context(default_account_ids=self.account.ids)
                )
                self.assertTrue(mass.end_temporaries)
                mass.operation, mass.amount, mass.reason = "set", 100, "Crisis"
                mass.end_temporaries = chosen
                mass.save().action_apply()
                self._limits(d65=limit)
                if chosen:
                    self._assert_ended()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_who_raises_or_keeps_the_limit_ends_nothing(self):
        self._applied(self.account, new_limit=1200)
        shorter = {"set_validity": True, "new_valid_until": self._in(300)}
        self._applied(self.account, new_limit=1200, **shorter)
        self._applied(self.account, change_type="temporary", new_limit=900, date_to=self._in(1))
        self._limits(d65=1500)
        self.assertFalse((self.raised + self.added).filtered("ended_on"))

    def test_of_a_group(self):
        group = self.env["ar.credit.group"].sudo().create({"name": "Shared"}).sudo(False)
        group.sudo().write({"control": "limited", "credit_limit": 1000})
        raised = self._applied(group, change_type="temporary", new_limit=1500, date_to=self._in(9))
        self.assertEqual(raised.state, "applied")
        self._applied(group, new_limit=100)
        self.assertTrue(raised.ended_on)
        self.assertFalse(self.raised.ended_on, "that of another")
