from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core.delegation import Delegation, Fault, check_delegation
from ..exceptions import denied


class ArApprovalDelegation(models.Model):
    """Somebody decides for an absent approver, from one day to another. Only the approver himself can set it.

    It holds in all companies, and lends authority, never independence: who had a part in a document can neither
    decide as a delegate nor be decided for.
    """

    _name = "ar.approval.delegation"
    _inherit = ["mail.thread"]
    _description = "Approval Delegation"
    _order = "date_from desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        "res.users",
        string="Approver",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    delegate_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        tracking=True,
        ondelete="restrict",
        domain="[('share', '=', False), ('id', '!=', user_id)]",
    )
    date_from = fields.Date(string="From", required=True, default=fields.Date.context_today, tracking=True)
    date_to = fields.Date(string="To", required=True, tracking=True)
    reason = fields.Char(tracking=True)
    state = fields.Selection(
        [("future", "Planned"), ("current", "In Force"), ("past", "Over")],
        string="Status",
        compute="_compute_state",
    )

    _dates_in_order = models.Constraint(
        "CHECK(date_from <= date_to)", "A delegation can't end before it begins."
    )

    @api.depends("date_from", "date_to")
    def _compute_state(self):
        today = fields.Date.today()
        for one in self:
            if one.date_from and one.date_from > today:
                one.state = "future"
            else:
                one.state = "past" if one.date_to and one.date_to < today else "current"

    # === CONSTRAINTS === #

    @api.constrains("user_id", "delegate_id", "date_from", "date_to")
    def _check_chain(self):
        """Refuse delegations to oneself, to outsiders, in a circle, or through more than three people."""
        for one in self:
            if one.delegate_id.share or not one.delegate_id.active:
                raise ValidationError(self.env._("Only employees can decide for others."))
            # sudo: chains lead through delegations of others
            others = self.sudo().search([("id", "!=", one.id), ("date_to", ">=", one.date_from)])
            fault = check_delegation(one._as_core(), [other._as_core() for other in others])
            if fault:
                raise ValidationError(self._get_fault_text(fault))

    def _get_fault_text(self, fault):
        """Return why a delegation can't be."""
        return {
            Fault.SELF: self.env._("Nobody can delegate to himself."),
            Fault.CYCLE: self.env._("These delegations would lead back to their beginning."),
            Fault.TOO_LONG: self.env._("A delegation can be passed on through three people at most."),
        }[fault]

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create own delegations."""
        delegations = super().create(vals_list)
        delegations._check_own()
        return delegations

    def write(self, vals):
        """Change own delegations; whose they are never changes."""
        self._check_own()
        if "user_id" in vals and any(one.user_id.id != vals["user_id"] for one in self):
            raise UserError(self.env._("A delegation can't be handed to another approver. Create a new one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """Refuse: the log refers to what was in force."""
        raise UserError(self.env._("Delegations are kept as a record. Set the last day to end one."))

    def _check_own(self):
        """Refuse to set delegations of others.

        :raise AccessError: also for administrators: nobody hands out another person's authority.
        """
        if not self.env.su and any(one.user_id != self.env.user for one in self):
            raise denied(self, self.env._("Approvers delegate for themselves only."))

    # === BUSINESS === #

    def _as_core(self):
        """Return it as core Delegation."""
        self.ensure_one()
        return Delegation(self.user_id.id, self.delegate_id.id, self.date_from, self.date_to)

    @api.model
    def _get_core(self):
        """Return the delegations in force today (UTC) as core Delegations."""
        today = fields.Date.today()
        # sudo: whoever asks may know who stands in for whom
        valid = self.sudo().search([("date_from", "<=", today), ("date_to", ">=", today)])
        return [one._as_core() for one in valid]
