from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.credit_check import Bound, Control, Limit, Position

CONTROLS = [
    ("default", "Company Default"),
    ("limited", "Limited"),
    ("no_credit", "No Credit"),
    ("unlimited", "Unlimited"),
    ("none", "Not Controlled"),
]


class ArCreditAccount(models.Model):
    """The credit of one customer in one company: its limit, its exposure, and the row that checks lock."""

    _name = "ar.credit.account"
    _description = "Credit Account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "partner_id, id"
    _check_company_auto = True
    _rec_names_search = ["partner_id"]

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('parent_id', '=', False), ('company_id', 'in', (company_id, False))]",
        check_company=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    control = fields.Selection(
        CONTROLS,
        required=True,
        default="limited",
        tracking=True,
        help="Limited: orders are held above the credit limit, and zero is an amount like any other.\n"
        "No credit: only orders paid in advance pass.\n"
        "Unlimited and not controlled: nothing is held.\n"
        "Company default: what the settings say for customers without a limit of their own.",
    )
    credit_limit = fields.Monetary(tracking=True)
    note = fields.Text(string="Internal Note")
    # Every check raises it before it reads the exposure: under REPEATABLE READ only this makes two checks of the
    # same customer conflict, so that the later one starts again and sees the earlier.
    lock_version = fields.Integer(readonly=True, default=0, copy=False, prefetch=False)

    effective_control = fields.Selection(
        [control for control in CONTROLS if control[0] != "default"],
        string="Control in Force",
        compute="_compute_effective_limit",
    )
    effective_limit = fields.Monetary(string="Limit in Force", compute="_compute_effective_limit")
    receivable = fields.Monetary(string="Open Receivables", compute="_compute_exposure")
    open_orders = fields.Monetary(
        string="Orders Not Invoiced",
        compute="_compute_exposure",
        help="Confirmed orders as far as they are not on posted invoices, tax included, at today's rate.",
    )
    draft_invoices = fields.Monetary(
        compute="_compute_exposure", help="Draft invoices that do not come from a sales order."
    )
    exposure = fields.Monetary(compute="_compute_exposure")
    available = fields.Monetary(string="Available Credit", compute="_compute_exposure")
    usage = fields.Float(string="Use", compute="_compute_exposure", help="Exposure as a share of the limit.")
    hold_count = fields.Integer(string="Pending Holds", compute="_compute_hold_count")

    _partner_company_uniq = models.Constraint(
        "UNIQUE(partner_id, company_id)", "This customer already has a credit account in this company."
    )
    _credit_limit_positive = models.Constraint(
        "CHECK(credit_limit >= 0)", "A credit limit can't be negative. Use zero or 'No Credit'."
    )

    @api.depends("control", "credit_limit", "company_id")
    def _compute_effective_limit(self):
        for account in self:
            limit = account._get_limit()
            account.effective_control = limit.control.value
            account.effective_limit = float(limit.amount)

    @api.depends("control", "credit_limit", "partner_id", "company_id")
    def _compute_exposure(self):
        partners = self.partner_id.commercial_partner_id
        # sudo: the number is about all documents of the customer; reading the account was checked before
        measured = self.env["ar.credit.exposure"].sudo()._measure(self.company_id, partners.ids)
        for account in self:
            exposure = measured.exposures[
                account.partner_id.commercial_partner_id._origin.id, account.company_id.id
            ]
            limit = account._get_limit()
            account.receivable = float(exposure.receivable)
            account.open_orders = float(exposure.open_orders)
            account.draft_invoices = float(exposure.draft_invoices)
            account.exposure = float(exposure.total)
            account.available = float(limit.available(exposure) or 0)
            account.usage = float(exposure.total / limit.ceiling) if limit.ceiling else 0.0

    def _compute_hold_count(self):
        counted = {
            (partner.id, company.id): count
            for partner, company, count in self.env["ar.credit.hold"]._read_group(
                [
                    ("partner_id", "in", self.partner_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    ("state", "=", "pending"),
                ],
                ["partner_id", "company_id"],
                ["__count"],
            )
        }
        for account in self:
            account.hold_count = counted.get((account.partner_id.id, account.company_id.id), 0)

    @api.depends("partner_id")
    def _compute_display_name(self):
        for account in self:
            account.display_name = account.partner_id.display_name

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create accounts; a contact stands for its company (the commercial partner)."""
        for vals in vals_list:
            vals.pop("lock_version", None)
            if vals.get("partner_id"):
                partner = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = partner.commercial_partner_id.id
        return super().create(vals_list)

    def write(self, vals):
        """Refuse to move an account to another customer or company: its history would lie."""
        if any(
            field in vals and any(account[field].id != vals[field] for account in self)
            for field in ("partner_id", "company_id")
        ):
            raise UserError(self.env._("A credit account can't be moved. Create one for the other customer."))
        return super().write({name: value for name, value in vals.items() if name != "lock_version"})

    # === ACTIONS === #

    def action_open_holds(self):
        """Open the holds of this customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.ar_credit_hold_action")
        domain = [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        return action | {"domain": domain, "context": {}}

    # === BUSINESS === #

    def _get_limit(self):
        """Return the limit in force, in company currency.

        :rtype: ar_credit_control.core.credit_check.Limit
        """
        self.ensure_one()
        if self.control in (False, "default"):
            # sudo: the policy of the company is not a secret of its settings page
            return self.company_id.sudo()._get_ar_credit_default()
        currency = self.company_id.currency_id
        amount = self.env["ar.credit.exposure"]._to_decimal(currency, self.credit_limit)
        return Limit(Control(self.control), amount if self.control == "limited" else Decimal(0))

    @api.model
    def _get_limits(self, pairs):
        """Return the limit in force per (commercial partner id, company id).

        :param set pairs: what to look up; those without account get the default of their company.
        :rtype: dict
        """
        accounts = self._search_pairs(pairs)
        limits = {
            (account.partner_id.id, account.company_id.id): account._get_limit() for account in accounts
        }
        companies = self.env["res.company"].browse({company_id for _partner_id, company_id in pairs})
        # sudo: as in _get_limit
        defaults = {company.id: company._get_ar_credit_default() for company in companies.sudo()}
        return {pair: limits.get(pair) or defaults[pair[1]] for pair in pairs}

    @api.model
    def _get_checked_pairs(self, pairs):
        """Return those of the (commercial partner id, company id) pairs whose orders are checked at all.

        :rtype: set
        """
        return {pair for pair, limit in self._get_limits(pairs).items() if limit.is_checked}

    @api.model
    def _get_positions(self, pairs, order_ids=()):
        """Measure what bounds customers and what counts against it, leaving out some of their orders.

        :param pairs: (commercial partner id, company id).
        :param order_ids: sale.order ids whose amounts are wanted apart.
        :return: (dict of pair -> core Position without those orders, dict of order id -> Decimal amount in company
            currency, zero where nothing of it is open)
        """
        companies = self.env["res.company"].browse(sorted({company_id for _partner_id, company_id in pairs}))
        partner_ids = sorted({partner_id for partner_id, _company_id in pairs})
        # sudo: exposure is about all documents of the customer, whoever asks
        measured = self.env["ar.credit.exposure"].sudo()._measure(companies, partner_ids, order_ids)
        apart = defaultdict(Decimal)
        for pair, amount in measured.orders.values():
            apart[pair] += amount
        limits = self._get_limits(pairs)
        positions = {
            pair: Position(
                (Bound(f"own {pair}", limits[pair], measured.exposures[pair].plus_order(-apart[pair])),)
            )
            for pair in pairs
        }
        amounts = {order_id: amount for order_id, (_pair, amount) in measured.orders.items()}
        return positions, defaultdict(Decimal, amounts)

    @api.model
    def _search_pairs(self, pairs):
        """Return the accounts of (commercial partner id, company id) pairs, past access rights."""
        partner_ids = [partner_id for partner_id, _company_id in pairs]
        company_ids = [company_id for _partner_id, company_id in pairs]
        # sudo: whoever sells is bound by the limit, also without the right to see it
        accounts = self.sudo().search([("partner_id", "in", partner_ids), ("company_id", "in", company_ids)])
        return accounts.filtered(lambda account: (account.partner_id.id, account.company_id.id) in pairs)

    @api.model
    def _lock(self, pairs):
        """Make this transaction the only one that checks these customers; create what accounts are missing.

        Waits for a transaction that holds one of the rows. If that one commits, PostgreSQL answers 40001 here and
        Odoo runs the request again, which then sees its effects. Rows are taken in the order of their ids, so two
        checks of the same customers can't deadlock. Must run before the exposure is read.

        :param pairs: (commercial partner id, company id) of customers under control.
        """
        if not pairs:
            return
        self.env.flush_all()
        self._create_missing(pairs)
        ids = self._search_pairs(pairs).ids
        self.env.execute_query(
            SQL(
                """
                WITH locked AS (
                    SELECT id FROM ar_credit_account WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
                )
                UPDATE ar_credit_account account
                   SET lock_version = account.lock_version + 1
                  FROM locked
                 WHERE locked.id = account.id
                """,
                ids,
            )
        )
        self.browse(ids).invalidate_recordset(["lock_version"])

    @api.model
    def _create_missing(self, pairs):
        """Create the accounts that are missing, following the company default.

        In SQL, because a transaction that does the same at the same time must lead to a conflict (and so to a
        retry), not to an error about a duplicate.
        """
        rows = SQL(", ").join(
            SQL("(%s, %s, 'default', 0, 0, %s, %s)", partner_id, company_id, self.env.uid, self.env.uid)
            for partner_id, company_id in sorted(pairs)
        )
        self.env.execute_query(
            SQL(
                """
                INSERT INTO ar_credit_account
                       (partner_id, company_id, control, credit_limit, lock_version, create_uid, write_uid,
                        create_date, write_date)
                SELECT wanted.*, NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC'
                  FROM (VALUES %s) AS wanted (partner_id, company_id)
                 WHERE NOT EXISTS (
                           SELECT FROM ar_credit_account known
                            WHERE known.partner_id = wanted.partner_id AND known.company_id = wanted.company_id
                       )
                    ON CONFLICT (partner_id, company_id) DO NOTHING
                """,
                rows,
            )
        )
