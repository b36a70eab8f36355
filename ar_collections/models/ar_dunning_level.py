from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArDunningLevel(models.Model):
    """One step of a dunning policy: from when it applies, how long to wait before it, what it says."""

    _name = "ar.dunning.level"
    _description = "Dunning Level"
    _order = "policy_id, sequence, days_overdue, id"

    policy_id = fields.Many2one("ar.dunning.policy", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="policy_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    days_overdue = fields.Integer(
        required=True,
        default=7,
        help="An item reaches this level that many days after its due date.",
    )
    min_days_between = fields.Integer(
        "Days Since Last Reminder",
        required=True,
        default=7,
        help="No reminder at this level before that many days have passed since the customer's last one.",
    )
    mail_template_id = fields.Many2one(
        "mail.template",
        "E-mail",
        required=True,
        ondelete="restrict",
        domain="[('model', '=', 'ar.dunning.notice')]",
        help="Written in the customer's language. The table of items and the payment link are filled in.",
    )

    _days_overdue_positive = models.Constraint(
        "CHECK(days_overdue >= 1)", "A reminder can go out from the first day overdue at the earliest."
    )
    _min_days_between_positive = models.Constraint(
        "CHECK(min_days_between >= 0)", "The days since the last reminder can't be negative."
    )

    @api.constrains("sequence", "days_overdue", "policy_id")
    def _check_order(self):
        """See the policy: the order of the levels has to be the order of their days."""
        self.policy_id._check_levels()

    @api.constrains("mail_template_id")
    def _check_template_model(self):
        """A template of another model would fail when the reminders go out, half of them sent."""
        # sudo: whoever edits a policy need not be able to read every template
        wrong = self.sudo().filtered(lambda level: level.mail_template_id.model != "ar.dunning.notice")
        if wrong:
            raise ValidationError(
                self.env._("The e-mail of level %s is not made for dunning notices.", wrong[0].name)
            )
