"""OCA's sale_tier_validation beside ours: orders pass both gates, whichever comes first."""

import subprocess
import sys
from pathlib import Path
from unittest import TestCase

import pytest

from odoo.sql_db import close_db
from odoo.tests.common import get_db_name
from odoo.tools import config

from .. import tier_scenarios
from ..scratch import ScratchDatabase
from ..shell import OdooShell, calling
from .conftest import WORK

# A neighbour to live with, never a dependency; unpacked into the work folder.
OCA = ["odoo-addon-base-tier-validation==19.0.1.4.6", "odoo-addon-sale-tier-validation==19.0.1.0.0.3"]


def with_oca(database):
    """Fetch OCA's addons; return an odoo.conf that finds them."""
    folder = WORK / "oca_tier"
    if not (folder / "odoo" / "addons" / "sale_tier_validation").is_dir():
        uv = [WORK / "venv/bin/uv", "pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
        subprocess.run([*uv, "--target", folder, *OCA], check=True)
    target = WORK / f"{database}.conf"
    text = Path(config["config"]).read_text(encoding="utf-8")
    text = text.replace("addons_path = ", f"addons_path = {folder}/odoo/addons,", 1)
    target.write_text(text, encoding="utf-8")
    return target


class TestTierValidation(TestCase):
    @pytest.fixture(autouse=True, scope="class")
    def _beside_it(self, request, prepared_demo):
        close_db(prepared_demo.database)
        name = f"{get_db_name()}_tier"
        conf = with_oca(name)
        with ScratchDatabase(name, prepared_demo.database, conf) as database:
            database.odoo("server", "-i", "sale_tier_validation", "--stop-after-init")
            with OdooShell(database) as shell:
                request.cls.shell = shell
                shell.run(calling(tier_scenarios, "prepare"))
                yield
        conf.unlink()

    def found(self, scenario):
        """Return what a function of tier_scenarios.py returns inside Odoo."""
        return self.shell.run(calling(tier_scenarios, scenario))

    def test_what_fits_the_limit_needs_the_review_only(self):
        self.assertEqual(self.found("within_the_limit"), [["sale", ""]])

    def test_what_was_reviewed_is_held_and_confirmed_by_the_approval(self):
        self.assertEqual(
            self.found("reviewed_first"),
            [["not reviewed", "draft"], ["draft", "pending"], ["released", "sale"]],
        )

    def test_an_approval_waits_for_the_review(self):
        self.assertEqual(
            self.found("reopened"),
            [["draft", "pending"], ["refused", "draft"], "pending", ["released", "sale"]],
        )
