from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount
from odoo.tools.misc import formatLang

from ..core.rule import Condition, Fact, Operator

FACTS = [
    ("use_percent", "Use of limit"),
    ("use_amount", "Exposure with this document"),
    ("excess", "Over the limit by"),
    ("overdue_days", "Overdue for"),
    ("overdue_amount", "Overdue amount"),
    ("oldest_days", "Age of the oldest open item"),
    ("order_amount", "Amount of this document"),
    ("term_days_over", "Payment term longer than agreed by"),
    ("discount_percent", "Highest discount"),
    ("unsecured_amount", "Not secured by covers"),
    ("unordered", "Without a sales order"),
    ("paid_invoices", "Invoices paid so far"),
    ("customer_days", "Customer for"),
    ("limit_expired", "Limit has expired"),
    ("review_overdue", "Review is overdue"),
    ("account_blocked", "Customer is blocked"),
    ("account_status", "Credit control"),
    ("risk_class", "Risk class"),
]
STATUSES = [("limited", "Limited"), ("no_credit", "No Credit"), ("unlimited", "Unlimited")]
OPERATORS = [
    ("gt", "more than"),
    ("ge", "at least"),
    ("lt", "less than"),
    ("le", "at most"),
    ("eq", "is"),
    ("ne", "is not"),
]
PERCENT, MONEY, DAYS, NUMBER = "percent", "money", "days", "number"
FLAG, STATUS, RISK = "flag", "status", "risk"
KINDS = {
    "use_percent": PERCENT,
    "discount_percent": PERCENT,
    "overdue_days": DAYS,
    "oldest_days": DAYS,
    "term_days_over": DAYS,
    "customer_days": DAYS,
    "paid_invoices": NUMBER,
    "unordered": FLAG,
    "limit_expired": FLAG,
    "review_overdue": FLAG,
    "account_blocked": FLAG,
    "account_status": STATUS,
    "risk_class": RISK,
}


