from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..core.cover import Method, Policy
from ..core.limit import Cover, Effect, Window
from ..exceptions import denied
from .account_payment_term import METHODS

# What stays open when the cover is in effect.
FREE = frozenset({"note"})


class ArCreditCover(models.Model):
    """Insurance, guarantee or deposit that secures what a customer owes.

    It moves the limit, so it takes effect and ends by a limit change like any other (`ar.credit.limit.change`).
    """

    _name = "ar.credit.cover"
    _description = "Credit Cover"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_to desc, id desc"
    _rec_names_search = ["number", "partner_id", "provider_id"]

    state = fields.Selection(
        [("draft", "Draft"), ("active", "In Effect"), ("ended", "Ended")],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    kind = fields.Selection(
        [("insurance", "Credit Insurance"), ("guarantee", "Bank Guarantee"), ("deposit", "Deposit")],
        required=True,
        default="insurance",
    )
    account_id = fields.Many2one(
        "ar.credit.account", string="Credit Account", required=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(related="account_id.partner_id", store=True, string="Customer", index=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    provider_id = fields.Many2one("res.partner", string="Insurer or Bank")
    number = fields.Char(required=True, help="Of the policy or guarantee, or of the deposit's receipt.")
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )
    amount = fields.Monetary(required=True)
    percent = fields.Float(string="Share Paid (%)", default=100.0, help="What the cover pays of a loss.")
    date_from = fields.Date(string="From", required=True, default=fields.Date.today)
    date_to = fields.Date(string="To", help="The last day.")
    mode = fields.Selection(
        [("adds", "Added to the Limit"), ("deducts", "Deducted from the Exposure")],
        string="Effect",
        required=True,
        default="adds",
        help="Deducted: what is secured counts against no limit, also not that of a group, and helps customers without"
        " credit. Added: it raises the customer's own limit only.",
    )
    # Conditions of the cover, which each order is held against
    buyer_ids = fields.Many2many(
        "res.partner", string="Insured Buyers", help="Empty: the customer, whoever orders."
    )
    payment_term_ids = fields.Many2many(
        "account.payment.term", string="Payment Terms Allowed", help="Empty: any."
    )
    max_credit_days = fields.Integer(string="Longest Credit (Days)", help="0: no such condition.")
    settlement_method = fields.Selection(
        METHODS,
        string="Riskiest Settlement Method",
        help="What the policy allows at most, from payment in advance to open account. Empty: any.",
    )
    special_conditions = fields.Text()
    note = fields.Text(string="Internal Note")

    value = fields.Monetary(
        string="Secured Value",
        compute="_compute_value",
        help="Share of the amount that is paid, in cover currency.",
    )
    change_ids = fields.One2many("ar.credit.limit.change", "cover_id", string="Limit Changes")
    has_pending_change = fields.Boolean(compute="_compute_has_pending_change", compute_sudo=True)
    editor_ids = fields.Many2many("res.users", string="Written by", readonly=True, copy=False)

    _amount_positive = models.Constraint(
        "CHECK(amount >= 0 AND percent >= 0 AND percent <= 100 AND max_credit_days >= 0)",
        "Amount and days of a cover can't be negative, and it pays 100 % at most.",
    )
    _window_forward = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)", "A cover can't end before it starts."
    )

    # === COMPUTE === #

    @api.depends("amount", "percent")
    def _compute_value(self):
        for cover in self:
            cover.value = cover.amount * cover.percent / 100

    @api.depends("change_ids.state")
    def _compute_has_pending_change(self):
        for cover in self:
            cover.has_pending_change = any(change.state == "pending" for change in cover.change_ids)

    @api.depends("kind", "number", "provider_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for cover in self:
            words = (cover.provider_id.name or kinds.get(cover.kind), cover.number)
            cover.display_name = " ".join(word for word in words if word)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create drafts, and remember who did.

        :raise AccessError: a status or a writer is given, and not by the superuser.
        """
        if not self.env.su:
            for vals in vals_list:
                self._refuse_own_fields(vals)
        # Odoo would take missing values, also the status, from the context (`default_state`).
        unprompted = self.with_env(self.env(context=clean_context(self.env.context)))
        covers = super(ArCreditCover, unprompted).create(vals_list).with_env(self.env)
        covers.sudo().editor_ids = self.env.user  # sudo: nobody may write this list
        return covers

    def write(self, vals):
        """Write drafts, and remember who did; what is in effect, or waits for approval, stays as it is.

        :raise AccessError, UserError: see `create`; not a draft.
        """
        mixins = self.env["mail.thread"]._fields.keys() | self.env["mail.activity.mixin"]._fields.keys()
        if self.env.su or not set(vals) - mixins - FREE:
            return super().write(vals)
        self._refuse_own_fields(vals)
        if any(cover.state != "draft" or cover.has_pending_change for cover in self):
            raise UserError(self.env._("A cover stays as it was submitted. End it and enter a new one."))
        result = super().write(vals)
        self.sudo().editor_ids |= self.env.user  # sudo: nobody may write this list
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        """Keep what has moved a limit once, or was put before an approver."""
        covers = self.sudo()  # sudo: all changes count
        if any(cover.state != "draft" or cover.change_ids for cover in covers):
            raise UserError(self.env._("A cover that was submitted is kept as a record."))

    def _refuse_own_fields(self, vals):
        if {"state", "editor_ids", "change_ids", "partner_id", "company_id"} & set(vals):
            raise denied(
                self,
                self.env._("A cover takes effect and ends by a limit change only. Press 'Submit'."),
            )

    # === ACTIONS === #

    def action_submit(self):
        """Put drafts before an approver, as limit changes.

        :raise UserError: not a draft, or submitted already.
        """
        return self._submit("draft", "start", self.env._("The cover takes effect."))

    def action_end(self):
        """End covers before their time, by a limit change.

        :raise UserError: not in effect, or submitted already.
        """
        return self._submit("active", "end", self.env._("The cover ends."))

    # === BUSINESS === #

    def _submit(self, state, cover_action, reason):
        self.check_access("write")
        for cover in self:
            if cover.state != state or cover.has_pending_change:
                raise UserError(self.env._("%(cover)s has been submitted already.", cover=cover.display_name))
            # sudo: changes of covers are made here only; the writer of the cover was checked
            change = (
                self.env["ar.credit.limit.change"]
                .sudo()
                .create(
                    {
                        "change_type": "cover",
                        "account_id": cover.account_id.id,
                        "cover_id": cover.id,
                        "cover_action": cover_action,
                        "date_from": fields.Date.today(),
                        "reason": reason,
                    }
                )
            )
            change.sudo(self.env.su)._submit()
        return True

    def _set_state(self, state):
        """Move the state; called by the limit change that was approved."""
        self.sudo().write({"state": state})  # sudo: nobody may write it

    def _get_amount(self):
        """Return the full amount in company currency at today's rate, as Decimal."""
        self.ensure_one()
        terms, company = self.env["ar.credit.terms"], self.company_id
        rate = terms._get_rate(self.currency_id, company.currency_id, company)
        return terms._to_decimal(company.currency_id, self.amount * float(rate))

    def _get_core_cover(self):
        """Return it as a part of the limit, in company currency.

        :rtype: ar_credit_control.core.limit.Cover
        """
        terms, company = self.env["ar.credit.terms"], self.company_id
        value = terms._to_decimal(company.currency_id, float(self._get_amount()) * self.percent / 100)
        return Cover(value, Window(self.date_from, self.date_to or None), Effect(self.mode), self.id)

    def _get_core_policy(self, day):
        """Return its conditions for the check of an order, in company currency.

        :rtype: ar_credit_control.core.cover.Policy
        """
        terms = self.env["ar.credit.exposure"]
        return Policy(
            self.id,
            self._get_amount(),
            terms._to_decimal(self.currency_id, self.percent),
            Window(self.date_from, self.date_to or None).why(day),
            frozenset(self.buyer_ids.commercial_partner_id.ids),
            frozenset(self.payment_term_ids.ids),
            self.max_credit_days or None,
            Method(self.settlement_method) if self.settlement_method else None,
        )
