"""A running Odoo of several worker processes: for what one process, or one transaction, cannot show."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

PATIENCE = 90
# werkzeug's line of a request: method, path, status, then number of queries and the seconds of SQL and of the rest.
REQUEST = re.compile(r'"(?:GET|POST) (\S+) HTTP/[\d.]+" (\d+) - (\d+) ([\d.]+) ([\d.]+)')


class OdooServer:
    """`odoo` with worker processes on 127.0.0.1, as long as the `with` block lasts. It runs no scheduled actions.

    :param str database: served, and nothing else is.
    :param conf: odoo.conf to start from.
    :param Path log: where it writes, from the beginning.
    """

    def __init__(self, database, conf, log, workers=2, options=()):
        self.database, self.conf, self.log, self.workers = database, str(conf), Path(log), workers
        self.options = options
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def __enter__(self):
        self.log.unlink(missing_ok=True)
        self.start()
        return self

    def __exit__(self, *_exception):
        self._end(signal.SIGTERM)

    def start(self):
        """Start, and wait until it answers."""
        self.process = subprocess.Popen(
            [
                *("odoo", "-c", self.conf, "-d", self.database, "--workers", str(self.workers)),
                *("--http-interface", "127.0.0.1", "--http-port", str(self.port)),
                *("--gevent-port", str(free_port()), "--max-cron-threads", "0"),
                *("--logfile", str(self.log), "--log-level", "info"),
                *self.options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with (
                suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(f"{self.url}/web/health", timeout=5),
            ):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        self._end(signal.SIGKILL)
        raise AssertionError(f"odoo did not start, see {self.log}")

    def kill(self):
        """Pull the plug: kill -9 on every process of it at once."""
        self._end(signal.SIGKILL)

    def _end(self, number):
        process, self.process = self.process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def queries_of(self, path):
        """Return how many queries each request of a path took, in the order of the log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [
            int(queries)
            for found, _status, queries, *_seconds in REQUEST.findall(text)
            if found.startswith(path)
        ]


def free_port():
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
