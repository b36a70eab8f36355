"""Orders that are paid on the gateway's own page: what ours shows, and where it lets the browser go; Alipay's."""

import urllib.request
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from lxml import html

from odoo import fields
from odoo.exceptions import ValidationError

from odoo.addons.ar_payment_gateways import const
from odoo.addons.ar_payment_gateways.core.gateway import Closing

from tests.test_gateways_common import GatewaysHttpCase

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36"
COMPUTER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36"
WALLET = "Mozilla/5.0 (Linux; Android 13) Mobile Safari/537.36 AliApp(AP/10.5.36) AlipayClient/10.5.36"
WECHAT = "Mozilla/5.0 (iPhone) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI"


class TestChannel(GatewaysHttpCase):
    def order_with(self, **values):
        order = self.open_order(self.invoice(100.0)._get_ar_payment_link())
        order.write({"qr_content": False, **values})
        return order

    def test_a_form_for_the_gateways_page(self):
        order = self.order_with(
            pay_url="https://gateway.example.com/front.do", pay_fields={"orderId": "A1", "sign": '<"&>'}
        )
        response = self.url_open(order._page_url())
        form = html.fromstring(response.text).find(".//form")
        self.assertEqual(form.action, "https://gateway.example.com/front.do")
        self.assertEqual(form.fields["orderId"], "A1")
        self.assertEqual(form.fields["sign"], '<"&>')
        policy = response.headers["Content-Security-Policy"]
        self.assertIn("form-action https://gateway.example.com 'self';", policy)
        self.assertIn("default-src 'none'", policy)

    def test_a_link_to_the_gateways_page(self):
        order = self.order_with(pay_url="https://cashier.example.com/pay?x=1&y=2")
        response = self.url_open(order._page_url())
        [link] = html.fromstring(response.text).xpath("//a[@data-go]")
        self.assertEqual(link.get("href"), "https://cashier.example.com/pay?x=1&y=2")
        self.assertIn("form-action 'self';", response.headers["Content-Security-Policy"])

    def test_who_began_is_on_record(self):
        link = self.invoice(100.0)._get_ar_payment_link()
        self.url_open(
            f"/pay/{link.sudo().token}/start",
            data={"provider_id": self.provider.id},
            headers={"User-Agent": PHONE},
        )
        order = link.sudo().order_ids
        self.assertEqual(order.channel, "phone")
        self.assertEqual(order.payer_address, "127.0.0.1")
        self.assertEqual(order.product, self.provider.sudo().alipay_product_code)

    def test_another_product_is_another_order(self):
        link = self.invoice(100.0)._get_ar_payment_link()
        first = self.open_order(link)
        self.provider.sudo().alipay_product_code = "FACE_TO_FACE_PAYMENT"
        second = self.open_order(link)
        self.assertNotEqual(first, second)
        self.assertEqual(first.state, "closed")  # what is on show elsewhere cannot be paid twice


