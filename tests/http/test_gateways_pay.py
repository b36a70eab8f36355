"""The road from the QR code to the booked payment, over HTTP, against the simulator."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import Cursor

from tests.test_gateways_common import GatewaysHttpCase


@contextmanager
def count_queries():
    """Give the list of queries that anybody makes meanwhile, also the server; the harness's savepoints left out."""
    queries, execute = [], Cursor.execute

    def spy(cursor, query, *args, **kwargs):
        result = execute(cursor, query, *args, **kwargs)
        text = cursor._obj.query.decode()
        if not text.lstrip().upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            queries.append(text)
        return result

    with patch.object(Cursor, "execute", spy):
        yield queries


class TestPay(GatewaysHttpCase):
    def test_from_the_code_to_the_books(self):
        invoice = self.invoice(1234.56)
        link = invoice._get_ar_payment_link()
        page = self.landing(link)
        self.assertEqual(page.status_code, 200)
        self.assertIn(invoice.name, page.text)
        order = self.open_order(link)
        self.assertEqual(order.state, "open")
        shown = self.url_open(order._page_url()).text
        self.assertIn("<svg", shown)
        self.assertIn(order.qr_content, shown)
        self.assertEqual(order.transaction_id.state, "draft")  # T2: the invoice is not locked
        self.assertEqual(order.amount_minor, round(invoice.amount_residual * 100))
        [(method, content)] = self.alipay.requests
        self.assertEqual(method, "alipay.trade.precreate")
        self.assertEqual(content["total_amount"], f"{invoice.amount_residual:.2f}")
        self.pay(order)
        self.assertEqual([answer for _fields, answer in self.alipay.notifications], ["success"])
        self.assertEqual(order.state, "paid")
        self.assertEqual(order.transaction_id.state, "done")
        self.assertEqual(self.poll(order), "paid")
        payment = order.transaction_id.payment_id
        self.assertEqual(payment.journal_id, self.journal)
        self.assertEqual(payment.amount, invoice.amount_total)
        self.assertEqual(payment.currency_id, self.cny)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(invoice.payment_state, invoice._get_invoice_in_payment_state())
        self.assertEqual(invoice.matched_payment_ids, payment)
        self.assertEqual(link.state, "paid")
        self.assertNotIn("wait.js", self.url_open(order._page_url()).text)
        receipt = self.url_open(order._page_url())
        self.assertIn(order.gateway_reference, receipt.text)
        self.assertEqual(self.landing(link).status_code, 200)

    def test_reopening_shows_the_same_order(self):
        link = self.invoice()._get_ar_payment_link()
        first = self.open_order(link)
        self.assertEqual(self.open_order(link), first)
        self.assertEqual(len(self.alipay.requests), 1)

    def test_a_part_payment_makes_a_new_order_and_closes_the_old_one(self):
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        first = self.open_order(link)
        self.alipay.scan(first.name)
        self._register_payment(invoice, amount=10.0, payment_difference_handling="open")
        second = self.open_order(link)
        self.assertNotEqual(first, second)
        self.assertEqual(second.amount, invoice.amount_residual)
        self.assertEqual(first.state, "closed")
        self.assertEqual(first.transaction_id.state, "cancel")
        self.assertEqual(self.alipay.trades.by_number[first.name].status, "TRADE_CLOSED")
        self.assertFalse(invoice.message_ids.filtered(lambda m: "cancel" in (m.body or "")))

    def test_no_answer_and_again_repeats_the_number(self):
        """T9: the order is on record before the gateway hears of it; a lost answer charges nobody twice."""
        link = self.invoice()._get_ar_payment_link()
        self.alipay.knobs.drop_response_after_commit = 1
        response = self.start(link)
        self.assertIn("error", response.text)
        self.env.invalidate_all()
        [order] = link.order_ids
        self.assertEqual(order.state, "draft")
        self.assertEqual(self.open_order(link), order)
        numbers = {content["out_trade_no"] for _method, content in self.alipay.requests}
        self.assertEqual(numbers, {order.name})
        self.assertEqual(len(self.alipay.requests), 2)
        self.assertEqual(self.alipay.refusals, [])

    def test_gateway_errors_are_told_and_change_nothing(self):
        link = self.invoice()._get_ar_payment_link()
        self.alipay.knobs.http_500 = 1
        self.assertIn("error", self.start(link).text)
        self.alipay.knobs.tamper_answer = True
        self.assertIn("not signed", self.start(link).text)
        self.alipay.knobs.tamper_answer = False
        self.alipay.knobs.unsigned = 1
        self.assertIn("not signed", self.start(link).text)
        self.assertEqual(link.order_ids.transaction_id.mapped("state"), ["draft"])
        self.assertEqual(self.open_order(link).state, "open")

    def test_lost_notification_costs_seconds(self):
        self.alipay.knobs.no_notify = True
        order = self.open_order(self.invoice()._get_ar_payment_link())
        self.assertEqual(self.poll(order), "open")
        self.alipay.pay(order.name)
        order.queried_at = False
        self.env.flush_all()
        self.assertEqual(self.poll(order), "paid")
        self.assertEqual(order.transaction_id.invoice_ids.amount_residual, 0)

    def test_polling_asks_the_gateway_now_and_then_only(self):
        order = self.open_order(self.invoice()._get_ar_payment_link())
        self.alipay.requests.clear()
        for _times in range(4):
            self.poll(order)
        self.assertEqual(len(self.alipay.requests), 1)

    def test_too_many_attempts(self):
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        with patch("odoo.addons.ar_payment_gateways.const.ORDERS_PER_WINDOW", 1):
            self.open_order(link)
            self._register_payment(invoice, amount=10.0, payment_difference_handling="open")
            self.assertIn("Too many attempts", self.start(link).text)

    def test_the_amount_of_the_form_counts_for_nothing(self):
        link = self.invoice()._get_ar_payment_link()
        self.url_open(
            f"/pay/{link.sudo().token}/start",
            data={"provider_id": self.provider.id, "amount": "0.01", "currency_id": "1"},
        )
        self.env.invalidate_all()
        self.assertEqual(link.order_ids.amount, link.amount_due)

    def test_get_makes_no_order(self):
        link = self.invoice()._get_ar_payment_link()
        self.assertEqual(self.url_open(f"/pay/{link.sudo().token}/start?provider_id=1").status_code, 405)
        self.landing(link)
        self.landing(link)
        self.env.invalidate_all()
        self.assertEqual(link.scan_count, 2)
        self.assertFalse(link.order_ids)

    def test_core_payment_form_leads_to_the_same_page(self):
        invoice = self.invoice()
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.env.ref("payment.payment_method_alipay").id,
                    "amount": invoice.amount_residual,
                    "currency_id": self.cny.id,
                    "partner_id": self.partner_a.id,
                    "operation": "online_redirect",
                    "invoice_ids": [(6, 0, invoice.ids)],
                }
            )
        )
        form = transaction._get_processing_values()["redirect_form_html"]
        self.assertIn(transaction._ar_checkout_token(), form)
        bad = self.url_open(
            "/payment/alipay/checkout", data={"transaction_id": transaction.id, "access_token": "x"}
        )
        self.assertEqual(bad.status_code, 404)
        data = {"transaction_id": transaction.id, "access_token": transaction._ar_checkout_token()}
        for _twice in range(2):
            response = self.url_open("/payment/alipay/checkout", data=data)
            self.assertIn("/pay/order/", response.url)
        self.env.invalidate_all()
        [order] = transaction.ar_gateway_order_ids
        self.pay(order)
        self.assertEqual(self.poll(order), "paid")
        self.assertEqual(invoice.amount_residual, 0)


