from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..core.exposure import Exposure


@dataclass(frozen=True)
class Measured:
    """Result of one measurement, all in company currency.

    exposures: (commercial partner id, company id) -> Exposure, zero where nothing is open.
    orders: sale.order id -> (its pair, what of it is inside `open_orders`).
    """

    exposures: dict[tuple[int, int], Exposure]
    orders: dict[int, tuple[tuple[int, int], Decimal]]


class ArCreditExposure(models.AbstractModel):
    """Measures what customers owe and will owe: one SQL statement for any number of them."""

    _name = "ar.credit.exposure"
    _description = "Credit exposure"

    def _measure(self, companies, partner_ids, order_ids=()):
        """Measure the exposure of commercial partners in companies.

        Reads the database past access rights: callers decide who may see the numbers. Open order amounts are kept
        in order currency and converted here, once, at today's rate; receivables are the ledger's company amounts.

        :param companies: res.company records.
        :param partner_ids: ids of commercial partners.
        :param order_ids: confirmed orders whose own share is wanted as well.
        :rtype: Measured
        """
        exposures = defaultdict(Exposure)
        orders = {}
        if companies and partner_ids:
            self.env.flush_all()
            rounding = {company.id: company.currency_id for company in companies}
            for part, key, company_id, order_id, amount in self.env.execute_query(
                self._measure_query(companies, list(partner_ids), list(order_ids))
            ):
                is_money = part != "days_overdue"
                value = self._to_decimal(rounding[company_id], amount) if is_money else amount or 0
                if part == "order":
                    orders[order_id] = (key, company_id), value
                else:
                    known = exposures[key, company_id]
                    exposures[key, company_id] = replace(known, **{part: getattr(known, part) + value})
        return Measured(exposures, orders)

    @staticmethod
    def _to_decimal(currency, amount):
        """Return a float as Decimal, rounded to the currency.

        :rtype: Decimal
        """
        return Decimal(f"{currency.round(amount or 0.0):.{currency.decimal_places}f}")

    def _measure_query(self, companies, partner_ids, order_ids):
        """Return the statement of `_measure`: rows of (part, partner id, company id, order id, amount)."""
        return SQL(
            """
            WITH company (id, root_id, currency_id, nets_credits, needs_bank, grace_date, horizon) AS (
                VALUES %(companies)s
            ),
            family AS (
                SELECT id, commercial_partner_id AS owner
                  FROM res_partner
                 WHERE commercial_partner_id = ANY(%(partners)s)
            ),
            ledger AS (%(ledger)s),
            open_order AS (%(open_orders)s),
            converted AS (%(converted)s)
            SELECT 'receivable', owner, company_id, NULL::int, debit FROM ledger
             UNION ALL
            SELECT 'unapplied_credits', owner, company_id, NULL, credit FROM ledger
             UNION ALL
            SELECT 'overdue', owner, company_id, NULL, overdue FROM ledger
             UNION ALL
            SELECT 'days_overdue', owner, company_id, NULL, days_overdue FROM ledger
             UNION ALL
            %(payments)s
             UNION ALL
            %(draft_invoices)s
             UNION ALL
            SELECT 'open_orders', owner, company_id, NULL, SUM(amount) FROM converted GROUP BY owner, company_id
             UNION ALL
            SELECT 'order', owner, company_id, order_id, amount FROM converted WHERE order_id = ANY(%(orders)s)
            """,
            companies=SQL(", ").join(company._get_ar_credit_policy_row() for company in companies),
            partners=partner_ids,
            orders=order_ids,
            ledger=self._ledger_query(),
            payments=self._payment_query(),
            draft_invoices=self._draft_invoice_query(partner_ids),
            open_orders=self._open_order_query(),
            converted=self._converted_query(),
        )

    def _ledger_query(self):
        """Return what the ledger holds as open on receivable accounts, also on contacts of the customer.

        `amount_residual` is company currency. An item without a due date is due on its date.
        """
        return SQL(
            """
            SELECT family.owner,
                   company.id AS company_id,
                   SUM(item.amount_residual) FILTER (WHERE item.amount_residual > 0) AS debit,
                   SUM(item.amount_residual) FILTER (WHERE item.amount_residual < 0 AND company.nets_credits) AS credit,
                   SUM(item.amount_residual) FILTER (WHERE late.is_late) AS overdue,
                   MAX(%(today)s - late.due) FILTER (WHERE late.is_late) AS days_overdue
              FROM account_move_line item
              JOIN account_account account
                ON account.id = item.account_id AND account.account_type = 'asset_receivable'
              JOIN family ON family.id = item.partner_id
              JOIN company ON company.id = item.company_id
              CROSS JOIN LATERAL (
                  SELECT COALESCE(item.date_maturity, item.date) AS due,
                         item.amount_residual > 0
                         AND COALESCE(item.date_maturity, item.date) < company.grace_date AS is_late
              ) late
             WHERE item.parent_state = 'posted' AND item.reconciled IS NOT TRUE
             GROUP BY family.owner, company.id
            """,
            today=fields.Date.today(),
        )

    def _payment_query(self):
        """Return registered payments as far as ledger and policy of the company differ about them.

        A payment without an outstanding account has no journal entry, so the ledger shows the debt until the bank
        statement comes: it is taken off where payments count when registered. One with such an account has left
        the receivable already: it is put back while the bank has not confirmed it, where payments count when banked.
        The payment method (bills, cheques) may have a rule of its own. What a gateway has confirmed is banked.
        """
        return SQL(
            """
            SELECT 'payments_in_process', family.owner, company.id, NULL,
                   SUM(CASE WHEN payment.move_id IS NULL THEN -payment.amount_company_currency_signed
                            ELSE payment.amount_company_currency_signed END)
              FROM account_payment payment
              JOIN family ON family.id = payment.partner_id
              JOIN company ON company.id = payment.company_id
              LEFT JOIN account_payment_method_line method ON method.id = payment.payment_method_line_id
              CROSS JOIN LATERAL (
                  SELECT CASE WHEN payment.payment_transaction_id IS NOT NULL THEN FALSE
                              WHEN COALESCE(method.ar_credit_counted, 'company') = 'company' THEN company.needs_bank
                              ELSE method.ar_credit_counted = 'banked' END AS needs_bank
              ) rule
             WHERE payment.partner_type = 'customer'
               AND payment.state IN ('in_process', 'paid')
               AND payment.is_matched IS NOT TRUE
               AND rule.needs_bank = (payment.move_id IS NOT NULL)
             GROUP BY family.owner, company.id
            """
        )

    def _draft_invoice_query(self, partner_ids):
        """Return draft invoices as far as they don't come from orders, in company currency with tax."""
        return SQL(
            """
            SELECT 'draft_invoices', move.commercial_partner_id, company.id, NULL,
                   SUM(item.price_total * move.amount_total_signed / NULLIF(move.amount_total, 0))
              FROM account_move move
              JOIN company ON company.id = move.company_id
              JOIN account_move_line item ON item.move_id = move.id AND item.display_type = 'product'
             WHERE move.state = 'draft' AND move.move_type = 'out_invoice'
               AND move.commercial_partner_id = ANY(%(partners)s)
               AND NOT EXISTS (
                       SELECT FROM sale_order_line_invoice_rel link WHERE link.invoice_line_id = item.id
                   )
             GROUP BY move.commercial_partner_id, company.id
            """,
            partners=partner_ids,
        )

    def _open_order_query(self):
        """Return the open amount per confirmed order, in order currency and never below zero.

        Online payments that reached us and are not in the books yet count as paid: at the time of the check Odoo
        confirms the order before it books the payment. So do, where open credits are ignored, those in the books
        that no invoice has used yet. Orders promised for after the horizon of the company are left out.
        """
        return SQL(
            """
            SELECT family.owner, so.company_id, so.currency_id, so.id AS order_id,
                   GREATEST(0, SUM(line.ar_credit_open) - COALESCE(MAX(paid.amount), 0)) AS amount
              FROM family
              JOIN sale_order so ON so.partner_invoice_id = family.id AND so.state = 'sale'
              JOIN company ON company.id = so.company_id
               AND (company.horizon IS NULL OR so.commitment_date IS NULL OR so.commitment_date <= company.horizon)
              JOIN sale_order_line line ON line.order_id = so.id AND line.ar_credit_open <> 0
              LEFT JOIN LATERAL (
                  SELECT SUM(tx.amount) AS amount
                    FROM sale_order_transaction_rel link
                    JOIN payment_transaction tx ON tx.id = link.transaction_id
                    LEFT JOIN account_payment payment ON payment.id = tx.payment_id
                   WHERE link.sale_order_id = so.id
                     AND tx.state IN ('authorized', 'done')
                     AND tx.operation <> 'validation'
                     AND tx.currency_id = so.currency_id
                     AND (payment.id IS NULL OR NOT company.nets_credits AND payment.is_reconciled IS NOT TRUE)
                     AND NOT EXISTS (SELECT FROM payment_transaction c WHERE c.source_transaction_id = tx.id)
              ) paid ON TRUE
             GROUP BY family.owner, so.company_id, so.currency_id, so.id
            """
        )

    def _converted_query(self):
        """Return the open orders in company currency, at today's rate (the rule of res.currency._get_rates)."""
        return SQL(
            """
            SELECT open_order.owner, open_order.company_id, open_order.order_id,
                   CASE WHEN open_order.currency_id = company.currency_id THEN open_order.amount
                        ELSE open_order.amount / %(from_rate)s * %(to_rate)s
                    END AS amount
              FROM open_order
              JOIN company ON company.id = open_order.company_id
            """,
            from_rate=self._rate_query(SQL("open_order.currency_id")),
            to_rate=self._rate_query(SQL("company.currency_id")),
        )

    def _rate_query(self, currency_id):
        """Return a scalar sub-query: today's rate of a currency for `company`, else its first one, else 1."""
        rates = SQL(
            """
            SELECT rate.rate FROM res_currency_rate rate
             WHERE rate.currency_id = %s AND (rate.company_id IS NULL OR rate.company_id = company.root_id)
            """,
            currency_id,
        )
        return SQL(
            "COALESCE((%(rates)s AND rate.name <= %(today)s ORDER BY rate.company_id, rate.name DESC LIMIT 1),"
            " (%(rates)s ORDER BY rate.company_id, rate.name LIMIT 1), 1.0)",
            rates=rates,
            today=fields.Date.today(),
        )
