"""Odoo's own tests with and without our addons: `odoo_suites.py CONF ADDONS`.

Makes a database of plain Odoo (English, no demo data), copies it and installs our addons in the copy, runs the same
suites in both at once and prints which tests came out differently. A test that did runs again alone in both, since
browser tests are not steady on a busy machine. Exits 1 when a difference stays, or when a run was cut short.
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

BASE_ADDONS = "sale_management,sale_stock,account_payment,payment_demo"
TAGS = "/sale,/account_payment,/payment,/payment_demo"
# 369 on Debian's package; far fewer means that the run, not a test, is broken.
FLOOR = 300

RAN = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
BAD = re.compile(r"odoo\.addons\.(\w+)\.tests\.\S+: (?:ERROR|FAIL): (?:setUpClass \(.*?)?(\w+\.test_\w+)")


@dataclass
class Outcome:
    """One run: how many tests, how many seconds, which failed as `/module:Class.test`."""

    tests: int = 0
    seconds: int = 0
    failed: set[str] = field(default_factory=set)


@dataclass
class Database:
    """A database of this run, with the log of its last odoo command."""

    name: str
    conf: str
    work: Path

    @property
    def log(self):
        """Where odoo writes."""
        return self.work / "log" / f"{self.name}.log"

    def drop(self):
        """Remove the database and its files."""
        subprocess.run(["dropdb", "--if-exists", "--force", self.name], check=True, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.work / "data" / "filestore" / self.name, ignore_errors=True)

    def copy_to(self, other):
        """Make `other` a copy, files included."""
        other.drop()
        subprocess.run(["createdb", "-T", self.name, other.name], check=True)
        files = self.work / "data" / "filestore"
        with contextlib.suppress(FileNotFoundError):
            shutil.copytree(files / self.name, files / other.name, copy_function=os.link)

    def start(self, *options):
        """Start Odoo until it stops by itself; return the process."""
        self.log.unlink(missing_ok=True)
        command = ["odoo", "-c", self.conf, "-d", self.name, "--stop-after-init", "--logfile", str(self.log)]
        command += ["--http-port", str(free_port()), "--gevent-port", str(free_port()), *options]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def install(self, addons):
        """Install addons; stop everything when that fails."""
        if self.start("-i", addons).wait():
            sys.exit(f"{addons} do not install, see {self.log}")

    def outcome(self, seconds):
        """Return the Outcome the log tells of."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        counts = RAN.findall(text)
        failed = {f"/{module}:{test}" for module, test in BAD.findall(text)}
        return Outcome(tests=int(counts[-1][2]) if counts else 0, seconds=seconds, failed=failed)


def free_port():
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(databases, tags):
    """Run suites in several databases at once; return their outcomes in the same order."""
    start = time.monotonic()
    processes = [database.start("--test-tags", tags) for database in databases]
    seconds = [0] * len(databases)
    while any(process.poll() is None for process in processes):
        time.sleep(1)
        for index, process in enumerate(processes):
            if process.poll() is None:
                seconds[index] = int(time.monotonic() - start)
    return [database.outcome(spent) for database, spent in zip(databases, seconds, strict=True)]


def show(plain, ours):
    """Print the table and the failures."""
    print(f"{TAGS}\n{'':<14}{'tests':>8}{'failed':>8}{'seconds':>8}")
    for name, outcome in (("plain Odoo", plain), ("with AR Suite", ours)):
        print(f"{name:<14}{outcome.tests:>8}{len(outcome.failed):>8}{outcome.seconds:>8}")
    print(f"fail in both: {', '.join(sorted(plain.failed & ours.failed)) or 'none'}")


def compare(databases):
    """Run, print, and return the exit code."""
    plain, ours = run(databases, TAGS)
    show(plain, ours)
    differ = plain.failed ^ ours.failed
    if differ:
        again = run(databases, ",".join(sorted(differ)))
        steady = again[0].failed ^ again[1].failed
        print(f"differed once, then not: {', '.join(sorted(differ - steady)) or 'none'}")
        differ &= steady
    print(f"fail only with our addons: {', '.join(sorted(differ & ours.failed)) or 'none'}")
    print(f"fail only without our addons: {', '.join(sorted(differ & plain.failed)) or 'none'}")
    if min(plain.tests, ours.tests) < FLOOR:
        print(f"a run was cut short: fewer than {FLOOR} tests, see {databases[0].log} and {databases[1].log}")
    same = not differ and plain.tests == ours.tests >= FLOOR
    print("no difference" if same else "DIFFERENT")
    return 0 if same else 1


def main(conf, addons):
    """Make the databases, compare, clean up."""
    work = Path(conf).parent
    plain, ours = (Database(f"ar_suites_{name}", conf, work) for name in ("plain", "ours"))
    try:
        plain.drop()
        plain.install(BASE_ADDONS)
        plain.copy_to(ours)
        ours.install(addons)
        return compare([plain, ours])
    finally:
        plain.drop()
        ours.drop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
