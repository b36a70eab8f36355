"""WeChat Pay over HTTP: what holds for every gateway, phones (H5) and WeChat's own browser (JSAPI)."""

import json
import urllib.parse

from lxml import html

from odoo.addons.ar_payment_gateways import const

from tests.gateway_kits import WechatKit
from tests.gateway_pay_scenarios import PayScenarios
from tests.test_gateways_common import GatewaysHttpCase

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36"
WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI"


class TestWechatPay(PayScenarios, GatewaysHttpCase):
    gateway = WechatKit


class WechatHttpCase(GatewaysHttpCase):
    gateway = WechatKit

    def tap(self, link, agent, **kwargs):
        """Tap on "Pay with WeChat Pay"; return the response of the page one ends on."""
        path = f"/pay/{link.sudo().token}/start"
        headers = {"User-Agent": agent}
        response = self.url_open(path, data={"provider_id": self.provider.id}, headers=headers, **kwargs)
        self.env.invalidate_all()
        return response


class TestWechatH5(WechatHttpCase):
    def setUp(self):
        super().setUp()
        self.provider.wechatpay_h5 = True
        self.link = self.invoice()._get_ar_payment_link()

    def test_phone_goes_to_wechat_and_comes_back(self):
        response = self.tap(self.link, PHONE)
        order = self.link.sudo().order_ids
        [content] = self.kit.calls("create")
        self.assertEqual(content["scene_info"]["payer_client_ip"], "127.0.0.1")
        [go] = html.fromstring(response.text).xpath("//a[@data-go='link']")
        self.assertEqual(go.get("href"), order.pay_url)
        # WeChat wants to know which site its visitor comes from; the secret part of the address stays here.
        self.assertEqual(response.headers["Referrer-Policy"], "origin")
        self.assertNotIn("noreferrer", go.get("rel") or "")
        back = urllib.parse.parse_qs(urllib.parse.urlsplit(order.pay_url).query)["redirect_url"]
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        self.assertEqual(back, [f"{base}{order._page_url()}"])
        self.assertNotIn("<svg", response.text)
        self.pay(order)
        self.assertEqual(self.poll(order), "paid")
        self.assertIn("Payment received", self.url_open(order._page_url()).text)

    def test_an_address_that_is_over_is_not_shown_again(self):
        self.tap(self.link, PHONE)
        first = self.link.sudo().order_ids
        self.tap(self.link, PHONE)
        self.assertEqual(self.link.sudo().order_ids, first)
        first.payer_address = "10.0.0.1"  # somebody else's: WeChat compares
        self.env.flush_all()
        self.tap(self.link, PHONE)
        self.assertEqual(len(self.link.sudo().order_ids), 2)
        self.assertEqual(first.state, "closed")

    def test_computers_get_a_code(self):
        self.assertIn("<svg", self.tap(self.link, "Mozilla/5.0 (X11; Linux x86_64) Firefox/130").text)
        self.assertEqual(self.link.sudo().order_ids.product, "native")


