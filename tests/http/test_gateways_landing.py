"""The landing page: parts, wallets that go straight to their cashier, robots, the counter, pages at the end."""

from unittest.mock import patch

from tests.test_gateways_common import GatewaysHttpCase

ALIPAY = "Mozilla/5.0 (Linux; Android 15) AliApp(AP/10.5) AlipayClient/10.5"
WECHAT = "Mozilla/5.0 (Linux; Android 15) MicroMessenger/8.0"
ROBOT = "facebookexternalhit/1.1"


class LandingCase(GatewaysHttpCase):
    def setUp(self):
        super().setUp()
        self.inv = self.invoice(100.0, taxes=self.env["account.tax"])
        self.link = self.inv._get_ar_payment_link()

    def post(self, link=None, path="start", agent=None, **form):
        form = {"provider_id": self.provider.id, **form}
        headers = {"User-Agent": agent} if agent else {}
        token = (link or self.link).sudo().token
        response = self.url_open(f"/pay/{token}/{path}", data=form, headers=headers)
        self.env.invalidate_all()
        return response

    def limit(self, **limits):
        target = "odoo.addons.ar_payment_gateways.const.VISIT_LIMITS"
        return patch.dict(target, {event: (10, limit) for event, limit in limits.items()})


class TestParts(LandingCase):
    def setUp(self):
        super().setUp()
        self.company.write({"ar_link_partial": True, "ar_link_partial_percent": 30.0})

    def test_choose_an_amount_pay_and_get_the_receipt(self):
        page = self.landing(self.link).text
        self.assertIn('name="amount"', page)
        self.assertIn("30.00", page)
        response = self.post(amount="40")
        self.assertIn("/pay/order/", response.url)
        order = self.link.order_ids
        self.assertEqual(order.amount, 40.0)
        self.pay(order)
        self.assertEqual(self.poll(order), "paid")
        self.assertEqual(self.inv.amount_residual, 60.0)
        self.assertIn("60.00", self.landing(self.link).text)

    def test_what_was_just_paid_is_not_asked_for_again(self):
        """The cron that books a payment may need a minute; the customer comes back at once."""
        self.post(amount="40")
        self.pay(self.link.order_ids)
        self.assertEqual(self.inv.amount_residual, 100.0)  # nobody has polled
        self.assertIn("60.00", self.landing(self.link).text)
        self.env.invalidate_all()
        self.assertEqual(self.inv.amount_residual, 60.0)
        self.post(amount="50")
        self.pay(self.link.order_ids[0])
        self.assertIn("Please enter an amount", self.post(amount="50").text)
        self.assertEqual(len(self.link.order_ids), 2)
        self.env.invalidate_all()
        self.assertEqual(self.link.attempt_count, 2)

    def test_a_wrong_amount_is_explained(self):
        for amount in ("1", "100.01", "x"):
            page = self.post(amount=amount).text
            self.assertIn("Please enter an amount from", page)
        self.assertIn('value="x"', page)
        self.assertFalse(self.link.order_ids)
        self.assertIn("Please enter an amount", self.post(path="other", amount="1").text)


class TestWallets(LandingCase):
    def go(self, agent, link=None):
        return "data-go" in self.landing(link or self.link, **{"User-Agent": agent}).text

    def test_the_wallet_that_scanned_goes_to_its_cashier(self):
        self.assertTrue(self.go(ALIPAY))
        self.assertIn("go.js", self.landing(self.link, **{"User-Agent": ALIPAY}).text)
        self.assertFalse(self.go(WECHAT))  # which cannot open Alipay
        self.assertFalse(self.go("Mozilla/5.0 Chrome/140"))
        self.assertFalse(self.go(f"{ALIPAY} {ROBOT}"))
        self.company.ar_link_partial = True
        self.assertFalse(self.go(ALIPAY))  # there is an amount to choose
        self.company.ar_link_partial = False
        twin = self.provider.copy({"company_id": self.company.id})
        for field in ("alipay_app_id", "alipay_seller_id", "alipay_private_key", "alipay_public_key"):
            twin[field] = self.provider[field]
        twin.write({"state": "test", "is_published": True})
        self.assertFalse(self.go(ALIPAY))  # which of the two?

    def test_a_wallet_that_another_does_not_open_is_offered_for_a_browser(self):
        page = self.landing(self.link, **{"User-Agent": WECHAT}).text
        self.assertNotIn('name="provider_id"', page)
        self.assertIn('<details class="elsewhere" open="open">', page)
        self.assertIn("Pay with Alipay", page)
        self.assertIn("copy.js", page)
        self.assertIn(self.link.url, page)
        self.assertIn("<svg", page)
        self.assertNotIn("by bank transfer", page)
        for agent in (ALIPAY, "Mozilla/5.0 Chrome/140"):
            page = self.landing(self.link, **{"User-Agent": agent}).text
            self.assertIn('name="provider_id"', page)
            self.assertNotIn("copy.js", page)

    def test_an_error_is_shown_not_repeated(self):
        self.alipay.knobs.http_500 = 1
        page = self.post(agent=ALIPAY).text
        self.assertIn("error", page)
        self.assertNotIn("data-go", page)

    def test_robots_begin_nothing(self):
        self.landing(self.link, **{"User-Agent": ROBOT})
        self.post(agent=ROBOT)
        self.assertFalse(self.link.order_ids)
        self.assertEqual(self.link.scan_ids.mapped("wallet"), ["robot"])


