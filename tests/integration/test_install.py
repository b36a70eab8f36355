"""The life of the addons in a real database: install, upgrade, uninstall, and each one alone.

Runs the odoo command on scratch copies of the database of plain Odoo (about two minutes).
"""

import os
import re
import textwrap
from pathlib import Path
from unittest import TestCase

from odoo.tests.common import get_db_name

from ..scratch import ScratchDatabase

ROOT = Path(__file__).resolve().parents[2]
ADDONS = sorted(path.parent.name for path in ROOT.glob("ar_*/__manifest__.py"))
TROUBLE = re.compile(r"^[\d-]+ [\d:,]+ \d+ (WARNING|ERROR|CRITICAL) .*$", re.MULTILINE)

# What describes a database to Odoo; after an uninstallation all of it must be as before the installation.
# Sequences, primary keys and the like go with their tables.
STRUCTURE = {
    "tables and views": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    "columns": "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text || ' ' || conname FROM pg_constraint WHERE conrelid <> 0",
    "models": "SELECT model FROM ir_model",
    "fields": "SELECT model || '.' || name FROM ir_model_fields",
    "selection values": """
        SELECT f.model || '.' || f.name || '=' || s.value
          FROM ir_model_fields_selection s JOIN ir_model_fields f ON f.id = s.field_id""",
    "external ids": "SELECT module || '.' || name FROM ir_model_data",
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
    "sequences": "SELECT name || ' ' || id FROM ir_sequence",
    "defaults": "SELECT field_id || ' ' || id FROM ir_default",
    "system parameters": "SELECT key FROM ir_config_parameter",
    "payment providers": "SELECT code || ' ' || company_id FROM payment_provider",
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


# Odoo's own remarks about its libraries, unless the line is one of ours.
EXPECTED = re.compile(
    r"geoip|http_interface|invalid addons directory|wkhtmltopdf|Some modules have missing deps"
)


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
    """Install with demo data, upgrade, uninstall: one database through all three, as in life."""

    maxDiff = 4000

    def test_install_upgrade_uninstall(self):
        with scratch("life", base_database()) as database:
            before = structure(database)
            with self.subTest("install with demo data"):
                self.install(database)
            with self.subTest("upgrade"):
                self.upgrade(database)
            with self.subTest("uninstall"):
                self.uninstall(database, before)

    def install(self, database):
        # Odoo loads an addon's demo data only on top of addons that have theirs: say that they do.
        database.execute("UPDATE ir_module_module SET demo = true WHERE state = 'installed'")
        output = database.odoo("server", "-i", ",".join(ADDONS), "--with-demo", "--stop-after-init")
        self.assertEqual(trouble(output), [])
        self.assertNotIn("demo data failed to install", output)
        self.assertEqual(self.states(database), {(addon, "installed") for addon in ADDONS})
        self.assertTrue(our_tables(database))

    def upgrade(self, database):
        before = content(database)
        output = database.odoo("server", "-u", ",".join(ADDONS), "--stop-after-init")
        self.assertEqual(trouble(output), [])
        after = content(database)
        self.assertEqual(
            [name for name in before if before[name] != after.get(name)], [], "changed by an upgrade"
        )
        self.assertEqual(set(after), set(before))

    def uninstall(self, database, before):
        output = database.odoo("module uninstall", *ADDONS)
        self.assertEqual([line for line in trouble(output) if " WARNING " not in line], [])
        self.assertEqual(self.states(database), {(addon, "uninstalled") for addon in ADDONS})
        after = structure(database)
        left = {
            title: sorted(after[title] - before[title]) for title in STRUCTURE if after[title] - before[title]
        }
        lost = {
            title: sorted(before[title] - after[title]) for title in STRUCTURE if before[title] - after[title]
        }
        self.assertEqual(left, {}, "left behind")
        self.assertEqual(lost, {}, "taken away from Odoo")
        self.assertIn("WORKED A DAY", database.odoo("shell", "--no-http", stdin=WORK_A_DAY))

    def states(self, database):
        return set(database.query("SELECT name, state FROM ir_module_module WHERE name = ANY(%s)", ADDONS))


class TestAlone(TestCase):
    """Each addon of the lower layer on an empty database: its manifest names everything that it needs."""

    def test_each_addon_installs_alone(self):
        alone = [addon for addon in ADDONS if addon != "ar_collections"]  # that one brings the others
        databases = [scratch(f"alone_{addon}") for addon in alone]
        processes = []
        try:
            for addon, database in zip(alone, databases, strict=True):
                database.__enter__()
                processes.append(database.start("server", "-i", addon, "--stop-after-init"))
            for addon, database, process in zip(alone, databases, processes, strict=True):
                with self.subTest(addon):
                    self.assertEqual(trouble(database.finish(process)), [])
                    others = [other for other in ADDONS if other != addon]
                    installed = database.query(
                        "SELECT name FROM ir_module_module WHERE state = 'installed' AND name = ANY(%s)",
                        others,
                    )
                    self.assertEqual(installed, [])
        finally:
            for database in databases:
                database.__exit__()
