from dataclasses import replace
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..core.cover import uncovered_part
from ..core.rule import Fact, Facts

ACCOUNT = {Fact.ACCOUNT_BLOCKED, Fact.LIMIT_EXPIRED, Fact.REVIEW_OVERDUE, Fact.RISK_CLASS}
HISTORY = {Fact.OLDEST_DAYS, Fact.PAID_INVOICES, Fact.CUSTOMER_DAYS}


class ArCreditFacts(models.AbstractModel):
    """Gathers what rules look at, for any number of documents, and only what some rule asks for."""

    _name = "ar.credit.facts"
    _description = "Facts for credit rules"

    def _gather(self, documents, pair_of, positions, asked):
        """Return what is known before the limit is looked at.

        :param documents: sale.order or account.move records.
        :param dict pair_of: document id -> (commercial partner id, company id).
        :param dict positions: pair -> core Position.
        :param asked: core Facts that rules look at; others cost nothing and stay unknown.
        :return: dict of document id -> core Facts.
        """
        # Only theirs: who no rule concerns has not been measured.
        pairs = {pair_of[document.id] for document in documents}
        customers = {pair: self._get_overdue(positions[pair]) for pair in pairs}
        agreed = (
            self.env["ar.credit.account"]._get_agreed_terms(pairs) if Fact.TERM_DAYS_OVER in asked else {}
        )
        policies = self.env["ar.credit.cover"]._get_policies(pairs) if Fact.UNSECURED_AMOUNT in asked else {}
        for known in (self._get_account_facts(pairs, asked), self._get_history(pairs, asked)):
            customers |= {pair: replace(customers[pair], **values) for pair, values in known.items()}
        return {
            document.id: replace(
                customers[pair_of[document.id]],
                partner_id=pair_of[document.id][0],
                term_days_over=self._get_term_days_over(document, agreed.get(pair_of[document.id])),
                uncovered=self._get_uncovered(document, policies.get(pair_of[document.id])),
                **document._get_ar_rule_facts(asked),
            )
            for document in documents
        }

    def _get_overdue(self, position):
        """Return what is overdue, from the customer's own exposure (the first bound)."""
        exposure = position.bounds[0].exposure
        return Facts(overdue_days=Decimal(exposure.days_overdue), overdue_amount=exposure.overdue)

    def _get_account_facts(self, pairs, asked):
        """Return what the credit accounts say: pair -> dict of values for core Facts.

        The group is wanted wherever some rule is for a group, which `asked` does not tell.
        """
        rules = self.env["ar.credit.rule"]
        by_group = any(rule.group_ids for _p, company_id in pairs for rule in rules._get_rules(company_id))
        if not by_group and not ACCOUNT & set(asked):
            return {}
        today = fields.Date.today()
        return {
            (account.partner_id.id, account.company_id.id): {
                "group_ids": frozenset(account.group_id.ids),
                "account_blocked": account.status == "blocked",
                "limit_expired": Fact.LIMIT_EXPIRED in asked
                and any(
                    holder.valid_until and holder.valid_until < today
                    for holder in (account, account.group_id)
                ),
                "review_overdue": bool(account.review_date) and account.review_date < today,
                "risk_class": str(account.risk_class_id.id or ""),
            }
            for account in self.env["ar.credit.account"]._search_pairs(pairs)
        }

    def _get_history(self, pairs, asked):
        """Return what the ledger tells of the past, in one statement: pair -> dict of values for core Facts.

        A customer without invoices is known for zero days, and has paid none.
        """
        if not HISTORY & set(asked):
            return {}
        self.env["account.move"].flush_model()
        self.env["account.move.line"].flush_model()
        found = {pair: {"paid_invoices": Decimal(0), "customer_days": Decimal(0)} for pair in pairs}
        today = fields.Date.today()
        for owner, company_id, paid, first, oldest in self.env.execute_query(self._history_query(pairs)):
            values = found.get((owner, company_id))
            if values is not None:
                values["paid_invoices"] = Decimal(paid)
                values["customer_days"] = Decimal((today - first).days if first else 0)
                values["oldest_days"] = Decimal((today - oldest).days) if oldest else None
        return found

    def _history_query(self, pairs):
        """Return the statement of `_get_history`: partner, company, paid invoices, first one, oldest open item."""
        return SQL(
            """
            WITH family AS (
                SELECT id, commercial_partner_id AS owner
                  FROM res_partner
                 WHERE commercial_partner_id = ANY(%(partners)s)
            ),
            invoiced AS (
                SELECT move.commercial_partner_id AS owner, move.company_id,
                       COUNT(*) FILTER (WHERE move.payment_state IN ('paid', 'in_payment')) AS paid,
                       MIN(move.invoice_date) AS first
                  FROM account_move move
                 WHERE move.commercial_partner_id = ANY(%(partners)s) AND move.company_id = ANY(%(companies)s)
                   AND move.move_type = 'out_invoice' AND move.state = 'posted'
                 GROUP BY 1, 2
            ),
            open_item AS (
                SELECT family.owner, item.company_id, MIN(COALESCE(item.invoice_date, item.date)) AS oldest
                  FROM account_move_line item
                  JOIN account_account account
                    ON account.id = item.account_id AND account.account_type = 'asset_receivable'
                  JOIN family ON family.id = item.partner_id
                 WHERE item.parent_state = 'posted' AND item.reconciled IS NOT TRUE AND item.amount_residual > 0
                   AND item.company_id = ANY(%(companies)s)
                 GROUP BY 1, 2
            )
            SELECT owner, company_id, COALESCE(paid, 0), first, oldest
              FROM invoiced FULL JOIN open_item USING (owner, company_id)
            """,
            partners=sorted({partner_id for partner_id, _company_id in pairs}),
            companies=sorted({company_id for _partner_id, company_id in pairs}),
        )

    def _get_term_days_over(self, document, agreed):
        """Return how many days later than agreed the last instalment of a document falls due.

        :param agreed: account.payment.term, empty means at once; None where no rule asks.
        :return: Decimal, or None where unknown.
        """
        days = None if agreed is None else document._get_ar_credit_term_days()
        return None if days is None else Decimal(days - self._get_term_days(agreed))

    def _get_uncovered(self, document, policies):
        """Return what tells how much of a document covers leave unsecured; None where nobody relies on one.

        :param policies: core Policies of the customer; None where he has none, or no rule asks.
        """
        if not policies:
            return None
        digits = document.company_id.currency_id.decimal_places
        return uncovered_part(policies, document._get_ar_cover_sale(), digits)

    def _get_term_days(self, term):
        """Return after how many days from today the last instalment of an account.payment.term is due."""
        today = fields.Date.today()
        return max((line._get_due_date(today) - today).days for line in term.line_ids) if term.line_ids else 0
