"""The road from the QR code to the booked payment, over HTTP, against the simulator."""

from unittest.mock import patch

from tests.test_gateways_common import GatewaysHttpCase


class TestPay(GatewaysHttpCase):
    def test_from_the_code_to_the_books(self):
        invoice = self.invoice(1234.56)
        link = invoice._get_ar_payment_link()
        page = self.landing(link)
        self.assertEqual(page.status_code, 200)
        self.assertIn(invoice.name, page.text)
        order = self.open_order(link)
        self.assertEqual(order.state, "open")
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
        receipt = self.url_open(order._page_url())
        self.assertIn(order.gateway_reference, receipt.text)
        self.assertEqual(self.landing(link).status_code, 200)
