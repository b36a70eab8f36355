from odoo import fields, models
from odoo.tools import SQL


class ArCreditExposureQuery(models.AbstractModel):
    """The statement that measures exposure.

    What can be many rows (open items, open orders) comes out of running sums (`ar.credit.sum`), so a customer with ten
    thousand open documents costs no more than one with ten.
    """

    _name = "ar.credit.exposure.query"
    _inherit = ["ar.credit.exposure.parts"]
    _description = "Statement of the credit exposure"

    def init(self):
        """Keep the statement as a function of the database, and another one that locks first.

        Planning it takes five times as long as running it, and PostgreSQL keeps the plans of functions per connection.
        A check takes one way to the database instead of three. The lock is a statement of its own in its function, so
        whoever had to wait for it measures what is there afterwards.
        """
        columns = SQL(
            """
            kind text, owner int, company_id int, currency_id int, order_id int, days_overdue int,
            amount text, amount_2 text, amount_3 text
            """
        )
        measured = SQL("companies int[], partners int[], orders int[], today date")
        self._keep_function("ar_credit_measure", measured, columns, self._get_statement())
        self._keep_function(
            "ar_credit_check",
            SQL("locked_partners int[], locked_companies int[], %s", measured),
            columns,
            SQL(
                """
                SELECT 'locked', partner_id, company_id, NULL::int, NULL::int, NULL::int, NULL, NULL, NULL
                  FROM ar_credit_lock(locked_partners, locked_companies)
                """
            ),
            SQL(
                """
                SELECT 'hold', NULL::int, NULL::int, NULL::int, hold.order_id, NULL::int, hold.id::text, NULL, NULL
                  FROM ar_credit_hold hold
                 WHERE hold.order_id = ANY(orders)
                 ORDER BY hold.id DESC
                """
            ),
            SQL("SELECT * FROM ar_credit_measure(companies, partners, orders, today)"),
            writes=True,
        )

    def _keep_function(self, name, arguments, columns, *statements, writes=False):
        """Make a function of the database of statements; `uninstall_hook` has to drop it.

        Its plans are kept as long as the connection: one made while a table was small must be good when it has grown,
        so whole tables are read only where nothing else is possible. Compiling pays for no statement so short.

        :param bool writes: whether one of them writes; each sees then what is there when it begins.
        """
        self.env.cr.execute(SQL("DROP FUNCTION IF EXISTS %s", SQL.identifier(name)))
        self.env.cr.execute(
            SQL(
                """
                CREATE FUNCTION %(name)s(%(arguments)s) RETURNS TABLE (%(columns)s)
                LANGUAGE plpgsql %(volatility)s
                SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS
                $function$
                #variable_conflict use_column
                BEGIN %(body)s END
                $function$
                """,
                name=SQL.identifier(name),
                arguments=arguments,
                columns=columns,
                volatility=SQL("VOLATILE" if writes else "STABLE"),
                body=SQL(" ").join(SQL("RETURN QUERY %s;", statement) for statement in statements),
            )
        )

    def _get_rows(self, companies, partner_ids, order_ids=(), locked=None):
        """Run the statement.

        Its rows: (kind, partner id, company id, currency id, order id, days overdue, three amounts), with NULL for
        what a kind does not have. Amounts are exact and as text, since no amount of money passes through a float.

        :param companies: res.company records.
        :param partner_ids: ids of commercial partners.
        :param order_ids: orders wanted apart.
        :param locked: pairs to lock first (`ar.credit.account._lock`); rows of kind `hold` come then as well, the
            holds of the orders, the last one first. None: only measure.
        """
        self.env.flush_all()
        measured = SQL(
            "%s::int[], %s::int[], %s::int[], %s::date",
            companies.ids,
            list(partner_ids),
            list(order_ids),
            fields.Date.today(),
        )
        if locked is None:
            return self.env.execute_query(SQL("SELECT * FROM ar_credit_measure(%s)", measured))
        pairs = self.env["ar.credit.account"]._get_columns(locked)
        return self.env.execute_query(SQL("SELECT * FROM ar_credit_check(%s, %s)", pairs, measured))

    def _get_statement(self):
        return SQL(
            """
            WITH company AS (%(policies)s),
            family AS (%(family)s),
            open_order AS (%(open_orders)s)
            %(ledger)s
             UNION ALL
            %(payments)s
             UNION ALL
            %(draft_invoices)s
             UNION ALL
            SELECT 'open', owner, company_id, currency_id, NULL, NULL, amount::text, NULL, NULL FROM open_order
             UNION ALL
            %(apart)s
             UNION ALL
            %(paid)s
             UNION ALL
            %(rates)s
            """,
            policies=self._policy_query(),
            family=self._family_query(),
            ledger=self._ledger_query(),
            payments=self._payment_query(),
            draft_invoices=self._draft_invoice_query(),
            open_orders=self._open_order_query(),
            apart=self._apart_query(),
            paid=self._paid_query(),
            rates=self._rate_query(),
        )

    def _family_query(self):
        """Return the customers and their contacts."""
        return SQL(
            "SELECT id, commercial_partner_id AS owner FROM res_partner WHERE commercial_partner_id = ANY(partners)"
        )

    def _policy_query(self):
        """Return what the companies count.

        An item is late when it is due before `grace_date`; of orders promised for after `horizon` (naive UTC, NULL:
        none) only what was delivered counts (res.company._get_ar_credit_horizon).
        """
        return SQL(
            """
            SELECT id, currency_id,
                   SPLIT_PART(parent_path, '/', 1)::int AS root_id,
                   COALESCE(ar_credit_net_credits, FALSE) AS nets_credits,
                   COALESCE(ar_credit_payments_counted = 'banked', FALSE) AS needs_bank,
                   today - COALESCE(ar_credit_grace_days, 0) AS grace_date,
                   today + NULLIF(ar_credit_horizon_days, 0) + TIME '23:59:59.999999' AS horizon
              FROM res_company
             WHERE id = ANY(companies)
            """
        )

    def _open_order_query(self):
        """Return the open orders summed up per order currency, out of the running sums (`ar.credit.sum`)."""
        return SQL(
            """
            SELECT family.owner, company.id AS company_id, so.currency_id, so.amount
              FROM family
              CROSS JOIN company
              CROSS JOIN LATERAL (
                  SELECT kept.currency_id,
                         SUM(CASE WHEN kept.promised > company.horizon THEN kept.due ELSE kept.amount END) AS amount
                    FROM ar_credit_order_sum kept
                   WHERE kept.partner_id = family.id AND kept.company_id = company.id
                   GROUP BY kept.currency_id
              ) so
            """
        )

    def _counted(self):
        """Return what of an order counts (see `sale.order._get_ar_credit_counted`)."""
        return SQL(
            "CASE WHEN so.commitment_date > company.horizon THEN so.ar_credit_due ELSE so.ar_credit_open END"
        )

    def _apart_query(self):
        """Return what of single orders is in the sums of `_open_order_query`."""
        return SQL(
            """
            SELECT 'apart', family.owner, company.id, so.currency_id, so.id, NULL, (%s)::text, NULL, NULL
              FROM sale_order so
              JOIN family ON family.id = so.partner_invoice_id
              JOIN company ON company.id = so.company_id
             WHERE so.id = ANY(orders) AND so.ar_credit_open > 0
            """,
            self._counted(),
        )

    def _paid_query(self):
        """Return what was paid online for confirmed orders and is to be taken off, at most what is open.

        Online payments that reached us and are not in the books yet count as paid: at the time of the check Odoo
        confirms the order before it books the payment. So do, where open credits are ignored, those in the books
        that no invoice has used yet.
        """
        return SQL(
            """
            SELECT 'paid', family.owner, company.id, so.currency_id, so.id, NULL,
                   LEAST(%(counted)s, online.amount)::text, NULL, NULL
              FROM family
              JOIN sale_order so ON so.partner_invoice_id = family.id AND so.ar_credit_paid_online
              JOIN company ON company.id = so.company_id
              CROSS JOIN LATERAL (
                  SELECT SUM(tx.amount) AS amount
                    FROM sale_order_transaction_rel link
                    JOIN payment_transaction tx ON tx.id = link.transaction_id
                    LEFT JOIN account_payment payment ON payment.id = tx.payment_id
                   WHERE link.sale_order_id = so.id AND tx.currency_id = so.currency_id
                     AND tx.state IN ('authorized', 'done') AND tx.operation <> 'validation'
                     AND (payment.id IS NULL OR NOT company.nets_credits AND payment.is_reconciled IS NOT TRUE)
                     AND NOT EXISTS (
                             SELECT FROM payment_transaction child WHERE child.source_transaction_id = tx.id
                         )
              ) online
             WHERE so.state = 'sale' AND online.amount > 0 AND so.ar_credit_open > 0
            """,
            counted=self._counted(),
        )

    def _rate_query(self):
        """Return today's rates of the order currency and of the company's, where they differ.

        The rule of res.currency._get_rates: the last rate that is not after today, else the first one, else 1.
        """
        return SQL(
            """
            SELECT 'rate', NULL, company.id, used.currency_id, NULL, NULL, %s::text, %s::text, NULL
              FROM (SELECT DISTINCT company_id, currency_id FROM open_order) used
              JOIN company ON company.id = used.company_id AND company.currency_id <> used.currency_id
            """,
            self._rate_of(SQL("used.currency_id")),
            self._rate_of(SQL("company.currency_id")),
        )

    def _rate_of(self, currency_id):
        return SQL(
            """
            COALESCE((
                SELECT rate.rate FROM res_currency_rate rate
                 WHERE rate.currency_id = %s
                   AND (rate.company_id IS NULL OR rate.company_id = company.root_id)
                 ORDER BY rate.name > today, rate.company_id, ABS(rate.name - today)
                 LIMIT 1
            ), 1.0)
            """,
            currency_id,
        )
