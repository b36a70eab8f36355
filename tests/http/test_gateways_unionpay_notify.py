"""Notifications of UnionPay: what holds for every gateway, and attacks on its own format."""

import json

from odoo.addons.ar_payment_gateways import const

from tests.gateway_kit_unionpay import UnionpayKit
from tests.gateway_notify_scenarios import NotifyScenarios
from tests.simulators import unionpay_keys
from tests.simulators.alipay_keys import new_key, sign
from tests.test_gateways_common import GatewaysHttpCase


class TestUnionpayNotify(NotifyScenarios, GatewaysHttpCase):
    gateway = UnionpayKit

    def resigned(self, fields, key, certificate):
        """The same fields as somebody else would sign them, with his own certificate in them."""
        inline = unionpay_keys.pem(certificate).strip().replace("\n", "\r\n")
        fields = {**fields, "signPubKeyCert": inline}
        return {**fields, "signature": sign(self.kit.simulator.digest(fields), key)}

    def test_any_mutated_field_is_refused(self):
        fields, _headers = self.genuine()
        for name in fields:
            for value in (fields[name] + "1", ""):
                self.assert_refused(({**fields, name: value}, {}), name)
            self.assert_refused(({n: v for n, v in fields.items() if n != name}, {}), name)
        self.assert_refused(({**fields, "extra": "1"}, {}))
        self.assert_refused(({"a": "b"}, {}))
        self.assert_refused(([*fields.items(), ("txnAmt", "1")], {}))
        self.assert_untouched()
        self.assert_accepted((fields, {}))

    def test_self_signed_with_unionpays_name_is_refused(self):
        """All is public but the key: the number, the time, our merchant number, and the name in the certificate."""
        fields, _headers = self.genuine()
        mine = new_key()
        name = unionpay_keys.SIGNER_CN
        for issuer in ("Simulator OCA1", name):
            forged = unionpay_keys.issue(name, mine, issuer, mine)
            self.assert_refused((self.resigned(fields, mine, forged), {}), issuer)
        self.assert_untouched()

    def test_a_chain_of_ones_own_is_refused(self):
        fields, _headers = self.genuine()
        stranger = unionpay_keys.Merchant.new()
        self.assert_refused((self.resigned(fields, stranger.signer_key, stranger.signer), {}))
        self.assert_untouched()

    def test_another_organisation_of_the_same_authority_is_refused(self):
        """Every merchant has a certificate of the same authority, and its key."""
        fields, _headers = self.genuine()
        merchant = self.kit.merchant
        self.assert_refused((self.resigned(fields, merchant.merchant_key, merchant.merchant_certificate), {}))
        self.assert_untouched()

    def test_the_name_of_unionpays_test_gateway_counts_in_test_mode_only(self):
        key, merchant = new_key(), self.kit.merchant
        certificate = unionpay_keys.issue(
            "041@Z1@00040000:SIGN@00000001", key, "Simulator OCA1", merchant.middle_key
        )
        message = self.resigned(self.genuine()[0], key, certificate), {}
        self.provider.state = "enabled"
        self.assert_refused(message)
        self.assert_untouched()
        self.provider.state = "test"
        self.assert_accepted(message)

    def test_other_versions_and_methods_of_signing_are_refused(self):
        for change in ({"signMethod": "11"}, {"signMethod": "12"}, {"version": "5.0.0"}, {"encoding": "GBK"}):
            self.kit.knobs.notify_change = change
            self.assert_refused(self.genuine(), change)
        self.assert_untouched()

    def test_a_message_of_another_order_does_not_pay_this_one(self):
        other = self.open_order(self.invoice(5.0)._get_ar_payment_link())
        fields, _headers = self.kit.genuine(other.name)
        self.assert_refused(({**fields, "orderId": self.order.name}, {}))
        self.assert_accepted((fields, {}))
        self.assert_untouched()

    def test_another_currency_is_a_mismatch(self):
        self.kit.knobs.notify_change = {"currencyCode": "344"}
        self.assert_accepted(self.genuine())
        self.env.invalidate_all()
        self.assertEqual((self.order.state, self.order.transaction_id.state), ("mismatch", "draft"))

    def test_amounts_that_are_none(self):
        for amount in ("1.5", "-1", "1e3", "٢٣", ""):
            self.kit.knobs.notify_change = {"txnAmt": amount}
            self.notify(*self.genuine())
            self.env.invalidate_all()
            self.assertEqual(self.order.transaction_id.state, "draft", amount)

    def test_codes_that_are_no_success_do_not_pay(self):
        order = self.kit.order(self.order.name)
        self.kit.pay_quietly(self.order.name)
        for code in ("03", "04", "05", "34", "12", "99"):
            order.status = code
            self.assert_accepted((self.kit.simulator.notification(order), {}))
            self.assert_untouched()
        order.status = "A6"  # success with a defect: the money moved
        self.assert_accepted((self.kit.simulator.notification(order), {}))
        self.assert_paid_once()

    def test_nothing_is_believed_without_certificates(self):
        message = self.genuine()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_provider SET unionpay_root_certificate = NULL WHERE id = %s", [self.provider.id]
        )
        self.env.invalidate_all()
        self.assert_refused(message)
        self.assert_untouched()

    def test_kept_message_has_no_card_and_no_certificate(self):
        self.assert_accepted(self.genuine())
        self.env.invalidate_all()
        kept = json.dumps(self.order.exchange_ids.read(["request", "answer"]), default=str)
        self.assertIn("queryId", kept)
        for secret in ("6226********0018", "BEGIN CERTIFICATE", "PRIVATE KEY"):
            self.assertNotIn(secret, kept)

    def test_the_address_is_the_providers_own(self):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        path = f"{const.NOTIFY_ROUTE % 'unionpay'}/{self.provider.id}"
        self.assertEqual(self.kit.order(self.order.name).fields["backUrl"], f"{base}{path}")
