"""A refused attempt leaves its trace although the refusal undoes the transaction."""

from odoo.exceptions import AccessError

from tests.integration.test_credit_committed import CommittedCase


class TestRefusedApproval(CommittedCase):
    def test_log_of_a_refused_approval_survives_the_rollback(self):
        self._set_up(100, [160])

        def ask(env):
            order = env["sale.order"].with_user(env.ref("base.user_admin")).browse(self.order_ids)
            order.action_confirm_or_hold()
            return order.sudo().ar_credit_hold_ids.ids

        hold_ids = self._run(ask)
        with self._cursor() as cr:
            env = self._env(cr)
            hold = env["ar.credit.hold"].with_user(env.ref("base.user_admin")).browse(hold_ids)
            # What the attempt has done before the refusal is undone, like the attempt.
            hold.sudo().request_note = "undone"
            with (
                self.assertLogs(
                    "odoo.addons.ar_credit_control.models.ar_approval_request", "WARNING"
                ) as told,
                self.assertRaises(AccessError),
            ):
                hold.action_approve("let me")
            cr.rollback()
        self.assertIn(f"user {hold.env.uid} tried to decide", told.output[0])

        def read(env):
            hold = env["ar.credit.hold"].browse(hold_ids)
            request = hold._get_ar_approval_request()
            broken = env["ar.approval.decision"]._get_first_broken(request)
            entries = [(entry.action, entry.user_id.login) for entry in request.decision_ids.sorted("number")]
            return hold.state, hold.request_note, entries, broken

        state, note, entries, broken = self._run(read)
        self.assertEqual((state, note), ("pending", False))
        self.assertEqual((entries[0][0], entries[-1]), ("requested", ("refused", "admin")))
        self.assertFalse(broken, "the chain holds")
