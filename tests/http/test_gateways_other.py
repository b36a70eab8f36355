"""Paying a link with providers that are not ours: on Odoo's own form, with nothing but the link's token."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.payment.utils import generate_access_token

from tests.http.test_gateways_landing import LandingCase


class OtherCase(LandingCase):
    """Odoo's own providers, here the one of its demonstration."""

    def setUp(self):
        super().setUp()
        demo = self.env["payment.provider"].sudo().search([("code", "=", "demo")], limit=1)
        if not demo:
            self.skipTest("payment_demo is not installed")
        self.demo = demo.copy({"company_id": self.company.id})
        self.demo.write({"state": "test", "is_published": True})

    def form(self, link, **form):
        """Choose the other way; return the page it leads to."""
        response = self.post(link, path="other", **form)
        self.assertEqual(response.status_code, 200)
        self.assertIn(f"/pay/{link.sudo().token}/form", response.url)
        return response

    def transaction(self, link, amount, **params):
        """What the form does when its button is pressed: return the new transaction, or why there is none."""
        method = self.demo.payment_method_ids[:1].id
        params = {"provider_id": self.demo.id, "payment_method_id": method, "token_id": None, "amount": amount,
                  "flow": "direct", "tokenization_requested": False, "landing_route": "https://elsewhere.example",
                  "is_validation": False, "access_token": "x", **params}  # fmt: skip
        answer = self.url_open(f"/pay/{link.sudo().token}/transaction", json={"params": params}).json()
        self.env.invalidate_all()
        if "error" in answer:
            return answer["error"]["data"]["message"]
        found = self.env["payment.transaction"].sudo()
        return found.search([("reference", "=", answer["result"]["reference"])])


class TestOtherPage(OtherCase):
    """Paying with it on Odoo's own form."""

    def sale(self):
        """An order of 80.00, and its link."""
        sale = (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.partner_a.id,
                    "company_id": self.company.id,
                    "order_line": [
                        (0, 0, {"product_id": self.product_a.id, "price_unit": 80.0, "tax_ids": False})
                    ],
                }
            )
        )
        link = self.env["ar.payment.link"].sudo().create({"kind": "order", "sale_order_id": sale.id})
        return sale, link

    def test_several_invoices_in_another_currency(self):
        dollars = self.env.ref("base.USD")
        invoices = self.invoice(80.0, currency=dollars) + self.invoice(20.0, currency=dollars)
        link, total = (
            self.env["ar.payment.link"]._for_moves(invoices),
            sum(invoices.mapped("amount_residual")),
        )
        self.assertIn("/other", self.landing(link).text)
        page = self.form(link)
        self.assertIn(f'data-amount="{total}"', page.text)
        self.assertEqual(page.headers["Referrer-Policy"], "origin")
        for rule in ("frame-ancestors 'none'", "base-uri 'none'"):
            self.assertIn(rule, page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["X-Frame-Options"], "DENY")
        transaction = self.transaction(link, total)
        self.assertEqual((transaction.amount, transaction.currency_id), (total, dollars))
        self.assertEqual(transaction.partner_id, self.partner_a)
        self.assertEqual(transaction.landing_route, f"/pay/{link.sudo().token}")
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(invoices.mapped("amount_residual"), [0, 0])
        self.assertIn("nothing to pay", self.transaction(link, total))

    def test_the_amount_and_the_provider_are_ours_to_say(self):
        link, other = self.link, self.demo.copy({"company_id": self.setup_other_company()["company"].id})
        for amount in (99.99, 0, -100, None, "x", [1]):
            self.assertIn("has changed", self.transaction(link, amount))
        for change in ({"provider_id": other.id}, {"flow": "token"}):
            self.assertIn("not available", self.transaction(link, 100.0, **change))
        self.assertIn("whitelisted", self.transaction(link, 100.0, currency_id=1))
        self.company.write({"ar_link_partial": True, "ar_link_partial_percent": 30.0})
        self.assertIn('data-amount="40.0"', self.form(link, amount="40").text)
        self.assertIn("Please enter an amount", self.transaction(link, 29.0))
        self.assertEqual(self.transaction(link, 40.0).amount, 40.0)

    def test_whoever_holds_the_code_gets_no_other_key(self):
        """Not the portal's of a document, and no signature with which Odoo's page would hand it out."""
        sale, sale_link = self.sale()
        for paid, link in ((sale, sale_link), (self.inv, self.link)):
            page = self.form(link).text
            keys = [paid._portal_ensure_token(), "/my/orders", "/my/invoices"]
            for partner in self.partner_a | self.partner_a.commercial_partner_id:
                currency = link.currency_id.id
                keys += [
                    generate_access_token(partner.id, amount, currency, env=self.env)
                    for amount in (80.0, 100.0)
                ]
            for key in keys:
                self.assertNotIn(key, page)
            self.assertIn(f'data-access-token="{link.sudo().token}"', page)
        self.assertEqual(self.transaction(sale_link, 80.0).sale_order_ids, sale)

    def test_the_code_on_an_orders_page(self):
        sale, link = self.sale()
        shown = self.url_open(sale.get_portal_url()).text
        self.assertIn('id="ar_payment_qr"', shown)
        link.action_revoke()
        self.assertNotIn('id="ar_payment_qr"', self.url_open(sale.get_portal_url()).text)


