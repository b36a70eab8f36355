"""Odoo's clickbot opens every menu, view and filter that we add or extend, and stops at any error."""

from odoo import Command
from odoo.tests import new_test_user

from ..common import ARHttpCase

AREAS = ("ar_credit_control", "ar_payment_gateways", "ar_collections")
OURS = (*AREAS, "ar_credit_control_stock")
CLICKBOT = "odoo.loader.modules.get('@web/webclient/clickbot/clickbot_loader').startClickEverywhere('%s');"


class TestClickbot(ARHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.user_admin").tour_enabled = False
        cls.auditor = new_test_user(
            cls.env,
            login="auditor",
            groups=",".join(f"{area}.group_auditor" for area in AREAS),
        )
        cls.auditor.tour_enabled = False
        cls.make_documents()

    @classmethod
    def make_documents(cls):
        """Make an overdue invoice and a confirmed order, so that lists and graphs have something to draw."""
        customer = cls.env["res.partner"].create({"name": "Clickbot Ltd"})
        product = cls.env["product.product"].create({"name": "Thing", "list_price": 100})
        lines = [Command.create({"product_id": product.id, "price_unit": 100})]
        cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": "2020-01-01",
                "invoice_date_due": "2020-02-01",
                "invoice_line_ids": lines,
            }
        ).action_post()
        order_lines = [Command.create({"product_id": product.id})]
        cls.env["sale.order"].create({"partner_id": customer.id, "order_line": order_lines}).action_confirm()

    @classmethod
    def hide_what_we_do_not_touch(cls, root):
        """Leave those menus below a root that are ours, or that open models whose views we extend."""
        data = cls.env["ir.model.data"]
        views = data.search([("model", "=", "ir.ui.view"), ("module", "in", OURS)]).mapped("res_id")
        extended = set(cls.env["ir.ui.view"].browse(views).mapped("model"))
        menus = cls.env["ir.ui.menu"].search([("id", "child_of", cls.env.ref(root).id)])
        names = menus.get_external_id()
        kept = menus.filtered(
            lambda menu: (
                names[menu.id].split(".")[0] in OURS
                or (
                    menu.action
                    and menu.action._name == "ir.actions.act_window"
                    and menu.action.res_model in extended
                )
            )
        )
        above = {int(each) for menu in kept for each in menu.parent_path.split("/") if each}
        menus.filtered(lambda menu: menu.id not in above).active = False

    def our_menus(self, root, user):
        """Return the external ids of our menus with an action below a root menu, as a user sees them."""
        menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
        waiting, found = [self.env.ref(root).id], set()
        while waiting:
            menu = menus.get(waiting.pop())
            if menu:
                waiting += menu["children"]
                if menu["xmlid"].split(".")[0] in OURS and menu["action_id"]:
                    found.add(menu["xmlid"])
        return found

    def click_everywhere(self, root, login):
        self.hide_what_we_do_not_touch(root)
        self.browser_js(
            "/odoo",
            CLICKBOT % root,
            "odoo.isReady === true",
            login=login,
            timeout=600,
            success_signal="clickbot test succeeded",
        )

    def test_invoicing_as_admin(self):
        self.assertTrue(self.our_menus("account.menu_finance", self.env.ref("base.user_admin")))
        self.click_everywhere("account.menu_finance", "admin")

    def test_sales_as_admin(self):
        self.assertTrue(self.our_menus("sale.sale_menu_root", self.env.ref("base.user_admin")))
        self.click_everywhere("sale.sale_menu_root", "admin")

    def test_invoicing_as_auditor(self):
        """An auditor of ours, without any other right, finds our menus and reads them all."""
        self.assertTrue(self.our_menus("account.menu_finance", self.auditor))
        self.click_everywhere("account.menu_finance", "auditor")