class TestAlipayPage(GatewaysHttpCase):
    """alipay.trade.page.pay and alipay.trade.wap.pay, from the tap to the books, against the simulator's cashier."""

    def setUp(self):
        super().setUp()
        self.provider.write({"alipay_page_pay": True, "alipay_wap_pay": True})
        self.link = self.invoice()._get_ar_payment_link()

    def tap(self, agent):
        """Tap on "Pay with Alipay"; return the response of the page one ends on, and its way on."""
        path = f"/pay/{self.link.sudo().token}/start"
        response = self.url_open(path, data={"provider_id": self.provider.id}, headers={"User-Agent": agent})
        self.env.invalidate_all()
        return response, self.way_on(response)

    def way_on(self, response):
        found = html.fromstring(response.text).xpath("//a[@data-go='link']")
        return found[0].get("href") if found else None

    def browse(self, url):
        """Go where our page leads, as a browser; return where one ends, and what is shown."""
        with urllib.request.urlopen(url, None, 10) as response:
            return response.url, response.read().decode()

    def order(self):
        return self.link.sudo().order_ids[:1]

    def test_each_device_gets_its_own_cashier(self):
        for agent, product, method in (
            (PHONE, "QUICK_WAP_WAY", "alipay.trade.wap.pay"),
            (WALLET, "QUICK_WAP_WAY", "alipay.trade.wap.pay"),
            (COMPUTER, "FAST_INSTANT_TRADE_PAY", "alipay.trade.page.pay"),
        ):
            response, href = self.tap(agent)
            order = self.order()
            self.assertEqual((order.product, order.state), (product, "open"))
            self.assertNotIn("<svg", response.text)
            query = parse_qs(urlsplit(href).query)
            self.assertEqual(query["method"], [method])
            self.assertEqual(query["charset"], ["utf-8"])
            # Nothing that Alipay or we have signed is kept, and the secret part of our address stays here.
            self.assertNotIn("sign", order.pay_fields)
            self.assertEqual(order.pay_url, self.kit.address)
            self.assertEqual(response.headers["Referrer-Policy"], "origin")
            self.assertIn("form-action 'self';", response.headers["Content-Security-Policy"])
        self.assertEqual(self.kit.calls("create"), [])  # Alipay hears of it from the browser
        self.assertEqual(len(self.link.sudo().order_ids), 2)  # the wallet's browser shares the phone's

    def test_no_way_on_for_what_must_not_be_paid_any_more(self):
        self.tap(PHONE)
        self.link.action_revoke()
        page = self.url_open(self.order()._page_url())
        self.assertIsNone(self.way_on(page))
        self.assertIn("can no longer be made", page.text)
        self.assertNotIn("code", page.text.split("</head>")[1])
        self.assertEqual(
            self.order().state, "open"
        )  # a cashier that somebody has open may still take the money

    def test_a_wallet_that_scans_goes_straight_there(self):
        page = self.url_open(f"/pay/{self.link.sudo().token}", headers={"User-Agent": WALLET})
        self.assertIn('data-go="1"', page.text)
        self.assertIn("go.js", page.text)

    def test_phone_pays_comes_back_and_gets_a_receipt(self):
        _page, href = self.tap(PHONE)
        order = self.order()
        cashier, shown = self.browse(href)
        self.assertIn("确认付款", shown)
        self.assertEqual(self.kit.simulator.refusals, [])
        [quit_way] = html.fromstring(shown).xpath("//a/@href")
        self.assertTrue(quit_way.endswith(order._page_url()))
        self.pay(order)
        self.assertEqual((order.state, self.poll(order)), ("paid", "paid"))
        [back] = html.fromstring(self.browse(cashier)[1]).xpath("//a/@href")
        returned = self.url_open(back.replace(self.provider._ar_gateway_base_url(), ""))
        self.assertTrue(returned.url.endswith(order._page_url()))
        self.assertIn("Payment received", returned.text)
        self.assertEqual(self.link.move_ids.amount_residual, 0)
        # Refunds and their queries are the same as for codes.
        with self.allow_requests(all_requests=True):
            refund = (
                self.env["ar.gateway.refund"]
                .sudo()
                ._prepare(order.transaction_id._create_child_transaction(10.0, is_refund=True))
            )
            self.assertEqual(self.provider._ar_gateway_refund(refund).refunded_minor, 1000)
            self.assertEqual(self.provider._ar_gateway_query_refund(refund).report.amount_minor, 1000)

    def test_the_way_back_believes_nothing(self):
        """What the browser brings never marks anything paid: at most Alipay is asked."""
        _page, href = self.tap(PHONE)
        order = self.order()
        self.browse(href)
        trade = self.kit.simulator.trades.by_number[order.name]
        genuine = self.kit.simulator.pages.way_back(trade)  # Alipay signs it, and nobody has paid
        path, _mark, query = genuine.partition("?")
        path = path.replace(self.provider._ar_gateway_base_url(), "")
        answers = {}
        forged = {
            **{k: v[0] for k, v in parse_qs(query).items()},
            "total_amount": "0.01",
            "trade_status": "TRADE_SUCCESS",
        }
        for name, text in {"genuine": query, "forged": urlencode(forged), "bare": ""}.items():
            order.queried_at = False
            self.env.flush_all()
            asked = len(self.kit.calls("query"))
            response = self.url_open(f"{path}?{text}", allow_redirects=False)
            self.assertEqual(response.status_code, 303)
            self.assertTrue(response.headers["Location"].endswith(order._page_url()))
            self.env.invalidate_all()
            self.assertEqual((order.state, order.transaction_id.state), ("open", "draft"), name)
            answers[name] = len(self.kit.calls("query")) - asked
        self.assertEqual(answers, {"genuine": 1, "forged": 0, "bare": 0})
        other = self.order_of_another_link()
        self.assertFalse(self.provider._alipay_is_return(other, query.encode()))  # somebody else's return
        for token in ("x", "A" * 22, order.access_token[:-1]):
            self.assertEqual(self.url_open(f"{const.ALIPAY_RETURN_ROUTE}/{token}?{query}").status_code, 404)

    def order_of_another_link(self):
        return self.open_order(self.invoice(7.0)._get_ar_payment_link())

    def test_lost_notification_is_asked_for(self):
        _page, href = self.tap(COMPUTER)
        order = self.order()
        self.assertFalse(order._query())  # nobody has been at the cashier yet
        self.browse(href)
        self.assertTrue(order._query())
        self.assertEqual(order.state, "open")
        self.kit.knobs.no_notify = True
        self.kit.pay(order.name)
        order._query()
        self.assertEqual((order.state, order.transaction_id.state), ("paid", "done"))

    def test_a_page_that_nobody_has_opened_can_still_be_opened(self):
        """Alipay has never heard of the order; whoever has the page open can still go there."""
        self.tap(PHONE)
        order = self.order()
        self.assertIs(order._close_at_gateway(), Closing.UNKNOWN)
        order._expire()
        self.assertEqual((order.state, order.transaction_id.state), ("open", "draft"))
        order.payable_until = order.expires_at = "2020-01-01"
        order._expire()
        self.assertEqual((order.state, order.transaction_id.state), ("closed", "cancel"))
        response = self.url_open(order._page_url())
        self.assertIsNone(self.way_on(response))

    def test_a_trade_that_waits_is_closed_there(self):
        _page, href = self.tap(PHONE)
        order = self.order()
        self.browse(href)
        order._expire()
        self.assertEqual(order.state, "closed")
        self.assertTrue(self.kit.is_closed(order.name))

    def test_the_page_is_signed_whenever_it_is_shown(self):
        _page, first = self.tap(PHONE)
        order = self.order()
        signed_before = fields.Datetime.now() - timedelta(minutes=16)
        with self.assertLogs("odoo.addons.ar_payment_gateways", "WARNING"):
            self.url_open(f"{const.ALIPAY_RETURN_ROUTE}/{order.access_token}")
        self.assertIn("确认付款", self.browse(first)[1])
        order.create_date = signed_before
        again = self.way_on(self.url_open(order._page_url()))
        contents = [parse_qs(urlsplit(href).query)["biz_content"] for href in (first, again)]
        self.assertEqual(contents[0], contents[1])  # Alipay takes a number only with the same content
        self.assertIn("确认付款", self.browse(again)[1])
        self.provider.write({"state": "disabled", "alipay_private_key": False})
        self.assertIsNone(self.way_on(self.url_open(order._page_url())))

    def test_which_products_are_signed_for(self):
        self.provider.write({"alipay_page_pay": False, "alipay_wap_pay": False})
        for agent in (PHONE, COMPUTER, WECHAT):
            response, href = self.tap(agent)
            self.assertIsNone(href)
            self.assertIn("<svg", response.text)
        with self.assertRaisesRegex(ValidationError, "at least one product"):
            self.provider.alipay_code_pay = False

    def test_test_connection_without_codes(self):
        self.provider.alipay_code_pay = False
        problems, done = self.provider._ar_gateway_test()
        self.assertFalse(problems)
        self.assertIn("pay a small invoice", done[1])
        self.provider.alipay_app_id = "2021000000000009"
        problems, done = self.provider._ar_gateway_test()
        self.assertIn("Alipay knows no app", problems[0])
