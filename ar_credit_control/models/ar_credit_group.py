from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class ArCreditGroup(models.Model):
    """Customers that share one limit, also across companies. It binds beside the limit of each of them.

    The row is locked by every check of a member, as those of accounts are (`ar.credit.account._lock`).
    """

    _name = "ar.credit.group"
    _description = "Credit Group"
    _inherit = ["ar.credit.limit.holder", "mail.thread", "mail.activity.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id, tracking=True
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        required=True,
        default=lambda self: self.env.company,
        help="Companies whose customers can be members. Who works in one of them sees the group.",
    )
    control = fields.Selection(
        [("none", "No Shared Limit"), ("limited", "Limited"), ("no_credit", "No Credit")],
        required=True,
        default="none",
        tracking=True,
        copy=False,
        help="No shared limit: the members are bound by their own limits only.",
    )
    account_ids = fields.One2many("ar.credit.account", "group_id", string="Members", copy=False)
    change_ids = fields.One2many("ar.credit.limit.change", "group_id", string="Limit Changes", copy=False)
    note = fields.Text(string="Internal Note")
    lock_version = fields.Integer(readonly=True, default=0, copy=False, prefetch=False)

    effective_limit = fields.Monetary(string="Limit in Force", compute="_compute_position")
    effective_control = fields.Selection(
        [("none", "No Shared Limit"), ("limited", "Limited"), ("no_credit", "No Credit")],
        string="Control in Force",
        compute="_compute_position",
    )
    exposure = fields.Monetary(
        compute="_compute_position", help="Of all members in all companies, converted at today's rate."
    )
    available = fields.Monetary(string="Available Credit", compute="_compute_position")
    usage = fields.Float(string="Use", compute="_compute_position")
    member_count = fields.Integer(string="Number of Members", compute="_compute_position")

    @api.depends("control", "credit_limit", "valid_until", "expiry_rule", "currency_id", "account_ids")
    def _compute_position(self):
        accounts = self.env["ar.credit.account"]
        positions = accounts._get_group_positions(self._origin.ids)
        for group in self:
            found, bound, members = positions.get(group._origin.id, (None, None, ()))
            group.effective_control = found.limit.control.value if found else "none"
            group.effective_limit = float(found.limit.ceiling or 0) if found else 0.0
            group.exposure = float(bound.exposure.total) if bound else 0.0
            group.available = float(bound.limit.available(bound.exposure) or 0) if bound else 0.0
            ceiling = bound.limit.ceiling if bound else None
            group.usage = float(bound.exposure.total / ceiling) if ceiling else 0.0
            group.member_count = len(members)

    @api.constrains("company_ids", "account_ids")
    def _check_companies(self):
        for group in self.sudo():  # sudo: members of companies that the user does not work in count as well
            if group.account_ids.company_id - group.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(group)s has members in a company that is not one of its own.", group=group.name
                    )
                )

    # === CRUD === #

    def _get_journaled_defaults(self):
        """Return what only a limit change moves; a new group has no limit and no members."""
        return super()._get_journaled_defaults() | {"control": "none"}

    @api.model_create_multi
    def create(self, vals_list):
        """Create groups; the lock is not the caller's to set."""
        return super().create([vals | {"lock_version": 0} for vals in vals_list])

    def write(self, vals):
        """Refuse another currency for a limit that was approved in this one."""
        if not self.env.su and "currency_id" in vals:
            for group in self:
                if group.control != "none" and group.currency_id.id != vals["currency_id"]:
                    group._refuse_journaled("currency_id")
        return super().write({name: value for name, value in vals.items() if name != "lock_version"})

    # === ACTIONS === #

    def action_change_limit(self):
        """Open a new limit change of the group."""
        self.ensure_one()
        return self.env["ar.credit.limit.change"]._get_form_action({"default_group_id": self.id})

    def action_open_accounts(self):
        """Open the accounts of the members."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.ar_credit_account_action")
        return action | {"domain": [("group_id", "=", self.id)], "context": {}}

    def action_open_changes(self):
        """Open the limit changes of the group."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ar_credit_control.ar_credit_limit_change_action"
        )
        return action | {"domain": [("group_id", "=", self.id)], "context": {}}

    # === BUSINESS === #

    def _lock(self):
        """Take the lock that every check of a member takes (see `ar.credit.account._lock`)."""
        if self:
            self.env.flush_all()
            self.env.execute_query(
                SQL(
                    """
                    WITH locked AS (
                        SELECT id FROM ar_credit_group WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
                    )
                    UPDATE ar_credit_group grp
                       SET lock_version = grp.lock_version + 1
                      FROM locked
                     WHERE locked.id = grp.id
                 RETURNING grp.id
                    """,
                    self.ids,
                )
            )
            self.invalidate_recordset(["lock_version"])
