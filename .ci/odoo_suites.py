"""Odoo's own tests with and without our addons: `odoo_suites.py BASE_DB CONF ADDONS`.

Copies the database of plain Odoo twice, installs our addons in one copy, runs the same suites in both at once and
prints which tests came out differently. Exits 1 when any did, or when a run was cut short.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

TAGS = "/sale,/account_payment,/payment,/payment_demo"
# 369 on Debian's package; far fewer means that the run, not a test, is broken.
FLOOR = 300

RAN = re.compile(r"odoo\.tests\.(?:stats|result)?.*?: (\d+) failed, (\d+) error\(s\) of (\d+) tests")
BAD = re.compile(r" (?:ERROR|FAIL): ((?:Test|[A-Z])\w*\.test_\w+)")


@dataclass
class Outcome:
    """One run: how many tests, how many seconds, which failed."""

    tests: int = 0
    seconds: int = 0
    failed: set[str] = field(default_factory=set)


def free_port():
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def odoo(conf, database, log, *options):
    """Start Odoo on a database until it stops by itself; return the process."""
    command = ["odoo", "-c", conf, "-d", database, "--stop-after-init", "--logfile", str(log)]
    command += ["--http-port", str(free_port()), "--gevent-port", str(free_port()), *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def drop(database, data_dir):
    """Remove a database and its files."""
    subprocess.run(["dropdb", "--if-exists", "--force", database], check=True, stderr=subprocess.DEVNULL)
    shutil.rmtree(data_dir / "filestore" / database, ignore_errors=True)


@contextlib.contextmanager
def copy(base, name, data_dir):
    """Yield the name of a copy of a database, with its filestore; drop it afterwards."""
    drop(name, data_dir)
    subprocess.run(["createdb", "-T", base, name], check=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.copytree(data_dir / "filestore" / base, data_dir / "filestore" / name, copy_function=os.link)
    try:
        yield name
    finally:
        drop(name, data_dir)


def read(log, seconds):
    """Return the Outcome a log tells of."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return Outcome(
        tests=sum(int(match[3]) for match in RAN.finditer(text)),
        seconds=seconds,
        failed={match[1] for match in BAD.finditer(text)},
    )


def run_both(base, conf, addons, work):
    """Return the outcomes without and with our addons."""
    logs = {name: work / "log" / f"suites_{name}.log" for name in ("plain", "ours")}
    for log in logs.values():
        log.unlink(missing_ok=True)
    data_dir = work / "data"
    with (
        copy(base, "ar_suites_plain", data_dir) as plain,
        copy(base, "ar_suites_ours", data_dir) as ours,
    ):
        install = work / "log" / "suites_install.log"
        if odoo(conf, ours, install, "-i", addons).wait():
            sys.exit(f"our addons do not install, see {install}")
        start = time.monotonic()
        runs = {
            "plain": odoo(conf, plain, logs["plain"], "--test-tags", TAGS),
            "ours": odoo(conf, ours, logs["ours"], "--test-tags", TAGS),
        }
        seconds = {}
        while len(seconds) < len(runs):
            for name, process in runs.items():
                if name not in seconds and process.poll() is not None:
                    seconds[name] = int(time.monotonic() - start)
            time.sleep(1)
    return read(logs["plain"], seconds["plain"]), read(logs["ours"], seconds["ours"])


def main(base, conf, addons):
    """Run, print the table and the difference, return the exit code."""
    work = Path(conf).parent
    plain, ours = run_both(base, conf, addons, work)
    print(f"{TAGS}\n{'':<14}{'tests':>8}{'failed':>8}{'seconds':>8}")
    for name, outcome in (("plain Odoo", plain), ("with AR Suite", ours)):
        print(f"{name:<14}{outcome.tests:>8}{len(outcome.failed):>8}{outcome.seconds:>8}")
    for title, tests in (
        ("fail in both", plain.failed & ours.failed),
        ("fail only with our addons", ours.failed - plain.failed),
        ("fail only without our addons", plain.failed - ours.failed),
    ):
        print(f"{title}: {', '.join(sorted(tests)) or 'none'}")
    if plain.tests != ours.tests:
        print(f"the number of tests differs: {plain.tests} and {ours.tests}")
    if min(plain.tests, ours.tests) < FLOOR:
        print(f"a run was cut short (fewer than {FLOOR} tests), see {work}/log/suites_*.log")
    same = plain.failed == ours.failed and plain.tests == ours.tests and plain.tests >= FLOOR
    print("no difference" if same else "DIFFERENT")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
