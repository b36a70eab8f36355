"""Kinds of payment links: what each asks for, what its payment is booked on."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from tests.test_gateways_link_common import KindsCase


class TestKinds(KindsCase):
    def test_instalments_one_after_the_other(self):
        invoice = self.in_thirds()
        link = self.links._for_moves(invoice, kind="instalment")
        self.assertEqual((link.kind, link.amount_due), ("instalment", 30.0))
        self.assertEqual(invoice._get_ar_payment_link().amount_due, 90.0)
        for left in (60.0, 30.0, 0.0):
            order = self.pay(link)
            self.assertEqual(order.amount, 30.0)
            self.assertEqual(invoice.amount_residual, left)
        self.assertEqual(link.state, "paid")

    def test_instalments_asks_for_all_that_is_overdue(self):
        invoice = self.in_thirds()
        lines = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        lines.sorted("date_maturity")[1].date_maturity = self.today
        self.assertEqual(self.links._for_moves(invoice, kind="instalment").amount_due, 60.0)

    def test_a_link_for_instalments_pays_one_invoice(self):
        with self.assertRaises(UserError):
            self.links._for_moves(self.bill(1) + self.bill(2), kind="instalment")

    def test_everything_open_is_what_is_open_when_it_is_opened(self):
        link = self.everything()
        self.assertEqual((link.amount_due, link.state), (0.0, "active"))
        later, older = self.bill(20.0, days=5), self.bill(30.0, days=-5)
        draft = self.init_invoice("out_invoice", amounts=[99.0], currency=self.cny)
        stranger = self.bill(7.0, partner=self.partner_b)
        self.bill(7.0)
        link.invalidate_recordset(["amount_due"])
        self.assertEqual(link.amount_due, 57.0)
        self.assertEqual(link._payable_documents()[0], older)
        order = self.pay(link)
        self.assertEqual((later + older).mapped("amount_residual"), [0.0, 0.0])
        self.assertEqual((draft.state, stranger.amount_residual), ("draft", 7.0))
        self.assertIn(later, order.transaction_id.invoice_ids)
        link.invalidate_recordset(["amount_due", "state"])
        self.assertEqual((link.amount_due, link.state), (0.0, "active"))

    def test_a_code_for_everything_open_is_taken_back_when_an_invoice_is_revised(self):
        invoice = self.bill(10.0)
        link = self.everything()
        order = self.start(link)
        invoice.button_draft()
        self.assertLess(order.expires_at, fields.Datetime.now())

    def test_credit_notes_are_set_off_against_the_oldest_invoices(self):
        later, older, note = self.bill(50.0, days=5), self.bill(30.0, days=-5), self.credit(40.0, days=9)
        self.credit(7.0, partner=self.partner_b)
        link = self.everything()
        self.assertEqual(link.amount_due, 40.0)
        self.assertEqual(link._payable_documents(), older + later)
        order = self.pay(link)
        self.assertEqual((order.amount, order.transaction_id.ar_credit_note_ids), (40.0, note))
        self.assertEqual((older + later + note).mapped("amount_residual"), [0.0, 0.0, 0.0])
        partials = note.line_ids.matched_debit_ids
        self.assertEqual({p.debit_move_id.move_id: p.amount for p in partials}, {older: 30.0, later: 10.0})
        self.assertFalse(order.activity_ids)
        link.invalidate_recordset(["amount_due"])
        self.assertEqual(link.amount_due, 0.0)

    def test_nothing_is_asked_for_that_credit_notes_cover(self):
        invoice, note, link = self.bill(30.0), self.credit(40.0), self.everything()
        self.assertEqual((link.amount_due, link.state), (0.0, "active"))
        with self.assertRaisesRegex(UserError, "nothing to pay"):
            self.start(link)
        self.company.ar_link_net_credit_notes = False
        link.invalidate_recordset(["amount_due"])
        self.assertEqual(self.pay(link).amount, 30.0)
        self.assertEqual((invoice.amount_residual, note.amount_residual), (0.0, 40.0))

    def test_what_becomes_of_a_credit_note_while_somebody_pays(self):
        link = self.everything()
        for gone, left in ((False, 0.0), (True, 40.0)):
            invoices, note = self.bill(30.0, days=-5) + self.bill(50.0), self.credit(40.0)
            order = self.start(link)
            if gone:
                self._register_payment(note)  # given back: it is missing then
            else:
                lines = (invoices[1] + note).line_ids
                lines.filtered(lambda line: line.display_type == "payment_term").reconcile()
            self.alipay.pay(order.name)
            order._query()
            self.book()
            self.assertEqual(sum(invoices.mapped("amount_residual")), left)
            self.assertFalse(order.activity_ids)
        link.invalidate_recordset(["amount_due"])
        self.assertEqual(link.amount_due, 40.0)

    def test_codes_are_taken_back_when_a_credit_note_is_revised_or_refunded(self):
        self.bill(100.0)
        link = self.everything()
        for undo in ("button_draft", "action_ar_gateway_refund"):
            note = self.credit_note(40.0)
            order = self.start(link)
            self.assertEqual(order.amount, 60.0)
            getattr(note, undo)()
            self.assertLess(order.expires_at, fields.Datetime.now())
            link.invalidate_recordset(["amount_due"])
            self.assertEqual(link.amount_due, 100.0)

    def test_a_payment_is_booked_whatever_is_wrong_with_credit_notes(self):
        invoice, note = self.bill(100.0), self.credit(40.0)
        lines = type(note.line_ids)
        whole = lines.reconcile

        def reconcile(some):
            if not some.payment_id:
                raise UserError("locked")
            return whole(some)

        with patch.object(lines, "reconcile", reconcile):
            order = self.pay(self.everything())
        self.assertEqual((invoice.amount_residual, note.amount_residual), (40.0, 40.0))
        self.assertEqual(order.activity_ids.mapped("summary"), ["Credit notes to set off"])

    def test_two_receivable_accounts_are_paid_one_after_the_other(self):
        """Core books a payment on the account of the first invoice and leaves the others open."""
        first = self.bill(10.0, days=-9)
        account = self.company_data["default_account_receivable"].copy()
        self.partner_a.property_account_receivable_id = account
        second = self.bill(20.0, days=-1)
        link = self.links._for_moves(first + second)
        self.assertEqual(link.amount_due, 10.0)
        self.pay(link)
        self.assertEqual((link.amount_due, link.state), (20.0, "active"))
        order = self.pay(link)
        self.assertEqual(link.state, "paid")
        self.assertFalse(order.transaction_id._ar_credit())

    def test_an_invoice_that_comes_back_with_another_customer_gets_another_link(self):
        invoice = self.bill(10.0)
        link = invoice._get_ar_payment_link()
        invoice.button_draft()
        invoice.partner_id = self.partner_b
        invoice.action_post()
        self.assertEqual((link.partner_id, link.amount_due), (self.partner_a, 0.0))
        self.assertFalse(link._payable_documents())
        another = invoice._get_ar_payment_link()
        self.assertNotEqual(another, link)
        self.assertEqual((another.partner_id, another.amount_due), (self.partner_b, 10.0))

    def test_the_amounts_of_many_links_cost_no_more_queries(self):
        moves = [self.bill(n + 1.0) for n in range(6)]
        links = self.links.browse([move._get_ar_payment_link().id for move in moves])
        counts = []
        for some in (links, links[:2], links):  # the first time fills Odoo's caches
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_prefetch().mapped("amount_due")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_many_invoices_do_not_break_the_reference(self):
        invoices = self.env["account.move"].union(*(self.bill(1.0) for _n in range(6)))
        order = self.start(self.links._for_moves(invoices))
        self.assertEqual(order.transaction_id.invoice_ids, invoices)
        self.assertIn("+5", order.transaction_id.reference)
        self.assertLess(len(order.transaction_id.reference), 40)


class TestOrders(KindsCase):
    def link(self, order, kind="order", **values):
        return self.links.create({"kind": kind, "sale_order_id": order.id, **values})

    def test_a_deposit_confirms_the_order(self):
        sale = self.sale(100.0, deposit=0.3)
        link = self.link(sale, "deposit")
        self.assertEqual((link.amount_due, link.label, link.partner_id), (30.0, sale.name, self.partner_a))
        self.assertIn(link, self.links.search([("label", "=", sale.name)]))
        order = self.pay(link)
        transaction = order.transaction_id
        self.assertEqual(transaction.sale_order_ids, sale)
        self.assertEqual((transaction.payment_id.amount, sale.state), (30.0, "sale"))
        self.assertEqual((link.state, sale.amount_paid), ("paid", 30.0))
        self.assertFalse(order.activity_ids)  # paid in advance is not paid too much
        self.assertEqual(link._customer_credit(), 0)

    def test_the_rest_of_an_order_before_and_after_it_is_invoiced(self):
        sale = self.sale(100.0, deposit=0.3)
        rest = self.link(sale)
        self.assertEqual(rest.amount_due, 100.0)
        self.pay(self.link(sale, "deposit"))
        rest.invalidate_recordset()
        self.assertEqual(rest.amount_due, 70.0)
        self.product_a.invoice_policy = "order"
        invoice = sale._create_invoices()
        invoice.action_post()
        self.env.invalidate_all()
        self.assertEqual(invoice.amount_residual, 70.0)  # Odoo sets the deposit off
        self.assertEqual(rest.amount_due, 70.0)
        order = self.pay(rest)
        self.assertEqual(order.transaction_id.invoice_ids, invoice)
        self.assertEqual((invoice.amount_residual, rest.state), (0.0, "paid"))

    def test_an_order_paid_by_bank_on_its_invoice_is_not_asked_for_again(self):
        sale = self.sale(100.0)
        self.product_a.invoice_policy = "order"
        link = self.link(sale)
        sale.action_confirm()
        invoice = sale._create_invoices()
        invoice.action_post()
        self._register_payment(invoice)
        self.env.invalidate_all()
        self.assertEqual((link.amount_due, link.state), (0.0, "paid"))

    def printed(self, sale):
        """Tell whether the printed order has a code."""
        self.env.invalidate_all()
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "sale.action_report_saleorder", sale.ids
        )
        return b'id="ar_payment_qr"' in html

    def test_the_code_on_quotations_and_orders(self):
        plain, paid_first = self.sale(100.0), self.sale(100.0, deposit=0.3)
        paid_first.state = "sent"
        links = self.links.search([("sale_order_id", "in", (plain + paid_first).ids)])
        self.assertFalse(links)
        self.assertFalse(paid_first._ar_shown_payment_link())  # a look makes none
        self.assertFalse(self.printed(plain))
        self.assertTrue(self.printed(paid_first))
        self.assertTrue(self.printed(paid_first))
        [link] = self.links.search([("sale_order_id", "=", paid_first.id)])
        self.assertEqual((link.kind, link.amount_due), ("deposit", 30.0))
        self.pay(link)
        self.assertEqual(paid_first.state, "sale")
        self.assertFalse(self.printed(paid_first))
        self.link(plain)
        self.assertTrue(self.printed(plain))
        plain._action_cancel()
        self.assertFalse(self.printed(plain))

    def test_queries_do_not_grow_with_links_of_orders(self):
        self.product_a.invoice_policy = "order"
        links = self.links
        for _n in range(5):
            sale = self.sale(100.0, deposit=0.3)
            links += self.link(sale)
            self.pay(self.link(sale, "deposit"))
            sale._create_invoices().action_post()
        for work in (
            lambda some: some.with_prefetch().mapped("amount_due"),
            lambda some: self.links.search([("state", "=", "paid"), ("id", "in", some.ids)]),
        ):
            counts = []
            for some in (links, links[:2], links):  # the first time fills Odoo's caches
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                work(some)
                counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(counts[1], counts[2])

    def test_cancelled_orders_take_no_money(self):
        sale = self.sale(100.0)
        link = self.link(sale)
        shown = self.start(link)
        sale._action_cancel()
        self.env.invalidate_all()
        self.assertLess(shown.expires_at, fields.Datetime.now())
        self.assertEqual((link.amount_due, link.state), (0.0, "active"))
        with self.assertRaises(UserError):
            self.start(link)
        with self.assertRaises(UserError):
            self.link(sale)

    def test_an_order_paid_twice_is_a_task(self):
        sale = self.sale(100.0)
        link = self.link(sale)
        order = self.start(link)
        self.pay(self.link(sale))
        self.alipay.pay(order.name)
        order._query()
        self.book()
        self.assertEqual(order.activity_ids.mapped("summary"), ["Paid more than was open"])
        self.assertEqual(link._customer_credit(), 100.0)

    def test_a_deposit_needs_one_asked_for(self):
        with self.assertRaises(UserError):
            self.link(self.sale(100.0), "deposit")

    def test_state_search_agrees_with_state(self):
        paid, waiting = (self.link(self.sale(100.0)) for _n in range(2))
        self.pay(paid)
        once = self.link(self.sale(100.0), single_use=True)
        every = paid + waiting + once
        for state, links in (("paid", paid), ("active", waiting + once)):
            self.assertEqual(
                self.links.search([("state", "=", state), ("id", "in", every.ids)], order="id"), links
            )
