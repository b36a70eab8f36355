"""Alipay's certificate mode at the provider: files, requests, answers, a certificate that is renewed."""

import base64
import urllib.parse
import urllib.request
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from odoo.addons.ar_payment_gateways import const
from odoo.addons.ar_payment_gateways.core import alipay_certificates
from odoo.addons.ar_payment_gateways.core.visitor import Visitor
from odoo.addons.ar_payment_gateways.models.payment_provider_alipay_keys import FILES

from tests.simulators import alipay_keys
from tests.simulators.alipay_certificates import Certificates
from tests.simulators.alipay_trades import Trade
from tests.simulators.alipay_trades import now as simulated_now
from tests.test_gateways_common import GatewaysCase


class TestAlipayCertificates(GatewaysCase):
    """Certificate mode, against the simulator: names in requests, answers by certificate, a certificate renewed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = Certificates(cls.kit.merchant)
        cls.addClassCleanup(cls.certificates.reset)
        cls.files = dict(zip(FILES, cls.certificates.files, strict=True))
        cls.provider.write({**cls.files, "alipay_mode": "certificate", "alipay_public_key": False})

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.certificates.reset()
        self.certificates.signer = alipay_certificates.certificates(self.files["alipay_certificate"])[0]
        self.alipay.certificates = self.certificates
        self.addCleanup(setattr, self.alipay, "certificates", None)
        self.addCleanup(self.certificates.reset)

    def ask(self):
        answer = self.provider._alipay_call(
            "alipay.trade.query", {"out_trade_no": "AR20261123080000ABCDEFGHJK"}
        )
        return answer["sub_code"]

    def refused(self, text, **values):
        with self.assertRaisesRegex((ValidationError, UserError), text), self.env.cr.savepoint():
            self.provider.write(values)
            self.provider.action_ar_test_connection()

    def test_files_are_taken_apart_and_checked_when_saved(self):
        other = Certificates(alipay_keys.Merchant.new())
        app, signer, root = other.files
        upload = {f"{name}_file": base64.b64encode(text.encode()) for name, text in self.files.items()}
        self.provider.write({**dict.fromkeys(FILES, False), "alipay_mode": "key", "state": "disabled"})
        self.provider.write({**upload, "alipay_mode": "certificate", "state": "test"})  # one save of the form
        self.assertEqual(self.provider.alipay_app_certificate, self.files["alipay_app_certificate"].strip())
        self.assertTrue(self.provider.alipay_certificate_end > fields.Date.today())
        self.assertFalse(self.provider.alipay_certificate_file)
        for text, values in (
            ("not the certificate file", {"alipay_app_certificate": "nonsense"}),
            ("not the certificate file", {"alipay_certificate_file": base64.b64encode(b"\xff\x00")}),
            ("not the certificate file", {"alipay_root_certificate": other.files[0][:200]}),
            ("does not belong to the certificate", {"alipay_app_certificate": app}),
            (
                "certificate of the app. What is needed",
                {"alipay_certificate": self.files["alipay_app_certificate"]},
            ),
            ("must be filled: Alipay's Root", {"alipay_root_certificate": False}),
            ("must be filled: Alipay's Public Key", {"alipay_mode": "key"}),
        ):
            self.refused(text, **values)
        # Of another app or authority: only Alipay, or its signature, tells.
        self.refused("traced to the root", alipay_certificate=signer)
        self.refused("not the one that Alipay knows", alipay_root_certificate=root)

    def test_requests_name_the_certificates_and_answers_are_believed(self):
        message = self.provider.action_ar_test_connection()["params"]["message"]
        self.assertIn("signs with the key", message)
        self.assertEqual(self.ask(), const.TRADE_NOT_EXIST)
        self.alipay.knobs.unsigned = 1
        with self.assertRaises(ValidationError):
            self.ask()
        self.provider.write(
            {"alipay_mode": "key", "alipay_public_key": self.kit.credentials["alipay_public_key"]}
        )
        self.refused("compare|signature|upload its public key")

    def test_a_renewed_certificate_is_fetched_traced_and_kept(self):
        name = self.certificates.rotate()
        self.assertEqual(self.ask(), const.TRADE_NOT_EXIST)
        self.env.invalidate_all()
        self.assertEqual(len(alipay_certificates.signer_keys(self.provider.alipay_certificate)), 2)
        self.assertIn(name, alipay_certificates.signer_keys(self.provider.alipay_certificate))
        asked = len(self.alipay.requests)
        self.assertEqual(self.ask(), const.TRADE_NOT_EXIST)
        self.assertEqual(len(self.alipay.requests), asked + 1)  # the question only

    def test_a_certificate_kept_beyond_this_snapshot_is_believed_at_once(self):
        """What another transaction has committed is not seen by this one, which began before."""
        orders = type(self.env["ar.gateway.order"])
        original = orders._in_own_transaction
        self.certificates.rotate()
        unseen = lambda records, work: work.__name__ == "keep" or original(records, work)  # noqa: E731
        with patch.object(orders, "_in_own_transaction", unseen):
            self.assertEqual(self.ask(), const.TRADE_NOT_EXIST)

    def test_a_certificate_that_cannot_be_traced_is_not_believed(self):
        stranger = Certificates(alipay_keys.Merchant.new())
        stranger.company = self.certificates.company
        key = alipay_keys.new_key()
        forged = stranger.issue(self.certificates.company, key)
        self.certificates.rotate(forged, key, others=(stranger.authority, stranger.root))
        with self.assertRaisesRegex(ValidationError, "traced to the root"):
            self.ask()
        self.assertEqual(self.provider.alipay_certificate.strip(), self.files["alipay_certificate"].strip())
        # Nor is it asked for again and again, whoever gives cause to it.
        asked = self.alipay.requests.count
        before = asked(
            ("alipay.open.app.alipaycert.download", {"alipay_cert_sn": self.certificates.signer_name})
        )
        with self.assertRaises(ValidationError):
            self.ask()
        after = asked(
            ("alipay.open.app.alipaycert.download", {"alipay_cert_sn": self.certificates.signer_name})
        )
        self.assertEqual((before, after), (1, 1))

    def test_notifications_are_checked_with_certificates(self):
        def notification(**changed):
            trade = Trade({"out_trade_no": "A1", "total_amount": "1.00", "subject": "x"}, "http://x")
            trade.created = trade.paid = simulated_now()
            self.alipay.knobs.notify_change = changed
            body = urllib.parse.urlencode(self.alipay.notification(trade)).encode()
            return self.provider._ar_gateway_read_notification(body, {})

        self.assertEqual(notification().order_number, "A1")
        named = {"alipay_cert_sn": self.certificates.signer_name}
        self.assertEqual(notification(**named).order_number, "A1")
        asked = len(self.alipay.requests)
        self.assertIsNone(notification(alipay_cert_sn="0" * 32))
        self.assertEqual(len(self.alipay.requests), asked)  # strangers do not use up the turns
        self.alipay.knobs.notify_other_key = True
        self.assertIsNone(notification())
        self.assertIsNone(notification(**named))

    def test_certificate_in_the_page_address(self):
        self.provider.alipay_wap_pay = True
        link = self.invoice()._get_ar_payment_link().sudo()
        self.env.flush_all()
        path = link._open_order(
            self.provider, Visitor("Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36")
        )
        self.env.invalidate_all()
        order = self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
        href, _fields = self.provider._ar_gateway_pay_page(order)
        self.assertIn(f"app_cert_sn={self.certificates.app_name}", href)
        with urllib.request.urlopen(href, None, 10) as response:
            self.assertIn("确认付款", response.read().decode())
