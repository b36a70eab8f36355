"""UnionPay over HTTP: what holds for every gateway, its cashier (front pay), and its wallet's own browser."""

import urllib.request
from unittest.mock import patch
from urllib.parse import urlencode

from lxml import html

from odoo.addons.ar_payment_gateways import const
from odoo.addons.ar_payment_gateways.core.gateway import Created

from tests.gateway_kit_unionpay import UnionpayKit
from tests.gateway_pay_scenarios import PayScenarios
from tests.test_gateways_common import GatewaysHttpCase

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36"
COMPUTER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36"
WALLET = "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36 (UnionPay/1.0 CloudPay)"


class TestUnionpayPay(PayScenarios, GatewaysHttpCase):
    gateway = UnionpayKit

    def test_a_part_payment_makes_a_new_order_and_closes_the_old_one(self):
        """UnionPay closes nothing: the old one waits until its time is over, and its money is credit."""
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        first = self.open_order(link)
        self._register_payment(invoice, amount=10.0, payment_difference_handling="open")
        second = self.open_order(link)
        self.assertNotEqual(first, second)
        self.assertEqual(second.amount, invoice.amount_residual)
        self.assertEqual((first.state, first.transaction_id.state), ("open", "draft"))
        self.pay(first)  # somebody still had the old code
        self.assertEqual(self.poll(first), "paid")
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(first.activity_ids.mapped("summary"), ["Paid more than was open"])

    def test_no_answer_and_again_repeats_the_number(self):
        """The code was lost with the answer: nobody can pay by it. UnionPay takes a number once, so we make another."""
        link = self.invoice()._get_ar_payment_link()
        self.kit.knobs.drop_response_after_commit = 1
        self.assertIn("error", self.start(link).text)
        self.env.invalidate_all()
        [first] = link.order_ids
        self.assertEqual(first.state, "draft")
        second = self.open_order(link)
        self.assertEqual(self.kit.simulator.refusals, ["12"])
        self.assertEqual((first.state, second.state), ("closed", "open"))
        one, two, three = self.kit.calls("create")
        self.assertEqual(one, two)  # the very same fields
        self.assertEqual(three["orderId"], second.name)


