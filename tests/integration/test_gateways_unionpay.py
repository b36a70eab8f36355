"""UnionPay: what holds for every gateway, its credentials."""

import base64
from datetime import UTC, date, timedelta
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests.common import new_test_user
from odoo.tools import file_open

from odoo.addons.ar_payment_gateways import const
from odoo.addons.ar_payment_gateways.core import unionpay_requests

from tests.gateway_kit_unionpay import UNIONPAY_MERCHANT, UnionpayKit
from tests.gateway_late_scenarios import LateScenarios
from tests.gateway_order_scenarios import OrderScenarios
from tests.simulators import unionpay_keys
from tests.simulators.alipay_keys import new_key, private_pem, public_pem
from tests.test_gateways_common import GatewaysCase
from tests.test_gateways_refund_common import RefundCase

PARAMETER = const.AR_GATEWAYS["unionpay"].test_parameter


class TestUnionpayOrders(OrderScenarios, GatewaysCase):
    gateway = UnionpayKit

    def over(self, order):
        super().over(order)
        order.payable_until = order.expires_at
        self.kit.end(order.name)

    def test_content_of_an_order(self):
        order = self.open_order()
        [content] = self.kit.calls("create")
        self.assertEqual(content["orderId"], order.name)
        self.assertEqual(content["txnAmt"], str(order.amount_minor))
        self.assertEqual(content["txnSubType"], "07")
        for name, moment in (("txnTime", order.ordered_at), ("payTimeout", order.payable_until)):
            self.assertEqual(content[name], unionpay_requests.format_time(moment.replace(tzinfo=UTC)), name)

    def test_scanned_but_unpaid_is_closed_there_before_here(self):
        """There is no closing at UnionPay: the order ends there by its time, and is asked about before it ends here."""
        order = self.open_order()
        self.over(order)
        self.run_cron()
        self.assertEqual([kind for kind, _content in self.kit.calls()], ["create", "query", "query"])
        self.assertEqual((order.state, order.transaction_id.state), ("closed", "cancel"))

    def test_unknown_there_and_not_over_is_not_given_up(self):
        """ "No such order" can be news: nothing that may still be paid is closed, whatever we call its end."""
        order = self.open_order()
        super().over(order)
        for code in ("34", "03", "05", "11"):
            self.kit.knobs.business_error = code
            self.run_cron()
            self.assertEqual((order.state, order.transaction_id.state), ("open", "draft"), code)

    def test_paid_between_the_two_questions_is_booked(self):
        order = self.open_order()
        self.over(order)
        self.kit.knobs.paid_after_close = self.kit.knobs.no_notify = True
        close = type(self.provider)._ar_gateway_close

        def late(provider, order):
            self.kit.pay_quietly(order.name)
            return close(provider, order)

        with patch.object(type(self.provider), "_ar_gateway_close", late):
            self.run_cron()
        self.assertEqual(order.state, "open")
        self.run_cron()
        self.assertEqual(order.state, "paid")

    def test_asked_by_its_own_time(self):
        order = self.open_order()
        order.ordered_at -= timedelta(seconds=1)
        self.assertFalse(order._query())  # UnionPay knows none of that time
        self.assertEqual(order.state, "open")


class TestUnionpayLate(LateScenarios, RefundCase):
    gateway = UnionpayKit

    def test_withdrawn_link_is_closed_at_the_gateway_first(self):
        """It cannot be: the order stays until its time is over, so that its money is seen."""
        order = self.waiting_order(self.untaxed(80.0))
        order.link_id.action_revoke()
        self.assertLessEqual(order.next_query_at, fields.Datetime.now())
        order._expire()
        self.assertEqual((order.state, order.transaction_id.state), ("open", "draft"))
        self.assertGreater(order.next_query_at, fields.Datetime.now())  # asked again, not in every run
        self.pay(order)
        self.assertEqual(order.state, "paid")

    def test_close_that_comes_too_late_closes_nothing(self):
        """See test_paid_between_the_two_questions_is_booked."""


