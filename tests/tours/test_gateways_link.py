"""A customer with a telephone: scans a code, chooses how much to pay, pays, and has a receipt."""

from tests.test_gateways_common import GatewaysHttpCase
from tests.tours.visitor import visit

FITS = "document.documentElement.scrollWidth <= window.innerWidth"


class TestLinkOnAPhone(GatewaysHttpCase):
    def test_scan_choose_an_amount_pay_and_have_the_receipt(self):
        self.company.write({"ar_link_partial": True, "ar_link_partial_percent": 10.0})
        self.company.name = "深圳市远航电子有限公司"
        invoice = self.invoice(1000.0, taxes=self.env["account.tax"])
        path = f"/pay/{invoice._get_ar_payment_link().sudo().token}"
        with visit(self, phone=True, lang="zh-CN") as customer:
            customer.open(path)
            customer.see(".amount", "1,000.00")
            self.assertTrue(customer.evaluate(FITS))
            customer.type("#amount", "99.99")
            customer.click("button.alipay")
            customer.see(".error", "100.00")
            customer.screenshot("1-too-little")
            customer.type("#amount", "250")
            customer.click("button.alipay")
            customer.see(".code svg")
            self.assertTrue(customer.evaluate(FITS))
            shop = customer.url
            customer.open(customer.attribute("a.alipay", "href"))
            customer.click("button")
            customer.see("h2", "✓")
            customer.open(shop)
            customer.see(".mark", "✓")
            customer.see("dd", "250.00")
            self.assertTrue(customer.evaluate(FITS))
            customer.screenshot("2-receipt")
            customer.open(path)
            customer.see(".amount", "750.00")
            customer.screenshot("3-the-rest")
        self.env.invalidate_all()
        self.assertEqual(invoice.amount_residual, 750.0)
