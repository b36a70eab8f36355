from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

KEPT_DAYS = 400


class ArCreditHistory(models.Model):
    """What a customer was allowed to owe, and owed, day by day: one row per credit account and day.

    Written once a day by a scheduled action, for all accounts in a handful of statements; kept for `KEPT_DAYS` days.
    Amounts are in company currency, at the rates of their day.
    """

    _name = "ar.credit.history"
    _description = "History of credit limit and exposure"
    _order = "day desc, id desc"
    _rec_name = "day"

    account_id = fields.Many2one(
        "ar.credit.account", string="Credit Account", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    day = fields.Date(string="Date", required=True, readonly=True, index=True)
    is_limited = fields.Boolean(string="On a Limit", readonly=True, help="Else there was no limit that day.")
    effective_limit = fields.Monetary(string="Limit in Force", readonly=True, aggregator="avg")
    exposure = fields.Monetary(readonly=True, aggregator="avg")
    overdue = fields.Monetary(readonly=True, aggregator="avg")

    _account_day_uniq = models.Constraint(
        "UNIQUE(account_id, day)", "There is one row per credit account and day."
    )

    # === CRON === #

    @api.model
    def _cron_write_day(self):
        """Write the row of today for every account, and forget what is too old."""
        self.env["ar.cron.batch"]._attempt(self, lambda history: history._write_day())

    @api.model
    def _write_day(self):
        """Write today's rows of all accounts; a second time on the same day writes them anew."""
        # sudo: of all companies; it is a scheduled action
        accounts = self.env["ar.credit.account"].sudo().search([("company_id.active", "=", True)])
        today = fields.Date.today()
        rows = accounts._get_history_rows()
        if rows:
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO ar_credit_history
                           (account_id, company_id, day, is_limited, effective_limit, exposure, overdue,
                            create_uid, write_uid, create_date, write_date)
                    SELECT row.*, %(user)s, %(user)s, NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC'
                      FROM UNNEST(%(accounts)s::int[], %(companies)s::int[], %(days)s::date[], %(limited)s::bool[],
                                  %(limits)s::numeric[], %(exposures)s::numeric[], %(overdue)s::numeric[]) AS row
                        ON CONFLICT (account_id, day) DO UPDATE
                       SET is_limited = EXCLUDED.is_limited, effective_limit = EXCLUDED.effective_limit,
                           exposure = EXCLUDED.exposure, overdue = EXCLUDED.overdue, write_date = EXCLUDED.write_date
                 RETURNING id
                    """,
                    user=self.env.uid,
                    days=[today] * len(rows),
                    **{
                        name: [row[index] for row in rows]
                        for index, name in enumerate(
                            ("accounts", "companies", "limited", "limits", "exposures", "overdue")
                        )
                    },
                )
            )
        self.env.execute_query(
            SQL(
                "DELETE FROM ar_credit_history WHERE day < %s RETURNING id", today - timedelta(days=KEPT_DAYS)
            )
        )
        self.invalidate_model()

    # === READ === #

    @api.model
    def _get_label(self, name):
        return self._fields[name].get_description(self.env, ["string"])["string"]

    @api.model
    def _get_graphs(self, accounts):
        """Return what the chart of each account shows, as far as the user may read it.

        :return: dict of account id -> {unit: the currency, labels: the days as text, series: [{name, kind, values}]};
            an account of which less than two days are known is left out. A value is None on days without a limit.
        """
        rows = self.search([("account_id", "in", accounts.ids)], order="account_id, day")
        graphs = {}
        for account, days in rows.grouped("account_id").items():
            if len(days) < 2:
                continue
            values = {
                "effective_limit": [day.effective_limit if day.is_limited else None for day in days],
                "exposure": days.mapped("exposure"),
                "overdue": days.mapped("overdue"),
            }
            graphs[account.id] = {
                "unit": account.currency_id.name,
                "labels": [format_date(self.env, day.day) for day in days],
                "series": [
                    {"kind": kind, "name": self._get_label(kind), "values": line}
                    for kind, line in values.items()
                ],
            }
        return graphs
