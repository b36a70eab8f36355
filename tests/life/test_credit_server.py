"""Credit checks at once, on a server of two worker processes: the clicks of people who do not know of each other."""

import http.cookiejar
import json
import threading
import urllib.request
from unittest import TestCase

from odoo.sql_db import close_db
from odoo.tests.common import get_db_name
from odoo.tools import config

from .. import credit_server_setup
from ..scratch import ScratchDatabase
from ..server import OdooServer
from ..shell import OdooShell, calling


class Browser:
    """What the web client sends for one user who has logged in."""

    def __init__(self, server, login):
        self.server = server
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)
        params = {"db": server.database, "login": login, "password": login}
        status, answer = self.post("/web/session/authenticate", **params)
        assert status == 200, answer
        assert answer["result"]["uid"], answer

    def post(self, path, **params):
        """Return (HTTP status, the answer)."""
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.server.url}{path}", body, headers)
        with self.opener.open(request, timeout=120) as answer:
            return answer.status, json.load(answer)

    def call(self, kind, model, method, *args, **kwargs):
        """Call a method as a screen (`call_kw`) or a button (`call_button`) does; return (HTTP status, the answer)."""
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        return self.post(f"/web/dataset/{kind}/{model}/{method}", **params)


class TestCreditServer(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = get_db_name()
        close_db(template)
        cls.database = cls.enterClassContext(ScratchDatabase(f"{template}_credit", template=template))
        cls.shell = cls.enterClassContext(OdooShell(cls.database))
        cls.manager = cls.do("prepare")
        log = cls.database.log.with_suffix(".server.log")
        cls.server = cls.enterClassContext(OdooServer(cls.database.name, config["config"], log))

    @classmethod
    def do(cls, name, *arguments):
        """Call a function of credit_server_setup.py inside Odoo; return what it returns."""
        return cls.shell.run(calling(credit_server_setup, name, *arguments))

    def at_once(self, *clicks):
        """Run functions at the same moment; return what each returned."""
        barrier, found = threading.Barrier(len(clicks)), [None] * len(clicks)

        def run(number):
            barrier.wait()
            found[number] = clicks[number]()

        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(clicks))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(180)
        return found

    def test_eight_people_confirm_at_once(self):
        """30 each under a limit of 100: three go through, five wait for a decision, and nobody meets an error."""
        made = self.do("orders", "eight", 100, [30] * 8)
        browsers = [(Browser(self.server, login), order_id) for login, order_id in made]
        answers = self.at_once(
            *(
                lambda browser=browser, order_id=order_id: browser.call(
                    "call_button", "sale.order", "action_confirm", [order_id]
                )
                for browser, order_id in browsers
            )
        )
        for status, answer in answers:
            self.assertEqual(status, 200)
            self.assertNotIn("error", answer)
        found = sorted(self.do("outcome", [order_id for _login, order_id in made]))
        self.assertEqual(found, [["draft", 0, [["pending", 0]]]] * 5 + [["sale", 1, []]] * 3)
        told = [answer["result"] for _status, answer in answers if isinstance(answer["result"], dict)]
        self.assertEqual([one["params"]["title"] for one in told], ["Waiting for credit approval"] * 5)

    def test_two_clicks_on_one_approval_are_one_decision(self):
        ((login, order_id),) = self.do("orders", "twice", 100, [150])
        Browser(self.server, login).call("call_button", "sale.order", "action_confirm", [order_id])
        ((_state, _transfers, holds),) = self.do("outcome", [order_id])
        self.assertEqual(holds, [["pending", 0]])
        ((hold_id,),) = self.database.query("SELECT id FROM ar_credit_hold WHERE order_id = %s", order_id)
        manager = Browser(self.server, self.manager)
        window = {"res_model": "ar.credit.hold", "res_ids": [hold_id], "decision": "approve", "comment": "ok"}
        _status, made = manager.call(
            "call_kw", "ar.approval.decide", "web_save", [], window, specification={}
        )
        wizard_id = made["result"][0]["id"]
        answers = self.at_once(
            *[lambda: manager.call("call_button", "ar.approval.decide", "action_decide", [wizard_id])] * 2
        )
        self.assertEqual(self.do("outcome", [order_id]), [["sale", 1, [["released", 1]]]])
        self.assertEqual([status for status, _answer in answers], [200, 200])
        refused = [answer["error"]["data"] for _status, answer in answers if "error" in answer]
        self.assertLessEqual(len(refused), 1)
        for error in refused:  # a sentence for people, not a fault of the machine
            self.assertEqual(error["name"], "odoo.exceptions.UserError", error["message"])
