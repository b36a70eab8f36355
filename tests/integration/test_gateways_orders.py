"""Asking the gateway, expiry, several attempts, keys and addresses of the provider."""

import base64
import shutil
import unittest
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tools import file_open

from odoo.addons.ar_payment_gateways import const
from odoo.addons.ar_payment_gateways.models.payment_provider_alipay_keys import FILES

from tests.gateway_order_scenarios import OrderScenarios
from tests.simulators import alipay_keys
from tests.simulators.alipay_certificates import Certificates
from tests.test_gateways_common import MERCHANT, GatewaysCase


class TestOrders(OrderScenarios, GatewaysCase):
    def test_numbers_and_content(self):
        order = self.open_order()
        self.assertRegex(order.name, r"^AR\d{14}[0-9A-Z]{10}$")
        [(_method, content)] = self.alipay.requests
        self.assertEqual(content["out_trade_no"], order.name)
        self.assertEqual(content["seller_id"], MERCHANT.seller_id)
        self.assertNotIn("/", content["subject"])
        self.assertIn(self.inv.name.replace("/", " "), content["subject"])
        trade = self.alipay.trades.by_number[order.name]
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        self.assertEqual(trade.notify_url, f"{base}/payment/alipay/notify/{self.provider.id}")

    def test_never_scanned_is_given_up_after_its_time_only(self):
        order = self.open_order()
        self.run_cron()
        self.assertEqual(order.state, "open")  # TRADE_NOT_EXIST means not yet
        self.over(order)
        self.run_cron()
        self.assertEqual(order.state, "closed")
        self.assertEqual(order.transaction_id.state, "cancel")


