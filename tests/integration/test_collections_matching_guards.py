"""Bank receipts: what is refused, and who is."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .test_collections_common import MatchingCase


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
