"""WeChat Pay: what holds for every gateway, its credentials, and its "Test connection"."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import new_test_user
from odoo.tools import file_open

from odoo.addons.ar_payment_gateways import const
from odoo.addons.ar_payment_gateways.core.visitor import Channel

from tests.gateway_kits import WECHAT_MERCHANT, WechatKit
from tests.gateway_late_scenarios import LateScenarios
from tests.gateway_order_scenarios import OrderScenarios
from tests.simulators import wechat_keys
from tests.simulators.alipay_keys import new_key, private_pem, public_pem
from tests.test_gateways_common import GatewaysCase
from tests.test_gateways_refund_common import RefundCase

PARAMETER = const.AR_GATEWAYS["wechatpay"].test_parameter


class TestWechatOrders(OrderScenarios, GatewaysCase):
    gateway = WechatKit

    def test_content_of_an_order(self):
        order = self.open_order()
        [content] = self.kit.calls("create")
        self.assertEqual(content["out_trade_no"], order.name)
        self.assertEqual(content["amount"], {"total": order.amount_minor, "currency": "CNY"})
        self.assertIn(self.inv.name, content["description"])
        self.assertEqual(order.product, "native")

    def test_refunded_order_is_a_paid_one(self):
        """One fen that went back makes the whole order REFUND."""
        order = self.open_order()
        self.kit.pay_quietly(order.name)
        self.kit.simulator.orders.by_number[order.name].state = "REFUND"
        self.run_cron()
        self.assertEqual(order.state, "paid")

    def test_refused_question_gives_nothing_up(self):
        order = self.open_order()
        self.over(order)
        for code in ("SIGN_ERROR", "NO_AUTH", "SYSTEM_ERROR", "PARAM_ERROR"):
            self.kit.knobs.business_error = code
            self.run_cron()
            self.assertEqual((order.state, order.transaction_id.state), ("open", "draft"), code)

    def test_used_number_is_replaced(self):
        self.kit.knobs.business_error = "OUT_TRADE_NO_USED"
        order = self.open_order()
        self.assertEqual(order.state, "open")
        self.assertEqual(self.link.order_ids.mapped("state"), ["open", "closed"])

    def test_test_mode_without_simulator_takes_no_order(self):
        """WeChat Pay has no test environment: what is ordered there can be paid."""
        self.env["ir.config_parameter"].sudo().set_param(PARAMETER, False)
        with self.assertRaises(ValidationError):
            self.open_order()
        self.assertEqual(self.kit.calls(), [])


class TestWechatLate(LateScenarios, RefundCase):
    gateway = WechatKit


class TestWechatProvider(GatewaysCase):
    gateway = WechatKit

    def test_credentials_are_checked_when_saved(self):
        merchant, other = WECHAT_MERCHANT, new_key()
        own_certificate = wechat_keys.certificate(merchant.merchant_key, "x")[0]
        for values in (
            {"wechatpay_mchid": "19000001O9"},
            {"wechatpay_apiv3_key": "x" * 31},
            {"wechatpay_apiv3_key": "密" * 32},
            {"wechatpay_certificate_serial": "no serial"},
            {"wechatpay_private_key": "nonsense"},
            {"wechatpay_private_key": public_pem(other)},
            {"wechatpay_public_key": private_pem(other)},
            {"wechatpay_public_key": public_pem(merchant.merchant_key)},
            {"wechatpay_public_key_id": "0119000001092026112300000000"},
            {"wechatpay_public_key_id": False},
            {"wechatpay_public_key_id": False, "wechatpay_public_key": False},
            {"wechatpay_platform_certificates": "nonsense"},
            {"wechatpay_platform_certificates": own_certificate},
            {"wechatpay_appid": False},
        ):
            with self.assertRaises(ValidationError, msg=values), self.env.cr.savepoint():
                self.provider.write(values)

    def test_serial_is_taken_from_the_certificate(self):
        pem, serial = wechat_keys.certificate(WECHAT_MERCHANT.merchant_key, "1900000109")
        self.provider.wechatpay_certificate_serial = pem
        self.assertEqual(self.provider.wechatpay_certificate_serial, serial)
        self.provider.wechatpay_certificate_serial = f" {serial.lower()} "
        self.assertEqual(self.provider.wechatpay_certificate_serial, serial)

    def test_certificates_alone_will_do(self):
        self.provider.write(
            {
                "wechatpay_platform_certificates": WECHAT_MERCHANT.platform_certificate,
                "wechatpay_public_key": False,
                "wechatpay_public_key_id": False,
            }
        )
        self.assertTrue(self.provider.wechatpay_platform_certificates_end > fields.Date.today())

    def test_credentials_are_for_administrators_and_not_copied(self):
        manager = new_test_user(
            self.env,
            "wechat_manager",
            "base.group_user,ar_payment_gateways.group_manager",
            company_id=self.company.id,
        )
        names = [*const.AR_GATEWAYS["wechatpay"].credential_fields, "wechatpay_h5"]
        copy = self.provider.copy({"state": "disabled"})
        for name in names:
            self.assertFalse(copy[name], name)
            with self.assertRaises(AccessError, msg=name):
                self.provider.with_user(manager).read([name])
        with self.assertRaises(AccessError):
            self.provider.with_user(manager).action_ar_test_connection()

    def test_products(self):
        def product(channel):
            return self.provider._ar_gateway_product(channel)

        self.assertEqual([product(channel) for channel in Channel], ["native"] * 3)
        self.provider.write({"wechatpay_h5": True, "wechatpay_app_secret": "x"})
        self.assertEqual(
            {channel.value: product(channel) for channel in Channel},
            {"screen": "native", "phone": "h5", "wallet": "jsapi"},
        )

    def test_address_override_is_for_test_mode_and_this_machine(self):
        parameters = self.env["ir.config_parameter"].sudo()
        live = "https://api.mch.weixin.qq.com"
        self.assertEqual(self.provider._wechatpay_host(), self.kit.address)
        for url in ("http://evil.example", "http://127.0.0.1.evil.example/", "http://127.0.0.1@evil/", ""):
            parameters.set_param(PARAMETER, url)
            self.assertEqual(self.provider._wechatpay_host(), live, url)
        parameters.set_param(PARAMETER, self.kit.address)
        self.provider.state = "enabled"
        self.assertEqual(self.provider._wechatpay_host(), live)

    def test_logs_hold_no_secret(self):
        core, ours = "odoo.addons.payment.models.payment_provider", "odoo.addons.ar_payment_gateways.models"
        with (
            patch(f"{core}._logger") as theirs,
            patch(f"{ours}.payment_provider_wechatpay_requests._logger") as logger,
        ):
            self.provider._wechatpay_try_order("/v3/pay/transactions/native")
        theirs.info.assert_not_called()
        text = "\n".join(call.args[0] % call.args[1:] for call in logger.info.call_args_list)
        self.assertIn("/v3/pay/transactions/native", text)
        for secret in ("signature", "WECHATPAY2", "PRIVATE", "nonce_str", self.kit.merchant.apiv3_key):
            self.assertNotIn(secret, text)

    def test_neutralized_copy_reaches_nobody(self):
        self.env.flush_all()
        with file_open("ar_payment_gateways/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.provider.state, "disabled")
        for name in const.AR_GATEWAYS["wechatpay"].credential_fields:
            self.assertFalse(self.provider[name], name)
        self.assertFalse(self.env["ir.config_parameter"].sudo().get_param(PARAMETER))
        self.assertFalse(self.env.ref("ar_payment_gateways.ir_cron_wechatpay_certificates").active)


class TestWechatTrial(GatewaysCase):
    """ "Test connection" says exactly what is wrong."""

    gateway = WechatKit

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.env.flush_all()

    def wrong(self, **values):
        """What the button says once these are entered."""
        self.provider.write(values)
        self.env.flush_all()
        with self.assertRaises(UserError) as raised:
            self.provider.action_ar_test_connection()
        return str(raised.exception)

    def test_all_is_well(self):
        self.provider.write({"wechatpay_h5": True, "wechatpay_app_secret": self.kit.merchant.appsecret})
        self.env.flush_all()
        told = self.provider.action_ar_test_connection()["params"]
        self.assertEqual(told["type"], "success")
        for good in ("accepts orders", "APIv3 key opens", "secret of the official account is right"):
            self.assertIn(good, told["message"])
        for content in self.kit.calls("create"):
            self.assertEqual(content["amount"]["total"], 1)
            self.assertTrue(self.kit.is_closed(content["out_trade_no"]))
        self.assertEqual(len(self.kit.calls("create")), 2)

    def test_public_key_merchants_have_no_certificates(self):
        self.kit.knobs.no_certificates = True
        self.assertIn("cannot be tried", self.provider.action_ar_test_connection()["params"]["message"])

    def test_keys_that_do_not_belong_together(self):
        for values in (
            {"wechatpay_private_key": private_pem(new_key())},
            {"wechatpay_certificate_serial": "A" * 40},
            {"wechatpay_mchid": "1900000999"},
        ):
            self.assertIn("do not belong together", self.wrong(**values))
            self.provider.write(self.kit.credentials)

    def test_clock(self):
        self.kit.knobs.clock_skew = 400
        self.assertRegex(self.wrong(), r"clock of this server is (399|40\d) seconds slow")
        self.kit.knobs.clock_skew = -400
        self.assertRegex(self.wrong(), r"clock of this server is (399|40\d) seconds fast")

    def test_products_not_signed_for(self):
        self.kit.knobs.unsigned_products = ("native", "h5")
        self.assertIn("not signed for the product Native", self.wrong())
        self.kit.knobs.unsigned_products = ("h5",)
        self.assertIn("not signed for the product H5", self.wrong(wechatpay_h5=True))

    def test_app_of_somebody_else(self):
        self.assertIn("wx0000000000000000 is not bound", self.wrong(wechatpay_appid="wx0000000000000000"))

    def test_apiv3_key(self):
        self.assertIn("APIv3 key", self.wrong(wechatpay_apiv3_key="x" * 32))

    def test_wechats_public_key(self):
        self.assertIn("not signed with the key", self.wrong(wechatpay_public_key=public_pem(new_key())))
        self.provider.write(self.kit.credentials)
        self.kit.knobs.no_certificates = True
        self.kit.knobs.by_certificate = True
        self.assertIn("a key that is not entered here", self.wrong())

    def test_secret_of_the_account(self):
        self.assertIn("secret", self.wrong(wechatpay_app_secret="f" * 32))

    def test_nobody_there(self):
        self.kit.knobs.drop_request = 9
        self.assertTrue(self.wrong())

    def test_certificates_are_fetched_for_a_provider_that_has_no_key_yet(self):
        """As merchants of old do it: nothing of WeChat's is entered, the APIv3 key vouches for what comes."""
        self.provider.write(
            {"state": "disabled", "wechatpay_public_key": False, "wechatpay_public_key_id": False}
        )
        self.env.flush_all()
        self.kit.knobs.by_certificate = True
        with patch.object(type(self.provider), "_wechatpay_host", lambda provider, **live: self.kit.address):
            self.provider.action_ar_test_connection()
        self.env.invalidate_all()
        self.assertIn("BEGIN CERTIFICATE", self.provider.wechatpay_platform_certificates)
        self.provider.state = "test"

    def test_cron_renews_and_keeps_the_old_one_until_it_ends(self):
        old = wechat_keys.certificate(new_key(), "Tenpay.com sign")[0]
        self.provider.wechatpay_platform_certificates = old
        self.env.flush_all()
        self.env["payment.provider"]._cron_wechatpay_certificates()
        self.env["payment.provider"]._cron_wechatpay_certificates()
        self.env.invalidate_all()
        kept = self.provider.wechatpay_platform_certificates
        self.assertEqual(kept.count("BEGIN CERTIFICATE"), 2)
        self.assertIn(old.strip(), kept)
        asked = [what for what, _content in self.kit.simulator.requests if what == "GET /v3/certificates"]
        self.assertEqual(len(asked), 1)
