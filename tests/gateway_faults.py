"""What goes wrong between Odoo and a gateway: calls that fail, and processes that die at a chosen moment."""

import os
import signal
import threading
from contextlib import closing, contextmanager

from odoo.sql_db import db_connect

from . import gateway_server_setup
from .shell import calling

BEFORE_THE_CALL = ("drop_request", "http_500")  # those that a simulator looks at before it does anything


class Faults:
    """A mixin over the tests of a running server: `kits`, `server` and `database` are its."""

    @contextmanager
    def fault(self, kit, name):
        """Let the next call go wrong."""
        if name != "nothing":
            setattr(kit.knobs, name, 1)
        yield
        if name != "nothing":
            self.assertFalse(getattr(kit.knobs, name), f"{name} did not happen")

    @contextmanager
    def fault_in_closing(self, kit, name):
        """Let the call that closes an order go wrong, not the question before it, unless there is nothing else."""
        if name == "nothing" or not kit.closes:
            with self.fault(kit, name):
                yield
            return
        before = "query" if name in BEFORE_THE_CALL else "close"
        undo = self.pull_after(kit, before, lambda: setattr(kit.knobs, name, 1))
        yield
        undo()
        self.assertFalse(getattr(kit.knobs, name), f"{name} did not happen")

    def pull_after(self, kit, kind, pull):
        """Do `pull` when the gateway has carried out the next call of a kind; return what undoes this."""
        owner, name = kit.execution
        original, pulled = getattr(owner, name), []

        def execute(*args):
            answer = original(*args)
            if kit.calls()[-1][0] == kind and not pulled:
                pulled.append(kind)
                pull()
            return answer

        setattr(owner, name, execute)

        def undo():
            delattr(owner, name)
            self.assertTrue(pulled, f"{kind} was never called")

        return undo

    def killed_in(self, kit, kind, name, number):
        """Do something to an order in an `odoo shell` that is killed once the gateway has carried out a call."""
        process = self.database.start("shell", "--no-http", "--log-level=warn", stdin=True)
        undo = self.pull_after(kit, kind, lambda: os.kill(process.pid, signal.SIGKILL))
        process.communicate(calling(gateway_server_setup, name, number))
        undo()
        self.assertEqual(process.returncode, -signal.SIGKILL)

    def killed_before_commit(self, kit, number, message):
        """Send an order's notification, and kill Odoo when it has believed and taken it and has committed nothing.

        The last it does is to keep the message; a lock on that table holds it there.
        """
        waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        taken, pause = [], threading.Event()
        with closing(db_connect(self.database.name).cursor()) as cr:
            cr.execute("LOCK TABLE ar_gateway_message IN SHARE MODE")
            sender = threading.Thread(target=lambda: taken.append(self.notify(kit, message)))
            sender.start()
            for _time in range(1000):
                if self.database.query(waiting, self.database.name)[0][0]:
                    break
                pause.wait(0.02)
            else:
                self.fail("the notification was not held")
            self.server.kill()
            sender.join()
        self.assertEqual(taken, [False])
        self.assertEqual(self.states("ar_gateway_order", [number]), {"open"})
