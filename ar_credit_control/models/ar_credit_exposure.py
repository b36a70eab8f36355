from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..core.exposure import PARTS, Exposure

# The money of an Exposure, in the order of the statement's columns.
AMOUNTS = (*PARTS, "overdue")


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
            rows = self.env.execute_query(self._measure_query(companies, list(partner_ids), list(order_ids)))
            for owner, company_id, order_id, days_overdue, *amounts in rows:
                if order_id is None:
                    exposures[owner, company_id] = Exposure(
                        **dict(zip(AMOUNTS, map(Decimal, amounts), strict=True)), days_overdue=days_overdue
                    )
                else:
                    orders[order_id] = (owner, company_id), Decimal(amounts[AMOUNTS.index("open_orders")])
        return Measured(exposures, orders)

    @staticmethod
    def _to_decimal(currency, amount):
        """Return a float as Decimal, rounded to the currency.

        :rtype: Decimal
        """
        return Decimal(f"{currency.round(amount or 0.0):.{currency.decimal_places}f}")

    def _measure_query(self, companies, partner_ids, order_ids):
        """Return the statement of `_measure`.

        Its rows: (partner id, company id, order id or NULL for all of the partner, days overdue, AMOUNTS...), the
        amounts exact and as text: what is converted is rounded to company currency, per order and per sum of
        drafts, and no amount passes through a float.
        """
        return SQL(
            """
            WITH company (
                id, root_id, currency_id, rounding, digits, nets_credits, needs_bank, grace_date, horizon
            ) AS (
                VALUES %(companies)s
            ),
            family AS (
                SELECT id, commercial_partner_id AS owner
                  FROM res_partner
                 WHERE commercial_partner_id = ANY(%(partners)s)
            ),
            paid AS (%(paid)s),
            open_order AS (%(open_orders)s),
            converted AS (%(converted)s),
            part (owner, company_id, order_id, days_overdue, %(amounts)s) AS (
                %(ledger)s
                 UNION ALL
                SELECT owner, company_id, NULL, 0, 0, 0, amount, 0, 0, 0 FROM (%(payments)s) payment
                 UNION ALL
                SELECT owner, company_id, NULL, 0, 0, 0, 0, SUM(amount), 0, 0 FROM converted GROUP BY owner, company_id
                 UNION ALL
                SELECT owner, company_id, NULL, 0, 0, 0, 0, 0, amount, 0 FROM (%(draft_invoices)s) draft
                 UNION ALL
                SELECT owner, company_id, order_id, 0, 0, 0, 0, amount, 0, 0
                  FROM converted WHERE order_id = ANY(%(orders)s)
            )
            SELECT owner, company_id, order_id, MAX(days_overdue), %(sums)s FROM part
             GROUP BY owner, company_id, order_id
            """,
            companies=SQL(", ").join(company._get_ar_credit_policy_row() for company in companies),
            partners=partner_ids,
            orders=order_ids,
            amounts=SQL(", ").join(map(SQL.identifier, AMOUNTS)),
            sums=SQL(", ").join(SQL("SUM(%s)::text", SQL.identifier(amount)) for amount in AMOUNTS),
            ledger=self._ledger_query(),
            payments=self._payment_query(),
            draft_invoices=self._draft_invoice_query(partner_ids),
            paid=self._paid_query(),
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
                   NULL::int AS order_id,
                   COALESCE(MAX(%(today)s - late.due) FILTER (WHERE late.is_late), 0) AS days_overdue,
                   COALESCE(SUM(item.amount_residual) FILTER (WHERE item.amount_residual > 0), 0) AS receivable,
                   COALESCE(SUM(item.amount_residual)
                            FILTER (WHERE item.amount_residual < 0 AND company.nets_credits), 0) AS unapplied,
                   0::numeric AS payments,
                   0::numeric AS open_orders,
                   0::numeric AS draft_invoices,
                   COALESCE(SUM(item.amount_residual) FILTER (WHERE late.is_late), 0) AS overdue
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
            SELECT family.owner, company.id AS company_id,
                   SUM(CASE WHEN payment.move_id IS NULL THEN -payment.amount_company_currency_signed
                            ELSE payment.amount_company_currency_signed END) AS amount
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
            SELECT move.commercial_partner_id AS owner, company.id AS company_id,
                   %(rounded)s AS amount
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
            rounded=self._rounded(
                SQL("SUM(item.price_total * move.amount_total_signed / NULLIF(move.amount_total, 0))"),
                SQL("MIN(company.rounding)"),
                SQL("MIN(company.digits)"),
            ),
            partners=partner_ids,
        )

    def _open_order_query(self):
        """Return the open amount per order, in order currency and never below zero.

        Whether an order counts at all, its lines say: of those not confirmed, what was delivered (`ar_credit_open`).

        Online payments that reached us and are not in the books yet count as paid: at the time of the check Odoo
        confirms the order before it books the payment. So do, where open credits are ignored, those in the books
        that no invoice has used yet. Orders promised for after the horizon of the company are left out.
        """
        return SQL(
            """
            SELECT family.owner, so.company_id, so.currency_id, so.id AS order_id,
                   GREATEST(0, SUM(line.ar_credit_open) - COALESCE(MIN(paid.amount), 0)) AS amount
              FROM family
              JOIN sale_order so ON so.partner_invoice_id = family.id
              JOIN company ON company.id = so.company_id
               AND (company.horizon IS NULL OR so.commitment_date IS NULL OR so.commitment_date <= company.horizon)
              JOIN sale_order_line line ON line.order_id = so.id AND line.ar_credit_open <> 0
              LEFT JOIN paid ON paid.order_id = so.id
             GROUP BY family.owner, so.company_id, so.currency_id, so.id
            """
        )

    def _paid_query(self):
        """Return what was paid online for confirmed orders and counts there (see `_open_order_query`)."""
        return SQL(
            """
            SELECT so.id AS order_id, SUM(tx.amount) AS amount
              FROM family
              JOIN sale_order so ON so.partner_invoice_id = family.id AND so.state = 'sale'
              JOIN company ON company.id = so.company_id
              JOIN sale_order_transaction_rel link ON link.sale_order_id = so.id
              JOIN payment_transaction tx ON tx.id = link.transaction_id
               AND tx.state IN ('authorized', 'done')
               AND tx.operation <> 'validation'
               AND tx.currency_id = so.currency_id
              LEFT JOIN account_payment payment ON payment.id = tx.payment_id
             WHERE (payment.id IS NULL OR NOT company.nets_credits AND payment.is_reconciled IS NOT TRUE)
               AND NOT EXISTS (SELECT FROM payment_transaction child WHERE child.source_transaction_id = tx.id)
             GROUP BY so.id
            """
        )

    def _converted_query(self):
        """Return the open orders in company currency, at today's rate (the rule of res.currency._get_rates)."""
        return SQL(
            """
            SELECT open_order.owner, open_order.company_id, open_order.order_id,
                   CASE WHEN open_order.currency_id = company.currency_id THEN open_order.amount
                        ELSE %(rounded)s
                    END AS amount
              FROM open_order
              JOIN company ON company.id = open_order.company_id
            """,
            rounded=self._rounded(
                SQL(
                    "open_order.amount / %s * %s",
                    self._rate_query(SQL("open_order.currency_id")),
                    self._rate_query(SQL("company.currency_id")),
                ),
                SQL("company.rounding"),
                SQL("company.digits"),
            ),
        )

    def _rounded(self, amount, rounding, digits):
        """Return a numeric rounded to a currency: half away from zero, to its rounding (0.05) and its digits."""
        return SQL("ROUND(ROUND(%s / %s) * %s, %s)", amount, rounding, rounding, digits)

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
