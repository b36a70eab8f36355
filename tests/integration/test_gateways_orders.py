"""Asking the gateway, expiry, several attempts, keys and addresses of the provider."""

import base64
import shutil
import unittest
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tools import file_open

from odoo.addons.ar_payment_gateways import const

from tests.simulators import alipay_keys
from tests.test_gateways_common import MERCHANT, GatewaysCase


class TestOrders(GatewaysCase):
    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.inv = self.invoice()
        self.link = self.inv._get_ar_payment_link().sudo()

    def open_order(self, link=None):
        self.env.flush_all()
        path = (link or self.link)._open_order(self.provider.sudo())
        self.env.invalidate_all()
        return self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])

    def run_cron(self):
        self.env["ar.gateway.order"].sudo().search([]).next_query_at = False
        self.env.flush_all()
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            self.env["ar.gateway.order"].sudo()._cron_query()
        self.env.invalidate_all()

    def over(self, order):
        """Let the order's time be over, grace included."""
        order.expires_at = fields.Datetime.now() - timedelta(minutes=const.CLOSE_GRACE_MINUTES + 1)

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

    def test_cron_finds_a_payment_nobody_told_us_of(self):
        order = self.open_order()
        self.alipay.knobs.no_notify = True
        self.alipay.pay(order.name)
        self.run_cron()
        self.assertEqual(order.state, "paid")
        self.assertEqual(order.transaction_id.state, "done")
        order.transaction_id._post_process()
        self.assertEqual(self.inv.amount_residual, 0)

    def test_an_answer_nobody_foresaw_keeps_no_other_order_waiting(self):
        first = self.open_order()
        second = self.open_order(self.invoice()._get_ar_payment_link().sudo())
        self.alipay.knobs.no_notify = True
        self.alipay.pay(second.name)
        query = type(first)._query

        def broken(order):
            if order == first:
                raise KeyError("trade_status")
            return query(order)

        with (
            patch.object(type(first), "_query", broken),
            patch.object(self.env.cr, "rollback") as rollback,
            self.assertLogs("odoo.addons.ar_payment_gateways.models.ar_gateway_order_query", "ERROR"),
        ):
            self.run_cron()
        rollback.assert_called_once()
        self.assertEqual((first.state, second.state), ("open", "paid"))

    def test_never_scanned_is_given_up_after_its_time_only(self):
        order = self.open_order()
        self.run_cron()
        self.assertEqual(order.state, "open")  # TRADE_NOT_EXIST means not yet
        self.over(order)
        self.run_cron()
        self.assertEqual(order.state, "closed")
        self.assertEqual(order.transaction_id.state, "cancel")

    def test_scanned_but_unpaid_is_closed_there_before_here(self):
        order = self.open_order()
        self.alipay.scan(order.name)
        self.over(order)
        self.run_cron()
        self.assertEqual(self.alipay.trades.by_number[order.name].status, "TRADE_CLOSED")
        self.assertEqual([method for method, _c in self.alipay.requests][-1], "alipay.trade.close")
        self.assertEqual(order.state, "closed")

    def test_paid_at_the_last_moment_is_booked_not_closed(self):
        order = self.open_order()
        self.alipay.knobs.no_notify = True
        self.alipay.pay(order.name)
        self.over(order)
        self.run_cron()
        self.assertEqual(order.state, "paid")

    def test_no_answer_gives_nothing_up(self):
        order = self.open_order()
        self.over(order)
        for trouble in ({"http_500": 9}, {"unsigned": 9}, {"drop_response_after_commit": 9}):
            for name, value in trouble.items():
                setattr(self.alipay.knobs, name, value)
            self.run_cron()
            self.assertEqual(order.state, "open", trouble)
            self.assertEqual(order.transaction_id.state, "draft")
            for name in trouble:
                setattr(self.alipay.knobs, name, 0)

    def test_disabled_provider_is_not_asked(self):
        order = self.open_order()
        self.provider.state = "disabled"
        self.over(order)
        self.alipay.requests.clear()
        self.run_cron()
        self.assertEqual(self.alipay.requests, [])

    def test_wrong_amount_by_query_is_kept_out(self):
        order = self.open_order()
        self.alipay.knobs.no_notify = True
        self.alipay.knobs.amount_delta = 500
        self.alipay.pay(order.name)
        self.run_cron()
        self.run_cron()
        self.assertEqual(order.state, "mismatch")
        self.assertEqual(len(order.activity_ids), 1)
        self.assertEqual(order.transaction_id.state, "draft")

    def test_one_payment_for_two_invoices(self):
        other = self.invoice(55.5)
        link = self.env["ar.payment.link"]._for_moves(self.inv + other).sudo()
        total = self.inv.amount_residual + other.amount_residual
        order = self.open_order(link)
        self.assertAlmostEqual(order.amount, total)
        self.alipay.knobs.no_notify = True
        self.alipay.pay(order.name)
        order._query()
        order.transaction_id._post_process()
        self.assertEqual((self.inv + other).mapped("amount_residual"), [0, 0])
        self.assertEqual(order.transaction_id.payment_id.amount, total)

    def test_large_amounts_fit(self):
        order = self.open_order(self.invoice(45_000_000.0)._get_ar_payment_link().sudo())
        self.assertEqual(order.amount_minor, 45_000_000_00)
        self.assertEqual(self.alipay.requests[-1][1]["total_amount"], "45000000.00")


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

    def test_gbk_answer(self):
        self.alipay.knobs.gbk = True
        answer = self.provider._alipay_call(
            "alipay.trade.query", {"out_trade_no": "AR20261123080000ABCDEFGHJK"}
        )
        self.assertEqual(answer["sub_code"], const.TRADE_NOT_EXIST)

    def test_neutralized_copy_reaches_nobody(self):
        self.provider.state = "test"
        self.env.flush_all()
        with file_open("ar_payment_gateways/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.provider.state, "disabled")
        self.assertFalse(self.provider.alipay_private_key)
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
