"""The life of the addons in a real database: install, upgrade, uninstall, and each one alone.

Runs the odoo command on scratch databases.
"""

import os
import re
import textwrap
from ast import literal_eval
from contextlib import ExitStack
from pathlib import Path
from unittest import TestCase

import pytest

from odoo.sql_db import close_db
from odoo.tests.common import get_db_name

from ..scratch import ScratchDatabase
from .conftest import ADDONS

ROOT = Path(__file__).resolve().parents[2]
TROUBLE = re.compile(r"^[\d-]+ [\d:,]+ \d+ (WARNING|ERROR|CRITICAL) .*$", re.MULTILINE)

# What describes a database to Odoo; after an uninstallation all of it must be as before the installation.
# Of what belongs to a company, that of the first one: the demo company stays, with its chart, its customers and their
# documents, as Odoo never deletes what is in the books. Such records also keep the external ids of the demo. Which
# addons could be installed is no trace of ours. And
# Odoo forgets the external ids that mail, portal, sms gave to what a model has of their mixins, whoever's it is.
STRUCTURE = {
    "tables and views": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    "columns": "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "constraints": "SELECT conrelid::regclass::text || ' ' || conname FROM pg_constraint WHERE conrelid <> 0",
    "models": "SELECT model FROM ir_model",
    "fields": "SELECT model || '.' || name FROM ir_model_fields",
    "selection values": """
        SELECT f.model || '.' || f.name || '=' || s.value
          FROM ir_model_fields_selection s JOIN ir_model_fields f ON f.id = s.field_id""",
    "external ids": """
        SELECT module || '.' || name FROM ir_model_data
         WHERE NOT (module = 'account' AND name ~ '^[0-9]+_') AND name !~ '^demo_'
           AND NOT (module = 'base' AND name ~ '^module_')
           AND NOT (module !~ '^ar_' AND name ~ '^(selection|model_inherit)__ar_')""",
    "menus": "SELECT name->>'en_US' || ' ' || id FROM ir_ui_menu",
    "views": "SELECT name || ' ' || id FROM ir_ui_view",
    "actions": "SELECT type || ' ' || id FROM ir_actions",
    "groups": "SELECT name->>'en_US' || ' ' || id FROM res_groups",
    "privileges": "SELECT name->>'en_US' || ' ' || id FROM res_groups_privilege",
    "access rights": "SELECT name || ' ' || id FROM ir_model_access",
    "record rules": "SELECT name || ' ' || id FROM ir_rule",
    "scheduled actions": "SELECT cron_name || ' ' || id FROM ir_cron",
    "mail templates": "SELECT name->>'en_US' || ' ' || id FROM mail_template",
    "activity types": "SELECT name->>'en_US' || ' ' || id FROM mail_activity_type",
    "sequences": """
        SELECT name || ' ' || id FROM ir_sequence WHERE COALESCE(company_id, 1) = 1 AND id NOT IN (
            SELECT batch_payment_sequence_id FROM res_company WHERE batch_payment_sequence_id IS NOT NULL)""",
    "defaults": "SELECT field_id || ' ' || id FROM ir_default WHERE company_id IS NULL OR company_id = 1",
    "system parameters": "SELECT key FROM ir_config_parameter",
    "payment providers": "SELECT code || ' ' || id FROM payment_provider WHERE company_id = 1",
}

WORK_A_DAY = textwrap.dedent("""
    from odoo import Command
    partner = env["res.partner"].create({"name": "Customer after the uninstallation"})
    product = env["product.product"].create({"name": "Thing", "list_price": 100, "invoice_policy": "order"})
    line = Command.create({"product_id": product.id})
    order = env["sale.order"].create({"partner_id": partner.id, "order_line": [line]})
    order.action_confirm()
    assert order.state == "sale", order.state
    invoice = order._create_invoices()
    invoice.action_post()
    assert invoice.state == "posted", invoice.state
    register = env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids)
    register.create({}).action_create_payments()
    assert invoice.payment_state in ("paid", "in_payment"), invoice.payment_state
    for model in ("sale.order", "account.move", "res.partner", "account.payment", "payment.provider"):
        env[model].get_views([(False, "list"), (False, "form"), (False, "search")])
    env["res.config.settings"].create({}).execute()
    env["ir.ui.menu"].load_menus(False)
    env["ir.qweb"]._get_asset_bundle("web.assets_backend").js()
    env["ir.actions.report"]._render_qweb_html("account.report_invoice", invoice.ids)
    print("WORKED A DAY")
""")

# What an administrator may do before an upgrade; it is not to come back.
OWN_STEP = textwrap.dedent("""
    for kept in env["ar.credit.sum"]._get_sums():
        assert not env["ar.credit.sum"]._find_wrong(kept), kept
    step = env.ref("ar_credit_control.approval_step_limit_change")
    step.copy({"name": "Our own"})
    step.unlink()
    env.cr.commit()
    print("STEP REPLACED")
""")


def base_database():
    """Return the name of the database of plain Odoo, which ./ar hands over."""
    name = os.environ.get("AR_BASE_DB")
    assert name, "AR_BASE_DB is not set: run these tests with ./ar test odoo"
    return name


def scratch(name, template=None):
    return ScratchDatabase(f"{get_db_name()}_{name}", template)


