"""The limits of payment pages hold for all workers: separate connections, committed rows."""

from unittest.mock import patch

from odoo.addons.ar_payment_gateways.core.visitor import Visitor

from tests.test_gateways_committed import THREADS, CommittedCase

VISITOR = Visitor("Mozilla/5.0 (Linux; Android 15) Mobile Safari/537.36", "192.0.2.77")


class TestScanWorkers(CommittedCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)
        target = "odoo.addons.ar_payment_gateways.const.VISIT_LIMITS"
        self.enterContext(patch.dict(target, {"unknown": (10, THREADS)}))

    def forget(self):
        with self.committed() as env:
            env.cr.execute("DELETE FROM ar_payment_link_scan WHERE address = %s", [VISITOR.network])

    def note(self, env):
        return env["ar.payment.link.scan"]._note("unknown", env["ar.payment.link"], VISITOR)

    def test_visitors_at_once_do_not_wait_for_each_other_and_are_all_counted(self):
        with patch("odoo.service.model.time.sleep", side_effect=AssertionError("a conflict")):
            self.assertEqual(self.at_once(self.note), [True] * THREADS)
        with self.committed() as env:
            self.assertFalse(self.note(env))
