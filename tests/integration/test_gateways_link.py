"""ar.payment.link: what it pays, who may touch it, what it shows."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from odoo.addons.ar_payment_gateways import const

from tests.common import ARAccountingCase


class TestPaymentLink(ARAccountingCase):
    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("ar_payment_gateways.group_user")

    def invoice(self, amount=100.0, **kwargs):
        return self.init_invoice("out_invoice", amounts=[amount], post=True, **kwargs)

    def test_for_moves_makes_one_link_and_finds_it_again(self):
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        self.assertEqual(link, invoice._get_ar_payment_link())
        self.assertEqual(link.state, "active")
        self.assertEqual(link.amount_due, invoice.amount_residual)
        self.assertEqual(link.partner_id, invoice.commercial_partner_id)
        self.assertEqual(link.company_id, invoice.company_id)
        self.assertRegex(link.url, r"^https?://[^/]+/pay/[A-Za-z0-9_-]{22}$")

    def test_link_of_two_invoices_is_another_than_that_of_one(self):
        invoices = self.invoice() + self.invoice(50)
        both = self.env["ar.payment.link"]._for_moves(invoices)
        self.assertEqual(both.move_ids, invoices)
        self.assertEqual(both.amount_due, sum(invoices.mapped("amount_residual")))
        self.assertNotEqual(both, invoices[0]._get_ar_payment_link())
        self.assertEqual(both, self.env["ar.payment.link"]._for_moves(invoices[1] + invoices[0]))

    def test_amount_due_follows_the_residual(self):
        invoice = self.invoice(100)
        link = invoice._get_ar_payment_link()
        total = invoice.amount_total
        self._register_payment(invoice, amount=30.0, payment_difference_handling="open")
        self.assertAlmostEqual(link.amount_due, total - 30)
        self.assertEqual(link.state, "active")
        self._register_payment(invoice)
        self.assertEqual(link.amount_due, 0)
        self.assertEqual(link.state, "paid")
        self.assertFalse(invoice.ar_payment_qr)

    def test_receipt_carries_the_code_for_the_rest(self):
        self.env["payment.provider"].sudo().search([("code", "=", "demo")], limit=1).copy(
            {"company_id": self.env.company.id, "state": "test", "is_published": True}
        )
        invoice, other = self.invoice(100), self.invoice(50)

        def receipt(payment):
            self.env.invalidate_all()
            reports = self.env["ir.actions.report"]
            return reports._render_qweb_html("account.report_payment_receipt", payment.ids)[0]

        part = self._register_payment(invoice, amount=30.0, payment_difference_handling="open")
        self.assertIn(b'id="ar_payment_qr"', receipt(part))
        self.assertEqual(part._get_ar_payment_qr_data_uri(), invoice._get_ar_payment_qr_data_uri())
        self.assertNotEqual(part._get_ar_payment_qr_data_uri(), other._get_ar_payment_qr_data_uri())
        rest = self._register_payment(invoice)
        for payment in (part, rest):
            self.assertNotIn(b'id="ar_payment_qr"', receipt(payment))

    def test_refuses_what_one_payment_cannot_settle(self):
        links = self.env["ar.payment.link"]
        with self.assertRaises(UserError):
            links._for_moves(self.env["account.move"])
        with self.assertRaises(UserError):
            links._for_moves(self.init_invoice("out_invoice", amounts=[1.0]))
        with self.assertRaises(UserError):
            links._for_moves(self.init_invoice("in_invoice", amounts=[1.0], post=True))
        with self.assertRaises(UserError):
            links._for_moves(self.invoice(partner=self.partner_a) + self.invoice(partner=self.partner_b))
        foreign = self.env.ref("base.EUR")
        foreign.active = True
        with self.assertRaises(UserError):
            links._for_moves(self.invoice() + self.invoice(currency=foreign))

    def test_token_cannot_be_chosen(self):
        invoice = self.invoice()
        links = self.env["ar.payment.link"]
        with self.assertRaises(AccessError):
            links.create({"move_ids": [Command.set(invoice.ids)], "token": "x" * 22})
        link = links.with_context(default_token="x" * 22, default_token_digest="y").create(
            {"move_ids": [Command.set(invoice.ids)]}
        )
        self.assertNotEqual(link.token, "x" * 22)
        self.assertNotEqual(link.token_digest, "y")

    def test_revoke(self):
        invoice = self.invoice()
        link = invoice._get_ar_payment_link()
        link.action_revoke()
        self.assertEqual(link.state, "revoked")
        self.assertEqual(link.revoked_by_id, self.env.user)
        self.assertNotEqual(invoice._get_ar_payment_link(), link)

    def test_state_search_agrees_with_state(self):
        links = self.env["ar.payment.link"]
        made = {
            name: self.invoice()._get_ar_payment_link() for name in ("active", "revoked", "expired", "paid")
        }
        made["revoked"].action_revoke()
        made["expired"].expiry_date = "2020-01-01"
        self._register_payment(made["paid"].move_ids)
        every = links.union(*made.values())
        for state, link in made.items():
            self.assertEqual(link.state, state)
            self.assertEqual(links.search([("state", "=", state), ("id", "in", every.ids)]), link, state)

    def test_other_companies_get_their_copies_after_the_translations(self):
        """Installing loads data, then translations, then calls the hook."""
        providers, module = (
            self.env["payment.provider"].sudo(),
            self.env.ref("base.module_ar_payment_gateways"),
        )
        company = self.env["res.company"].sudo().create({"name": "Another company"})
        own = [("company_id", "=", company.id), ("code", "in", tuple(const.AR_GATEWAYS))]
        providers.search(own).unlink()
        for state, copies in (("to install", 0), ("to upgrade", len(const.AR_GATEWAYS))):
            module.sudo().state = state
            providers._ar_setup_new_gateways()
            self.assertEqual(providers.search_count(own), copies)
