"""`ar.open.item`: its rows add up to the general ledger at every date, whatever was matched afterwards."""

import random
from collections import defaultdict
from datetime import date, timedelta

from odoo import Command
from odoo.tools import SQL

from tests.common import ARAccountingCase

START = date(2026, 1, 1)


class TestOpenItems(ARAccountingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd = cls.setup_other_currency(
            "EUR", rates=[("2025-01-01", 0.5), ("2026-02-01", 0.4), ("2026-04-01", 0.625)]
        )
        cls.company = cls.env.company
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.receivable_2 = cls.receivable.copy({"code": "112299"})
        cls.revenue = cls.company_data["default_account_revenue"]
        parent = cls.env["res.partner"].create({"name": "Parent"})
        contact = cls.env["res.partner"].create({"name": "Buyer", "parent_id": parent.id, "type": "invoice"})
        cls.partners = parent | contact | cls.env["res.partner"].create([{"name": "B"}, {"name": "C"}])

    # === helpers ===

    def rows(self, as_of, partner_ids=None, company=None):
        query = self.env["ar.open.item"]._query(company or self.company, as_of, partner_ids)
        return self.env.execute_query_dict(query)

    def ledger(self, as_of, company=None):
        """Balances of the receivable accounts by account, commercial partner, currency, straight from the
        ledger.
        """
        self.env.flush_all()
        return {
            tuple(key): (amount, amount_currency)
            for *key, amount, amount_currency in self.env.execute_query(
                SQL(
                    """
                    SELECT l.account_id, p.commercial_partner_id, l.currency_id, SUM(l.balance),
                    SUM(l.amount_currency) FROM account_move_line l
                      JOIN account_move m ON m.id = l.move_id AND m.state = 'posted'
                      JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
                 LEFT JOIN res_partner p ON p.id = l.partner_id
                     WHERE m.company_id = %s AND m.date <= %s
                  GROUP BY 1, 2, 3
                    """,
                    (company or self.company).id,
                    as_of,
                )
            )
            if amount or amount_currency
        }

    def assert_ties_out(self, as_of, company=None, in_currency=True):
        """Compare with the ledger, by currency too unless receipts of one currency paid invoices of
        another.
        """
        items = self.rows(as_of, company=company)
        columns = ["account_id", "partner_id", "currency_id"][: 3 if in_currency else 2]
        ours, theirs = defaultdict(lambda: [0, 0]), defaultdict(lambda: [0, 0])
        for row in items:
            amounts = row["amount_residual"], row["amount_residual_currency"] * in_currency
            self._add(ours[tuple(row[column] for column in columns)], amounts)
        for key, (amount, amount_currency) in self.ledger(as_of, company).items():
            self._add(theirs[key[: len(columns)]], (amount, amount_currency * in_currency))
        self.assertEqual(self._rounded(ours), self._rounded(theirs), f"as of {as_of}")

    def _add(self, total, amounts):
        for index, amount in enumerate(amounts):
            total[index] += amount

    def _rounded(self, sums):
        """psycopg2 hands Odoo floats: two decimals are exact again after rounding."""
        sums = {key: tuple(round(amount, 2) for amount in value) for key, value in sums.items()}
        return {key: value for key, value in sums.items() if any(value)}

    def invoice(self, partner, amount, day, due=None, move_type="out_invoice", currency=None, post=True):
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": partner.id,
                "invoice_date": day,
                "date": day,
                "invoice_date_due": due or day + timedelta(30),
                "invoice_payment_term_id": False,
                "currency_id": (currency or self.company.currency_id).id,
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
            }
        )
        if post:
            move.action_post()
        return move

    def entry(self, day, amount, partner=None, account=None, amount_currency=None, currency=None):
        """A posted entry that credits the receivable account, as a receipt does; returns its receivable
        line.
        """
        common = {"currency_id": (currency or self.company.currency_id).id}
        sides = [(account or self.receivable, -1, partner), (self.revenue, 1, None)]
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": day,
                "line_ids": [
                    Command.create(
                        {
                            **common,
                            "account_id": side.id,
                            "partner_id": who.id if who else False,
                            "balance": sign * amount,
                            "amount_currency": sign
                            * (amount if amount_currency is None else amount_currency),
                        }
                    )
                    for side, sign, who in sides
                ],
            }
        )
        move.action_post()
        return move.line_ids[0]

    def receivable_line(self, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    # === tests ===

    def test_history_of_one_invoice(self):
        partner = self.partners[2]
        invoice = self.invoice(partner, 1000, date(2026, 1, 10), due=date(2026, 2, 10))
        line = self.receivable_line(invoice)
        (line + self.entry(date(2026, 2, 20), 400, partner)).reconcile()
        (line + self.entry(date(2026, 3, 5), 600, partner)).reconcile()
        self.assertEqual(invoice.payment_state, "paid")

        def open_amount(day):
            return [row["amount_residual"] for row in self.rows(day, partner.ids)]

        self.assertEqual(open_amount(date(2026, 1, 9)), [])
        self.assertEqual(open_amount(date(2026, 1, 10)), [1000])
        self.assertEqual(open_amount(date(2026, 2, 19)), [1000])
        self.assertEqual(open_amount(date(2026, 2, 20)), [600])
        self.assertEqual(open_amount(date(2026, 3, 4)), [600])
        self.assertEqual(open_amount(date(2026, 3, 5)), [])
        (row,) = self.rows(date(2026, 1, 31), partner.ids)
        self.assertEqual(
            row,
            {
                "move_line_id": line.id,
                "move_id": invoice.id,
                "partner_id": partner.id,
                "account_id": self.receivable.id,
                "currency_id": self.company.currency_id.id,
                "date_due": date(2026, 2, 10),
                "invoice_date": date(2026, 1, 10),
                "amount_residual": 1000,
                "amount_residual_currency": 1000,
            },
        )

    def test_receipt_dated_before_the_invoice(self):
        """The matching counts from the later of the two dates, so both lines are open in between."""
        partner = self.partners[2]
        receipt = self.entry(date(2026, 1, 5), 100, partner)
        invoice = self.invoice(partner, 100, date(2026, 1, 20))
        (self.receivable_line(invoice) + receipt).reconcile()
        self.assertEqual([r["amount_residual"] for r in self.rows(date(2026, 1, 10), partner.ids)], [-100])
        self.assertEqual(self.rows(date(2026, 1, 20), partner.ids), [])

    def test_foreign_currency_closes_with_its_exchange_difference(self):
        partner = self.partners[3]
        invoice = self.invoice(partner, 100, date(2026, 1, 10), currency=self.usd)  # 100 / 0.5 = 200
        receipt = self.entry(date(2026, 3, 1), 250, partner, amount_currency=100, currency=self.usd)
        (self.receivable_line(invoice) + receipt).reconcile()
        self.assertEqual(invoice.payment_state, "paid")
        (row,) = self.rows(date(2026, 2, 28), partner.ids)
        self.assertEqual((row["amount_residual"], row["amount_residual_currency"]), (200, 100))
        for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 12, 31)):
            self.assert_ties_out(day)
        self.assertEqual(self.rows(date(2026, 12, 31), partner.ids), [])

    def test_matched_with_an_entry_that_was_reset_to_draft(self):
        """Odoo 19 keeps the matching of an entry reset to draft; the ledger does not count that entry, nor
        do we.
        """
        partner = self.partners[2]
        invoice = self.invoice(partner, 1000, date(2026, 1, 10))
        receipt = self.entry(date(2026, 1, 15), 1000, partner)
        (self.receivable_line(invoice) + receipt).reconcile()
        receipt.move_id.button_draft()
        self.assertTrue(self.receivable_line(invoice).reconciled, "Odoo's own residual still says matched")
        self.assertEqual([r["amount_residual"] for r in self.rows(date(2026, 1, 31), partner.ids)], [1000])
        self.assert_ties_out(date(2026, 1, 31))

    def test_drafts_and_other_companies_stay_out(self):
        other = self.setup_other_company(name="Other")["company"]
        partner = self.partners[2]
        self.invoice(partner, 10, date(2026, 1, 10), post=False)
        self.invoice(partner, 20, date(2026, 1, 10))
        self.assertEqual([r["amount_residual"] for r in self.rows(date(2026, 2, 1), partner.ids)], [20])
        self.assertEqual(self.rows(date(2026, 2, 1), company=other), [])
        self.assertEqual(self.rows(date(2026, 2, 1), partner_ids=[]), [])

    def test_contact_is_grouped_with_its_commercial_partner(self):
        parent, contact = self.partners[:2]
        self.invoice(contact, 10, date(2026, 1, 10))
        self.assertEqual([r["partner_id"] for r in self.rows(date(2026, 2, 1), parent.ids)], [parent.id])
        self.assertEqual(self.rows(date(2026, 2, 1), contact.ids), [])

    def test_one_statement(self):
        self.invoice(self.partners[2], 10, date(2026, 1, 10))
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.rows(date(2026, 2, 1))

    def test_random_books_tie_to_the_ledger(self):
        """Invoices, credit notes, receipts with and without partner, two currencies, matched in any order
        and undone.
        """
        rng = random.Random(2026)
        lines = self.env["account.move.line"]
        for _number in range(45):
            day = START + timedelta(rng.randrange(150))
            partner = rng.choice(self.partners)
            amount = rng.randrange(1, 40000) / 100
            currency = rng.choice([self.usd, self.company.currency_id])
            kind = rng.choice(["out_invoice", "out_invoice", "out_refund", "receipt", "receipt"])
            if kind == "receipt":
                account = rng.choice([self.receivable, self.receivable, self.receivable_2])
                who = rng.choice([partner, partner, partner, None])
                foreign = round(amount * 0.45, 2) if currency == self.usd else None
                lines += self.entry(day, amount, who, account, foreign, currency)
            else:
                lines += self.receivable_line(self.invoice(partner, amount, day, None, kind, currency))
        days = [START + timedelta(offset) for offset in range(0, 240, 9)]
        for step in range(3):
            same_currency = step < 2
            self._match_some(rng, lines, same_currency)
            if step == 1:
                rng.choice(lines.filtered("reconciled")).remove_move_reconcile()
            if step == 2:
                rng.choice(lines.filtered("matched_debit_ids")).move_id.button_draft()
            for day in days:
                self.assert_ties_out(day, in_currency=same_currency)
        self.assertTrue(
            self.env["account.partial.reconcile"].search_count([("exchange_move_id", "!=", False)])
        )

    def _match_some(self, rng, lines, same_currency):
        for _number in range(12):
            debit = lines.filtered(lambda line: line.amount_residual_currency > 0 and not line.reconciled)
            credit = lines.filtered(lambda line: line.amount_residual_currency < 0 and not line.reconciled)
            first = rng.choice(debit)
            others = credit.filtered(
                lambda line, first=first: (
                    line.account_id == first.account_id
                    and line.partner_id.commercial_partner_id == first.partner_id.commercial_partner_id
                    and (not same_currency or line.currency_id == first.currency_id)
                )
            )
            if others:
                (first + rng.choice(others)).reconcile()
