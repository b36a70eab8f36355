"""Money and crashes, on a server of two worker processes with a database of its own.

The gateway is the simulator in this process, so that a test can pull the plug in the very moment in which the gateway
has done its part and Odoo has not heard of it yet. Afterwards what the books hold is what the simulator holds.
"""

import json
import os
import re
import signal
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import TestCase

from odoo.sql_db import close_db
from odoo.tests.common import get_db_name
from odoo.tools import config

from ..scratch import ScratchDatabase
from ..server import OdooServer
from ..simulators import alipay_keys
from ..simulators.alipay import AlipaySimulator, Knobs

ROOT = Path(__file__).resolve().parents[2]
BEGIN = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
"""
PREPARE = """
import json
from tests.bench.gateways_setup import prepare
print("RESULT", json.dumps(prepare(env, *{arguments!r})))
"""
CRON = """
env["ir.cron"].search([]).write({"active": False})
env["ar.gateway.order"].search([("state", "in", ("draft", "open"))]).next_query_at = False
env["ar.gateway.refund"].search([("state", "=", "pending")]).next_query_at = "2000-01-01"
env.cr.commit()
env["ar.gateway.order"]._cron_query()
env["ar.gateway.refund"]._cron_settle()
env["payment.transaction"]._cron_post_process()
env.cr.commit()
"""


class TestGatewaysServer(TestCase):
    """One company, one provider, its simulator, and Odoo as it runs at work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = get_db_name()
        close_db(template)
        cls.database = cls.enterClassContext(ScratchDatabase(f"{template}_gateways", template=template))
        merchant = alipay_keys.Merchant.new()
        cls.alipay = cls.enterClassContext(AlipaySimulator(merchant))
        cls.server = OdooServer(
            cls.database.name, config["config"], cls.database.log.with_suffix(".server.log")
        )
        keys = {
            "app_id": merchant.app_id,
            "seller_id": merchant.seller_id,
            "private_key": alipay_keys.private_pem(merchant.merchant_key),
            "public_key": alipay_keys.public_pem(merchant.alipay_key),
        }
        output = cls.shell(PREPARE.format(arguments=(cls.server.url, cls.alipay.url, keys, 0)))
        cls.setup = json.loads(output.split("RESULT", 1)[1].strip().splitlines()[0])
        cls.enterClassContext(cls.server)

    @classmethod
    def shell(cls, script):
        return cls.database.odoo("shell", "--no-http", "--log-level=warn", stdin=BEGIN + script)

    def setUp(self):
        self.alipay.knobs = Knobs()

    # --- the customer and the gateway ---

    def tap(self):
        """Begin to pay the invoice; return the number of the order that the page shows, None if the server died."""
        data = urllib.parse.urlencode({"provider_id": self.setup["notify"].rsplit("/", 1)[1]}).encode()
        with suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(
                f"{self.server.url}{self.setup['ours']}/start", data, timeout=60
            ) as page:
                token = page.url.rsplit("/", 1)[1]
            [(name,)] = self.database.query(
                "SELECT name FROM ar_gateway_order WHERE access_token = %s", token
            )
            return name
        return None

    @contextmanager
    def after(self, method, pull):
        """Do `pull` once, when the gateway has carried out a method and before it answers."""
        original, pulled = self.alipay._execute, []

        def execute(asked, content, params):
            answer = original(asked, content, params)
            if asked == method and not pulled:
                pulled.append(asked)
                pull()
            return answer

        self.alipay._execute = execute
        try:
            yield
        finally:
            self.alipay._execute = original
        self.assertTrue(pulled, f"{method} was never called")

    def killed_in(self, method, script):
        """Run a script in an `odoo shell` that is killed once the gateway has carried out a method."""
        process = self.database.start("shell", "--no-http", "--log-level=warn", stdin=True)
        with self.after(method, lambda: os.kill(process.pid, signal.SIGKILL)):
            process.communicate(BEGIN + script)
        self.assertEqual(process.returncode, -signal.SIGKILL)

    def paid_order(self):
        """Pay once more through the link; return the number."""
        self.reopen()
        number = self.tap()
        self.alipay.pay(number)
        self.shell(CRON)
        return number

    def reopen(self):
        """Give the link something to pay again."""
        self.shell(
            """
            from tests.bench.gateways_setup import _invoice
            link = env["ar.payment.link"].search([], order="id", limit=1)
            env = env(context={"allowed_company_ids": link.company_id.ids})
            invoice = _invoice(env)
            new = invoice._get_ar_payment_link().sudo()
            env.cr.commit()
            print("RESULT", new.token)
            """.replace("\n            ", "\n")
        )
        output = self.database.log.read_text(encoding="utf-8")
        self.setup["ours"] = "/pay/" + re.search(r"RESULT (\S+)", output).group(1)

    # --- the books ---

    def assert_books(self):
        """What was received and given back, order by order, is what the simulator has."""
        booked = dict(
            self.database.query(
                """
                SELECT gateway_order.name, ROUND(100 * SUM(
                           CASE payment.payment_type WHEN 'inbound' THEN payment.amount ELSE -payment.amount END))
                  FROM ar_gateway_order gateway_order
                  JOIN payment_transaction tx
                    ON gateway_order.transaction_id IN (tx.id, tx.source_transaction_id)
                  JOIN account_payment payment ON payment.payment_transaction_id = tx.id
                 WHERE payment.state <> 'canceled' AND payment.state <> 'draft'
                 GROUP BY gateway_order.name
                """
            )
        )
        held = {
            trade.number: trade.amount_minor - sum(trade.refunds.values())
            for trade in self.alipay.trades.by_number.values()
            if trade.paid
        }
        self.assertEqual({name: int(amount) for name, amount in booked.items()}, held)

    # --- what is tested ---

    def test_a_notification_a_hundred_times_at_once_is_one_payment(self):
        self.reopen()
        number = self.tap()
        self.alipay.knobs.no_notify = True
        self.alipay.pay(number)
        trade = self.alipay.trades.by_number[number]
        fields = self.alipay.notification(trade)
        barrier, answers = threading.Barrier(20), []

        def send():
            barrier.wait()
            answers.extend(self.alipay.send(trade.notify_url, fields) for _n in range(5))

        threads = [threading.Thread(target=send) for _n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 100)
        self.assertIn("success", answers)
        self.assertLessEqual(set(answers), {"success", "fail"})
        self.shell(CRON)
        self.assert_books()
        [(count,)] = self.database.query(
            """
            SELECT COUNT(*) FROM account_payment payment
              JOIN ar_gateway_order gateway_order ON gateway_order.transaction_id = payment.payment_transaction_id
             WHERE gateway_order.name = %s
            """,
            number,
        )
        self.assertEqual(count, 1)

    def test_many_taps_at_once_are_one_order(self):
        self.reopen()
        numbers, threads = [], []
        for _n in range(6):
            threads.append(threading.Thread(target=lambda: numbers.append(self.tap())))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(numbers), 6)
        self.assertEqual(len(set(numbers)), 1)

    def test_killed_while_the_code_is_made(self):
        self.reopen()
        before = set(self.alipay.trades.by_number)
        with self.after("alipay.trade.precreate", self.server.kill):
            self.assertIsNone(self.tap())
        self.server.start()
        number = self.tap()
        self.assertEqual(set(self.alipay.trades.by_number) - before, {number})  # the same number again
        self.alipay.pay(number)
        self.shell(CRON)
        self.assert_books()

    def test_killed_while_a_notification_is_booked(self):
        self.reopen()
        number = self.tap()
        self.alipay.knobs.no_notify = True
        self.alipay.pay(number)
        trade = self.alipay.trades.by_number[number]
        fields = self.alipay.notification(trade)
        for seconds in (0.002, 0.01, 0.03):  # sooner, later, and maybe too late
            sender = threading.Thread(target=self.alipay.send, args=(trade.notify_url, fields))
            sender.start()
            threading.Event().wait(seconds)
            self.server.kill()
            sender.join()
            self.server.start()
        self.assertEqual(self.alipay.send(trade.notify_url, fields), "success")
        self.shell(CRON)
        self.assert_books()

    def test_killed_while_a_refund_is_made(self):
        number = self.paid_order()
        refund = f"""
order = env["ar.gateway.order"].search([("name", "=", {number!r})])
order.transaction_id.sudo()._refund(100.0)
env.cr.commit()
"""
        self.killed_in("alipay.trade.refund", refund)
        self.shell(CRON)
        self.assertEqual(len(self.alipay.trades.by_number[number].refunds), 1)
        self.assert_books()
        self.shell(CRON)
        self.assert_books()

    def test_killed_while_an_order_is_closed(self):
        self.reopen()
        number = self.tap()
        self.alipay.scan(number)
        expire = f"""
order = env["ar.gateway.order"].search([("name", "=", {number!r})])
order._expire()
env.cr.commit()
"""
        self.killed_in("alipay.trade.close", expire)
        self.shell(CRON)
        self.assertEqual(
            self.database.query("SELECT state FROM ar_gateway_order WHERE name = %s", number), [("closed",)]
        )
        self.assertEqual(self.alipay.trades.by_number[number].status, "TRADE_CLOSED")
        self.assert_books()
