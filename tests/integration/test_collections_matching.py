"""Bank receipts: proposals with evidence, the recipe of handbook reconciliation.md 1.5, undo, attacks."""

from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from tests.common import ARAccountingCase

DAY = date(2026, 3, 10)


class MatchingCase(ARAccountingCase):
    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("ar_collections.group_user")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.bank = cls.company_data["default_journal_bank"]
        cls.usd = cls.setup_other_currency("EUR", rates=[("2020-01-01", 1 / 7), ("2026-03-01", 1 / 7.2)])
        cls.bank_usd = cls.bank.copy({"name": "Bank EUR", "code": "BNKE", "currency_id": cls.usd.id})
        cls.bank_usd.suspense_account_id = cls.bank.suspense_account_id
        cls.user = new_test_user(cls.env, "collector", "ar_collections.group_user")
        cls.customer, cls.other = cls.env["res.partner"].create([{"name": "上海宏达"}, {"name": "Beige Ltd"}])

    @classmethod
    def invoice(
        cls, amount, partner=None, currency=None, day=date(2026, 1, 15), move_type="out_invoice", **values
    ):
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": (partner or cls.customer).id,
                "invoice_date": date(2026, 1, 15),
                "currency_id": (currency or cls.company.currency_id).id,
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
                **values,
            }
        )
        move.action_post()
        return move

    @classmethod
    def receipt(cls, amount, memo, journal=None, **values):
        line = cls.env["account.bank.statement.line"].create(
            {
                "date": DAY,
                "amount": amount,
                "payment_ref": memo,
                "journal_id": (journal or cls.bank).id,
                **values,
            }
        )
        return line.with_user(cls.user)

    def wizard(self, receipt):
        action = receipt.action_ar_match()
        self.assertEqual((action["res_model"], action["target"]), ("ar.match.wizard", "new"))
        return self.env["ar.match.wizard"].with_user(self.user).browse(action["res_id"])

    def book(self, receipt, **values):
        wizard = self.wizard(receipt)
        wizard.write(values)
        wizard.action_book()
        return wizard

    def counterparts(self, receipt):
        """[(account type, amount in currency, balance)] of all but the bank's own line."""
        liquidity, _suspense, _other = receipt.sudo()._seek_for_lines()
        return [
            (line.account_id.account_type, line.amount_currency, line.balance)
            for line in (receipt.sudo().move_id.line_ids - liquidity).sorted("id")
        ]

    def suspense(self, receipt):
        return -sum(receipt.sudo()._seek_for_lines()[1].mapped("balance"))


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
        self.assertEqual(sum(receipt.sudo().move_id.line_ids.mapped("balance")), 0)

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


class TestMatchingGuards(MatchingCase):
    def test_somebody_else_was_faster(self):
        invoice = self.invoice(1000)
        first, second = (self.wizard(self.receipt(1000, invoice.name)) for _ in range(2))
        first.action_book()
        with self.assertRaisesRegex(UserError, "open on"):
            second.action_book()
        again = self.env["ar.match.wizard"].with_user(self.user).create(first.copy_data()[0])
        with self.assertRaises(UserError):
            again.action_book()

    def test_more_than_is_open_or_received(self):
        invoice = self.invoice(1000)
        wizard = self.wizard(self.receipt(900, invoice.name))
        wizard.line_ids.amount = 950
        with self.assertRaisesRegex(UserError, "more than the receipt"):
            wizard.action_book()
        wizard = self.wizard(self.receipt(2000, invoice.name))
        wizard.line_ids.amount = 1500
        with self.assertRaisesRegex(UserError, "open on"):
            wizard.action_book()
        wizard.line_ids.amount = -5
        with self.assertRaises(UserError):
            wizard.action_book()

    def test_only_receivables_of_the_company(self):
        bill = self.invoice(100, move_type="in_invoice")
        payable = bill.line_ids.filtered(lambda line: line.account_id.account_type == "liability_payable")
        receipt = self.receipt(-100, "x")
        with self.assertRaises(UserError):
            receipt._ar_book([(payable, 100, 100)])

    def test_salesman_and_auditor_cannot_book(self):
        invoice = self.invoice(1000)
        receipt = self.receipt(1000, invoice.name)
        wizard = self.wizard(receipt)
        for groups in (
            "sales_team.group_sale_manager",
            "ar_collections.group_auditor",
            "account.group_account_invoice",
        ):
            user = new_test_user(self.env, f"user of {groups}", groups)
            for call in (receipt.with_user(user).action_ar_match, receipt.with_user(user).action_ar_undo):
                with self.assertRaises(AccessError):
                    call()
            with self.assertRaises(AccessError):
                wizard.with_user(user).action_book()
            with self.assertRaises(AccessError):
                self.env["ar.match.wizard"].with_user(user).create({"statement_line_id": receipt.id})
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_other_company_is_out_of_reach(self):
        receipt = self.receipt(1000, "x")
        other = self.setup_other_company(name="Other")["company"]
        stranger = new_test_user(
            self.env, "stranger", "ar_collections.group_manager", company_id=other.id, company_ids=other.ids
        )
        with self.assertRaises(AccessError):
            receipt.with_user(stranger).action_ar_match()

    def test_evidence_is_escaped(self):
        invoice = self.invoice(1000)
        wizard = self.wizard(self.receipt(10, f"<img src=x onerror=alert(1)> {invoice.name}"))
        self.assertNotIn("<img", wizard.line_ids.evidence)

    def test_proposals_take_few_queries(self):
        for number in range(12):
            self.invoice(100 + number)
        receipt = self.receipt(1000, "x")
        self.env.flush_all()
        self.env.invalidate_all()
        receipt._ar_proposals()
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            receipt._ar_proposals()
