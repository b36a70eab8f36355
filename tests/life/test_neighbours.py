"""Odoo's other addons beside credit control: one database that has them all, and what each does in an odoo shell."""

import re
import urllib.request
from unittest import TestCase

from odoo.sql_db import close_db
from odoo.tests.common import get_db_name
from odoo.tools import config

from .. import neighbour_scenarios
from ..scratch import ScratchDatabase
from ..server import OdooServer
from ..shell import OdooShell, calling
from .test_install import base_database, trouble

NEIGHBOURS = "point_of_sale,repair,mrp,sale_loyalty,website_sale"
GLUE = ["ar_credit_control_stock", "ar_credit_control_website_sale"]


class TestNeighbours(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        close_db(base_database())
        cls.database = cls.enterClassContext(
            ScratchDatabase(f"{get_db_name()}_neighbours", template=base_database())
        )
        cls.log = cls.database.odoo("server", "-i", f"ar_credit_control,{NEIGHBOURS}", "--stop-after-init")
        cls.shell = cls.enterClassContext(OdooShell(cls.database))

    def found(self, scenario):
        """Return what a function of neighbour_scenarios.py returns inside Odoo."""
        return self.shell.run(calling(neighbour_scenarios, scenario))

    def test_the_glue_installs_itself(self):
        query = "SELECT name FROM ir_module_module WHERE state = 'installed' AND name = ANY(%s) ORDER BY name"
        self.assertEqual([name for (name,) in self.database.query(query, GLUE)], GLUE)
        self.assertEqual([line for line in trouble(self.log) if "ar_credit" in line], [])

    def test_goods_of_the_till_leave(self):
        self.assertEqual(self.found("till"), {"real": [["done"], 20], "closing": [["done"], 20]})

    def test_what_was_repaired_goes_back_and_its_parts_are_asked_about(self):
        self.assertEqual(
            self.found("repair"),
            {"order": ["draft", ["pending"]], "repair": "done", "back": "done", "parts": ["done"]},
        )

    def test_a_kit_is_delivered_as_what_was_ordered(self):
        delivered, held = self.found("kit")
        self.assertEqual(delivered, ["done", ["Lantern"], 5, []])
        self.assertEqual(held, ["assigned", ["Lantern"], 0, [["delivery", "pending", False]]])

    def test_points_are_given_once_and_not_before_the_approval(self):
        self.assertEqual(self.found("loyalty"), [["draft", 5, 0], ["draft", 5, 0], ["sale", 155, 1]])

    def test_the_shop_says_that_an_order_is_under_review(self):
        found = self.found("shop")
        self.assertEqual(found["paid"], ["sent", "done", True, ["pending"]])
        log = self.database.log.with_suffix(".server.log")
        with OdooServer(self.database.name, config["config"], log, workers=0) as server:
            paid, free, passed = found["sessions"]
            self.assertIn("Your order is under review.", self.page(server, paid))
            self.assertIn("您的订单正在审核中", self.page(server, paid, lang="/zh_CN"))
            # What costs nothing is confirmed as the visitor leaves the checkout.
            self.assertIn("Your order is under review.", self.page(server, free, "/shop/payment/validate"))
            self.assertNotIn("under review", self.page(server, passed))
        query = """
            SELECT sale_order.state, hold.state FROM sale_order JOIN ar_credit_hold hold ON order_id = sale_order.id
             WHERE sale_order.id = %s"""
        self.assertEqual(self.database.query(query, found["free"]), [("sent", "pending")])

    def page(self, server, session, path="/shop/confirmation", lang=""):
        """Return the page that a visitor sees in the end, in one line."""
        request = urllib.request.Request(
            f"{server.url}{lang}{path}", headers={"Cookie": f"session_id={session}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return re.sub(r"\s+", " ", answer.read().decode())
