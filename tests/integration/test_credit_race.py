"""A thousand random confirmations, amendments, limit changes and payments by four processes: never over the limit."""

import json
import logging
import os
import sys
import traceback

import odoo.sql_db

from tests.integration.test_credit_committed import CommittedCase
from tests.racing import Racer

PROCESSES, EACH = 4, 250


class TestCreditRace(CommittedCase):
    """The processes log what they commit with the version of the lock, which is the order in which it happened."""

    def _start(self, seed):
        """Start a process that races; return its id and the file in which it will tell its result as JSON.

        It begins with a copy of the registry of this one, but with connections of its own.
        """
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            return pid, os.fdopen(reading)
        code = 1
        try:
            inherited = odoo.sql_db._Pool  # noqa: F841  kept, not closed: its connections are the other process's
            odoo.sql_db._Pool = None
            logging.disable(logging.CRITICAL)  # each conflict would be an error in the log
            result = self._run(lambda env: self._race(env, seed))
            with os.fdopen(writing, "w") as pipe:
                json.dump(result, pipe)
            code = 0
        except BaseException:  # noqa: BLE001  nothing of a test may go on here
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)

    def _race(self, env, seed):
        racer = Racer(env, self.partner_id, self.product_id, self.account_id, seed)
        racer.race(EACH)
        return racer.log, racer.refused

    def test_never_over_the_limit(self):
        self._set_up(200, [])
        processes = [self._start(seed) for seed in range(PROCESSES)]
        events, refused = [], 0
        for pid, pipe in processes:
            with pipe:
                output = pipe.read()
            self.assertEqual(os.waitpid(pid, 0)[1], 0, "a process failed, see stderr")
            log, held = json.loads(output)
            events += log
            refused += held
        self.assertGreater(len(events), 300)
        self.assertGreater(refused, 50, "the limit was never in the way")
        self.assertEqual(len({version for version, _kind, _amount in events}), len(events))
        limit, exposure = 200, 0
        for version, kind, amount in sorted(events):
            if kind == "limit":
                limit = amount
                continue
            exposure += amount
            if amount > 0:
                self.assertLessEqual(exposure, limit, f"over the limit at version {version}")
        measured = self._run(lambda env: env["ar.credit.account"].browse(self.account_id).exposure)
        self.assertEqual(measured, exposure)

    def _clean(self, env):
        env.cr.execute("DELETE FROM account_payment WHERE partner_id = %s", [self.partner_id])
        env.cr.execute("DELETE FROM account_move WHERE partner_id = %s", [self.partner_id])
        super()._clean(env)
