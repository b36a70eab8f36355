"""The credit check from outside: the web client's button, and attacks over XML-RPC and JSON-RPC."""

import xmlrpc.client

from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from tests.common import ARHttpCase

REFUSALS = "odoo.addons.ar_credit_control.exceptions"


class TestCreditRpc(ARHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesman = new_test_user(
            cls.env,
            login="credit_rpc_salesman",
            password="credit_rpc_salesman",
            groups="sales_team.group_sale_salesman",
        )
        cls.manager = new_test_user(
            cls.env,
            login="credit_rpc_manager",
            password="credit_rpc_manager",
            groups="ar_credit_control.group_manager",
        )
        cls.customer = cls.env["res.partner"].create({"name": "RPC Customer", "is_company": True})
        cls.product = cls.env["product.product"].create(
            {"name": "Thing", "type": "service", "taxes_id": False}
        )
        cls.account = cls.env["ar.credit.account"].create(
            {"partner_id": cls.customer.id, "control": "limited", "credit_limit": 100}
        )
        cls.order = cls._order(150)

    @classmethod
    def _order(cls, amount):
        line = {"product_id": cls.product.id, "price_unit": amount, "tax_ids": False}
        values = {
            "partner_id": cls.customer.id,
            "user_id": cls.salesman.id,
            "order_line": [Command.create(line)],
        }
        return cls.env["sale.order"].with_user(cls.salesman).create(values)

    def setUp(self):
        super().setUp()
        for name in (
            "odoo.addons.base.models.ir_model",
            "odoo.addons.base.models.ir_rule",
            "odoo.http",
            REFUSALS,
        ):
            self.enterContext(mute_logger(name))

    def _xmlrpc(self, model, method, *args, **kwargs):
        user = self.salesman
        arguments = (self.env.cr.dbname, user.id, user.login, model, method, list(args), kwargs)
        return self.xmlrpc_object.execute_kw(*arguments)

    def _refused(self, model, method, *args, **kwargs):
        with self.assertRaises(xmlrpc.client.Fault):
            self._xmlrpc(model, method, *args, **kwargs)
        self.order.invalidate_recordset()
        self.assertEqual(self.order.state, "draft")

    def test_attacks_by_xmlrpc(self):
        ids = self.order.ids
        line = self.order.order_line
        self._refused("sale.order", "action_confirm", ids)
        self._refused(
            "sale.order", "action_confirm", ids, context={"bypass_risk": True, "ar_credit_ok": True}
        )
        self._refused("sale.order", "write", ids, {"state": "sale"})
        self._refused("sale.order.line", "write", line.ids, {"ar_credit_open": 0})
        self._refused("sale.order.line", "write", line.ids, {"price_total": 0})
        self._refused("sale.order", "write", ids, {"ar_credit_open": 0})
        self._refused("sale.order", "_use_ar_credit_approval", ids)
        self._refused("ar.credit.account", "write", self.account.ids, {"credit_limit": 1e9})
        self._refused("ar.credit.account", "search_read", [])
        self._refused("ar.credit.gate", "_lock", ids)
        self._refused("ar.credit.exposure", "_measure", ids, ids)

    def _assert_logged(self, *parts):
        """Call what follows the model; assert that the server's log tells who was refused what."""
        model, method, *args = parts
        with self.assertLogs(REFUSALS, "WARNING") as told:
            self._refused(model, method, *args)
        self.assertIn(f"Refused: user {self.salesman.id} ({self.salesman.login})", told.output[0])
        self.assertIn(f"on {model} {args[0]}", told.output[0])
        return told.output[0]

    def test_refusals_of_xmlrpc_are_logged(self):
        ids, lines = self.order.ids, self.order.order_line.ids
        told = self._assert_logged("sale.order", "action_confirm", ids)
        self.assertIn("confirm (excess 50.00)", told)
        self._assert_logged("sale.order", "write", ids, {"state": "sale"})
        self._assert_logged("sale.order", "write", ids, {"ar_credit_open": 0})
        self._assert_logged("sale.order", "write", ids, {"transaction_ids": [[5, 0, 0]]})
        for vals in ({"price_total": 0}, {"is_downpayment": True}, {"qty_delivered_method": "stock_move"}):
            self._assert_logged("sale.order.line", "write", lines, vals)
        self.customer.name = "Forged\nWARNING Refused: nobody"
        self.assertNotIn("\n", self._assert_logged("sale.order", "action_confirm", ids))

    def test_a_hold_filed_instead_is_no_attempt(self):
        with self.assertNoLogs(REFUSALS, "WARNING"):
            self._xmlrpc("sale.order", "action_confirm_or_hold", self.order.ids)

    def test_attacks_on_the_hold_by_xmlrpc(self):
        self._xmlrpc("sale.order", "action_confirm_or_hold", self.order.ids)
        hold = self.order.sudo().ar_credit_hold_ids
        self.assertEqual(hold.state, "pending")
        self._refused("ar.credit.hold", "write", hold.ids, {"state": "approved"})
        self._refused("ar.credit.hold", "unlink", hold.ids)
        self._refused("ar.credit.hold", "action_approve", hold.ids, "please")
        self._refused("ar.credit.hold", "_decide", hold.ids, "approved", "please")
        self._refused("ar.credit.hold", "_release", hold.ids)
        self._refused(
            "ar.approval.decide",
            "create",
            {"res_model": "ar.credit.hold", "res_ids": hold.ids, "decision": "approve"},
        )
        self._refused("res.users", "write", self.salesman.ids, {"group_ids": []})
        hold.invalidate_recordset()
        self.assertEqual(hold.state, "pending")

    def _json(self, path, **params):
        response = self.url_open(path, json={"jsonrpc": "2.0", "method": "call", "params": params})
        return response.json()

    def _button(self, model, method, record, context=None):
        return self._json(
            f"/web/dataset/call_button/{model}/{method}",
            model=model,
            method=method,
            args=[record.ids],
            kwargs={"context": context or {}},
        )

    def test_button_of_the_web_client_files_a_hold(self):
        self.authenticate(self.salesman.login, self.salesman.login)
        answer = self._button("sale.order", "action_confirm", self.order)
        self.assertEqual(answer["result"]["tag"], "display_notification")
        self.assertIn("50.00", answer["result"]["params"]["message"])
        hold = self.order.sudo().ar_credit_hold_ids
        self.assertEqual(hold.requested_by, self.salesman)
        answer = self._button("ar.credit.hold", "action_approve", hold)
        self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError")
        self.authenticate(self.manager.login, self.manager.login)
        self.assertTrue(self._button("ar.credit.hold", "action_approve", hold)["result"] is not None)
        self.order.invalidate_recordset()
        self.assertEqual(self.order.state, "sale")

    def test_attack_by_web_save(self):
        self.authenticate(self.salesman.login, self.salesman.login)
        for values in ({"state": "sale"}, {"state": "sale", "order_line": []}):
            answer = self._json(
                "/web/dataset/call_kw/sale.order/web_save",
                model="sale.order",
                method="web_save",
                args=[self.order.ids, values],
                kwargs={"specification": {}},
            )
            self.assertIn("Credit", answer["error"]["data"]["name"])
        self.order.invalidate_recordset()
        self.assertEqual(self.order.state, "draft")
