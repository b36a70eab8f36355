"""What the company lets count as exposure: payments, unapplied credits, days of grace, the horizon of orders."""

from datetime import timedelta

from odoo import fields

from odoo.addons.ar_credit_control.exceptions import CreditExceededError

from tests.integration.test_credit_common import CreditCase


class TestCreditExposurePolicy(CreditCase):
    def _post_payment(self, amount, outstanding=True):
        """Return a registered payment; with an outstanding account it has a journal entry.

        Odoo Community gives it one at its creation; with an accounting app that reconciles bank lines it does not.
        """
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": amount,
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_method_line_id": self.inbound_payment_method_line.id,
            }
        )
        if not outstanding:
            payment.outstanding_account_id = False
        payment.action_post()
        self.assertEqual(bool(payment.move_id), outstanding)
        self.assertFalse(payment.is_matched)
        return payment

    def _bill(self, amount, **vals):
        return self.init_invoice(
            "out_invoice", partner=self.customer, amounts=[amount], taxes=[], post=True, **vals
        )

    def test_policy_that_was_never_written_is_the_default(self):
        """Odoo's own tests make companies and payment methods before our columns are known to Python."""
        self._account(400)
        columns = ("default_control", "payments_counted", "expiry_rule", "grace_days")
        self.env.flush_all()
        for column in columns:
            self.env.cr.execute(
                f"UPDATE res_company SET ar_credit_{column} = NULL WHERE id = %s", [self.company.id]
            )
        self.env.cr.execute("UPDATE account_payment_method_line SET ar_credit_counted = NULL")
        self.env.invalidate_all()
        self._bill(100)
        self._post_payment(30, outstanding=False)
        self.assert_exposure(70)
        order, hold = self._held(331)
        self.assertEqual((order.state, hold.excess), ("draft", 1))
        self.assertEqual(self._order(330).action_confirm_or_hold(), True)

    def test_payment_without_journal_entry_counts_when_registered(self):
        self._bill(100)
        self._post_payment(30, outstanding=False)
        self.assertEqual(float(self._exposure().payments_in_process), -30)
        self.assert_exposure(70)
        self.company.ar_credit_payments_counted = "banked"
        self.assert_exposure(100)

    def test_payment_in_the_books_counts_in_the_bank_where_the_company_says_so(self):
        self._bill(100)
        payment = self._post_payment(30)
        self.assertEqual(float(self._exposure().unapplied_credits), -30)
        self.assert_exposure(70)
        self.company.ar_credit_payments_counted = "banked"
        self.assertEqual(float(self._exposure().payments_in_process), 30)
        self.assert_exposure(100)
        payment.action_draft()
        self.assert_exposure(100)

    def test_bills_of_exchange_have_a_rule_of_their_own(self):
        self._bill(100)
        payment = self._post_payment(30)
        payment.payment_method_line_id.ar_credit_counted = "banked"
        self.assert_exposure(100)
        self.company.ar_credit_payments_counted = "banked"
        payment.payment_method_line_id.ar_credit_counted = "registered"
        self.assert_exposure(70)

    def test_banked_payment_lowers_exposure_under_either_policy(self):
        self._bill(100)
        payment = self._post_payment(30)
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_ref": "in",
                "amount": 30,
                "partner_id": self.customer.id,
            }
        )
        _liquidity, suspense, _other = statement_line._seek_for_lines()
        suspense.account_id = payment.outstanding_account_id
        (
            suspense | payment.move_id.line_ids.filtered(lambda x: x.account_id == suspense.account_id)
        ).reconcile()
        self.assertTrue(payment.is_matched)
        for policy in ("registered", "banked"):
            self.company.ar_credit_payments_counted = policy
            self.assert_exposure(70)

    def test_the_documents_of_each_part_sum_up_to_it(self):
        account = self._account(10_000)
        paid_down = self._confirmed(100)
        self._invoice(paid_down)
        closed = self._confirmed(30)
        invoice = self._invoice(closed, post=False)
        closed.action_cancel()
        drafts = self.init_invoice("out_receipt", partner=self.contact, amounts=[7], taxes=[])
        drafts |= self.init_invoice("out_invoice", partner=self.customer, amounts=[11], taxes=[])
        order = self._confirmed(40, partner_id=self.contact.id)
        self._invoice(order, post=False)
        self._confirmed(20, commitment_date=fields.Datetime.now() + timedelta(days=90))
        self.company.write({"ar_credit_horizon_days": 30, "ar_credit_payments_counted": "banked"})
        payment = self._post_payment(30)
        self._post_payment(9, outstanding=False)
        account = account.with_user(self.manager).sudo()
        exposure = self._exposure()
        open_drafts = drafts | invoice.filtered(lambda move: move.state == "draft")
        for part, amounts, action, documents in (
            (
                "draft_invoices",
                account._get_draft_amounts(),
                account.action_open_draft_invoices(),
                open_drafts,
            ),
            ("payments_in_process", account._get_payment_amounts(), account.action_open_payments(), payment),
            ("open_orders", account._get_order_amounts(), account.action_open_open_orders(), order),
        ):
            with self.subTest(part):
                self.assertEqual(sum(amounts.values()), getattr(exposure, part))
                found = self.env[action["res_model"]].sudo().search(action["domain"])
                self.assertEqual(found, documents)
        items = self.env["account.move.line"].search(account.action_open_receivable()["domain"])
        self.assertEqual(
            sum(items.mapped("amount_residual")), exposure.receivable + exposure.unapplied_credits
        )
        self.company.ar_credit_net_credits = False
        items = self.env["account.move.line"].search(account.action_open_receivable()["domain"])
        self.assertEqual(sum(items.mapped("amount_residual")), exposure.receivable)

    def test_unapplied_credits_may_be_ignored(self):
        self._bill(100)
        refund = self.init_invoice("out_refund", partner=self.customer, amounts=[40], taxes=[], post=True)
        self.assertEqual(float(self._exposure().receivable), 100)
        self.assert_exposure(60)
        self.company.ar_credit_net_credits = False
        self.assert_exposure(100)
        (refund | self.env["account.move"].search([("partner_id", "=", self.customer.id)])).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.assert_exposure(60)

    def test_overdue_starts_after_the_days_of_grace(self):
        today = fields.Date.today()
        for amount, days in ((10, 12), (20, 5), (40, 0), (80, -9)):
            due = today - timedelta(days=days)
            self._bill(amount, invoice_date=today - timedelta(days=30)).line_ids.filtered(
                "date_maturity"
            ).date_maturity = due
        exposure = self._exposure()
        self.assertEqual((float(exposure.receivable), float(exposure.overdue)), (150, 30))
        self.assertEqual(exposure.days_overdue, 12)
        self.company.ar_credit_grace_days = 5
        exposure = self._exposure()
        self.assertEqual((float(exposure.overdue), exposure.days_overdue), (10, 12))
        self.company.ar_credit_grace_days = 12
        exposure = self._exposure()
        self.assertEqual((float(exposure.overdue), exposure.days_overdue), (0, 0))

    def test_orders_beyond_the_horizon_are_left_out(self):
        soon, far = fields.Datetime.now() + timedelta(days=5), fields.Datetime.now() + timedelta(days=90)
        self._confirmed(10)
        self._confirmed(20, commitment_date=soon)
        self._confirmed(40, commitment_date=far)
        self.assert_exposure(70)
        self.company.ar_credit_horizon_days = 30
        self.assert_exposure(30)

    def test_a_delivery_date_that_comes_nearer_is_checked(self):
        self.company.ar_credit_horizon_days = 30
        self._account(100)
        order = self._order(150, commitment_date=fields.Datetime.now() + timedelta(days=90))
        order.action_confirm()
        self.assert_exposure(0)
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            order.commitment_date = fields.Datetime.now() + timedelta(days=5)
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            order.commitment_date = False
        order.commitment_date = fields.Datetime.now() + timedelta(days=60)
