"""An `odoo shell` that stays: script after script, without the seconds that each new one takes to start.

The test's side is OdooShell; `serve` runs inside the shell. They speak JSON, a line each, on a loopback socket.
"""

import contextlib
import io
import json
import socket
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120
SCRIPT = """
import json, sys
sys.path.insert(0, {root!r})
from {module} import {name}
print(json.dumps({name}(env, *{arguments!r})))
"""


def calling(module, name, *arguments):
    """Return the script that calls a function of one of our modules with the environment and prints the result."""
    return SCRIPT.format(root=str(ROOT), module=module.__name__, name=name, arguments=arguments)


class OdooShell:
    """A shell on a ScratchDatabase, as long as the `with` block lasts."""

    def __init__(self, database):
        self.database = database

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE)
            self.process = self.database.start("shell", "--no-http", "--log-level=warn", stdin=True)
            port = listener.getsockname()[1]
            self.process.stdin.write(calling(sys.modules[__name__], "serve", port))
            self.process.stdin.close()
            connection, _address = listener.accept()
        connection.settimeout(PATIENCE)
        self.stream = connection.makefile("rw", encoding="utf-8")
        connection.close()  # once the stream is, too
        return self

    def __exit__(self, *_exception):
        self.stream.close()
        self.process.wait(PATIENCE)

    def run(self, script):
        """Run a script, which commits what is to stay; return what it printed last, read as JSON.

        :raise AssertionError: with its traceback, if it failed.
        """
        self.stream.write(json.dumps(script) + "\n")
        self.stream.flush()
        printed, failure = json.loads(self.stream.readline())
        if failure:
            raise AssertionError(failure)
        lines = printed.splitlines()
        return json.loads(lines[-1]) if lines else None


def serve(env, port):
    """Run what comes through the socket until its other end is closed."""
    with (
        socket.create_connection(("127.0.0.1", port)) as connection,
        connection.makefile("rw", encoding="utf-8") as stream,
    ):
        for line in stream:
            stream.write(json.dumps(_answer(env, json.loads(line))) + "\n")
            stream.flush()


def _answer(env, script):
    """Return what a script printed and, if it failed, how."""
    printed, failure = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(script, {"env": env})
    except Exception:  # noqa: BLE001 whatever it is, the test is told
        failure = traceback.format_exc()
    env.cr.rollback()
    env.invalidate_all()
    return printed.getvalue(), failure
