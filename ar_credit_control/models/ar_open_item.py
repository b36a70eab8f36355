from odoo import api, models
from odoo.tools import SQL


class ArOpenItem(models.AbstractModel):
    """Receivable items open at a date: the one query that exposure, aging and dunning are built on.

    Definition (shared/design.md, "Money and time"): the open amount of a posted line of a receivable account
    at date T is its balance minus the matchings up to T, a matching counting from the later of its two
    lines' dates. Its invariant: the sum over the items is the balance of the receivable accounts in the
    general ledger at T, per company, account and partner, whatever was reconciled, back-dated or reset to
    draft afterwards.
    """

    _name = "ar.open.item"
    _description = "Open Receivable Item"

    @api.model
    def _query(self, company, as_of, partner_ids=None):
        """Build the SELECT of the receivable items of a company that are open at a date.

        The ledger stores what is open *now* (`amount_residual`); what matters at T is that plus the
        matchings that do not count at T: those dated later, and those with a line that is not posted (Odoo
        19 keeps the matchings of an entry that is reset to draft). Only unreconciled lines and lines of such
        matchings are touched, so the cost follows the open book, not the ledger.

        The query reads across record rules: the caller has to have checked that the user may see the company.

        :param res.company company: the one company whose books are read
        :param date as_of: the date T, inclusive
        :param partner_ids: ids of *commercial* partners to restrict to; None for all, an empty list for none
        :return: a query with the columns `move_line_id`, `move_id`, `partner_id` (commercial, may be NULL),
            `account_id`, `currency_id`, `date_due`, `invoice_date`, `amount_residual` (company currency) and
            `amount_residual_currency` (in `currency_id`); amounts are signed, a receivable is positive
        :rtype: SQL
        """
        self._flush_open_items()
        partner_filter = SQL()
        if partner_ids is not None:
            partner_filter = SQL("AND partner.commercial_partner_id = ANY(%s)", list(partner_ids))
        return SQL(
            """
            WITH added_back AS (%(added_back)s)
            SELECT aml.id AS move_line_id,
                   aml.move_id,
                   partner.commercial_partner_id AS partner_id,
                   aml.account_id,
                   aml.currency_id,
                   COALESCE(aml.date_maturity, aml.date) AS date_due,
                   COALESCE(move.invoice_date, aml.date) AS invoice_date,
                   open.amount_residual,
                   open.amount_residual_currency
              FROM (%(open)s) open
              JOIN account_move_line aml ON aml.id = open.id
              JOIN account_move move ON move.id = aml.move_id
         LEFT JOIN res_partner partner ON partner.id = aml.partner_id
             WHERE (open.amount_residual <> 0 OR open.amount_residual_currency <> 0) %(partner_filter)s
            """,
            added_back=self._query_added_back(as_of),
            open=self._query_open(company, as_of),
            partner_filter=partner_filter,
        )

    @api.model
    def _query_open(self, company, as_of):
        """SELECT the posted receivable lines up to `as_of` that may be open, with what is open on them.

        A line can only be open if it is unreconciled now or one of its matchings does not count; `added_back` (see
        `_query`) holds the latter.
        """
        return SQL(
            """
            SELECT aml.id,
                   aml.amount_residual + COALESCE(added_back.amount, 0) AS amount_residual,
                   aml.amount_residual_currency + COALESCE(added_back.amount_currency, 0)
                       AS amount_residual_currency
              FROM (SELECT line.id
                      FROM account_account account
                      JOIN account_move_line line ON line.account_id = account.id AND line.reconciled IS NOT TRUE
                     WHERE account.account_type = 'asset_receivable' AND line.company_id = %(company)s
                     UNION
                    SELECT line_id FROM added_back) candidate
              JOIN account_move_line aml ON aml.id = candidate.id
              JOIN account_account account ON account.id = aml.account_id
         LEFT JOIN added_back ON added_back.line_id = aml.id
             WHERE aml.company_id = %(company)s
               AND account.account_type = 'asset_receivable'
               AND aml.parent_state = 'posted'
               AND aml.date <= %(as_of)s
            """,
            company=company.id,
            as_of=as_of,
        )

    @api.model
    def _query_added_back(self, as_of):
        """SELECT per line what the matchings that do not count at `as_of` took from it, with its sign."""
        return SQL(
            """
            WITH not_counted AS (%s)
            SELECT line_id, SUM(amount) AS amount, SUM(amount_currency) AS amount_currency
              FROM (SELECT debit_move_id AS line_id, amount, debit_amount_currency AS amount_currency
                      FROM not_counted
                     UNION ALL
                    SELECT credit_move_id, -amount, -credit_amount_currency
                      FROM not_counted) side
          GROUP BY line_id
            """,
            self._query_not_counted(as_of),
        )

    @api.model
    def _query_not_counted(self, as_of):
        """SELECT the matchings that are in today's residuals but do not count at `as_of` (see `_query`)."""
        return SQL(
            """
            SELECT id, debit_move_id, credit_move_id, amount, debit_amount_currency, credit_amount_currency
              FROM account_partial_reconcile
             WHERE max_date > %(as_of)s
             UNION
            SELECT partial.id, partial.debit_move_id, partial.credit_move_id, partial.amount,
                   partial.debit_amount_currency, partial.credit_amount_currency
              FROM account_move unposted
              JOIN account_move_line line ON line.move_id = unposted.id
              JOIN account_partial_reconcile partial
                ON line.id IN (partial.debit_move_id, partial.credit_move_id)
             WHERE unposted.state <> 'posted'
            """,
            as_of=as_of,
        )

    @api.model
    def _flush_open_items(self):
        """Write pending changes of everything the query reads."""
        self.env["account.move.line"].flush_model()
        self.env["account.move"].flush_model(["state", "invoice_date"])
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.account"].flush_model(["account_type"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
