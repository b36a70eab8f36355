"""Money, faults and crashes, on a server of two worker processes with a database of its own.

The gateways are the simulators in this process, so that a test can spoil an answer, or pull the plug in the very moment
in which the gateway has done its part and Odoo has not heard of it yet. After each test the books hold, order by order
and to the cent, what the simulator holds.
"""

import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from unittest import TestCase

from odoo.sql_db import close_db
from odoo.tests.common import get_db_name
from odoo.tools import config

from odoo.addons.ar_payment_gateways import const

from .. import gateway_server_setup
from ..gateway_faults import Faults
from ..gateway_kit_unionpay import UnionpayKit
from ..gateway_kits import AlipayKit, WechatKit
from ..scratch import ScratchDatabase
from ..server import OdooServer
from ..shell import OdooShell, calling

# What goes wrong with a call. Nothing is there to compare the others with.
CALL_FAULTS = ("nothing", "drop_request", "drop_response_after_commit", "http_500", "unsigned")
# What goes wrong with a notification, and how often it is sent at last.
NOTIFICATION_FAULTS = {"lost": 0, "late": 1, "repeated": 3}
# Knobs of what a gateway tells by itself about refunds, and by how many seconds its clock is ahead.
REFUND_NEWS = {"lost": {"no_notify": True}, "repeated": {"notify_count": 3}, "overtaking": {}}
CLOCKS = {"ahead": {"clock_skew": 100}, "behind": {"clock_skew": -100}}
BOOKED = """
SELECT gateway_order.name, ROUND(100 * SUM(
           CASE payment.payment_type WHEN 'inbound' THEN payment.amount ELSE -payment.amount END))
  FROM ar_gateway_order gateway_order
  JOIN payment_transaction tx ON gateway_order.transaction_id IN (tx.id, tx.source_transaction_id)
  JOIN account_payment payment ON payment.payment_transaction_id = tx.id
 WHERE payment.state NOT IN ('canceled', 'draft')
 GROUP BY gateway_order.name
"""