class TestProvider(GatewaysCase):
    def test_keys_are_checked_when_saved(self):
        weak = "\n".join(["-----BEGIN PUBLIC KEY-----", "AAAA", "-----END PUBLIC KEY-----"])
        own = alipay_keys.public_pem(MERCHANT.merchant_key)
        for field, value in (
            ("alipay_private_key", "nonsense"),
            ("alipay_private_key", alipay_keys.public_pem(MERCHANT.merchant_key)),
            ("alipay_public_key", weak),
            ("alipay_public_key", alipay_keys.private_pem(MERCHANT.alipay_key)),
            ("alipay_public_key", own),
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.provider[field] = value

    def test_credentials_are_required_and_not_copied(self):
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.provider.alipay_seller_id = False
        copy = self.provider.copy({"state": "disabled"})
        self.assertFalse(copy.alipay_private_key or copy.alipay_app_id or copy.alipay_seller_id)

    def test_only_renminbi(self):
        self.assertEqual(self.provider._get_supported_currencies().mapped("name"), ["CNY"])
        self.assertEqual(self.provider.available_currency_ids.mapped("name"), ["CNY"])

    def test_address_override_is_for_test_mode_and_this_machine(self):
        parameters = self.env["ir.config_parameter"].sudo()
        self.assertEqual(self.provider._alipay_gateway_url(), self.alipay.url)
        for url in (
            "http://evil.example/gateway.do",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.1@evil/",
            "",
        ):
            parameters.set_param(const.TEST_GATEWAY_PARAMETER, url)
            self.assertEqual(self.provider._alipay_gateway_url(), const.ALIPAY_SANDBOX, url)
        parameters.set_param(const.TEST_GATEWAY_PARAMETER, self.alipay.url)
        self.provider.state = "enabled"
        self.assertEqual(self.provider._alipay_gateway_url(), const.ALIPAY_GATEWAY)

    def test_logs_hold_no_secret(self):
        number = {"out_trade_no": "AR20261123080000ABCDEFGHJK"}
        core, ours = "odoo.addons.payment.models.payment_provider", "odoo.addons.ar_payment_gateways.models"
        with patch(f"{core}._logger") as theirs, patch(f"{ours}.payment_provider_alipay._logger") as logger:
            self.provider._alipay_call("alipay.trade.query", number)
        theirs.info.assert_not_called()
        text = "\n".join(call.args[0] % call.args[1:] for call in logger.info.call_args_list)
        self.assertIn("alipay.trade.query", text)
        for secret in ("sign=", "'sign'", "PRIVATE", "biz_content", MERCHANT.app_id):
            self.assertNotIn(secret, text)

    def test_bare_keys_work(self):
        for field in ("alipay_private_key", "alipay_public_key"):
            pem = self.provider[field]
            self.provider[field] = "".join(pem.splitlines()[1:-1])
        answer = self.provider._alipay_call(
            "alipay.trade.query", {"out_trade_no": "AR20261123080000ABCDEFGHJK"}
        )
        self.assertEqual(answer["sub_code"], const.TRADE_NOT_EXIST)

    def test_test_connection_says_what_is_wrong(self):
        def wrong(**values):
            self.provider.write(values)
            with self.assertRaises(UserError) as raised:
                self.provider.action_ar_test_connection()
            return str(raised.exception)

        self.assertIn("signs with the key", self.provider.action_ar_test_connection()["params"]["message"])
        self.kit.knobs.clock_skew = 1000
        self.assertRegex(wrong(), r"clock of this server is (999|100\d) seconds slow")
        self.kit.knobs.clock_skew = -1000
        self.assertRegex(wrong(), r"clock of this server is (999|100\d) seconds fast")
        self.kit.knobs.clock_skew = 0
        other = alipay_keys.new_key()
        self.assertIn("does not belong", wrong(alipay_private_key=alipay_keys.private_pem(other)))
        self.provider.write(self.kit.credentials)
        self.assertIn("no app 2021000000000009", wrong(alipay_app_id="2021000000000009"))
        self.provider.write(self.kit.credentials)
        self.assertIn("not signed with the key", wrong(alipay_public_key=alipay_keys.public_pem(other)))

    def test_gbk_answer(self):
        self.alipay.knobs.gbk = True
        answer = self.provider._alipay_call(
            "alipay.trade.query", {"out_trade_no": "AR20261123080000ABCDEFGHJK"}
        )
        self.assertEqual(answer["sub_code"], const.TRADE_NOT_EXIST)

    def test_neutralized_copy_reaches_nobody(self):
        self.provider.write({"state": "test", **dict(zip(FILES, Certificates(MERCHANT).files, strict=True))})
        self.env.flush_all()
        with file_open("ar_payment_gateways/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.provider.state, "disabled")
        for name in const.AR_GATEWAYS["alipay"].credential_fields:
            self.assertFalse(self.provider[name], name)
        self.assertFalse(self.env["ir.config_parameter"].sudo().get_param(const.TEST_GATEWAY_PARAMETER))
        self.assertFalse(self.env.ref("ar_payment_gateways.ir_cron_query_orders").active)


class TestPrint(GatewaysCase):
    def report(self, invoice):
        return (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf("account.account_invoices", invoice.ids)
        )

    @unittest.skipUnless(shutil.which("wkhtmltopdf"), "Debian 13 has no wkhtmltopdf")
    def test_pdf_shows_the_code(self):
        invoice = self.invoice()
        html, _kind = self.env["ir.actions.report"]._render_qweb_html("account.account_invoices", invoice.ids)
        png = base64.b64encode(invoice._get_ar_payment_link()._qr_png())
        self.assertNotIn(png, html)  # the portal's page around it has it
        with self.allow_pdf_render():
            pdf, kind = self.report(invoice)
        self.assertEqual(kind, "pdf")
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreater(self.images(pdf), self.images_without(invoice))

    def images_without(self, invoice):
        invoice.company_id.ar_invoice_qr = False
        with self.allow_pdf_render():
            return self.images(self.report(invoice)[0])

    def images(self, pdf):
        from io import BytesIO

        from pypdf import PdfReader

        return sum(len(page.images) for page in PdfReader(BytesIO(pdf)).pages)

    def test_who_carries_a_code(self):
        invoice = self.invoice()
        self.assertIn("<svg", invoice.ar_payment_qr)
        self.assertTrue(invoice._get_ar_payment_qr_data_uri().startswith("data:image/png;base64,"))
        bill = self.init_invoice("in_invoice", amounts=[1.0], post=True)
        draft = self.init_invoice("out_invoice", amounts=[1.0])
        refund = self.init_invoice("out_refund", amounts=[1.0], post=True)
        for move in (bill, draft, refund):
            self.assertFalse(move.ar_payment_qr)
            self.assertFalse(move._get_ar_payment_qr_data_uri())
        self.company.ar_invoice_qr = False
        invoice.invalidate_recordset()
        self.assertFalse(invoice.ar_payment_qr)
        self.company.ar_invoice_qr = True
        self.provider.state = "disabled"
        invoice.invalidate_recordset()
        self.assertFalse(invoice.ar_payment_qr)  # nobody there to take the money