class TestUnionpayProvider(GatewaysCase):
    gateway = UnionpayKit

    def pfx(self, key=None, certificate=None, password=b"123456"):
        merchant = UNIONPAY_MERCHANT
        return base64.b64encode(
            pkcs12.serialize_key_and_certificates(
                b"sign",
                key or merchant.merchant_key,
                certificate or merchant.merchant_certificate,
                None,
                serialization.BestAvailableEncryption(password),
            )
        )

    def test_credentials_are_checked_when_saved(self):
        merchant, other = UNIONPAY_MERCHANT, new_key()
        stranger = unionpay_keys.Merchant.new()
        for values, text in (
            ({"unionpay_mer_id": "77729005816715"}, "15 characters"),
            ({"unionpay_private_key": "nonsense"}, "not the RSA key"),
            ({"unionpay_private_key": public_pem(other)}, "not the RSA key"),
            ({"unionpay_private_key": private_pem(other)}, "does not belong"),
            ({"unionpay_certificate": "nonsense"}, "not a certificate"),
            ({"unionpay_certificate": unionpay_keys.pem(merchant.signer)}, "does not belong"),
            ({"unionpay_root_certificate": unionpay_keys.pem(stranger.root)}, "not issued by"),
            ({"unionpay_root_certificate": unionpay_keys.pem(merchant.middle)}, "not issued by"),
            ({"unionpay_middle_certificate": unionpay_keys.pem(merchant.signer)}, "not issued by"),
            ({"unionpay_middle_certificate": "nonsense"}, "not a certificate"),
            ({"unionpay_owner": False}, ""),
            ({"unionpay_mer_id": False}, ""),
            ({"unionpay_pfx": self.pfx(), "unionpay_pfx_password": "wrong"}, "password is wrong"),
            ({"unionpay_pfx": base64.b64encode(b"nonsense")}, "password is wrong"),
        ):
            with self.assertRaisesRegex(ValidationError, text), self.env.cr.savepoint():
                self.provider.write(values)
                self.env.flush_all()

    def test_key_and_certificate_are_renewed_together(self):
        """As an administrator does it on the form, where the key that is there is never shown."""
        renewed = unionpay_keys.Merchant.new()
        values = {
            "unionpay_private_key_new": private_pem(renewed.merchant_key),
            "unionpay_certificate": unionpay_keys.pem(renewed.merchant_certificate),
        }
        self.provider.write(values)
        self.assertEqual(
            self.provider.unionpay_private_key.strip(), values["unionpay_private_key_new"].strip()
        )
        with self.assertRaisesRegex(ValidationError, "does not belong"), self.env.cr.savepoint():
            self.provider.write(dict(values, unionpay_private_key_new=private_pem(new_key())))
            self.env.flush_all()

    def test_ended_certificates_are_refused(self):
        with (
            patch(
                "odoo.addons.ar_payment_gateways.core.unionpay_merchant.last_day",
                lambda certificate: date(2026, 1, 31),
            ),
            self.assertRaisesRegex(ValidationError, "ended on 2026-01-31"),
        ):
            self.provider.unionpay_certificate = unionpay_keys.pem(UNIONPAY_MERCHANT.merchant_certificate)

    def test_key_and_certificate_come_out_of_the_file(self):
        self.provider.write({"unionpay_pfx": self.pfx(), "unionpay_pfx_password": "123456"})
        merchant = UNIONPAY_MERCHANT
        self.assertEqual(self.provider.unionpay_private_key, private_pem(merchant.merchant_key))
        self.assertEqual(self.provider.unionpay_certificate, unionpay_keys.pem(merchant.merchant_certificate))
        self.env.invalidate_all()
        self.assertFalse(self.provider.unionpay_pfx or self.provider.unionpay_pfx_password)
        template = self.env.ref("ar_payment_gateways.payment_provider_unionpay").sudo()
        made = template.copy({"company_id": self.company.id})
        credentials = {
            name: value
            for name, value in self.kit.credentials.items()
            if name not in ("unionpay_private_key", "unionpay_certificate")
        }
        made.write(
            {**credentials, "state": "test", "unionpay_pfx": self.pfx(), "unionpay_pfx_password": "123456"}
        )
        self.assertEqual(made._ar_gateway_test()[0], [])

    def test_credentials_are_for_administrators_and_not_copied(self):
        manager = new_test_user(
            self.env,
            "unionpay_manager",
            "base.group_user,ar_payment_gateways.group_manager",
            company_id=self.company.id,
        )
        copy = self.provider.copy({"state": "disabled"})
        for name in (
            *const.AR_GATEWAYS["unionpay"].credential_fields,
            "unionpay_pfx",
            "unionpay_pfx_password",
        ):
            self.assertFalse(copy[name], name)
            with self.assertRaises(AccessError, msg=name):
                self.provider.with_user(manager).read([name])
        with self.assertRaises(AccessError):
            self.provider.with_user(manager).action_ar_test_connection()

    def test_address_override_is_for_test_mode_and_this_machine(self):
        parameters = self.env["ir.config_parameter"].sudo()
        self.assertEqual(self.provider._unionpay_host(), self.kit.address)
        for url in ("http://evil.example", "http://127.0.0.1.evil.example/", "http://127.0.0.1@evil/", ""):
            parameters.set_param(PARAMETER, url)
            self.assertEqual(self.provider._unionpay_host(), unionpay_requests.TEST_HOST, url)
        parameters.set_param(PARAMETER, self.kit.address)
        self.provider.state = "enabled"
        self.assertEqual(self.provider._unionpay_host(), unionpay_requests.HOST)

    def test_only_renminbi_and_a_method_of_its_own(self):
        self.assertEqual(self.provider._get_supported_currencies().mapped("name"), ["CNY"])
        method = self.provider._ar_gateway_payment_method()
        self.assertTrue(method.is_primary)
        self.assertNotEqual(method, self.env.ref("payment.payment_method_unionpay"))  # a brand of card
        self.assertEqual(self.provider.support_refund, "partial")

    def test_logs_hold_no_secret(self):
        core, ours = "odoo.addons.payment.models.payment_provider", "odoo.addons.ar_payment_gateways.models"
        with (
            patch(f"{core}._logger") as theirs,
            patch(f"{ours}.payment_provider_unionpay_requests._logger") as logger,
        ):
            self.provider._ar_gateway_test()
        theirs.info.assert_not_called()
        text = "\n".join(call.args[0] % call.args[1:] for call in logger.info.call_args_list)
        self.assertIn("queryTrans.do", text)
        for secret in ("signature", "PRIVATE", "certId", UNIONPAY_MERCHANT.mer_id):
            self.assertNotIn(secret, text)

    def test_neutralized_copy_reaches_nobody(self):
        self.env.flush_all()
        with file_open("ar_payment_gateways/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.provider.state, "disabled")
        for name in const.AR_GATEWAYS["unionpay"].credential_fields:
            self.assertFalse(self.provider[name], name)
        self.assertFalse(self.env["ir.config_parameter"].sudo().get_param(PARAMETER))
