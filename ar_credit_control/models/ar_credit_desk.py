from odoo import api, fields, models
from odoo.tools import SQL

KINDS = [
    ("hold", "Credit Holds"),
    ("change", "Limit Changes to Approve"),
    ("expiring", "Expiring Limits and Covers"),
    ("review", "Overdue Reviews"),
]
# How many days ahead limits and covers are shown.
AHEAD_DAYS = 30


class ArCreditDesk(models.Model):
    """What waits for a credit manager, on one screen: a row for each document, read from the documents themselves."""

    _name = "ar.credit.desk"
    _description = "Credit Desk"
    _auto = False
    _order = "date, id"
    _rec_name = "name"
    _depends = {
        "ar.credit.hold": [
            "state",
            "name",
            "partner_id",
            "company_id",
            "currency_id",
            "excess",
            "requested_on",
        ],
        "ar.credit.limit.change": [
            "state",
            "name",
            "partner_id",
            "company_id",
            "currency_id",
            "new_limit",
            "is_temporary",
            "requested_on",
            "date_to",
        ],
        "ar.credit.cover": ["state", "number", "partner_id", "company_id", "amount", "date_to"],
        "ar.credit.account": ["partner_id", "company_id", "credit_limit", "valid_until", "review_date"],
    }

    kind = fields.Selection(KINDS, string="What", readonly=True, group_expand="_read_group_kinds")
    name = fields.Char(readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Over the limit by; the limit asked for; the limit or cover that ends."
    )
    date = fields.Date(readonly=True, help="Asked on; last day; day of the review.")
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", string="Document ID", readonly=True)

    @property
    def _table_query(self):
        """Return the rows: pending holds and changes, what ends in the next days, reviews that are overdue."""
        today = fields.Date.today()
        return SQL(
            """
            SELECT id * 8 AS id, 'hold' AS kind, name, partner_id, company_id, currency_id, excess AS amount,
                   requested_on::date AS date, 'ar.credit.hold' AS res_model, id AS res_id
              FROM ar_credit_hold
             WHERE state = 'pending'
             UNION ALL
            SELECT id * 8 + 1, 'change', name, partner_id, company_id, currency_id, new_limit,
                   requested_on::date, 'ar.credit.limit.change', id
              FROM ar_credit_limit_change
             WHERE state = 'pending'
             UNION ALL
            SELECT id * 8 + 2, 'expiring', name, partner_id, company_id, currency_id, new_limit,
                   date_to, 'ar.credit.limit.change', id
              FROM ar_credit_limit_change
             WHERE state = 'applied' AND is_temporary AND date_to BETWEEN %(today)s AND %(until)s
             UNION ALL
            SELECT cover.id * 8 + 3, 'expiring', cover.number, cover.partner_id, cover.company_id,
                   company.currency_id, NULL, cover.date_to, 'ar.credit.cover', cover.id
              FROM ar_credit_cover cover
              JOIN res_company company ON company.id = cover.company_id
             WHERE cover.state = 'active' AND cover.date_to BETWEEN %(today)s AND %(until)s
             UNION ALL
            SELECT account.id * 8 + 4, 'expiring', NULL, account.partner_id, account.company_id,
                   company.currency_id, account.credit_limit, account.valid_until, 'ar.credit.account', account.id
              FROM ar_credit_account account
              JOIN res_company company ON company.id = account.company_id
             WHERE account.valid_until BETWEEN %(today)s AND %(until)s
             UNION ALL
            SELECT account.id * 8 + 5, 'review', NULL, account.partner_id, account.company_id,
                   company.currency_id, account.credit_limit, account.review_date, 'ar.credit.account', account.id
              FROM ar_credit_account account
              JOIN res_company company ON company.id = account.company_id
             WHERE account.review_date < %(today)s
            """,
            today=today,
            until=fields.Date.add(today, days=AHEAD_DAYS),
        )

    @api.model
    def _read_group_kinds(self, _kinds, _domain):
        return [kind for kind, _label in KINDS]

    def action_open(self):
        """Open the document."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