class TestPages(GatewaysHttpCase):
    """What a customer sees, and what nobody else gets to see."""

    def test_headers(self):
        response = self.landing(self.invoice()._get_ar_payment_link())
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertIn("noindex", response.headers["X-Robots-Tag"])
        policy = response.headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertIn("frame-ancestors 'none'", policy)

    def test_small_and_cheap(self):
        link = self.invoice()._get_ar_payment_link()
        self.landing(link)  # caches
        path = f"/pay/{link.sudo().token}"
        with count_queries() as queries:
            response = self.url_open(path)
        self.assertLess(len(response.content), 6000)
        self.assertLessEqual(len(queries), 12, "\n".join(queries))
        self.assertGreater(len(queries), 3)  # else it does not count what the server does

    def test_language_of_the_browser(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        link = self.invoice()._get_ar_payment_link()
        self.assertIn(
            'lang="zh-CN"', self.landing(link, **{"Accept-Language": "zh-HK,zh;q=0.9,en;q=0.8"}).text
        )
        self.assertIn("应付", self.landing(link, **{"Accept-Language": "zh-CN"}).text)
        self.assertIn("Amount due", self.landing(link, **{"Accept-Language": "xx,en"}).text)

    def test_nothing_personal_is_shown(self):
        self.partner_a.write({"street": "12 Secret Road", "email": "secret@example.com", "phone": "555123"})
        text = self.landing(self.invoice()._get_ar_payment_link()).text
        for secret in ("Secret Road", "secret@", "555123", self.partner_a.name, self.product_a.name):
            self.assertNotIn(secret, text)

    def test_markup_in_names_stays_text(self):
        self.company.name = '<script>alert("1")</script>'
        text = self.landing(self.invoice()._get_ar_payment_link()).text
        self.assertNotIn("<script>alert", text)
        self.assertIn("&lt;script&gt;alert", text)

    def test_unknown_tokens_all_look_alike(self):
        pages = {
            self.url_open(f"/pay/{token}").text
            for token in ("x", "x" * 22, "é" * 22, "0" * 22, "a.b", "%00" * 22)
        }
        self.assertEqual(len(pages), 1)
        self.assertEqual(self.url_open("/pay/" + "x" * 22).status_code, 404)
        self.assertEqual(self.url_open("/pay/order/" + "x" * 22).status_code, 404)
        self.assertEqual(self.url_open("/pay/" + "x" * 22 + "/start", data={"a": 1}).status_code, 404)

    def test_ended_links(self):
        revoked, expired, paid = (self.invoice()._get_ar_payment_link() for _times in range(3))
        revoked.action_revoke()
        expired.sudo().expiry_date = "2020-01-01"
        self._register_payment(paid.move_ids)
        for link, status in ((revoked, 410), (expired, 410), (paid, 200)):
            response = self.landing(link)
            self.assertEqual(response.status_code, status)
            self.assertNotIn("<form", response.text)
            self.start(link)
        self.assertIn("withdrawn", self.landing(revoked).text)
        self.assertIn("expired", self.landing(expired).text)
        self.assertIn("Nothing is open", self.landing(paid).text)
        self.env.invalidate_all()
        self.assertFalse((revoked | expired | paid).order_ids)

    def test_overpaid_link_says_what_becomes_of_the_rest(self):
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        order = self.open_order(link)
        self._register_payment(invoice, amount=20.0, payment_difference_handling="open")
        self.pay(order)
        self.assertEqual(self.poll(order), "paid")
        page = self.landing(link).text
        self.assertIn("Paid more than was due", page)
        self.assertIn("20.00", page)

    def test_provider_switched_off_is_not_offered_any_more(self):
        link = self.invoice()._get_ar_payment_link()
        self.assertIn("Pay with", self.landing(link).text)
        self.provider.is_published = False
        self.env.flush_all()
        self.assertNotIn("Pay with", self.landing(link).text)

    def test_draft_again_is_not_payable(self):
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        invoice.button_draft()
        self.assertNotIn("<form", self.landing(link).text)
        self.start(link)
        self.assertFalse(link.order_ids)

    def test_another_companys_provider_cannot_be_chosen(self):
        other = self.provider.copy(
            {"company_id": self.setup_other_company()["company"].id, "state": "disabled"}
        )
        link = self.invoice()._get_ar_payment_link()
        for provider_id in (other.id, 0, "x", "", -1):
            response = self.url_open(f"/pay/{link.sudo().token}/start", data={"provider_id": provider_id})
            self.assertIn("not available", response.text)

    def test_other_providers_use_odoos_payment_page(self):
        demo = self.env["payment.provider"].sudo().search([("code", "=", "demo")], limit=1)
        if not demo:
            self.skipTest("payment_demo is not installed")
        demo.copy({"company_id": self.company.id}).write({"state": "test", "is_published": True})
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        response = self.url_open(f"/pay/{link.sudo().token}/other", data={"a": 1})
        self.assertEqual(response.status_code, 200)
        self.assertIn("/payment/pay?", response.url)
        self.assertIn(f"invoice_id={invoice.id}", response.url)
