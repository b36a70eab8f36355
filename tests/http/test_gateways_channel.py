"""Orders that are paid on the gateway's own page: what ours shows, and where it lets the browser go."""

from lxml import html

from tests.test_gateways_common import GatewaysHttpCase

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36"


class TestChannel(GatewaysHttpCase):
    def order_with(self, **values):
        order = self.open_order(self.invoice(100.0)._get_ar_payment_link())
        order.write({"qr_content": False, **values})
        return order

    def test_a_form_for_the_gateways_page(self):
        order = self.order_with(
            pay_url="https://gateway.example.com/front.do", pay_fields={"orderId": "A1", "sign": '<"&>'}
        )
        response = self.url_open(order._page_url())
        form = html.fromstring(response.text).find(".//form")
        self.assertEqual(form.action, "https://gateway.example.com/front.do")
        self.assertEqual(form.fields["orderId"], "A1")
        self.assertEqual(form.fields["sign"], '<"&>')
        policy = response.headers["Content-Security-Policy"]
        self.assertIn("form-action https://gateway.example.com 'self';", policy)
        self.assertIn("default-src 'none'", policy)

    def test_a_link_to_the_gateways_page(self):
        order = self.order_with(pay_url="https://cashier.example.com/pay?x=1&y=2")
        response = self.url_open(order._page_url())
        [link] = html.fromstring(response.text).xpath("//a[@data-go]")
        self.assertEqual(link.get("href"), "https://cashier.example.com/pay?x=1&y=2")
        self.assertIn("form-action 'self';", response.headers["Content-Security-Policy"])

    def test_who_began_is_on_record(self):
        link = self.invoice(100.0)._get_ar_payment_link()
        self.url_open(
            f"/pay/{link.sudo().token}/start",
            data={"provider_id": self.provider.id},
            headers={"User-Agent": PHONE},
        )
        order = link.sudo().order_ids
        self.assertEqual(order.channel, "phone")
        self.assertEqual(order.payer_address, "127.0.0.1")
        self.assertEqual(order.product, self.provider.sudo().alipay_product_code)

    def test_another_product_is_another_order(self):
        link = self.invoice(100.0)._get_ar_payment_link()
        first = self.open_order(link)
        self.provider.sudo().alipay_product_code = "FACE_TO_FACE_PAYMENT"
        second = self.open_order(link)
        self.assertNotEqual(first, second)
        self.assertEqual(first.state, "closed")  # what is on show elsewhere cannot be paid twice
