"""The road from the QR code to the booked payment, over HTTP, against the simulator."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import Cursor

from tests.gateway_pay_scenarios import PayScenarios
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


class TestPay(PayScenarios, GatewaysHttpCase):
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
        self.assertLessEqual(len(queries), 11, "\n".join(queries))
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