class TestWechatBrowser(WechatHttpCase):
    def setUp(self):
        super().setUp()
        self.provider.wechatpay_app_secret = self.kit.merchant.appsecret
        self.link = self.invoice()._get_ar_payment_link()

    def bridge_of(self, response):
        [button] = html.fromstring(response.text).xpath("//button[@data-bridge]")
        return json.loads(button.get("data-bridge"))

    def way(self, response):
        return [urllib.parse.urlsplit(each.url).path for each in (*response.history, response)]

    def test_through_wechat_and_paid_in_its_browser(self):
        response = self.tap(self.link, WECHAT)
        order = self.link.sudo().order_ids
        self.assertEqual(
            self.way(response)[1:],
            [
                f"{const.WECHATPAY_AUTHORIZE_ROUTE}/{order.access_token}",
                "/connect/oauth2/authorize",
                const.WECHATPAY_OPENID_ROUTE,
                order._page_url(),
            ],
        )
        [content] = self.kit.calls("create")
        self.assertEqual(content["payer"], {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"})
        self.assertIn("wechat.js", response.text)
        self.assertNotIn("<svg", response.text)
        self.assertNotIn("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", response.text)
        self.assertNotIn("unsafe", response.headers["Content-Security-Policy"])
        with self.allow_requests(all_requests=True):
            self.assertTrue(self.kit.simulator.jsapi_pay(self.bridge_of(response)))
        self.env.invalidate_all()
        self.assertEqual(self.poll(order), "paid")
        self.assertEqual(self.link.sudo().state, "paid")

    def test_the_number_is_on_record_before_wechat_is_asked_who_pays(self):
        path = f"/pay/{self.link.sudo().token}/start"
        response = self.url_open(
            path,
            data={"provider_id": self.provider.id},
            headers={"User-Agent": WECHAT},
            allow_redirects=False,
        )
        self.env.invalidate_all()
        [order] = self.link.sudo().order_ids
        self.assertEqual(order.state, "draft")
        self.assertEqual(self.kit.calls(), [])
        self.assertTrue(response.headers["Location"].endswith(order.access_token))

    def test_a_state_is_good_once_and_for_its_order(self):
        response = self.tap(self.link, WECHAT)
        came_back = next(each for each in response.history if const.WECHATPAY_OPENID_ROUTE in each.url)
        code = self.kit.simulator.new_code()
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(came_back.url).query)["state"][0]
        for query in (
            f"?code={code}&state={state}",
            f"?code={code}&state={'0' * 32}",
            f"?code={code}",
            "?state=",
        ):
            again = self.url_open(f"{const.WECHATPAY_OPENID_ROUTE}{query}")
            self.assertEqual(again.status_code, 404, query)
        self.assertIn(code, self.kit.simulator.codes)  # nobody has even tried it
        self.assertEqual(len(self.kit.calls("create")), 1)

    def test_made_up_tokens_and_codes(self):
        self.assertEqual(self.url_open(f"{const.WECHATPAY_AUTHORIZE_ROUTE}/{'x' * 22}").status_code, 404)
        path = self.tap(self.link, WECHAT, allow_redirects=False).headers["Location"]
        away = self.url_open(path, allow_redirects=False).headers["Location"]
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(away).query)["state"][0]
        response = self.url_open(
            f"{const.WECHATPAY_OPENID_ROUTE}?code=../../evil%0d%0a&state={state}",
            headers={"User-Agent": WECHAT},
        )
        self.assertIn("<svg", response.text)
        self.env.invalidate_all()
        order = self.link.sudo().order_ids
        self.assertEqual(order.product, "native")
        # He can still pay, with another phone, and is told so: a real code is no address that a browser opens.
        order.qr_content = "weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00"
        self.env.flush_all()
        page = self.url_open(order._page_url(), headers={"User-Agent": WECHAT}).text
        self.assertIn("another phone", page)
        self.assertNotIn("weixin://", page)
        self.assertNotIn("another phone", self.url_open(order._page_url()).text)

    def test_wrong_secret_shows_a_code(self):
        self.provider.wechatpay_app_secret = "f" * 32
        self.env.flush_all()
        with self.assertLogs(
            "odoo.addons.ar_payment_gateways.models.ar_gateway_order_payer", "WARNING"
        ) as logs:
            self.assertIn("<svg", self.tap(self.link, WECHAT).text)
        self.assertIn("40125", logs.output[0])
        self.assertNotIn("f" * 32, str(logs.output))
        kept = self.link.sudo().order_ids.exchange_ids.filtered(lambda message: "sns/" in message.operation)
        self.assertIn("40125", kept.answer)
        self.assertNotIn("f" * 32, str(kept.read()))

    def test_a_second_visitor_gets_an_order_of_his_own(self):
        """What was made for one WeChat cannot be paid by another."""
        self.tap(self.link, WECHAT)
        first = self.link.sudo().order_ids
        self.tap(self.link, WECHAT)
        self.assertEqual(self.link.sudo().order_ids.mapped("state"), ["open", "closed"])
        self.assertEqual(first.state, "closed")

    def test_parameters_are_signed_anew_and_not_for_ever(self):
        response = self.tap(self.link, WECHAT)
        order = self.link.sudo().order_ids
        again = self.bridge_of(self.url_open(order._page_url()))
        self.assertNotEqual(again["nonceStr"], self.bridge_of(response)["nonceStr"])
        order._close_locally()
        self.env.flush_all()
        self.assertNotIn("data-bridge", self.url_open(order._page_url()).text)

    def test_payer_is_for_administrators(self):
        self.tap(self.link, WECHAT)
        kept = str(self.link.sudo().order_ids.exchange_ids.read(["request", "answer"]))
        self.assertNotIn("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", kept)
        [exchange] = self.link.sudo().order_ids.exchange_ids.filtered(
            lambda message: message.operation == "sns/oauth2/access_token"
        )
        self.assertIn(self.provider.wechatpay_appid, exchange.request)
        self.assertIn('"openid": "o***o"', exchange.answer)
        for secret in (self.kit.merchant.appsecret, '"code"', '"secret"'):
            self.assertNotIn(secret, exchange.request)

        field = self.env["ar.gateway.order"]._fields["payer_openid"]
        self.assertEqual(field.groups, "base.group_system")
