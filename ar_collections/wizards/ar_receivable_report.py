from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..core import aging

#: Column of the lines for each bucket of `aging.buckets()`, in their order.
BUCKET_COLUMNS = ("amount_not_due", "amount_1_30", "amount_31_60", "amount_61_90", "amount_over_90")
BUCKET_KEYS = ("not_due", "1_30", "31_60", "61_90", "over_90")


class ArReceivableReport(models.TransientModel):
    """The aged receivables of one company as of a date: computed once, then listed, pivoted, drilled and
    exported.

    The lines are stored per user for the time of looking at them, so that every screen and the export show
    the same figures, and old dates cost nothing when regrouping.
    """

    _name = "ar.receivable.report"
    _description = "Aged Receivables"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    as_of = fields.Date("As of", required=True, default=fields.Date.context_today)
    computed_as_of = fields.Date(readonly=True, help="The date of the figures below.")
    line_ids = fields.One2many("ar.receivable.report.line", "report_id", readonly=True)
    total = fields.Monetary("Open Items", readonly=True)
    ledger_balance = fields.Monetary(
        "General Ledger", readonly=True, help="Balance of the receivable accounts at that date."
    )
    difference = fields.Monetary(compute="_compute_difference")

    @api.depends("as_of", "company_id")
    def _compute_display_name(self):
        for report in self:
            report.display_name = self.env._("Aged Receivables %s", fields.Date.to_string(report.as_of))

    @api.depends("total", "ledger_balance")
    def _compute_difference(self):
        for report in self:
            report.difference = report.ledger_balance - report.total

    # === ACTIONS === #

    def action_open(self):
        """Compute the report and show its lines."""
        self.ensure_one()
        self._compute_lines()
        action = self.env["ir.actions.actions"]._for_xml_id("ar_collections.ar_receivable_report_line_action")
        return {
            **action,
            "name": self.display_name,
            "display_name": self.display_name,
            "domain": [("report_id", "=", self.id)],
            "context": {"search_default_group_partner": 1, "ar_report_id": self.id},
        }

    def action_export_xlsx(self):
        """Compute the report and download it as a workbook."""
        self.ensure_one()
        self._compute_lines()
        return self._download_action()

    def _download_action(self):
        return {
            "type": "ir.actions.act_url",
            "url": f"/ar_collections/aged_receivables/{self.id}.xlsx",
            "target": "download",
        }

    # === BUSINESS === #

    def _check_allowed(self):
        """The lines come from SQL, past the record rules: check here who may see which company's books."""
        self.check_access("read")
        if not self.env.user.has_groups("ar_collections.group_user,ar_collections.group_auditor"):
            raise AccessError(self.env._("Only collections may see the aged receivables."))
        if self.company_id not in self.env.user.company_ids:
            raise AccessError(self.env._("You don't have access to the books of that company."))

    def _compute_lines(self):
        """Fill the lines with what was open on `as_of`: one INSERT ... SELECT whatever the size of the
        ledger.
        """
        self.ensure_one()
        self._check_allowed()
        self.env["account.move"].flush_model(["invoice_user_id"])
        self.flush_recordset()
        lines = self.env["ar.receivable.report.line"]
        self.env.execute_query(
            SQL("DELETE FROM ar_receivable_report_line WHERE report_id = %s RETURNING id", self.id)
        )
        self.env.execute_query(self._query_insert())
        lines.invalidate_model()
        self.invalidate_recordset(["line_ids"])
        # sudo: the figures are ours; users can't write them
        self.sudo().write(
            {
                "computed_as_of": self.as_of,
                "total": self._sum_lines(),
                "ledger_balance": self._ledger_balance(),
            }
        )

    def _query_insert(self):
        """INSERT the open items, each amount in the column of its bucket; credits have a column of their
        own.
        """
        days = SQL("%s::date - item.date_due", self.as_of)
        cases, columns = self._sql_buckets(days)
        return SQL(
            """
            INSERT INTO ar_receivable_report_line (
                create_uid, create_date, write_uid, write_date, report_id, company_id, company_currency_id,
                move_line_id, move_id, partner_id, account_id, currency_id, user_id, date_due, invoice_date,
                days_overdue, bucket, amount_residual, amount_residual_currency, %(names)s, amount_unapplied
            )
            SELECT %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC', %(report)s,
            %(company)s, %(currency)s, item.move_line_id, item.move_id, item.partner_id, item.account_id,
                   item.currency_id, move.invoice_user_id, item.date_due, item.invoice_date, %(days)s,
                   CASE %(cases)s ELSE 'unapplied' END, item.amount_residual, item.amount_residual_currency,
                   %(columns)s
              FROM (%(items)s) item
              JOIN account_move move ON move.id = item.move_id
            RETURNING id
            """,
            names=SQL(", ").join(SQL.identifier(name) for name in BUCKET_COLUMNS),
            uid=self.env.uid,
            report=self.id,
            company=self.company_id.id,
            currency=self.company_id.currency_id.id,
            days=days,
            cases=cases,
            columns=columns,
            items=self.env["ar.open.item"]._query(self.company_id, self.as_of),
        )

    @api.model
    def _sql_buckets(self, days):
        """Return the WHENs that name the bucket of an item, and its amount columns, as SQL."""
        is_credit = SQL("(item.amount_residual < 0)")
        in_bucket = [
            SQL("NOT %s AND %s", is_credit, self._sql_holds(bucket, days)) for bucket in aging.buckets()
        ]
        cases = SQL(" ").join(
            SQL("WHEN %s THEN %s", condition, key)
            for condition, key in zip(in_bucket, BUCKET_KEYS, strict=True)
        )
        columns = SQL(", ").join(
            SQL("CASE WHEN %s THEN item.amount_residual ELSE 0 END", condition)
            for condition in (*in_bucket, is_credit)
        )
        return cases, columns

    @api.model
    def _sql_holds(self, bucket, days):
        """Return `bucket.holds(days)` as SQL."""
        conditions = []
        if bucket.first_day is not None:
            conditions.append(SQL("%s >= %s", days, bucket.first_day))
        if bucket.last_day is not None:
            conditions.append(SQL("%s <= %s", days, bucket.last_day))
        return SQL(" AND ").join(conditions)

    def _sum_lines(self):
        [(total,)] = self.env["ar.receivable.report.line"]._read_group(
            [("report_id", "=", self.id)], [], ["amount_residual:sum"]
        )
        return total or 0.0

    def _ledger_balance(self):
        """Return the balance of the receivable accounts, straight from the posted journal items."""
        # sudo: a total of the ledger, for whoever passed `_check_allowed`
        [(balance,)] = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "=", self.company_id.id),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("date", "<=", self.as_of),
                ],
                [],
                ["balance:sum"],
            )
        )
        return balance or 0.0