def trouble(output):
    """Return the log lines above INFO that no plain Odoo writes."""
    return [match[0] for match in TROUBLE.finditer(output) if not EXPECTED.search(match[0])]


# Odoo's own remarks about its libraries, unless a file of ours is at fault.
EXPECTED = re.compile(r"geoip|wkhtmltopdf|^(?!.*/ar_\w+/).*DeprecationWarning")


def structure(database):
    return {title: {row[0] for row in database.query(query)} for title, query in STRUCTURE.items()}


def our_tables(database):
    """Return the tables of the models that our addons define."""
    rows = database.query("SELECT tablename FROM pg_tables WHERE tablename LIKE 'ar\\_%%' ORDER BY 1")
    return [row[0] for row in rows]


def content(database):
    """Return, by table of ours, the rows without the columns that every write touches."""
    found = {}
    for table in our_tables(database):
        rows = database.query(f"SELECT to_jsonb(t) - '{{write_date,write_uid}}'::text[] FROM {table} t")
        found[table] = sorted(str(row[0]) for row in rows)
    for table in ("account_move", "account_move_line", "sale_order", "account_payment", "res_partner"):
        found[table] = database.query(f"SELECT count(*) FROM {table}")
    found["external ids"] = sorted(
        row[0]
        for row in database.query(
            "SELECT module || '.' || name FROM ir_model_data WHERE module = ANY(%s)", ADDONS
        )
    )
    return found


class TestLife(TestCase):
    """A copy of the demo database is upgraded, and our addons are removed from it; the steps build on each other."""

    maxDiff = 4000

    @pytest.fixture(autouse=True, scope="class")
    def _copy_of_the_demo(self, request, prepared_demo):
        plain = ScratchDatabase(base_database())  # not entered: it is only read
        request.cls.before = structure(plain)
        close_db(plain.name)
        close_db(prepared_demo.database)
        request.cls.log = prepared_demo.log
        with scratch("life", prepared_demo.database) as database:
            request.cls.database = database
            yield

    def states(self):
        return set(
            self.database.query("SELECT name, state FROM ir_module_module WHERE name = ANY(%s)", ADDONS)
        )

    def test_1_installed_with_demo_data(self):
        self.assertEqual(self.states(), {(addon, "installed") for addon in ADDONS})
        self.assertTrue(our_tables(self.database))
        self.assertNotIn("demo data failed to install", self.log)
        self.assertEqual(trouble(self.log), [])

    def test_2_upgrade_changes_no_data(self):
        self.assertIn("STEP REPLACED", self.database.odoo("shell", "--no-http", stdin=OWN_STEP))
        before = content(self.database)
        output = self.database.odoo("server", "-u", ",".join(ADDONS), "--stop-after-init")
        after = content(self.database)
        self.assertEqual(set(after), set(before))
        self.assertEqual(
            [name for name in before if before[name] != after[name]], [], "changed by an upgrade"
        )
        self.assertEqual(trouble(output), [])

    def test_3_uninstall_leaves_odoo_as_it_was(self):
        output = self.database.odoo("module uninstall", *ADDONS)
        self.assertEqual(self.states(), {(addon, "uninstalled") for addon in ADDONS})
        after = structure(self.database)
        left = {title: sorted(after[title] - self.before[title])[:20] for title in STRUCTURE}
        lost = {title: sorted(self.before[title] - after[title])[:20] for title in STRUCTURE}
        self.assertEqual({title: names for title, names in left.items() if names}, {}, "left behind")
        self.assertEqual({title: names for title, names in lost.items() if names}, {}, "taken away from Odoo")
        # Odoo tries to delete the demo's records one after the other and keeps what the books need.
        errors = [line for line in trouble(output) if " WARNING " not in line]
        self.assertEqual([line for line in errors if "odoo.sql_db: bad query: b'DELETE FROM" not in line], [])

    def test_4_odoo_works_on(self):
        self.assertIn("WORKED A DAY", self.database.odoo("shell", "--no-http", stdin=WORK_A_DAY))


class TestAlone(TestCase):
    """Each addon of the lower layer where nothing else is: its manifest names everything that it needs."""

    def test_each_addon_installs_alone(self):
        # Collections brings the others, and the glue comes by itself where Odoo's side is there.
        alone = {addon: depends(addon) for addon in ADDONS if not depends(addon) & set(ADDONS)}
        self.assertGreater(len(alone), 1)
        shared = ",".join(sorted(set.intersection(*alone.values())))
        with scratch("shared") as below, ExitStack() as stack:
            below.odoo("server", "-i", shared, "--stop-after-init")
            close_db(below.name)
            databases = [stack.enter_context(scratch(f"alone_{addon}", below.name)) for addon in alone]
            started = [
                database.start("server", "-i", addon, "--stop-after-init")
                for addon, database in zip(alone, databases, strict=True)
            ]
            for addon, database, process in zip(alone, databases, started, strict=True):
                with self.subTest(addon):
                    self.assertEqual(trouble(database.finish(process)), [])
                    installed = database.query(
                        "SELECT name FROM ir_module_module WHERE state = 'installed' AND name = ANY(%s)",
                        ADDONS,
                    )
                    self.assertEqual(installed, [(addon,)])


def depends(addon):
    """Return what the manifest of an addon of ours names."""
    return set(literal_eval((ROOT / addon / "__manifest__.py").read_text())["depends"])