class TestUnionpayFront(GatewaysHttpCase):
    gateway = UnionpayKit

    def setUp(self):
        super().setUp()
        self.link = self.invoice()._get_ar_payment_link()

    def tap(self, agent):
        """Tap on "Pay with UnionPay"; return the response of the page one ends on."""
        path = f"/pay/{self.link.sudo().token}/start"
        response = self.url_open(path, data={"provider_id": self.provider.id}, headers={"User-Agent": agent})
        self.env.invalidate_all()
        return response

    def order(self):
        return self.link.sudo().order_ids[:1]

    def post_form(self, page):
        """The browser posts the page's form; return the address and the text of the cashier it ends on."""
        form = html.fromstring(page).xpath("//form[@data-go='form']")[0]
        body = urlencode(dict(form.fields)).encode()
        with urllib.request.urlopen(form.action, body, 10) as response:
            return response.url, response.read().decode()

    def test_phone_pays_at_the_cashier_and_comes_back(self):
        page = self.tap(PHONE)
        order = self.order()
        self.assertEqual((order.product, order.state), ("front phone", "open"))
        self.assertEqual(self.kit.calls(), [])  # UnionPay hears of it from the browser
        self.assertNotIn("<svg", page.text)
        policy = page.headers["Content-Security-Policy"]
        self.assertIn(f"form-action {self.kit.address} https://*.95516.com 'self';", policy)
        cashier, shown = self.post_form(page.text)
        self.assertIn("确认付款", shown)
        [content] = self.kit.calls("create")
        self.assertEqual(content["txnSubType"], "01")
        self.assertEqual((content["channelType"], content["bizType"]), ("08", "000201"))
        self.assertEqual(content["txnAmt"], str(order.amount_minor))
        self.assertEqual(self.kit.simulator.refusals, [])
        self.pay(order)
        self.assertEqual(order.state, "paid")
        with urllib.request.urlopen(cashier, None, 10) as response:
            back = html.fromstring(response.read().decode()).xpath("//form")[0]
        path = f"{const.UNIONPAY_RETURN_ROUTE}/{order.access_token}"
        self.assertTrue(back.action.endswith(path))
        returned = self.url_open(path, data=dict(back.fields))
        self.assertTrue(returned.url.endswith(order._page_url()))
        self.assertIn("Payment received", returned.text)

    def test_the_way_back_believes_nothing(self):
        self.tap(PHONE)
        order = self.order()
        self.kit.simulator.orders.create({**order.pay_fields})
        fields, _headers = self.kit.genuine(order.name)
        path = f"{const.UNIONPAY_RETURN_ROUTE}/{order.access_token}"
        for data in (fields, {**fields, "txnAmt": "1"}, {"respCode": "00"}):
            response = self.url_open(path, data=data, allow_redirects=False)
            self.assertEqual(response.status_code, 303)
            self.assertEqual(response.headers["Location"].rsplit("/pay/", 1)[1], order._page_url()[5:])
            self.assertNotIn("session_id", response.headers.get("Set-Cookie", ""))
            self.env.invalidate_all()
            self.assertEqual((order.state, order.transaction_id.state), ("open", "draft"))
        for token in ("x", "A" * 22, order.access_token[:-1]):
            self.assertEqual(
                self.url_open(f"{const.UNIONPAY_RETURN_ROUTE}/{token}", data={"a": 1}).status_code, 404
            )

    def test_the_form_is_the_same_however_often_it_is_shown(self):
        first = html.fromstring(self.tap(PHONE).text).xpath("//form[@data-go='form']")[0]
        again = html.fromstring(self.tap(PHONE).text).xpath("//form[@data-go='form']")[0]
        self.assertEqual(dict(first.fields), dict(again.fields))
        self.assertEqual(len(self.link.sudo().order_ids), 1)
        order = self.order()
        self.assertEqual(dict(self.provider._ar_gateway_create(order).pay_fields), dict(first.fields))

    def test_lost_notification_of_the_cashier_is_asked_for_by_its_product(self):
        page = self.tap(PHONE)
        order = self.order()
        self.assertFalse(order._query())  # nobody has been at the cashier yet
        self.post_form(page.text)
        self.kit.knobs.no_notify = True
        self.kit.pay(order.name)
        order._query()
        self.assertEqual(order.state, "paid")
        self.assertEqual(self.kit.calls("query")[-1]["bizType"], "000201")

    def test_a_form_nobody_has_posted_can_still_be_posted(self):
        """UnionPay has never heard of the order, and will take it all the same until its time is over."""
        self.tap(PHONE)
        order = self.order()
        order._expire()
        self.assertEqual((order.state, order.transaction_id.state), ("open", "draft"))
        order.payable_until = order.expires_at = "2020-01-01"
        order._expire()
        self.assertEqual((order.state, order.transaction_id.state), ("closed", "cancel"))

    def test_computers_get_a_code_unless_told_otherwise(self):
        self.assertIn("<svg", self.tap(COMPUTER).text)
        self.assertEqual(self.order().product, "qr")
        self.provider.unionpay_front_computer = True
        page = self.tap(COMPUTER)
        self.post_form(page.text)
        self.assertEqual(self.order().product, "front computer")
        self.assertEqual(self.kit.calls("create")[-1]["channelType"], "07")

    def test_phones_get_a_code_where_the_cashier_is_not_signed_for(self):
        self.provider.unionpay_front_phone = False
        self.assertIn("<svg", self.tap(PHONE).text)
        self.assertEqual(self.order().product, "qr")

    def test_the_wallets_browser_opens_the_code_if_it_is_an_address_of_https(self):
        self.assertIn("<svg", self.tap(WALLET).text)  # the simulator's is not
        order = self.order()
        self.assertEqual(order.product, "qr wallet")
        code = Created(qr_content="https://qr.95516.com/00010000/62")
        with patch("odoo.addons.ar_payment_gateways.core.unionpay_gateway.created", lambda fields: code):
            order.state = "closed"
            page = self.tap(WALLET)
        [go] = html.fromstring(page.text).xpath("//a[@data-go='link']")
        self.assertEqual(go.get("href"), code.qr_content)
        # It is not shown to somebody at a computer, whom it would lead astray.
        self.assertIn("<svg", self.tap(COMPUTER).text)
        self.assertEqual(len(self.link.sudo().order_ids), 3)
