from odoo import models
from odoo.tools import SQL


class ArCreditExposureParts(models.AbstractModel):
    """The parts of the statement that measures exposure which read the books: ledger, payments, draft invoices."""

    _name = "ar.credit.exposure.parts"
    _description = "Books in the statement of the credit exposure"

    def _ledger_query(self):
        """Return what the ledger holds as open on receivable accounts, also on contacts of the customer.

        Company currency, out of the running sums (`ar.credit.sum`). What is late is due before `grace_date`.
        """
        return SQL(
            """
            SELECT 'ledger' AS kind, family.owner, company.id AS company_id, NULL::int AS currency_id,
                   NULL::int AS order_id,
                   COALESCE(MAX(today - item.due) FILTER (WHERE %(late)s), 0) AS days_overdue,
                   COALESCE(SUM(item.amount) FILTER (WHERE NOT item.is_credit), 0)::text AS amount,
                   COALESCE(SUM(item.amount) FILTER (WHERE item.is_credit AND company.nets_credits), 0)::text AS credit,
                   COALESCE(SUM(item.amount) FILTER (WHERE %(late)s), 0)::text AS overdue
              FROM family
              CROSS JOIN company
              CROSS JOIN LATERAL (
                  SELECT kept.due, kept.is_credit, SUM(kept.amount) AS amount
                    FROM ar_credit_item_sum kept
                   WHERE kept.partner_id = family.id AND kept.company_id = company.id
                     AND kept.account_id = ANY(
                             ARRAY(SELECT id FROM account_account WHERE account_type = 'asset_receivable')
                         )
                   GROUP BY kept.due, kept.is_credit
                  HAVING SUM(kept.amount) <> 0
              ) item
             GROUP BY family.owner, company.id
            """,
            late=SQL("item.due < company.grace_date AND NOT item.is_credit"),
        )

    def _payment_query(self):
        """Return registered payments as far as ledger and policy of the company differ about them.

        A payment without an outstanding account has no journal entry, so the ledger shows the debt until the bank
        statement comes: it is taken off where payments count when registered. One with such an account has left
        the receivable already: it is put back while the bank has not confirmed it, where payments count when banked.
        The payment method (bills, cheques) may have a rule of its own. What a gateway has confirmed is banked.
        Where credits are ignored until they are applied, a payment without entry counts for the invoices it is for
        only, and of one with an entry what was applied is put back.
        """
        return self._sum_query("payments_in_process", self._payment_documents())

    def _sum_query(self, kind, documents):
        """Return the sums of documents of (id, owner, company_id, amount)."""
        return SQL(
            """
            SELECT %s, document.owner, document.company_id, NULL, NULL, NULL, SUM(document.amount)::text, NULL, NULL
              FROM (%s) document
             GROUP BY document.owner, document.company_id
            """,
            kind,
            documents,
        )

    def _payment_documents(self):
        """Return the payments of `_payment_query` one by one, with what each changes."""
        return SQL(
            """
            SELECT payment.id, family.owner, company.id AS company_id,
                   CASE WHEN payment.move_id IS NOT NULL
                            THEN payment.amount_company_currency_signed + CASE WHEN company.nets_credits THEN 0 ELSE (
                                SELECT COALESCE(SUM(item.amount_residual), 0)
                                  FROM account_move_line item
                                  JOIN account_account account
                                    ON account.id = item.account_id AND account.account_type = 'asset_receivable'
                                 WHERE item.move_id = payment.move_id AND item.parent_state = 'posted'
                            ) END
                            WHEN company.nets_credits THEN -payment.amount_company_currency_signed
                            ELSE -GREATEST(0, LEAST(payment.amount_company_currency_signed, (
                                SELECT COALESCE(SUM(invoice.amount_residual_signed), 0)
                                  FROM account_move__account_payment link
                                  JOIN account_move invoice ON invoice.id = link.invoice_id AND invoice.state = 'posted'
                                 WHERE link.payment_id = payment.id
                            )))
                       END AS amount
              FROM family
              JOIN account_payment payment ON payment.partner_id = family.id AND payment.is_matched IS NOT TRUE
              JOIN company ON company.id = payment.company_id
              LEFT JOIN account_payment_method_line method ON method.id = payment.payment_method_line_id
             WHERE payment.partner_type = 'customer'
               AND payment.state IN ('in_process', 'paid')
               AND (payment.move_id IS NOT NULL) =
                   CASE WHEN payment.payment_transaction_id IS NOT NULL THEN FALSE
                        WHEN COALESCE(method.ar_credit_counted, 'company') = 'company' THEN company.needs_bank
                        ELSE method.ar_credit_counted = 'banked' END
            """
        )

    def _draft_invoice_query(self):
        """Return draft invoices and receipts as far as they don't come from orders, in company currency with tax.

        One that gives money back frees no credit before it is posted. A line comes from an order where that order
        is of the same debtor, and still has something open that counts instead.
        """
        return self._sum_query("draft_invoices", self._draft_invoice_documents())

    def _draft_invoice_documents(self):
        """Return the drafts of `_draft_invoice_query` one by one, with what counts of each."""
        return SQL(
            """
            SELECT move.id, move.commercial_partner_id AS owner, move.company_id,
                   GREATEST(0, SUM(
                       item.price_total * move.amount_total_signed / NULLIF(move.amount_total, 0)
                   )) AS amount
              FROM account_move move
              JOIN company ON company.id = move.company_id
              JOIN account_move_line item ON item.move_id = move.id AND item.display_type = 'product'
             WHERE move.state = 'draft' AND move.move_type IN ('out_invoice', 'out_receipt')
               AND move.commercial_partner_id = ANY(partners)
               AND NOT EXISTS (
                       SELECT
                         FROM sale_order_line_invoice_rel link
                         JOIN sale_order_line line ON line.id = link.order_line_id
                         JOIN sale_order so ON so.id = line.order_id AND so.ar_credit_open > 0
                         JOIN res_partner debtor ON debtor.id = so.partner_invoice_id
                        WHERE link.invoice_line_id = item.id
                          AND debtor.commercial_partner_id = move.commercial_partner_id
                   )
             GROUP BY move.id
            """
        )