class ArCreditRuleCondition(models.Model):
    """One comparison of a credit rule: a fact, how, and with what."""

    _name = "ar.credit.rule.condition"
    _inherit = ["ar.credit.shared.setting"]
    _description = "Condition of a Credit Rule"
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one("ar.credit.rule", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="rule_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    joint = fields.Selection([("and", "and"), ("or", "or")], string="And / Or", required=True, default="and")
    fact = fields.Selection(FACTS, required=True, default="use_percent")
    kind = fields.Char(compute="_compute_kind")
    unit = fields.Char(compute="_compute_kind")
    operator = fields.Selection(OPERATORS, string="Comparison", required=True, default="gt")
    value = fields.Float(digits=(16, 2), help="Amounts are in the currency of the company.")
    status = fields.Selection(STATUSES, string="Control")
    risk_class_id = fields.Many2one("ar.risk.class", ondelete="restrict")
    sentence = fields.Char(compute="_compute_sentence")

    # === COMPUTE === #

    @api.depends("fact", "rule_id.company_id")
    @api.depends_context("lang", "company")
    def _compute_kind(self):
        units = {PERCENT: "%", DAYS: self.env._("days"), NUMBER: ""}
        for condition in self:
            condition.kind = self._get_kind(condition.fact)
            company = condition.rule_id.company_id or self.env.company
            money = company.currency_id.symbol if condition.kind == MONEY else ""
            condition.unit = units.get(condition.kind, money)

    @api.depends("fact", "operator", "value", "status", "risk_class_id")
    @api.depends_context("lang", "company")
    def _compute_sentence(self):
        for condition in self:
            company = condition.rule_id.company_id or self.env.company
            condition.sentence = self._describe(
                condition.fact, condition.operator, condition._get_value(), company.currency_id
            )

    # === CONSTRAINTS === #

    @api.constrains("fact", "operator", "status", "risk_class_id")
    def _check_operator(self):
        for condition in self:
            if condition.kind in (FLAG, STATUS, RISK) and condition.operator not in ("eq", "ne"):
                raise ValidationError(
                    self.env._(
                        "%(fact)s can only be compared with 'is' and 'is not'.",
                        fact=self._get_label("fact", condition.fact),
                    )
                )
            if (condition.kind == STATUS and not condition.status) or (
                condition.kind == RISK and not condition.risk_class_id
            ):
                raise ValidationError(
                    self.env._("%(fact)s: choose a value.", fact=self._get_label("fact", condition.fact))
                )

    @api.onchange("fact")
    def _onchange_fact(self):
        plain = self._get_kind(self.fact) in (FLAG, STATUS, RISK)
        if plain != (self.operator in ("eq", "ne")):
            self.operator = "eq" if plain else "gt"

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create conditions; the next check knows them, and the rule tells of it."""
        conditions = super().create(vals_list)
        conditions._changed()
        return conditions

    def write(self, vals):
        """Write conditions; the next check knows it, and the rule tells of it."""
        result = super().write(vals)
        self._changed()
        return result

    def unlink(self):
        """Delete conditions; the next check knows it, and the rule tells of it."""
        rules = self.rule_id
        result = super().unlink()
        self.env.registry.clear_cache()
        rules._log_conditions()
        return result

    def _changed(self):
        self.env.registry.clear_cache()
        self.rule_id._log_conditions()

    # === BUSINESS === #

    @api.model
    def _get_kind(self, fact):
        """Return what sort of value a fact has."""
        return KINDS.get(fact, MONEY)

    def _get_value(self):
        """Return what the fact is compared with: Decimal, text, or True for a fact that is or is not.

        :rtype: Decimal | str | bool
        """
        self.ensure_one()
        kind = self._get_kind(self.fact)
        if kind == FLAG:
            return True
        if kind in (STATUS, RISK):
            return (self.status if kind == STATUS else str(self.risk_class_id.id or "")) or ""
        return Decimal(f"{self.value:.2f}")

    def _to_core(self):
        """Return it as core/rule.py evaluates it.

        :rtype: ar_credit_control.core.rule.Condition
        """
        self.ensure_one()
        return Condition(Fact(self.fact), Operator(self.operator), self._get_value())

    @api.model
    def _get_label(self, field, value):
        """Return the translated label of a value of one of the selections."""
        return dict(self._fields[field]._description_selection(self.env)).get(value, value or "")

    @api.model
    def _describe(self, fact, operator, value, currency):
        """Return a condition as words: "Use of limit: more than 100 %"."""
        label = self._get_label("fact", fact)
        if self._get_kind(fact) == FLAG:
            return label if operator == "eq" else self.env._("%(fact)s: no", fact=label)
        return self.env._(
            "%(fact)s: %(comparison)s %(value)s",
            fact=label,
            comparison=self._get_label("operator", operator),
            value=self._format(fact, value, currency),
        )

    @api.model
    def _describe_measure(self, fact, operator, measured, threshold, currency):
        """Return a condition with what was measured: "Use of limit: 150 % (more than 100 %)"."""
        label = self._get_label("fact", fact)
        kind = self._get_kind(fact)
        if kind == FLAG:
            return self.env._("%(fact)s: %(value)s", fact=label, value=self._format(fact, measured, currency))
        return self.env._(
            "%(fact)s: %(measured)s (%(comparison)s %(threshold)s)",
            fact=label,
            measured=self._format(fact, measured, currency),
            comparison=self._get_label("operator", operator),
            threshold=self._format(fact, threshold, currency),
        )

    @api.model
    def _format(self, fact, value, currency):
        """Return a value of a fact as people read it, in the language of the reader; "–" where it is unknown."""
        kind = self._get_kind(fact)
        if value is None or (value is False and kind != FLAG):
            return "–"
        if kind == FLAG:
            return self.env._("yes") if value else self.env._("no")
        if kind == STATUS:
            return self._get_label("status", value)
        if kind == RISK:
            # sudo: the name of a class is part of the explanation of a refusal
            return self.env["ar.risk.class"].sudo().browse(int(value)).name if value else "–"
        if Decimal(value).is_infinite():
            return "∞"
        if kind == MONEY:
            return format_amount(self.env, float(value), currency)
        return self._format_number(kind, Decimal(value))

    @api.model
    def _format_number(self, kind, value):
        """Return a number with its unit, without decimals that say nothing."""
        whole = value == value.to_integral_value()
        # Rounded up, so that what is a little above a boundary does not look as if it were at it.
        shown = value if whole else value.quantize(Decimal("0.01"), rounding="ROUND_UP")
        number = formatLang(self.env, float(shown), digits=0 if whole else 2)
        if kind == PERCENT:
            return self.env._("%(number)s %%", number=number)
        return self.env._("%(number)s days", number=number) if kind == DAYS else number
