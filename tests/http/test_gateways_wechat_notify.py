"""Notifications of WeChat Pay: what holds for every gateway, and attacks on its own format."""

import json

from odoo import fields

from odoo.addons.ar_payment_gateways import const

from tests.gateway_kits import WechatKit
from tests.gateway_notify_scenarios import NotifyScenarios
from tests.simulators import wechat_keys
from tests.simulators.alipay_keys import new_key, sign
from tests.test_gateways_common import GatewaysHttpCase

V2_XML = (
    b"<xml><return_code><![CDATA[SUCCESS]]></return_code><appid><![CDATA[wxd678efh567hg6787]]></appid>"
    b"<req_info><![CDATA[T87GAHG17TGAHG1TGHAHAHA1Y1CIOA9UGJH1GAHV871HAGAGQYQQPOOJMXNBCXBVNMNMAJAA]]></req_info></xml>"
)


class TestWechatNotify(NotifyScenarios, GatewaysHttpCase):
    gateway = WechatKit

    def certificates_asked(self):
        return [what for what, _content in self.kit.simulator.requests if what == "GET /v3/certificates"]

    def test_every_changed_byte_is_refused(self):
        body, headers = self.genuine()
        for position in range(0, len(body), max(1, len(body) // 40)):
            changed = bytearray(body)
            changed[position] ^= 1
            self.assert_refused((bytes(changed), headers), position)
        for changed in (b"", b"{}", body + b" ", body.replace(b"SUCCESS", b"SUCCEED"), b"\xff" + body):
            self.assert_refused((changed, headers))
        self.assert_untouched()
        self.assert_accepted((body, headers))

    def test_every_changed_or_missing_header_is_refused(self):
        body, headers = self.genuine()
        for name in [name for name in headers if name.startswith("Wechatpay-") and "Type" not in name]:
            for value in (
                headers[name] + "0",
                headers[name][:-1],
                "",
                "x",
                f"{headers[name]}, {headers[name]}",
            ):
                self.assert_refused((body, {**headers, name: value}), (name, value))
            self.assert_refused((body, {n: v for n, v in headers.items() if n != name}), name)
        self.assert_untouched()

    def test_forged_with_the_attackers_own_key(self):
        """All is public but the key: the order's number, our merchant number, the name of WeChat's key."""
        body, headers = self.genuine()
        mine = new_key()
        for serial in (headers["Wechatpay-Serial"], wechat_keys.certificate(mine, "Tenpay.com sign")[1], "X"):
            message = f"{headers['Wechatpay-Timestamp']}\nnonce\n".encode() + body + b"\n"
            forged = {
                **headers,
                "Wechatpay-Nonce": "nonce",
                "Wechatpay-Serial": serial,
                "Wechatpay-Signature": sign(message, mine),
            }
            self.assert_refused((body, forged), serial)
        self.assert_untouched()

    def test_unknown_serials_cause_one_call_to_wechat(self):
        body, headers = self.genuine()
        self.kit.knobs.no_certificates = True
        for number in range(5):
            self.assert_refused((body, {**headers, "Wechatpay-Serial": f"{number:040X}"}))
        self.assertEqual(len(self.certificates_asked()), 1)
        self.assert_untouched()
        self.assert_accepted((body, headers))  # nor does it keep genuine ones out

    def test_new_platform_certificate_is_fetched_and_both_are_believed(self):
        """The week when a merchant changes between certificate and public key: both kinds arrive."""
        self.kit.knobs.by_certificate = True
        self.assertFalse(self.provider.wechatpay_platform_certificates)
        self.assert_accepted(self.genuine())
        self.assert_paid_once()
        self.assertEqual(len(self.certificates_asked()), 1)
        self.env.invalidate_all()
        self.assertIn("BEGIN CERTIFICATE", self.provider.wechatpay_platform_certificates)
        self.kit.knobs.by_certificate = False
        self.assert_accepted(self.genuine())
        self.assertEqual(len(self.certificates_asked()), 1)

    def test_stale_and_future_timestamps_are_refused(self):
        for seconds in (-301, 301, -86400):
            self.kit.knobs.clock_skew = seconds
            self.assert_refused(self.genuine(), seconds)
        self.assert_untouched()
        self.kit.knobs.clock_skew = -250
        self.assert_accepted(self.genuine())

    def test_signtest_probe_is_refused(self):
        self.kit.knobs.signtest = True
        self.assert_refused(self.genuine())
        self.assert_untouched()

    def test_sealed_for_another_merchant_is_refused(self):
        self.kit.knobs.wrong_apiv3_key = True
        self.assert_refused(self.genuine())
        self.assert_untouched()

    def test_xml_of_the_old_api_does_no_harm(self):
        """Refunds made in the merchant console are reported that way."""
        self.assert_refused((V2_XML, {"Content-Type": "text/xml"}))
        self.assert_untouched()

    def test_not_paid_states_do_not_pay(self):
        for state in ("NOTPAY", "USERPAYING", "ACCEPT", ""):
            self.kit.knobs.notify_change = {"trade_state": state}
            self.assert_accepted(self.genuine())
            self.assert_untouched()

    def test_amounts_that_are_none(self):
        order = self.kit.simulator.orders.by_number[self.order.name]
        for total in (None, "22600", 226.0, True, -order.total, {"total": order.total}):
            self.kit.knobs.notify_change = {"amount": {"total": total, "currency": "CNY"}}
            self.assert_accepted(self.genuine())
            self.env.invalidate_all()
            self.assertEqual(self.order.transaction_id.state, "draft", total)

    def test_another_currency_is_a_mismatch(self):
        order = self.kit.simulator.orders.by_number[self.order.name]
        self.kit.knobs.notify_change = {"amount": {"total": order.total, "currency": "USD"}}
        self.assert_accepted(self.genuine())
        self.env.invalidate_all()
        self.assertEqual(self.order.state, "mismatch")
        self.assertEqual(self.order.transaction_id.state, "draft")

    def test_a_coupon_pays_in_full(self):
        order = self.kit.simulator.orders.by_number[self.order.name]
        amount = {"total": order.total, "payer_total": order.total - 500, "currency": "CNY"}
        self.kit.knobs.notify_change = {"amount": amount}
        self.assert_accepted(self.genuine())
        self.assert_paid_once()

    def test_sooner_than_five_seconds_and_few_queries(self):
        """WeChat waits five seconds for the answer."""
        body, headers = self.genuine()
        before = fields.Datetime.now()
        self.assert_accepted((body, headers))
        self.assertLess((fields.Datetime.now() - before).total_seconds(), 5)
        self.assertEqual(self.kit.calls(), [("create", self.kit.calls("create")[0])])  # it asks nobody

    def test_kept_message_has_no_payer_and_no_key(self):
        self.assert_accepted(self.genuine())
        self.env.invalidate_all()
        kept = json.dumps(self.order.exchange_ids.read(["request", "answer"]), default=str)
        self.assertIn("SUCCESS", kept)
        for secret in ("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", self.kit.merchant.apiv3_key, "PRIVATE KEY"):
            self.assertNotIn(secret, kept)

    def test_the_address_is_the_providers_own(self):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        order = self.kit.simulator.orders.by_number[self.order.name]
        path = f"{const.NOTIFY_ROUTE % 'wechatpay'}/{self.provider.id}"
        self.assertEqual(order.content["notify_url"], f"{base}{path}")
