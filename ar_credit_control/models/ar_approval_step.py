from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArApprovalStep(models.Model):
    """One step of an approval rule. Requests copy it when they start, so a change never touches running ones."""

    _name = "ar.approval.step"
    _inherit = ["ar.approval.step.spec"]
    _description = "Approval Step"
    _order = "rule_id, sequence, id"

    name = fields.Char(translate=True)
    rule_id = fields.Many2one("ar.approval.rule", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="rule_id.company_id", store=True, index=True)
    escalate_user_ids = fields.Many2many(
        "res.users",
        relation="ar_approval_step_escalate_rel",
        string="Escalate To",
        domain=[("share", "=", False)],
        help="When the deadline has passed they are asked as well, and may decide.",
    )

    _needed_positive = models.Constraint("CHECK(needed >= 1)", "At least one approval is needed.")
    _cap_positive = models.Constraint("CHECK(cap >= 0)", "An authority can't be negative.")
    _sla_positive = models.Constraint("CHECK(sla_hours >= 0)", "A deadline can't be negative.")

    @api.depends("rule_id.currency_id")
    def _compute_currency_id(self):
        for step in self:
            step.currency_id = step.rule_id.currency_id

    @api.constrains("source", "user_ids", "group_id", "field_path", "rule_id")
    def _check_source(self):
        """Refuse steps that name nobody, or a field that does not lead to users."""
        for step in self:
            if step.source == "users" and not step.user_ids:
                raise ValidationError(self.env._("%(step)s: choose at least one user.", step=step.name))
            if step.source == "group" and not step.group_id:
                raise ValidationError(self.env._("%(step)s: choose a group.", step=step.name))
            if step.user_ids.filtered("share"):
                raise ValidationError(self.env._("%(step)s: portal users can't approve.", step=step.name))
            if step.source == "field":
                step._check_field_path()

    def _check_field_path(self):
        """Refuse a path that does not lead from the rule's document to users.

        :raise ValidationError: naming the part that is wrong.
        """
        self.ensure_one()
        model = self.rule_id._get_subject_model()
        for part in (self.field_path or "").split("."):
            field = self.env[model]._fields.get(part) if model else None
            if field is None:
                raise ValidationError(
                    self.env._(
                        "%(step)s: there is no field %(part)s on the way %(path)s.",
                        step=self.name,
                        part=repr(part),
                        path=self.field_path or "-",
                    )
                )
            model = field.comodel_name
        if model != "res.users":
            raise ValidationError(
                self.env._(
                    "%(step)s: %(path)s does not lead to a user.", step=self.name, path=self.field_path
                )
            )

    def _prepare_request_step(self):
        """Return the values of the copy that a request keeps."""
        self.ensure_one()
        return {
            "name": self.name,
            "sequence": self.sequence,
            "source": self.source,
            "user_ids": [fields.Command.set(self.user_ids.ids)],
            "group_id": self.group_id.id,
            "field_path": self.field_path,
            "quorum": self.quorum,
            "needed": self.needed,
            "authority": self.authority,
            "cap": self.cap,
            "sla_hours": self.sla_hours,
            "escalate_user_ids": [fields.Command.set(self.escalate_user_ids.ids)],
            "fallback_group_id": self.fallback_group_id.id,
        }
