from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core.approval import Band, Measure, Rule, choose_rule, plan

# Measure of the core -> name of the two fields that hold its band.
BANDS = {
    Measure.EXCESS: "excess",
    Measure.EXCESS_PERCENT: "excess_percent",
    Measure.DAYS_OVERDUE: "days_overdue",
    Measure.AMOUNT: "amount",
}
BAND_HELP = "Above the first number, up to and including the second; empty (zero) is no bound."


class ArApprovalRule(models.Model):
    """Which documents need whose approval: the first rule whose conditions all hold is applied."""

    _name = "ar.approval.rule"
    _inherit = ["mail.thread"]
    _description = "Approval Rule"
    _order = "subject, sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10, tracking=True)
    subject = fields.Selection(
        [("credit_hold", "Credit Hold"), ("credit_limit_change", "Credit Limit Change")],
        required=True,
        default="credit_hold",
        tracking=True,
    )
    company_id = fields.Many2one("res.company", index=True, tracking=True, help="Empty: all companies.")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    excess_above = fields.Monetary(tracking=True, help=BAND_HELP)
    excess_up_to = fields.Monetary(tracking=True, help=BAND_HELP)
    excess_percent_above = fields.Float(tracking=True, help=BAND_HELP)
    excess_percent_up_to = fields.Float(tracking=True, help=BAND_HELP)
    days_overdue_above = fields.Integer(tracking=True, help=BAND_HELP)
    days_overdue_up_to = fields.Integer(tracking=True, help=BAND_HELP)
    amount_above = fields.Monetary(tracking=True, help=BAND_HELP)
    amount_up_to = fields.Monetary(tracking=True, help=BAND_HELP)
    risk_class_ids = fields.Many2many(
        "ar.risk.class", string="Risk Classes", tracking=True, help="Empty: any."
    )
    condition_text = fields.Char(string="Conditions", compute="_compute_condition_text")
    step_ids = fields.One2many("ar.approval.step", "rule_id", string="Steps", copy=True)
    step_text = fields.Char(string="Approved By", compute="_compute_step_text")

    # === COMPUTE === #

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for rule in self:
            rule.currency_id = (rule.company_id or self.env.company).currency_id

    @api.depends("step_ids.name", "step_ids.sequence")
    def _compute_step_text(self):
        for rule in self:
            rule.step_text = ", ".join(rule.step_ids.sorted("sequence").mapped("name"))

    @api.depends(
        "risk_class_ids", *(f"{name}_{end}" for name in BANDS.values() for end in ("above", "up_to"))
    )
    @api.depends_context("lang")
    def _compute_condition_text(self):
        labels = {
            Measure.EXCESS: self.env._("excess"),
            Measure.EXCESS_PERCENT: self.env._("excess as a percentage of the limit"),
            Measure.DAYS_OVERDUE: self.env._("days overdue"),
            Measure.AMOUNT: self.env._("amount"),
        }
        for rule in self:
            texts = [rule._get_band_text(labels[measure], band) for measure, band in rule._get_bands()]
            if rule.risk_class_ids:
                classes = ", ".join(rule.risk_class_ids.mapped("display_name"))
                texts.append(self.env._("risk class %(classes)s", classes=classes))
            rule.condition_text = "; ".join(texts)

    def _get_band_text(self, label, band):
        """Return a band as a person writes it."""
        low, high = (None if end is None else f"{end:,.15g}" for end in (band.above, band.up_to))
        if low is None:
            return self.env._("%(what)s up to %(high)s", what=label, high=high)
        if high is None:
            return self.env._("%(what)s above %(low)s", what=label, low=low)
        return self.env._("%(what)s above %(low)s up to %(high)s", what=label, low=low, high=high)

    # === CONSTRAINTS === #

    @api.constrains(*(f"{name}_{end}" for name in BANDS.values() for end in ("above", "up_to")))
    def _check_bands(self):
        """Refuse bands that no number is in."""
        for rule in self:
            for _measure, band in rule._get_bands():
                if band.above is not None and band.up_to is not None and band.above >= band.up_to:
                    raise ValidationError(
                        self.env._("%(rule)s: a band has to end above its start.", rule=rule.name)
                    )

    @api.constrains("subject")
    def _check_paths(self):
        """A field path belongs to one kind of document."""
        self.step_ids._check_source()

    @api.constrains("step_ids", "active")
    def _check_steps(self):
        """Refuse a rule that asks nobody."""
        for rule in self:
            if rule.active and not rule.step_ids:
                raise ValidationError(self.env._("%(rule)s needs at least one step.", rule=rule.name))

    # === BUSINESS === #

    @api.model
    def _get_subject_models(self):
        """Return the model of the documents of each subject; others add theirs."""
        return {"credit_hold": "ar.credit.hold", "credit_limit_change": "ar.credit.limit.change"}

    def _get_subject_model(self):
        """Return the model of the rule's documents, or None where its addon is not installed."""
        model = self._get_subject_models().get(self.subject)
        return model if model in self.env else None

    def _get_bands(self):
        """Return (core Measure, core Band) of the bands that bound something."""
        self.ensure_one()
        bands = []
        for measure, name in BANDS.items():
            # Numbers as people typed them: a float's shortest text, never its binary tail.
            ends = [Decimal(str(self[f"{name}_{end}"])) or None for end in ("above", "up_to")]
            if any(ends):
                bands.append((measure, Band(*ends)))
        return bands

    def _as_core(self):
        """Return the rule for `core.approval.choose_rule`."""
        self.ensure_one()
        classes = frozenset(self.risk_class_ids.ids)
        return Rule(self.id, self.sequence, self.company_id.id or 0, tuple(self._get_bands()), classes)

    @api.model
    def _choose(self, subject, facts):
        """Return the rule that applies to a document, or an empty recordset.

        :param facts: core Facts.
        """
        # Archived ones never, also where the caller's context asks for them.
        rules = self.search(
            [
                ("active", "=", True),
                ("subject", "=", subject),
                ("company_id", "in", [facts.company_id, False]),
            ]
        )
        company = self.env["res.company"].browse(facts.company_id)
        chosen = choose_rule([rule.with_company(company)._as_core() for rule in rules], facts)
        return self.browse(chosen.rule_id if chosen else [])

    def _prepare_request_steps(self, facts):
        """Return the values of the steps that a document needs.

        Where no cap of the ladder suffices, or no rule applies, those who stand in are asked: it never ends dead.

        :param facts: core Facts.
        """
        fallback = {
            "name": self.env._("Credit managers (no rule applies)"),
            "source": "group",
            "group_id": self.env.ref("ar_credit_control.group_manager").id,
            "fallback_group_id": self.env.ref("ar_credit_control.group_manager").id,
            "is_fallback": True,
        }
        if not self:
            return [fallback]
        steps = self.with_company(self.env["res.company"].browse(facts.company_id)).step_ids
        planned = plan([step._as_core() for step in steps], facts.excess)
        values = [steps.browse(key)._prepare_request_step() for key in planned.keys]
        if planned.unauthorised or not values:
            last = steps.browse(planned.last_of_ladder) or steps[-1:]
            group = last.fallback_group_id.id
            values.append(
                {
                    **fallback,
                    "name": self.env._("Above all authorities"),
                    "sequence": last.sequence,
                    "group_id": group,
                    "fallback_group_id": group,
                    "sla_hours": last.sla_hours,
                    "escalate_user_ids": [fields.Command.set(last.escalate_user_ids.ids)],
                }
            )
        return values
