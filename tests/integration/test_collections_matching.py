"""Bank receipts: proposals with evidence, and the booking recipe of handbook reconciliation.md 1.5."""

from datetime import date

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form

from .test_collections_common import MatchingCase


class TestMatching(MatchingCase):
    def test_exact_payment_with_the_number_in_the_memo(self):
        invoice = self.invoice(1000)
        self.invoice(1000)
        receipt = self.receipt(1000, f"货款{invoice.name}谢谢", partner_name="上海宏达")
        wizard = self.wizard(receipt)
        line = wizard.line_ids.filtered("selected")
        self.assertEqual((line.move_id, line.amount, wizard.rest), (invoice, 1000, 0))
        self.assertEqual((line.partner_fit, line.amount_fit), ("agrees", "exact"))
        self.assertIn(f"<b>{invoice.name}</b>", line.evidence)
        wizard.action_book()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertTrue(receipt.is_reconciled)
        self.assertEqual(receipt.partner_id, self.customer)
        self.assertEqual(receipt.ar_matched_move_ids, invoice)
        self.assertEqual(self.counterparts(receipt), [("asset_receivable", -1000, -1000)])
        self.assertIn(invoice.name, receipt.sudo().move_id.message_ids[0].body)

    def test_undo_restores_both_sides(self):
        invoice = self.invoice(1000)
        receipt = self.receipt(1000, invoice.name)
        self.book(receipt)
        receipt.action_ar_undo()
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("not_paid", 1000))
        self.assertEqual((receipt.is_reconciled, self.suspense(receipt)), (False, 1000))
        self.book(receipt)
        self.assertEqual(invoice.payment_state, "paid")

    def test_longer_number_is_not_mistaken(self):
        invoice = self.invoice(1000)
        self.assertFalse(self.wizard(self.receipt(1000, f"{invoice.name}0")).line_ids)

    def test_short_payment_leaves_the_invoice_partly_paid(self):
        invoice = self.invoice(1000)
        self.book(self.receipt(400, invoice.name))
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 600))

    def test_overpayment_stays_unmatched_without_the_tick(self):
        invoice = self.invoice(1000)
        receipt = self.receipt(1200, invoice.name)
        self.book(receipt)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual((receipt.is_reconciled, self.suspense(receipt)), (False, 200))
        second = self.invoice(150)
        wizard = self.wizard(receipt)
        self.assertEqual(wizard.amount, 200, "the rest can be matched later")
        wizard.line_ids = [Command.create({"move_line_id": self.item(second).id, "amount": 150})]
        wizard.action_book()
        self.assertEqual((second.payment_state, self.suspense(receipt)), ("paid", 50))

    def test_overpayment_becomes_open_credit_with_the_tick(self):
        invoice = self.invoice(1000)
        receipt = self.receipt(1200, invoice.name)
        self.book(receipt, rest_on_account=True)
        self.assertTrue(receipt.is_reconciled)
        credit = receipt.sudo().move_id.line_ids.filtered(lambda line: line.amount_residual == -200)
        self.assertEqual(
            (credit.account_id, credit.partner_id), (self.item(invoice).account_id, self.customer)
        )

    def test_one_receipt_for_two_invoices(self):
        first, second = self.invoice(1000), self.invoice(500)
        self.book(self.receipt(1200, f"{first.name}, {second.name}"))
        self.assertEqual(first.payment_state, "paid")
        self.assertEqual((second.payment_state, second.amount_residual), ("partial", 300))

    def test_two_receipts_for_one_invoice(self):
        invoice = self.invoice(1000)
        self.book(self.receipt(400, invoice.name))
        self.book(self.receipt(600, invoice.name))
        self.assertEqual(invoice.payment_state, "paid")

    def test_another_payer_is_a_conflict_and_not_ticked(self):
        invoice = self.invoice(1000)
        receipt = self.receipt(1000, invoice.name, partner_id=self.other.id)
        wizard = self.wizard(receipt)
        self.assertEqual((wizard.line_ids.partner_fit, wizard.line_ids.selected), ("conflicts", False))
        self.assertIn("Conflict: paid by Beige Ltd", wizard.line_ids.evidence)
        with self.assertRaises(UserError):
            wizard.action_book()
        wizard.line_ids.selected = True
        self.assertTrue(wizard.has_conflict)
        wizard.action_book()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(receipt.partner_id, self.other, "the payer stays the payer")

    def test_other_references(self):
        invoice = self.invoice(1000, payment_reference="RF18-5390-0754", ref="PO 4711/26")
        for memo in ("RF18 5390 0754", "your po4711-26"):
            self.assertEqual(self.wizard(self.receipt(10, memo)).line_ids.move_id, invoice, memo)

    def test_refund_to_the_customer(self):
        refund = self.invoice(300, move_type="out_refund")
        self.book(self.receipt(-300, refund.name))
        self.assertEqual(refund.payment_state, "paid")

    def test_credit_notes_are_not_proposed_for_money_received(self):
        refund = self.invoice(300, move_type="out_refund")
        self.assertFalse(self.wizard(self.receipt(300, refund.name)).line_ids)

    def test_form_computes_what_is_left(self):
        invoice = self.invoice(1000)
        hand = self.invoice(900, partner=self.other)
        wizard = self.wizard(self.receipt(1500, invoice.name))
        with Form(wizard) as form:
            self.assertEqual(form.rest, 500)
            with form.line_ids.new() as line:
                line.move_line_id = self.item(hand)
                self.assertEqual((line.amount, line.item_amount), (500, 500))
            self.assertEqual(form.rest, 0)
        wizard.action_book()
        self.assertEqual((invoice.payment_state, hand.amount_residual), ("paid", 400))

    def item(self, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    # === currencies: the foreign invoice of 1,000 is in the books at 7,000 ===

    def test_foreign_invoice_on_a_foreign_bank_account(self):
        invoice = self.invoice(1000, currency=self.usd)
        receipt = self.receipt(1000, invoice.name, self.bank_usd)
        self.book(receipt)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self.counterparts(receipt), [("asset_receivable", -1000, -7200)])
        self.assertEqual(self.exchange_difference(invoice), 200)

    def test_foreign_invoice_with_the_rate_of_the_bank(self):
        invoice = self.invoice(1000, currency=self.usd)
        receipt = self.receipt(7150, invoice.name, foreign_currency_id=self.usd.id, amount_currency=1000)
        self.book(receipt)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self.counterparts(receipt), [("asset_receivable", -1000, -7150)])
        self.assertEqual(self.exchange_difference(invoice), 150)

    def test_half_a_foreign_invoice(self):
        invoice = self.invoice(1000, currency=self.usd)
        self.book(self.receipt(3600, invoice.name, foreign_currency_id=self.usd.id, amount_currency=500))
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 500))
        self.assertEqual(self.exchange_difference(invoice), 100)

    def test_foreign_invoice_paid_in_company_currency_without_a_rate(self):
        """Handbook 1.4 row 12: OCA leaves 80 elsewhere; here the invoice closes with the difference."""
        invoice = self.invoice(1000, currency=self.usd)
        receipt = self.receipt(7120, invoice.name)
        wizard = self.wizard(receipt)
        line = wizard.line_ids
        self.assertEqual((line.amount_fit, line.amount, line.item_amount), ("other_currency", 7120, 1000))
        self.assertTrue(wizard.has_other_currency)
        wizard.action_book()
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("paid", 0))
        self.assertTrue(receipt.is_reconciled)
        self.assertEqual(self.counterparts(receipt), [("asset_receivable", -1000, -7120)])
        self.assertEqual(self.exchange_difference(invoice), 120)
        self.assertFalse(self.open_receivable(), "nothing left anywhere")

    def test_user_says_how_much_a_foreign_payment_settles(self):
        invoice = self.invoice(1000, currency=self.usd)
        wizard = self.wizard(self.receipt(3560, invoice.name))
        wizard.line_ids.item_amount = 500
        wizard.action_book()
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 500))

    def test_rounding_over_several_foreign_invoices(self):
        parts = [self.invoice(amount, currency=self.usd) for amount in (33.33, 66.67)]
        receipt = self.receipt(100, " ".join(move.name for move in parts), self.bank_usd)
        self.book(receipt)
        self.assertEqual([move.payment_state for move in parts], ["paid", "paid"])
        self.assertTrue(receipt.is_reconciled)
        self.assertAlmostEqual(sum(receipt.sudo().move_id.line_ids.mapped("balance")), 0)

    def exchange_difference(self, invoice):
        """Exchange gain booked for an invoice so far."""
        partials = self.item(invoice).matched_credit_ids
        moves = partials.exchange_move_id
        return sum(
            moves.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable").mapped(
                "balance"
            )
        )

    def open_receivable(self):
        self.env.flush_all()
        query = self.env["ar.open.item"]._query(self.company, date(2099, 1, 1), self.customer.ids)
        return self.env.execute_query(query)
