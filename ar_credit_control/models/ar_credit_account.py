from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

CONTROLS = [
    ("default", "Company Default"),
    ("limited", "Limited"),
    ("no_credit", "No Credit"),
    ("unlimited", "Unlimited"),
    ("none", "Not Controlled"),
]
EXPLAINED_DAYS = 90


class ArCreditAccount(models.Model):
    """The credit of one customer in one company: its limit, its exposure, and the row that checks lock.

    The limit moves by `ar.credit.limit.change` only. What is in force is decided in `core.limit`; what the check uses
    is in ar_credit_account_position.py.
    """

    _name = "ar.credit.account"
    _description = "Credit Account"
    _inherit = [
        "ar.credit.account.position",
        "ar.credit.account.breakdown",
        "ar.credit.account.history",
        "ar.credit.account.merge",
        "ar.credit.account.screen",
        "ar.credit.agreed.terms",
        "ar.credit.limit.holder",
        "mail.thread",
        "mail.activity.mixin",
    ]
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
        default="default",
        tracking=True,
        help="Limited: orders are held above the credit limit, and zero is an amount like any other.\n"
        "No credit: only orders paid in advance pass.\n"
        "Unlimited and not controlled: nothing is held.\n"
        "Company default: what the settings say for customers without a limit of their own.",
    )
    group_id = fields.Many2one(
        "ar.credit.group", string="Credit Group", index="btree_not_null", ondelete="restrict", tracking=True
    )
    status = fields.Selection(
        [("active", "Active"), ("blocked", "Customer Blocked")],
        required=True,
        default="active",
        tracking=True,
        help="What is held for a blocked customer, the credit rules say.",
    )
    block_reason = fields.Char(tracking=True)
    risk_class_id = fields.Many2one("ar.risk.class", tracking=True, ondelete="restrict")
    review_date = fields.Date(string="Next Review", tracking=True)
    note = fields.Text(string="Internal Note")
    # Every check raises it before it reads the exposure: under REPEATABLE READ only this makes two checks of the
    # same customer conflict, so that the later one starts again and sees the earlier.
    lock_version = fields.Integer(readonly=True, default=0, copy=False, prefetch=False)

    change_ids = fields.One2many("ar.credit.limit.change", "account_id", string="Limit Changes", copy=False)
    temporary_ids = fields.One2many(
        "ar.credit.limit.change",
        "account_id",
        string="Temporary Limits",
        domain=[("is_temporary", "=", True)],
        readonly=True,
        copy=False,
    )
    cover_ids = fields.One2many("ar.credit.cover", "account_id", string="Covers", copy=False)

    effective_control = fields.Selection(
        [control for control in CONTROLS if control[0] != "default"],
        string="Control in Force",
        compute="_compute_position",
    )
    effective_limit = fields.Monetary(
        string="Limit in Force",
        compute="_compute_position",
        help="Today: own limit and that of the group, the tighter one.",
    )
    receivable = fields.Monetary(string="Open Receivables", compute="_compute_position")
    overdue = fields.Monetary(compute="_compute_position", help="Of the open receivables.")
    unapplied_credits = fields.Monetary(compute="_compute_position")
    payments_in_process = fields.Monetary(compute="_compute_position")
    open_orders = fields.Monetary(
        string="Orders Not Invoiced",
        compute="_compute_position",
        help="Confirmed orders as far as they are not on posted invoices, tax included, at today's rate.",
    )
    draft_invoices = fields.Monetary(
        compute="_compute_position", help="Draft invoices that do not come from a sales order."
    )
    exposure = fields.Monetary(compute="_compute_position")
    covered = fields.Monetary(
        string="Secured by Covers",
        compute="_compute_position",
        help="Covers that are deducted from the exposure.",
    )
    available = fields.Monetary(string="Available Credit", compute="_compute_position")
    usage = fields.Float(string="Use", compute="_compute_position", help="Exposure as a share of the limit.")
    limit_explanation = fields.Html(
        string="Why This Limit", compute="_compute_limit_explanation", sanitize=False
    )
    exposure_bar = fields.Html(compute="_compute_exposure_bar", sanitize=False)
    hold_count = fields.Integer(string="Pending Holds", compute="_compute_hold_count")

    _partner_company_uniq = models.Constraint(
        "UNIQUE(partner_id, company_id)", "This customer already has a credit account in this company."
    )

    # === COMPUTE === #

    @api.depends(
        "control", "credit_limit", "valid_until", "expiry_rule", "group_id", "partner_id", "company_id",
        "change_ids.state", "cover_ids.state", "group_id.control", "group_id.credit_limit",
    )  # fmt: skip
    def _compute_position(self):
        pairs = {pair for account in self if all(pair := account._get_pair())}
        loaded = self.env["ar.credit.terms"]._load(pairs)
        positions, _amounts = self._get_positions(pairs, loaded=loaded)
        for account in self:
            account.update(account._get_position_values(loaded, positions.get(account._get_pair())))

    def _get_position_values(self, loaded, position):
        """Return the values of `_compute_position`; all zero for an account that has no customer yet."""
        money = (
            "receivable",
            "overdue",
            "unapplied_credits",
            "payments_in_process",
            "open_orders",
            "draft_invoices",
        )
        if not position:
            zero = dict.fromkeys(
                (*money, "exposure", "covered", "available", "usage", "effective_limit"), 0.0
            )
            return zero | {"effective_control": "none"}
        own_bound, bound = position.bounds[0], position.tightest
        own = loaded.in_force(self._get_pair(), fields.Date.today())
        limit = own.limit if bound is own_bound else bound.limit
        exposure = own_bound.exposure
        ceiling = bound.limit.ceiling
        return {name: float(getattr(exposure, name)) for name in money} | {
            "effective_control": limit.control.value,
            "effective_limit": float(limit.ceiling or 0),
            "exposure": float(exposure.total),
            "covered": float(own.secured(exposure)),
            "available": float(bound.limit.available(bound.exposure) or 0),
            "usage": float(bound.exposure.total / ceiling) if ceiling else 0.0,
        }

    @api.depends("effective_limit", "effective_control")
    @api.depends_context("lang")
    def _compute_limit_explanation(self):
        pairs = {pair for account in self if all(pair := account._get_pair())}
        since = fields.Date.today() - timedelta(days=EXPLAINED_DAYS)
        loaded = self.env["ar.credit.terms"]._load(pairs, since=since)
        positions, _amounts = self._get_positions(pairs, loaded=loaded)
        for account in self:
            pair = account._get_pair()
            account.limit_explanation = (
                self.env["ar.credit.explanation"]._get_table(loaded, pair, positions[pair])
                if pair in pairs
                else ""
            )

    @api.depends("exposure", "available")
    @api.depends_context("lang")
    def _compute_exposure_bar(self):
        pairs = {pair for account in self if all(pair := account._get_pair())}
        positions, _amounts = self._get_positions(pairs)
        for account in self:
            position = positions.get(account._get_pair())
            account.exposure_bar = self.env["ar.credit.explanation"]._get_bar(account.currency_id, position)

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

    @api.constrains("group_id", "company_id")
    def _check_group(self):
        self.group_id._check_companies()

    # === CRUD === #

    def _get_journaled_defaults(self):
        """Return what only a limit change moves; a new account follows the company default, in no group."""
        own = {"control": "default", "group_id": False, "terms_agreed": False, "agreed_term_id": False}
        return super()._get_journaled_defaults() | own

    @api.model_create_multi
    def create(self, vals_list):
        """Create accounts; a contact stands for its company (the commercial partner)."""
        for vals in vals_list:
            vals["lock_version"] = 0
            if vals.get("partner_id"):
                partner = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = partner.commercial_partner_id.id
        accounts = super().create(vals_list)
        accounts.filtered(lambda account: account.control != "default")._sync_odoo_limits()
        return accounts

    def write(self, vals):
        """Refuse to move an account to another customer or company: its history would lie."""
        if not self.env.su and any(
            field in vals and any(account[field].id != vals[field] for account in self)
            for field in ("partner_id", "company_id")
        ):
            raise UserError(self.env._("A credit account can't be moved. Create one for the other customer."))
        return super().write({name: value for name, value in vals.items() if name != "lock_version"})

    # === BUSINESS === #

    def _get_pair(self):
        """Return (commercial partner id, company id), falsy parts on a form that is not filled in yet."""
        self.ensure_one()
        return self.partner_id.commercial_partner_id._origin.id, self.company_id._origin.id

    def _sync_odoo_limits(self, reset=True):
        """Write the limit in force to Odoo's own field, which others read; it follows ours, never the other way.

        Of own limit and group limit the tighter one. Customers that follow a company default without a limit get back
        to Odoo's default; unlimited and uncontrolled ones to zero, which means no limit there.

        :param bool reset: whether to do the former; else Odoo's field is theirs to write.
        """
        # sudo: the field belongs to accountants, the limit does not
        for company, accounts in self.sudo().grouped("company_id").items():
            loaded = self.env["ar.credit.terms"]._load({account._get_pair() for account in accounts})
            fallback = (
                self.env["res.partner"]
                ._fields["credit_limit"]
                .get_company_dependent_fallback(self.env["res.partner"].with_company(company))
            )
            for account in accounts.with_company(company):
                limit = account._get_tightest_ceiling(loaded)
                unbound = account.control == "default" and limit is None
                if unbound and not reset:
                    continue
                amount = fallback if unbound else float(limit or 0)
                if account.currency_id.compare_amounts(account.partner_id.credit_limit, amount):
                    account.partner_id.credit_limit = amount
