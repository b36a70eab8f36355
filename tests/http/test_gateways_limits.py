"""How often pages are opened, payments begun and addresses tried."""

from unittest.mock import patch

from odoo.addons.ar_payment_gateways.controllers import limits

from tests.http.test_gateways_landing import LandingCase


class TestLimits(LandingCase):
    def test_beginnings_of_payments_per_address(self):
        other = self.invoice(5.0)._get_ar_payment_link()
        with self.limit(started=1):
            self.assertEqual(self.post().status_code, 200)
            refused = self.post(other)
        self.assertEqual(refused.status_code, 429)
        self.assertIn("Too many attempts", refused.text)
        self.assertFalse(other.order_ids)

    def test_other_ways_to_pay_count_as_beginnings(self):
        with self.limit(started=1):
            self.assertEqual(self.post(path="other").status_code, 200)
            self.assertEqual(self.post(path="other").status_code, 429)
            self.assertEqual(self.post().status_code, 429)

    def test_pages_that_wait_ask_no_more_often_than_ours_do(self):
        def ask(path):
            return self.url_open(path, json={"params": {}}).json().get("result")

        token = self.link.sudo().token
        unknown = [("event", "=", "unknown")]
        scans = self.env["ar.payment.link.scan"].sudo()
        before = scans.search_count(unknown)
        limits.POLLS._counts.clear()
        with patch.object(limits.POLLS, "limit", 2):
            answers = [ask(f"/pay/{token}/state") for _ in range(3)]
            self.assertEqual([bool(answer) for answer in answers], [True, True, False])
            # Another token has its own count, and an unknown one is noted as any address that leads nowhere.
            self.assertEqual(ask("/pay/order/" + "a" * 22 + "/status"), {"state": "unknown"})
        limits.POLLS._counts.clear()
        self.env.invalidate_all()
        self.assertEqual(scans.search_count(unknown), before + 1)

    def test_unknown_addresses_are_limited_and_tell_nothing(self):
        with self.limit(unknown=2):
            answers = [self.url_open("/pay/" + letter * 22) for letter in "abcd"]
        self.assertEqual([answer.status_code for answer in answers], [404, 404, 429, 429])
        self.assertEqual(len({answer.text for answer in answers}), 1)
        with self.limit(unknown=0):
            self.assertEqual(self.url_open("/pay/" + "a" * 22 + "/start", data={"a": 1}).status_code, 429)
            self.assertEqual(self.landing(self.link).status_code, 200)

    def test_whoever_guesses_is_refused_wherever_he_tries(self):
        """Each guess is another token, and of none there is a count of its own."""
        self.assertEqual(self.link.kind, "invoices")
        gets = ["/pay/{}", "/pay/{}/show", "/pay/{}/form", "/pay/order/{}", "/payment/alipay/return/{}",
                "/payment/unionpay/return/{}", "/payment/wechatpay/authorize/{}"]  # fmt: skip
        asks = ["/pay/{}/state", "/pay/order/{}/status", "/pay/{}/transaction"]
        for path in gets:
            tries = [path.format(letter * 22) for letter in "abc"]
            with self.limit(unknown=2), self.subTest(path=path):
                self.forget_visits()
                answers = [self.url_open(each, allow_redirects=False).status_code for each in tries]
                self.assertEqual(answers, [404, 404, 429])
        for path in asks:
            tries = [path.format(letter * 22) for letter in "abc"]
            with self.limit(unknown=2), self.subTest(path=path):
                self.forget_visits()
                answers = [self.url_open(each, json={"params": {}}).json() for each in tries]
                self.assertNotIn("Too Many", str(answers[:2]))
                self.assertIn("Too Many", str(answers[2]))

    def forget_visits(self):
        self.env["ar.payment.link.scan"].sudo().search([]).unlink()
        self.env.flush_all()

    def test_known_pages_are_opened_as_often_as_people_do(self):
        order = self.open_order(self.link)
        token = self.link.sudo().token
        for path in (f"/pay/{token}", f"/pay/{token}/show", order._page_url()):
            limits.PAGES._counts.clear()
            with patch.object(limits.PAGES, "limit", 2), self.subTest(path=path):
                answers = [self.url_open(path).status_code for _ in range(3)]
                self.assertEqual(answers, [200, 200, 429])
        limits.PAGES._counts.clear()

    def test_forwarded_addresses_are_odoos_business(self):
        with self.limit(unknown=1):
            for address, status in (("198.51.100.1", 404), ("198.51.100.2", 429)):
                answer = self.url_open("/pay/" + "a" * 22, headers={"X-Forwarded-For": address})
                self.assertEqual(answer.status_code, status)  # proxy_mode is off here
