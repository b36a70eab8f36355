from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command

from ..core.rule import LIMIT_FACTS
from .ar_credit_rule import OUTCOMES
from .ar_credit_rule_condition import FACTS, FLAG, OPERATORS, RISK, STATUS


class ArCreditHoldReason(models.Model):
    """One condition that held when a document was stopped, next to what was measured; written once, by the filing."""

    _name = "ar.credit.hold.reason"
    _description = "Reason of a Credit Hold"
    _order = "hold_id, id"

    hold_id = fields.Many2one("ar.credit.hold", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="hold_id.company_id", store=True)
    currency_id = fields.Many2one(related="hold_id.currency_id")
    rule_id = fields.Many2one("ar.credit.rule", required=True, readonly=True, index=True, ondelete="restrict")
    outcome = fields.Selection(OUTCOMES, required=True, readonly=True)
    fact = fields.Selection(FACTS, string="What", readonly=True, help="Empty: the rule always holds.")
    operator = fields.Selection(OPERATORS, string="Comparison", readonly=True)
    # As text, because a value may be an amount, a number of days, yes or no, or a name.
    measured = fields.Char(string="Stored Value", readonly=True)
    threshold = fields.Char(string="Stored Boundary", readonly=True)
    measured_text = fields.Char(string="Value", compute="_compute_texts")
    threshold_text = fields.Char(string="Boundary", compute="_compute_texts")
    sentence = fields.Char(compute="_compute_texts")
    is_about_limit = fields.Boolean(compute="_compute_is_about_limit")

    @api.depends("rule_id", "fact", "operator", "measured", "threshold")
    @api.depends_context("lang")
    def _compute_texts(self):
        conditions = self.env["ar.credit.rule.condition"]
        for reason in self:
            if not reason.fact:
                reason.sentence = reason.rule_id.name
                reason.measured_text = reason.threshold_text = False
                continue
            value, boundary = reason._parse(reason.measured), reason._parse(reason.threshold)
            currency = reason.currency_id
            reason.measured_text = conditions._format(reason.fact, value, currency)
            reason.threshold_text = conditions._format(reason.fact, boundary, currency)
            reason.sentence = conditions._describe_measure(
                reason.fact, reason.operator, value, boundary, currency
            )

    @api.depends("fact")
    def _compute_is_about_limit(self):
        for reason in self:
            reason.is_about_limit = reason.fact in LIMIT_FACTS

    def _parse(self, stored):
        """Return a stored value as core/rule.py knows it."""
        kind = self.env["ar.credit.rule.condition"]._get_kind(self.fact)
        if kind == FLAG:
            return stored == "True"
        return stored if kind in (STATUS, RISK) else Decimal(stored)

    @api.model
    def _prepare_commands(self, findings):
        """Return the x2many commands that keep the rules which held, with their conditions that did.

        :param findings: core Findings.
        """
        commands = []
        for finding in findings:
            rule = {"rule_id": finding.rule.key, "outcome": finding.rule.outcome.value}
            measures = [
                {
                    "fact": reason.condition.fact.value,
                    "operator": reason.condition.operator.value,
                    "measured": str(reason.value),
                    "threshold": str(reason.condition.value),
                }
                for reason in finding.reasons
            ]
            commands += [Command.create(rule | measure) for measure in measures or [{}]]
        return commands