class TestEnds(LandingCase):
    def page(self, status, link=None):
        response = self.landing(link or self.link)
        self.assertEqual(response.status_code, status)
        self.assertNotIn("<form", response.text)
        self.assertIn(self.company.name, response.text)
        self.post(link)
        self.assertFalse((link or self.link).order_ids.filtered(lambda order: order.state != "paid"))
        return response.text

    def test_disputed(self):
        order = self.open_order(self.link)
        self.assertIn("<svg", self.url_open(order._page_url()).text)
        order.sudo().state = "paid"  # for a moment: only new orders count in `page`
        self.inv.action_toggle_block_payment()
        self.assertIn("looking into this", page := self.page(200))
        self.assertIn(self.inv.name, page)
        self.assertIn("looking into this", self.url_open(f"/pay/{self.link.sudo().token}/show").text)
        order.sudo().state = "open"
        page = self.url_open(order._page_url()).text
        self.assertIn("This code is no longer valid", page)
        self.assertNotIn("<svg", page)
        order.sudo().state = "paid"
        self.inv.action_toggle_block_payment()
        self.assertIn("<form", self.landing(self.link).text)

    def test_company_closed(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_company SET active = FALSE WHERE id = %s", [self.company.id])
        self.env.invalidate_all()
        self.assertIn("takes no payments", self.page(410))

    def test_used(self):
        link = self.env["ar.payment.link"].create(
            {
                "kind": "customer",
                "partner_id": self.partner_a.id,
                "currency_id": self.cny.id,
                "company_id": self.company.id,
                "single_use": True,
            }
        )
        order = self.open_order(link)
        self.pay(order)
        self.poll(order)
        self.assertIn("for one payment", self.page(410, link))

    def test_paid_leads_to_the_receipt(self):
        order = self.open_order(self.link)
        self.pay(order)
        self.poll(order)
        self.assertIn(order._page_url(), self.page(200))

    def test_nothing_open(self):
        self._register_payment(self.inv)
        link = self.env["ar.payment.link"].create(
            {
                "kind": "customer",
                "partner_id": self.partner_a.id,
                "currency_id": self.cny.id,
                "company_id": self.company.id,
            }
        )
        self.assertIn("Nothing to pay at the moment", self.page(200, link))
        self.assertNotIn(self.partner_a.name, self.landing(link).text)
        show = f"/pay/{link.sudo().token}/show"
        self.assertIn("Nothing to pay at the moment", self.url_open(show).text)
        self.invoice(90.0, taxes=self.env["account.tax"])
        note = self.init_invoice(
            "out_refund", amounts=[20.0], currency=self.cny, taxes=self.env["account.tax"], post=True
        )
        page = self.landing(link).text
        for text in ("70.00", "Less credit notes", note.name, "20.00"):
            self.assertIn(text, page)
        self.assertIn("70.00", self.url_open(show).text)


class TestCounter(LandingCase):
    def shown(self):
        answer = self.url_open(f"/pay/{self.link.sudo().token}/state", json={"params": {}})
        self.env.invalidate_all()
        return answer.json()["result"]["shown"]

    def test_the_code_on_a_counter_until_it_is_paid(self):
        page = self.url_open(f"/pay/{self.link.sudo().token}/show")
        self.assertIn("<svg", page.text)
        self.assertIn("100.00", page.text)
        self.assertNotIn("unsafe", page.headers["Content-Security-Policy"])
        self.assertFalse(self.link.scan_count)  # it is the shop's own screen
        before = self.shown()
        self.assertIn(f'data-shown="{before}"', page.text)
        order = self.open_order(self.link)
        self.pay(order)
        self.assertEqual(self.shown(), "paid 0.0")
        self.assertEqual(self.inv.amount_residual, 0)
        self.assertIn("Paid, thank you", self.url_open(f"/pay/{self.link.sudo().token}/show").text)

    def test_unknown(self):
        answer = self.url_open("/pay/" + "x" * 22 + "/state", json={"params": {}})
        self.assertEqual(answer.json()["result"], {"shown": "unknown"})
        self.assertEqual(self.url_open("/pay/" + "x" * 22 + "/show").status_code, 404)