class TestOtherRules(OtherCase):
    """What holds for our own gateways holds for any provider."""

    def paid(self, *transactions):
        for transaction in transactions:
            transaction._set_done()
            transaction._post_process()
        self.env.invalidate_all()

    def once(self):
        values = {
            "kind": "customer",
            "partner_id": self.partner_a.id,
            "currency_id": self.cny.id,
            "company_id": self.company.id,
            "single_use": True,
        }
        return self.env["ar.payment.link"].create(values)

    def test_a_second_payment_is_a_credit_and_a_task(self):
        first, second = (self.transaction(self.link, 100.0) for _twice in range(2))
        self.assertEqual((first | second).ar_link_id, self.link)
        self.paid(first)
        self.assertFalse(first.payment_id.activity_ids)
        page = self.landing(self.link).text
        self.assertIn("Paid, thank you", page)
        self.assertIn(first.reference, page)
        self.assertNotIn("Paid more than was due", page)
        self.paid(second)
        self.assertFalse(first.payment_id.activity_ids)
        self.assertEqual(second.payment_id.activity_ids.summary, "Paid more than was open")
        self.assertIn(second.reference, second.payment_id.activity_ids.note)
        page = self.landing(self.link).text
        self.assertIn("Paid more than was due", page)
        self.assertIn("100.00", page)

    def test_what_was_just_paid_is_not_asked_for_again(self):
        transaction = self.transaction(self.link, 100.0)
        transaction._set_done()
        self.env.flush_all()
        self.assertIn("Paid, thank you", self.landing(self.link).text)
        self.env.invalidate_all()
        self.assertTrue(transaction.is_post_processed)

    def test_an_invoice_taken_back_to_revise_it_stays_taken_back(self):
        transaction = self.transaction(self.link, 100.0)
        self.inv.button_draft()
        self.paid(transaction)
        self.assertEqual(self.inv.state, "draft")
        self.assertTrue(transaction.payment_id.activity_ids)

    def test_a_link_for_one_payment_is_used_by_it(self):
        link = self.once()
        self.assertEqual(link.state, "active")
        self.paid(self.transaction(link, 100.0))
        self.invoice(5.0)
        self.assertEqual(link.state, "used")
        for user in (self.env.user, self.env.ref("base.user_root")):
            found = link.with_user(user).search([("state", "=", "used"), ("id", "=", link.id)])
            self.assertEqual(found, link)
        self.assertIn("for one payment", self.landing(link).text)
        self.assertIn("nothing to pay", self.transaction(link, 5.0))

    def test_attempts_are_limited_by_link(self):
        with patch("odoo.addons.ar_payment_gateways.const.ORDERS_PER_WINDOW", 2):
            self.assertTrue(self.transaction(self.link, 100.0))
            self.assertTrue(self.transaction(self.link, 100.0))
            self.assertIn("Too many attempts", self.transaction(self.link, 100.0))
            self.assertIn("Too many attempts", self.post(path="other").text)
        self.assertEqual(len(self.link.sudo().transaction_ids), 2)
        self.assertEqual(self.link.attempt_count, 2)  # the third was rolled back

    def test_a_withdrawn_link_begins_nothing(self):
        self.link.action_revoke()
        self.assertIn("nothing to pay", self.transaction(self.link, 100.0))
        page = self.url_open(f"/pay/{self.link.sudo().token}/form")
        self.assertEqual((page.status_code, "withdrawn" in page.text), (410, True))

    def test_our_own_gateway_on_odoos_form_is_the_links_too(self):
        method = self.provider._ar_gateway_payment_method()
        transaction = self.transaction(
            self.link, 100.0, provider_id=self.provider.id, payment_method_id=method.id, flow="redirect"
        )
        self.env.flush_all()
        path = transaction._ar_open_order()
        self.env.invalidate_all()
        order = self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
        self.assertEqual(order.link_id, self.link)
        self.link.action_revoke()
        self.assertLessEqual(order.next_query_at, fields.Datetime.now())  # it is taken back
        self.assertIn("no longer valid", self.url_open(order._page_url()).text)

    def test_nobody_says_which_link_it_was(self):
        user = new_test_user(
            self.env,
            "link mover",
            "base.group_system,account.group_account_invoice,ar_payment_gateways.group_user",
            company_id=self.company.id,
        )
        transaction = self.transaction(self.link, 100.0)
        values = transaction.copy_data()[0] | {"reference": "mine"}
        transactions = self.env["payment.transaction"].with_user(user)
        with self.assertRaises(AccessError):
            transactions.browse(transaction.id).write({"ar_link_id": False})
        with self.assertRaises(AccessError):
            transactions.create({**values, "ar_link_id": self.link.id})
        made = transactions.with_context(default_ar_link_id=self.link.id).create(values)
        self.assertFalse(made.sudo().ar_link_id)