class TestGatewaysServer(Faults, TestCase):
    """One company, a provider of each gateway, their simulators, and Odoo as it runs at work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = get_db_name()
        close_db(template)
        cls.database = cls.enterClassContext(ScratchDatabase(f"{template}_gateways", template=template))
        cls.kits = [AlipayKit(), WechatKit(), UnionpayKit()]
        for kit in cls.kits:
            cls.enterClassContext(kit.simulator)
        log = cls.database.log.with_suffix(".server.log")
        cls.server = OdooServer(cls.database.name, config["config"], log)
        cls.shell = cls.enterClassContext(OdooShell(cls.database))
        gateways = {kit.code: [kit.address, kit.credentials] for kit in cls.kits}
        cls.providers = cls.do("prepare", cls.server.url, gateways)
        cls.enterClassContext(cls.server)

    @classmethod
    def do(cls, name, *arguments):
        """Call a function of gateway_server_setup.py inside Odoo; return what it returns."""
        return cls.shell.run(calling(gateway_server_setup, name, *arguments))

    def setUp(self):
        self.paths = []
        for kit in self.kits:
            kit.reset()

    # --- the customer and the gateway ---

    def link(self):
        """Return the path of a link that nobody has opened yet."""
        self.paths = self.paths or self.do("links", 8)
        return self.paths.pop()

    def tap(self, kit, path):
        """Begin to pay; return the number of the order, None if nothing came of it. Each gateway has a visitor."""
        source = (f"127.0.1.{1 + self.kits.index(kit)}", 0)
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60, source_address=source)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Mozilla/5.0"}
        try:
            connection.request("POST", f"{path}/start", f"provider_id={self.providers[kit.code]}", headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        except (HTTPException, OSError):
            return None
        finally:
            connection.close()
        if answer.status == 200 and 'role="alert"' in page:
            return None
        self.assertEqual(answer.status, 303, page)
        token = answer.headers["Location"].rsplit("/", 1)[1]
        query = "SELECT name FROM ar_gateway_order WHERE access_token = %s"
        return self.database.query(query, token)[0][0]

    def notify(self, kit, message):
        """Send a notification (body or fields, headers); return whether Odoo took it."""
        body, headers = message
        data = body if isinstance(body, bytes) else urllib.parse.urlencode(body).encode()
        path = f"{const.NOTIFY_ROUTE % kit.code}/{self.providers[kit.code]}"
        request = urllib.request.Request(f"{self.server.url}{path}", data, headers)
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(request, timeout=60) as answer:
            return (answer.status, answer.read().decode()) == kit.accepted
        return False

    def settle(self):
        """An hour passes: what the gateways had accepted they carry out, and Odoo asks about what it waits for."""
        for _time in range(2):
            for kit in self.kits:
                kit.finish_refunds()
            self.do("settle")

    # --- the books ---

    def assert_books(self):
        """What was received and given back, order by order, is what the simulators have."""
        held = {}
        for kit in self.kits:
            held |= {number: paid - refunded for number, (paid, refunded) in kit.ledger().items()}
        booked = {name: int(amount) for name, amount in self.database.query(BOOKED)}
        self.assertEqual(booked, held)

    def states(self, table, numbers):
        query = f"SELECT DISTINCT state FROM {table} WHERE name = ANY(%s)"
        return {state for (state,) in self.database.query(query, list(numbers))}

    # --- faults ---

    def test_whatever_goes_wrong_on_the_way(self):
        """Every fault of a call at every step, every fault of a notification: in the end both ledgers agree."""
        for kit in self.kits:
            with self.subTest(kit.code):
                paid = {self.pay_with(kit, fault): fault for fault in CALL_FAULTS}
                paid |= {self.notified_with(kit, fault): "nothing" for fault in NOTIFICATION_FAULTS}
                self.settle()
                self.assertEqual(self.states("ar_gateway_order", paid), {"paid"})
                self.assert_books()
                for number, fault in paid.items():
                    with self.fault(kit, fault):
                        self.do("refund", number)
                self.settle()
                self.assertEqual({kit.refunded(number) for number in paid}, {100_00})
                self.assert_books()
                closed = [self.close_with(kit, fault) for fault in CALL_FAULTS]
                self.settle()
                self.assertEqual(self.states("ar_gateway_order", closed), {"closed"})
                self.assert_books()

    def pay_with(self, kit, fault):
        """Pay an order at whose making something goes wrong, and whose notification comes; return its number."""
        path = self.link()
        with self.fault(kit, fault):
            first = self.tap(kit, path)
        number = self.tap(kit, path)  # the customer tries again
        self.assertIn(first, (None, number))
        kit.pay(number)
        return number

    def notified_with(self, kit, fault):
        """Pay an order whose notification is not what it should be; return its number."""
        number = self.tap(kit, self.link())
        message = kit.genuine(number)
        if fault == "late":
            self.do("settle")
        for _time in range(NOTIFICATION_FAULTS[fault]):
            self.assertTrue(self.notify(kit, message))
        return number

    def close_with(self, kit, fault):
        """Give up an order, while something goes wrong with the closing; return its number."""
        number = self.tap(kit, self.link())
        kit.scan(number)
        kit.end(number)
        with self.fault_in_closing(kit, fault):
            self.do("expire", number)
        self.do("expire", number)
        return number

    def test_whatever_the_gateway_tells_when_and_by_which_clock(self):
        """News of refunds that get lost, are repeated, or overtake the news of the payment; clocks that differ."""
        for kit in self.kits:
            for name, knobs in (REFUND_NEWS | CLOCKS).items():
                with self.subTest(f"{kit.code} {name}"):
                    kit.reset()
                    for knob, value in knobs.items():
                        setattr(kit.knobs, knob, value)
                    number = self.tap(kit, self.link())
                    payment_news = kit.genuine(number)
                    if name == "overtaking":
                        self.do("settle")  # asked for
                    else:
                        self.assertTrue(self.notify(kit, payment_news))
                    self.do("refund", number)
                    self.settle()
                    self.assertTrue(
                        self.notify(kit, payment_news)
                    )  # once more, or after the news of its refund
                    self.do("settle")
                    self.assertEqual(kit.refunded(number), 100_00)
                    self.assert_books()

    def test_odoos_own_form_tells_a_refusal_after_one_call(self):
        """The row of the transaction is written in another transaction than the request's, before and after."""
        for kit in self.kits:
            with self.subTest(kit.code):
                number, path, posted = self.do("checkout", self.providers[kit.code])
                kit.knobs.http_500 = 9
                connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
                self.addCleanup(connection.close)
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", path, urllib.parse.urlencode(posted), headers)
                answer = connection.getresponse()
                self.assertEqual((answer.status, answer.headers["Location"]), (303, "/payment/status"))
                self.assertEqual(kit.knobs.http_500, 8)
                query = "SELECT state FROM payment_transaction WHERE id = %s"
                self.assertEqual(self.database.query(query, number), [("error",)])

    # --- at once ---

    def test_a_notification_a_hundred_times_at_once_is_one_payment(self):
        for kit in self.kits:
            with self.subTest(kit.code):
                number = self.tap(kit, self.link())
                message = kit.genuine(number)
                barrier, taken = threading.Barrier(20), []

                def send(kit=kit, message=message, barrier=barrier, taken=taken):
                    barrier.wait()
                    taken.extend(self.notify(kit, message) for _n in range(5))

                self.together([send] * 20)
                self.assertEqual(len(taken), 100)
                self.assertIn(True, taken)
                self.do("settle")
                self.assert_books()

    def test_many_taps_at_once_are_one_order(self):
        for kit in self.kits:
            with self.subTest(kit.code):
                path, numbers = self.link(), []
                self.together([lambda k=kit, p=path, n=numbers: n.append(self.tap(k, p))] * 6)
                self.assertEqual((len(numbers), len(set(numbers))), (6, 1))

    @staticmethod
    def together(works):
        threads = [threading.Thread(target=work) for work in works]
        for act in (threading.Thread.start, threading.Thread.join):
            for thread in threads:
                act(thread)

    # --- kill -9 ---

    def test_killed_while_the_order_is_made_and_while_its_notification_is_booked(self):
        for kit in self.kits:
            with self.subTest(kit.code):
                path, before = self.link(), len(kit.calls("create"))
                undo = self.pull_after(kit, "create", self.server.kill)
                self.assertIsNone(self.tap(kit, path))
                undo()
                self.server.start()
                number = self.tap(kit, path)
                made = {kit.number_of(content) for content in kit.calls("create")[before:]}
                self.assertIn(number, made)
                if kit.closes:  # UnionPay takes a number once; nobody has seen the code of the first
                    self.assertEqual(made, {number})
                message = kit.genuine(number)
                self.killed_before_commit(kit, number, message)
                self.server.start()
                self.assertTrue(self.notify(kit, message))
                self.do("settle")
                self.assert_books()

    def test_killed_while_a_refund_is_made_or_an_order_closed(self):
        for kit in self.kits:
            with self.subTest(kit.code):
                number = self.tap(kit, self.link())
                kit.pay(number)
                self.do("settle")
                self.killed_in(kit, "refund", "refund", number)
                self.settle()
                self.assertEqual(kit.refunded(number), 100_00)
                self.assert_books()
                number = self.tap(kit, self.link())
                kit.scan(number)
                kit.end(number)
                self.killed_in(kit, "close" if kit.closes else "query", "expire", number)
                self.do("expire", number)
                self.assertEqual(self.states("ar_gateway_order", [number]), {"closed"})
                self.assertTrue(kit.is_closed(number))
                self.assert_books()
