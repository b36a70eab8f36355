"""The road from the QR code to the booked payment, over HTTP, at any gateway.

A mixin over GatewaysHttpCase; the classes that run it name their gateway.
"""


class PayScenarios:
    """Links of invoices, tapped on, paid, and told of or not."""

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
        [(kind, content)] = self.kit.calls()
        self.assertEqual(kind, "create")
        self.assertEqual(self.kit.amount_of(content), round(invoice.amount_residual * 100))
        self.pay(order)
        self.assertEqual(len(self.kit.simulator.notifications), 1)
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
        self.assertEqual(len(self.kit.calls()), 1)

    def test_a_part_payment_makes_a_new_order_and_closes_the_old_one(self):
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        first = self.open_order(link)
        self.kit.scan(first.name)
        self._register_payment(invoice, amount=10.0, payment_difference_handling="open")
        second = self.open_order(link)
        self.assertNotEqual(first, second)
        self.assertEqual(second.amount, invoice.amount_residual)
        self.assertEqual(first.state, "closed")
        self.assertEqual(first.transaction_id.state, "cancel")
        self.assertTrue(self.kit.is_closed(first.name))
        self.assertFalse(invoice.message_ids.filtered(lambda m: "cancel" in (m.body or "")))

    def test_no_answer_and_again_repeats_the_number(self):
        """T9: the order is on record before the gateway hears of it; a lost answer charges nobody twice."""
        link = self.invoice()._get_ar_payment_link()
        self.kit.knobs.drop_response_after_commit = 1
        response = self.start(link)
        self.assertIn("error", response.text)
        self.env.invalidate_all()
        [order] = link.order_ids
        self.assertEqual(order.state, "draft")
        self.assertEqual(self.open_order(link), order)
        numbers = [self.kit.number_of(content) for content in self.kit.calls("create")]
        self.assertEqual(numbers, [order.name, order.name])
        self.assertEqual(self.kit.simulator.refusals, [])

    def test_gateway_errors_are_told_and_change_nothing(self):
        link = self.invoice()._get_ar_payment_link()
        self.kit.knobs.http_500 = 1
        self.assertIn("error", self.start(link).text)
        self.kit.knobs.tamper_answer = True
        self.assertIn("not signed", self.start(link).text)
        self.kit.knobs.tamper_answer = False
        self.kit.knobs.unsigned = 1
        self.assertIn("error", self.start(link).text)
        self.assertEqual(link.order_ids.transaction_id.mapped("state"), ["draft"])
        self.assertEqual(self.open_order(link).state, "open")

    def test_lost_notification_costs_seconds(self):
        self.kit.knobs.no_notify = True
        order = self.open_order(self.invoice()._get_ar_payment_link())
        self.assertEqual(self.poll(order), "open")
        self.kit.pay(order.name)
        order.queried_at = False
        self.env.flush_all()
        self.assertEqual(self.poll(order), "paid")
        self.assertEqual(order.transaction_id.invoice_ids.amount_residual, 0)

    def test_polling_asks_the_gateway_now_and_then_only(self):
        order = self.open_order(self.invoice()._get_ar_payment_link())
        self.kit.simulator.requests.clear()
        for _times in range(4):
            self.poll(order)
        self.assertEqual(len(self.kit.calls()), 1)

    def test_core_payment_form_leads_to_the_same_page(self):
        invoice = self.invoice()
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.env.ref(f"payment.payment_method_{self.kit.method}").id,
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
            f"/payment/{self.kit.code}/checkout", data={"transaction_id": transaction.id, "access_token": "x"}
        )
        self.assertEqual(bad.status_code, 404)
        data = {"transaction_id": transaction.id, "access_token": transaction._ar_checkout_token()}
        for _twice in range(2):
            response = self.url_open(f"/payment/{self.kit.code}/checkout", data=data)
            self.assertIn("/pay/order/", response.url)
        self.env.invalidate_all()
        [order] = transaction.ar_gateway_order_ids
        self.pay(order)
        self.assertEqual(self.poll(order), "paid")
        self.assertEqual(invoice.amount_residual, 0)
