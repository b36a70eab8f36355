from odoo import fields, models

from ..core.approval import Authority, Quorum, Step


class ArApprovalStepSpec(models.AbstractModel):
    """Who approves in a step, and with what authority: the same for a rule's step and for its copy in a request."""

    _name = "ar.approval.step.spec"
    _description = "Approval step"
    _order = "sequence, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(
        default=10, help="Steps follow each other in this order; steps of equal number run at the same time."
    )
    source = fields.Selection(
        [
            ("users", "Users"),
            ("group", "Group"),
            ("team_leader", "Sales Team Leader"),
            ("field", "Field of the Document"),
        ],
        string="Approvers",
        required=True,
        default="group",
    )
    user_ids = fields.Many2many("res.users", domain=[("share", "=", False)])
    group_id = fields.Many2one("res.groups", ondelete="restrict")
    field_path = fields.Char(
        string="Field",
        help="Path from the document to a user, as in order_id.team_id.user_id.",
    )
    quorum = fields.Selection(
        [("any", "Any One"), ("all", "All of Them"), ("count", "A Number of Them")],
        string="How Many",
        required=True,
        default="any",
    )
    needed = fields.Integer(string="Approvals Needed", default=1)
    authority = fields.Selection(
        [
            ("always", "Always Takes Part"),
            ("limited", "Decides up to an Amount"),
            ("unlimited", "Decides Above All Others"),
        ],
        required=True,
        default="always",
        help="Always: the step is needed whatever the excess.\n"
        "The others form a ladder, of which only the first whose amount suffices decides.",
    )
    cap = fields.Monetary(
        string="Up to an Excess of",
        help="In company currency, and inclusive: an excess of exactly this amount may still be approved here.",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    sla_hours = fields.Float(
        string="Decide Within (Hours)", help="Working hours of the company. Zero: no deadline."
    )
    fallback_group_id = fields.Many2one(
        "res.groups",
        string="Otherwise",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env.ref("ar_credit_control.group_manager", raise_if_not_found=False),
        help="Who is asked when too few independent approvers are left.",
    )

    def _compute_currency_id(self):
        """To be given by the concrete model."""
        self.currency_id = False

    def _as_core(self):
        """Return the step for `core.approval.plan`, the cap in company currency."""
        self.ensure_one()
        cap = self.env["ar.credit.exposure"]._to_decimal(self.currency_id, self.cap)
        return Step(self.id, self.sequence, Authority(self.authority), cap)

    def _quorum(self):
        """Return the quorum as keyword arguments of the core functions."""
        self.ensure_one()
        return {"quorum": Quorum(self.quorum), "count": self.needed}

    def _get_source_users(self, document):
        """Return the users whom the step names for a document (in sudo), before any exclusion."""
        self.ensure_one()
        if self.source == "users":
            return self.user_ids
        if self.source == "group":
            return self.group_id.all_user_ids
        if self.source == "team_leader":
            return document._get_ar_approval_team_leader()
        return document.mapped(self.field_path)
