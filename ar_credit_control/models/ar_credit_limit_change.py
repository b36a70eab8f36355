from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..exceptions import denied
from .ar_credit_account import CONTROLS
from .ar_credit_limit_holder import EXPIRY_RULES

TYPES = [
    ("permanent", "Permanent Limit"),
    ("temporary", "Temporary Limit"),
    ("control", "Control"),
    ("group", "Credit Group"),
    ("terms", "Payment Terms"),
    ("cover", "Cover"),
    ("mass", "Mass Change"),
]
STATES = [
    ("draft", "Draft"),
    ("pending", "To Approve"),
    ("scheduled", "Scheduled"),
    ("applied", "Applied"),
    ("rejected", "Rejected"),
    ("cancelled", "Cancelled"),
]
# What a person fills in; everything else is the journal's own.
CONTENT = frozenset(
    """
    account_id group_id change_type new_limit new_control set_validity new_valid_until new_expiry_rule new_group_id
    new_term_id
    temporary_mode date_from date_to reason cover_id cover_action end_temporaries
    """.split()
)


class ArCreditLimitChange(models.Model):
    """The journal of credit limits, and the only way one moves: asked for, approved by somebody else, applied.

    A change is content until it is submitted; from then on it moves by its own steps alone
    (ar_credit_limit_change_flow.py), and nothing is ever deleted. Temporary limits are applied changes with a window.
    """

    _name = "ar.credit.limit.change"
    _description = "Credit Limit Change"
    _inherit = [
        "ar.credit.limit.change.flow",
        "ar.credit.limit.change.end",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(required=True, readonly=True, default="/", copy=False)
    state = fields.Selection(
        STATES,
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    change_type = fields.Selection(TYPES, string="Type", required=True, default="permanent")
    account_id = fields.Many2one(
        "ar.credit.account", string="Credit Account", index=True, ondelete="restrict"
    )
    group_id = fields.Many2one(
        "ar.credit.group", string="Of Group", index="btree_not_null", ondelete="restrict"
    )
    partner_id = fields.Many2one(related="account_id.partner_id", store=True, index=True, string="Customer")
    company_id = fields.Many2one("res.company", compute="_compute_company_id", store=True, index=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_company_id", store=True)

    new_limit = fields.Monetary(help="Of a temporary limit that adds: the amount added.")
    new_control = fields.Selection(CONTROLS)
    set_validity = fields.Boolean(string="Change the Validity")
    new_valid_until = fields.Date(string="Valid Until", help="Empty: for an unlimited time.")
    new_expiry_rule = fields.Selection(EXPIRY_RULES, string="After Validity", default="company")
    new_group_id = fields.Many2one(
        "ar.credit.group",
        string="Credit Group",
        ondelete="restrict",
        help="Empty: the customer leaves its group.",
    )
    new_term_id = fields.Many2one(
        "account.payment.term",
        string="New Payment Terms",
        ondelete="restrict",
        help="Empty: the customer pays at once.",
    )
    is_temporary = fields.Boolean(compute="_compute_is_temporary", store=True)
    temporary_mode = fields.Selection(
        [("replaces", "Replaces the Limit"), ("adds", "Adds to the Limit")],
        string="Effect",
        default="replaces",
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=fields.Date.context_today,
        copy=False,
        help="Never before today.",
    )
    date_to = fields.Date(string="To", copy=False, help="The last day.")
    cover_id = fields.Many2one("ar.credit.cover", index="btree_not_null", ondelete="restrict", copy=False)
    cover_action = fields.Selection(
        [("start", "Takes Effect"), ("end", "Ends")], string="The Cover", copy=False
    )
    reason = fields.Text(help="Why? Read by whoever approves, and later by auditors.")
    batch = fields.Char(readonly=True, copy=False, index="btree_not_null", help="Changes made together.")

    old_limit = fields.Monetary(string="Limit Before", readonly=True, copy=False)
    old_control = fields.Selection(CONTROLS, string="Control Before", readonly=True, copy=False)
    old_valid_until = fields.Date(string="Valid Until Before", readonly=True, copy=False)
    old_expiry_rule = fields.Selection(
        EXPIRY_RULES, string="After Validity Before", readonly=True, copy=False
    )
    old_group_id = fields.Many2one("ar.credit.group", string="Group Before", readonly=True, copy=False)
    old_term_id = fields.Many2one(
        "account.payment.term", string="Payment Terms Before", readonly=True, copy=False
    )
    limit_after = fields.Monetary(
        string="Limit in Force After",
        readonly=True,
        copy=False,
        aggregator="avg",
        help="On the day it was applied, with temporary limits and covers.",
    )
    is_decrease = fields.Boolean(
        string="Raises Nothing",
        readonly=True,
        copy=False,
        help="It allows on no day more than what was in force when it was submitted.",
    )
    editor_ids = fields.Many2many("res.users", string="Written by", readonly=True, copy=False)
    requested_by = fields.Many2one("res.users", readonly=True, copy=False, index=True)
    requested_on = fields.Datetime(readonly=True, copy=False)
    decided_by = fields.Many2one("res.users", readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)
    decision_comment = fields.Text(string="Comment", readonly=True, copy=False)
    applied_on = fields.Datetime(readonly=True, copy=False, index=True)

    _one_target = models.Constraint(
        "CHECK((account_id IS NULL) <> (group_id IS NULL))",
        "A limit change is of one credit account or of one credit group.",
    )
    _limit_positive = models.Constraint(
        "CHECK(new_limit >= 0)", "A credit limit can't be negative. Use zero or 'No Credit'."
    )
    _temporary_idx = models.Index("(account_id, group_id, date_to) WHERE is_temporary AND state = 'applied'")

    # === COMPUTE === #

    @api.depends("account_id.company_id", "group_id.currency_id")
    def _compute_company_id(self):
        for change in self:
            account = change.account_id
            change.company_id = account.company_id or change.company_id or self.env.company
            change.currency_id = account.currency_id or change.group_id.currency_id

    @api.depends("change_type", "date_to")
    def _compute_is_temporary(self):
        for change in self:
            kind = change.change_type
            change.is_temporary = kind == "temporary" or (kind == "mass" and bool(change.date_to))

    @api.onchange("account_id", "group_id", "change_type")
    def _onchange_target(self):
        holder = self.account_id or self.group_id
        if self.change_type in ("permanent", "control"):
            self.new_limit = holder.credit_limit
            self.new_control = holder.control
            self.new_valid_until = holder.valid_until
            self.new_expiry_rule = holder.expiry_rule or "company"
        self.new_group_id = self.account_id.group_id
        self.new_term_id = self.account_id._get_agreed_term() if self.account_id else False

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create drafts. State, numbers and people of the journal are not the caller's to set.

        :raise AccessError: not content, and not by the superuser.
        """
        for vals in vals_list:
            if not self.env.su:
                self._refuse_own_fields(vals)
            sequence = self.env["ir.sequence"].sudo()  # sudo: whoever asks draws a number
            vals["name"] = sequence.next_by_code("ar.credit.limit.change") or "/"
        # Odoo would take missing values, also of the journal's own fields, from the context (`default_state`).
        unprompted = self.with_env(self.env(context=clean_context(self.env.context)))
        changes = super(ArCreditLimitChange, unprompted).create(vals_list).with_env(self.env)
        changes.sudo().editor_ids = self.env.user  # sudo: nobody may write this list
        return changes

    def write(self, vals):
        """Write drafts, and remember who did.

        :raise AccessError: not content, and not by the superuser.
        :raise UserError: the change has been submitted.
        """
        if self.env.su or not vals:
            return super().write(vals)
        self._refuse_own_fields(vals)
        if not CONTENT & set(vals):
            return super().write(vals)
        if any(change.state != "draft" for change in self):
            raise UserError(
                self.env._("A limit change stays as it was submitted. Cancel it and make a new one.")
            )
        result = super().write(vals)
        self.sudo().editor_ids |= self.env.user  # sudo: nobody may write this list
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """Refuse: the journal is the record of who granted what."""
        raise UserError(
            self.env._("Limit changes are kept as a record and can't be deleted. Cancel them instead.")
        )

    def _refuse_own_fields(self, vals):
        """Refuse values of fields that are the journal's own; those of messages and activities are Odoo's."""
        mixins = self.env["mail.thread"]._fields.keys() | self.env["mail.activity.mixin"]._fields.keys()
        named = set(vals) - CONTENT - mixins
        if named:
            raise denied(
                self,
                self.env._(
                    "These fields of a limit change are set by its own steps: %(fields)s.",
                    fields=", ".join(sorted(named)),
                ),
            )
        if vals.get("change_type") in ("mass", "cover"):
            raise denied(
                self,
                self.env._(
                    "Mass changes are made from the list of credit accounts, changes of covers from the cover."
                ),
            )

    # === ACTIONS === #

    @api.model
    def _get_form_action(self, defaults):
        """Return the action that opens a new limit change with default values."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change Limit"),
            "res_model": "ar.credit.limit.change",
            "view_mode": "form",
            "context": defaults,
        }

    # === BUSINESS === #

    @api.model
    def _create_batch(self, vals_list, common):
        """File and submit the changes of a mass change under one batch number.

        :param vals_list: `account_id` and `new_limit` of each.
        :param dict common: dates and reason, shared by all.
        :raise AccessError: an account is not the caller's to see, or the caller may not ask for changes.
        """
        self.check_access("create")
        self.env["ar.credit.account"].browse([vals["account_id"] for vals in vals_list]).check_access("read")
        journal = self.sudo()  # sudo: the batch number is the journal's own; the caller was checked
        batch = journal.env["ir.sequence"].next_by_code("ar.credit.limit.change.batch")
        changes = journal.create(
            [{**vals, **common, "change_type": "mass", "batch": batch} for vals in vals_list]
        )
        return changes.sudo(self.env.su)._submit_all()
