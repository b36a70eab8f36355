"""Fixtures of the tests that make databases."""

import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from odoo import sql_db
from odoo.tools import config

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".work"
# But glue for a neighbour that these databases do not have, as ./ar (all_addons) leaves it out.
ADDONS = sorted(
    path.parent.name
    for path in ROOT.glob("ar_*/__manifest__.py")
    if '"website_sale"' not in path.read_text(encoding="utf-8")
)


class Demo:
    """A database with the demo data and the log of its making."""

    def __init__(self, database):
        self.database = database
        self.log = (WORK / "log" / f"{database}.log").read_text()

    def rows(self, query):
        with closing(sql_db.db_connect(self.database).cursor()) as cr:
            cr.execute(query)
            return cr.fetchall()

    def value(self, query):
        return self.rows(query)[0][0]


def run(*command, **env):
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def remove(database):
    sql_db.close_db(database)
    run("dropdb", "--if-exists", "--force", database)
    shutil.rmtree(WORK / "data/filestore" / database, ignore_errors=True)
    for left in WORK.glob(f"{database}.*"):
        left.unlink()


def made(name, make):
    """Make a demo database called after the one of the tests; remove it in the end."""
    tests = config["db_name"][0] if isinstance(config["db_name"], list) else config["db_name"]
    database = f"{tests}_{name}"
    remove(database)
    make(database)
    yield Demo(database)
    remove(database)


@pytest.fixture(scope="session")
def prepared_demo():
    """What `./ar demo --prepare` makes; nobody changes it."""
    yield from made("prepare", lambda name: run(ROOT / "ar", "demo", "--fresh", "--prepare", AR_DEMO_DB=name))


@pytest.fixture(scope="session")
def installed_demo():
    """A new database with all addons and everyone's demo data, by the odoo command alone."""

    def install(database):
        log = WORK / "log" / f"{database}.log"
        log.unlink(missing_ok=True)
        conf = config["config"][0] if isinstance(config["config"], list) else config["config"]
        run(
            *(WORK / "venv/bin/odoo", "-c", conf, "-d", database, "-i", ",".join(ADDONS)),
            *("--with-demo", "--stop-after-init", "--logfile", log),
        )

    yield from made("install", install)
