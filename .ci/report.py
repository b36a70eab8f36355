"""The closing table of `./ar test`: `report.py FOLDER`, with KIND.rc, KIND.log and KIND.xml (JUnit) per kind of test.

Exits 1 when anything failed, was skipped without a known reason, or when fewer tests ran than AR_TEST_FLOOR asks for
("unit=100 odoo=50"; at least one of each kind). The last line is always "N passed, N failed".
"""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("lint", "unit", "odoo", "http", "tours", "life")
# Debian 13 has no wkhtmltopdf: printing is the one thing that may be missing.
KNOWN_SKIPS = re.compile(r"wkhtmltopdf")
LINT_LINE = re.compile(r"^(\S+) +(ok|FAILED) +[\d.]+ s$", re.MULTILINE)


@dataclass
class Kind:
    """What one kind of test came to; problems are the reasons why its run is not good, failed tests included."""

    name: str
    seconds: int = 0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)


def count_junit(kind, path):
    """Count the tests of a JUnit file and name those that failed or were skipped for no known reason."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        title = f"{case.get('classname', '').removeprefix('tests.')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            kind.failed += 1
            kind.problems.append(f"failed: {title}")
        elif (skip := case.find("skipped")) is not None:
            kind.skipped += 1
            if not KNOWN_SKIPS.search(skip.get("message") or ""):
                kind.problems.append(f"skipped: {title} ({skip.get('message')})")
        else:
            kind.passed += 1


def count_lint(kind, log):
    """Count the tools that found something and those that did not."""
    verdicts = LINT_LINE.findall(log)
    kind.failed = sum(verdict == "FAILED" for _tool, verdict in verdicts)
    kind.passed = len(verdicts) - kind.failed
    kind.problems += [f"failed: {tool}" for tool, verdict in verdicts if verdict == "FAILED"]


def read_kind(folder, name, floor):
    """Return a Kind from what its run left in the folder."""
    kind = Kind(name)
    log, xml, rc = (folder / f"{name}{suffix}" for suffix in (".log", ".xml", ".rc"))
    if not rc.exists():
        kind.problems.append("did not run")
        kind.failed = 1
        return kind
    code, kind.seconds = map(int, rc.read_text(encoding="utf-8").split())
    if name == "lint":
        count_lint(kind, log.read_text(encoding="utf-8"))
    elif xml.exists():
        count_junit(kind, xml)
    if kind.passed + kind.failed < floor:
        kind.problems.append(f"only {kind.passed + kind.failed} ran, at least {floor} should")
    if code and not kind.problems:
        kind.problems.append(f"exit code {code}, see {log}")
    if kind.problems and not kind.failed:
        kind.failed = 1
    return kind


def floors():
    """Return how many tests of each kind must run."""
    stated = dict(pair.split("=") for pair in os.environ.get("AR_TEST_FLOOR", "").split())
    return {name: int(stated.get(name, 1)) for name in KINDS}


def main(folder):
    """Print the outcome; return the exit code."""
    kinds = [read_kind(Path(folder), name, floor) for name, floor in floors().items()]
    for kind in kinds:
        if kind.problems:
            print(f"\n=== {kind.name} " + "=" * 90)
            print((Path(folder) / f"{kind.name}.log").read_text(encoding="utf-8")[-20000:])
    print(f"\n{'kind':<8}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>8}")
    for kind in kinds:
        print(f"{kind.name:<8}{kind.passed:>8}{kind.failed:>8}{kind.skipped:>8}{kind.seconds:>8}")
    for kind in kinds:
        for problem in kind.problems:
            print(f"{kind.name}: {problem}")
    failed = sum(kind.failed for kind in kinds)
    print(f"{sum(kind.passed for kind in kinds)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
