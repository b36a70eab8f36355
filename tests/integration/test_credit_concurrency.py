"""Two people at once, on real transactions: what one test transaction can't show."""

import random
import threading
import time

from odoo.fields import Command
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.core.rule import CheckPoint

from tests.integration.test_credit_committed import CommittedCase


class TestCreditConcurrency(CommittedCase):
    """Two cursors, or eight threads, on one customer."""

    def test_second_confirmation_conflicts_and_is_held_when_run_again(self):
        self._set_up(100, [60, 60])
        first, second = self.order_ids
        with self._cursor() as one, self._cursor() as two, mute_logger("odoo.sql_db"):
            # Both have taken their snapshot before either has confirmed.
            orders = [
                self._env(cr)["sale.order"].browse(order_id) for cr, order_id in ((one, first), (two, second))
            ]
            self.assertEqual([order.amount_total for order in orders], [60, 60])
            orders[0].action_confirm_or_hold()
            one.commit()
            with self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) as conflict:
                orders[1].action_confirm_or_hold()
            self.assertEqual(conflict.exception.pgcode, "40001")
            two.rollback()
            again = self._env(two)["sale.order"].browse(second)
            again.invalidate_recordset()
            again.action_confirm_or_hold()
            two.commit()
        self.assertEqual(self._states(), ["draft", "sale"])
        hold = self._run(
            lambda env: (
                env["ar.credit.hold"]
                .search([("partner_id", "=", self.partner_id)])
                .read(["state", "exposure", "excess"])
            )
        )
        self.assertEqual([(h["state"], h["exposure"], h["excess"]) for h in hold], [("pending", 60, 20)])

    def test_who_waited_for_the_lock_measures_what_is_there_then(self):
        """Also at a level of isolation that does not fail with a conflict: lock and sums are statements apart."""
        self._set_up(100, [60])
        company, partner, found = [self.company_id], [self.partner_id], []
        check = (
            "SELECT kind, amount FROM ar_credit_check(%s, %s, %s, %s, '{}', CURRENT_DATE)",
            [partner, company, company, partner],
        )
        with self._cursor() as one, self._cursor() as two:
            self._env(one)["sale.order"].browse(self.order_ids).action_confirm()
            two.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

            def wait():
                two.execute(*check)
                found.extend(two.fetchall())

            waiting = threading.Thread(target=wait)
            waiting.start()
            self._wait_for_lock(two._cnx.info.backend_pid)
            one.commit()
            waiting.join(60)
        self.assertIn(("locked", None), found)
        self.assertEqual([float(amount) for kind, amount in found if kind == "open"], [60])

    def _wait_for_lock(self, pid):
        """Return when a connection waits for a lock."""
        with self._cursor() as cr:
            for _try in range(6000):
                cr.execute("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", [pid])
                if cr.rowcount:
                    return
        self.fail("nobody waits")

    def test_two_events_at_once_file_one_hold(self):
        """Two payments for one order are taken back at the same moment; neither booking fails."""
        self._set_up(100, [60])
        self._run(lambda env: env["sale.order"].browse(self.order_ids).action_confirm())
        self._run(lambda env: env["ar.credit.account"].browse(self.account_id).write({"credit_limit": 50}))
        filed = []

        def hold(env):
            order, gate = env["sale.order"].browse(self.order_ids), env["ar.credit.gate"]
            filed.append(gate._hold_grown(order, CheckPoint.CONFIRM, "taken back"))
            order.client_order_ref = "booked"  # what happened with it is kept

        with self._cursor() as one, self._cursor() as two, mute_logger("odoo.sql_db"):
            envs = self._env(one), self._env(two)
            two.execute("SELECT FROM sale_order WHERE id = %s", [self.order_ids[0]])  # its snapshot
            gate = envs[0]["ar.credit.gate"]
            order = envs[0]["sale.order"].browse(self.order_ids)
            filed.append(gate._hold_grown(order, CheckPoint.CONFIRM, "taken back"))
            envs[0].flush_all()
            waiting = threading.Thread(target=hold, args=(envs[1],))
            waiting.start()
            self._wait_for_lock(two._cnx.info.backend_pid)
            one.commit()
            waiting.join(60)
            envs[1].flush_all()
            two.commit()
        self.assertEqual([len(holds) for holds in filed], [1, 0])

        def check(env):
            order = env["sale.order"].browse(self.order_ids)
            self.assertEqual(order.ar_credit_hold_ids.mapped("state"), ["pending"])
            self.assertEqual(order.client_order_ref, "booked")

        self._run(check)

    def test_cutting_the_limit_and_confirming_serialise(self):
        self._set_up(100, [60])
        with self._cursor() as one, self._cursor() as two, mute_logger("odoo.sql_db"):
            order = self._env(two)["sale.order"].browse(self.order_ids)
            self.assertEqual(order.state, "draft")
            change = self._env(one)["ar.credit.limit.change"].create(
                {"account_id": self.account_id, "new_limit": 50, "reason": "Late payer"}
            )
            change.action_submit()
            self.assertEqual(change.state, "applied")
            one.commit()
            with self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                order.action_confirm()
            two.rollback()
            again = self._env(two)["sale.order"].browse(self.order_ids)
            again.invalidate_recordset()
            again.action_confirm_or_hold()
            two.commit()
        self.assertEqual(self._states(), ["draft"])

    def _set_up_group(self, limit):
        """Two customers, each with an order of 60, who share a limit."""
        self._set_up(1000, [60])

        def work(env):
            group = env["ar.credit.group"].create(
                {"name": "Race", "control": "limited", "credit_limit": limit}
            )
            first = env["ar.credit.account"].browse(self.account_id)
            partner = first.partner_id.copy({"name": f"Second {random.random()}"})
            second = first.create({"partner_id": partner.id, "control": "unlimited"})
            (first | second).group_id = group
            line = {"product_id": self.product_id, "price_unit": 60, "tax_ids": False}
            order = env["sale.order"].create({"partner_id": partner.id, "order_line": [Command.create(line)]})
            return group.id, partner.id, second.id, order.id

        self.group_id, self.second_partner_id, self.second_id, order_id = self._run(work)
        self.order_ids.append(order_id)
        self.addCleanup(self._run, self._clean_group)

    def _clean_group(self, env):
        cr = env.cr
        cr.execute("DELETE FROM mail_activity WHERE res_model = 'ar.credit.hold'")
        cr.execute("DELETE FROM ar_credit_hold WHERE partner_id = %s", [self.second_partner_id])
        cr.execute("DELETE FROM sale_order WHERE partner_id = %s", [self.second_partner_id])
        cr.execute("DELETE FROM ar_credit_account WHERE id = %s", [self.second_id])
        cr.execute("UPDATE ar_credit_account SET group_id = NULL WHERE group_id = %s", [self.group_id])
        cr.execute("DELETE FROM ar_credit_group WHERE id = %s", [self.group_id])
        env.invalidate_all()
        env["res.partner"].browse(self.second_partner_id).unlink()

    def test_two_members_of_one_group_conflict_and_the_second_is_held(self):
        self._set_up_group(100)
        first, second = self.order_ids
        with self._cursor() as one, self._cursor() as two, mute_logger("odoo.sql_db"):
            orders = [
                self._env(cr)["sale.order"].browse(order_id) for cr, order_id in ((one, first), (two, second))
            ]
            self.assertEqual([order.state for order in orders], ["draft", "draft"])
            self.assertNotEqual(*(order.partner_id.id for order in orders))
            orders[0].action_confirm_or_hold()
            one.commit()
            with self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) as conflict:
                orders[1].action_confirm_or_hold()
            self.assertEqual(conflict.exception.pgcode, "40001")
            two.rollback()
            again = self._env(two)["sale.order"].browse(second)
            again.invalidate_recordset()
            again.action_confirm_or_hold()
            two.commit()
        self.assertEqual(self._states(), ["draft", "sale"])

    def test_members_of_a_group_at_once_never_exceed_it_jointly(self):
        self._set_up_group(100)
        self._race()
        self.assertEqual(self._states(), ["draft", "sale"])

    def test_cutting_a_group_limit_and_confirming_serialise(self):
        self._set_up_group(100)
        with self._cursor() as one, self._cursor() as two, mute_logger("odoo.sql_db"):
            order = self._env(two)["sale.order"].browse(self.order_ids[1])
            self.assertEqual(order.state, "draft")
            change = self._env(one)["ar.credit.limit.change"].create(
                {"group_id": self.group_id, "new_limit": 50, "reason": "Late payers"}
            )
            change.action_submit()
            one.commit()
            self.addCleanup(
                self._run,
                lambda env: env.cr.execute(
                    "DELETE FROM ar_credit_limit_change WHERE group_id = %s", [self.group_id]
                ),
            )
            with self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                order.action_confirm()
            two.rollback()
            again = self._env(two)["sale.order"].browse(self.order_ids[1])
            again.invalidate_recordset()
            again.action_confirm_or_hold()
            two.commit()
        self.assertEqual(self._states(), ["draft", "draft"])

    def _confirm_with_retry(self, order_id, barrier, errors):
        barrier.wait()
        for _attempt in range(60):
            cr = self._cursor()
            try:
                self._env(cr)["sale.order"].browse(order_id).action_confirm_or_hold()
                cr.commit()
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                cr.rollback()
                time.sleep(random.uniform(0, 0.2))
            except Exception as error:  # noqa: BLE001  # reported by the test
                errors.append(error)
                return
            finally:
                cr.close()
        errors.append("gave up")

    def _race(self):
        barrier, errors = threading.Barrier(len(self.order_ids)), []
        threads = [
            threading.Thread(target=self._confirm_with_retry, args=(order_id, barrier, errors))
            for order_id in self.order_ids
        ]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)
        self.assertFalse(errors)

    def test_eight_at_once_never_exceed_the_limit_jointly(self):
        self._set_up(100, [30] * 8)
        self._race()
        self.assertEqual(self._states(), ["draft"] * 5 + ["sale"] * 3)

    def test_missing_account_is_created_once(self):
        self._set_up(0, [60] * 3, with_account=False)
        self._run(lambda env: self._default(env, "limited", 100))
        self.addCleanup(self._run, lambda env: self._default(env, "none", 0))
        self._race()
        self.assertEqual(self._states(), ["draft", "draft", "sale"])
        count = self._run(
            lambda env: env["ar.credit.account"].search_count([("partner_id", "=", self.partner_id)])
        )
        self.assertEqual(count, 1)

    def _default(self, env, control, limit):
        env["res.company"].browse(self.company_id).write(
            {"ar_credit_default_control": control, "ar_credit_default_limit": limit}
        )
