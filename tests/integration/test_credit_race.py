"""A thousand random confirmations, amendments, limit changes and payments by four processes: never over the limit."""

import json
import os
import subprocess
from pathlib import Path

from odoo.tools import config

from tests.integration.test_credit_committed import CommittedCase

PROCESSES, EACH = 4, 250
SCRIPT = """
import sys, json
sys.path.insert(0, {root!r})
from tests.racing import Racer
env = env(context={{"tracking_disable": True, "mail_notrack": True}})
racer = Racer(env, {partner}, {product}, {account}, {seed})
racer.race({count})
print("RACE", json.dumps([racer.log, racer.refused]))
"""


class TestCreditRace(CommittedCase):
    """The processes log what they commit with the version of the lock, which is the order in which it happened."""

    def _start(self, seed):
        script = SCRIPT.format(
            root=str(Path(__file__).resolve().parents[2]),
            partner=self.partner_id,
            product=self.product_id,
            account=self.account_id,
            seed=seed,
            count=EACH,
        )
        process = subprocess.Popen(
            ["odoo", "shell", "-c", config["config"], "-d", self.dbname, "--no-http", "--log-level=critical"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ,
        )
        process.stdin.write(script)
        process.stdin.close()
        return process

    def test_never_over_the_limit(self):
        self._set_up(200, [])
        processes = [self._start(seed) for seed in range(PROCESSES)]
        events, refused = [], 0
        for process in processes:
            output = process.stdout.read()
            self.assertEqual(process.wait(), 0, output)
            self.assertIn("RACE", output)
            log, held = json.loads(output.split("RACE ", 1)[1].splitlines()[0])
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
