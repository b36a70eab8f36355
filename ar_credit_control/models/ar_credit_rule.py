from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..core.rule import LIMIT_FACTS, CheckPoint, Outcome, Rule

CHECK_POINTS = [
    ("quotation", "Quotation"),
    ("confirm", "Order Confirmation"),
    ("amend", "Change of an Order"),
    ("delivery", "Delivery"),
    ("invoice", "Invoice without Order"),
]
OUTCOMES = [
    ("warn", "Warn"),
    ("hold", "Put on Hold"),
    ("block", "Block"),
    ("exclude", "Let Pass"),
]


class ArCreditRule(models.Model):
    """When a sale is warned about, held for a decision, or blocked; edited without code, evaluated in core/rule.py."""

    _name = "ar.credit.rule"
    _description = "Credit Rule"
    _inherit = ["ar.credit.rule.health", "ar.credit.shared.setting", "mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10, tracking=True)
    company_id = fields.Many2one(
        "res.company", index=True, tracking=True, help="Empty: the rule is for all companies."
    )
    outcome = fields.Selection(
        OUTCOMES,
        required=True,
        default="hold",
        tracking=True,
        help="Warn: the sale goes on, with a message and a note.\n"
        "Hold: it waits for somebody with the authority to approve it.\n"
        "Block: it is refused, and no approval helps.\n"
        "Let pass: rules of a wider scope, and those of the same scope further down, do not count.",
    )
    at_quotation = fields.Boolean(string="Quotation", help="Warns on the quotation.", tracking=True)
    at_confirm = fields.Boolean(string="Order Confirmation", default=True, tracking=True)
    at_amend = fields.Boolean(
        string="Change of an Order",
        default=True,
        tracking=True,
        help="When a confirmed order becomes dearer, or moves to another customer to invoice.",
    )
    at_delivery = fields.Boolean(
        string="Delivery", tracking=True, help="When goods leave for the customer. Needs the Inventory app."
    )
    at_invoice = fields.Boolean(
        string="Invoice without Order",
        tracking=True,
        help="When a customer invoice is posted that does not come from a sales order.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Customers",
        domain="[('parent_id', '=', False)]",
        tracking=True,
        help="Only for these customers. A rule for customers replaces rules for all that look at the same facts.",
    )
    group_ids = fields.Many2many(
        "ar.credit.group",
        string="Credit Groups",
        tracking=True,
        help="Only for members of these groups. A rule for groups replaces rules for all that look at the same facts.",
    )
    condition_ids = fields.One2many("ar.credit.rule.condition", "rule_id", string="Conditions", copy=True)
    check_points = fields.Char(compute="_compute_check_points")
    scope = fields.Char(compute="_compute_scope")
    sentence = fields.Char(compute="_compute_sentence", string="Conditions in Words")
    health = fields.Text(compute="_compute_health")

    # === COMPUTE === #

    @api.depends("at_quotation", "at_confirm", "at_amend", "at_delivery", "at_invoice")
    @api.depends_context("lang")
    def _compute_check_points(self):
        for rule in self:
            rule.check_points = ", ".join(
                self._fields[f"at_{point}"].get_description(self.env, ["string"])["string"]
                for point, _label in CHECK_POINTS
                if rule[f"at_{point}"]
            )

    @api.depends("partner_ids", "group_ids")
    @api.depends_context("lang")
    def _compute_scope(self):
        for rule in self:
            rule.scope = ", ".join(rule._get_scope_names()) or self.env._("All customers")

    def _get_scope_names(self):
        """Return the names of those the rule is for; empty for all."""
        self.ensure_one()
        return (self.partner_ids or self.group_ids).mapped("display_name")

    @api.depends("condition_ids.sentence", "condition_ids.joint", "condition_ids.sequence")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            groups = [
                self.env._(" or ").join(condition.sentence or "" for condition in group)
                for group in rule._get_groups()
            ]
            if len(groups) > 1:
                several = [len(group) > 1 for group in rule._get_groups()]
                groups = [f"({text})" if more else text for text, more in zip(groups, several, strict=True)]
            rule.sentence = self.env._(" and ").join(groups) or self.env._("Always")

    @api.depends("active", "outcome", "company_id")
    @api.depends_context("company", "lang")
    def _compute_health(self):
        findings = "\n".join(self._get_health(self.env.company))
        for rule in self:
            rule.health = findings

    # === CONSTRAINTS === #

    @api.constrains("at_quotation", "at_confirm", "at_amend", "at_delivery", "at_invoice", "active")
    def _check_points(self):
        for rule in self.filtered("active"):
            if not any(rule[f"at_{point}"] for point, _label in CHECK_POINTS):
                raise ValidationError(
                    self.env._("%(rule)s: choose at least one check point.", rule=rule.name)
                )

    @api.constrains("partner_ids", "group_ids")
    def _check_scope(self):
        for rule in self:
            if rule.partner_ids and rule.group_ids:
                raise ValidationError(
                    self.env._("%(rule)s: choose customers or groups, not both.", rule=rule.name)
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create rules; the next check knows them."""
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        """Write rules; the next check knows it."""
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Delete rules; the next check knows it."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === BUSINESS === #

    def _log_conditions(self):
        """Keep in the log how the conditions read now."""
        for rule in self.exists():
            rule._message_log(body=self.env._("Conditions: %(sentence)s", sentence=rule.sentence))

    def _get_groups(self):
        """Return the conditions in groups: all of (any of). A condition with `or` joins the one above it.

        :return: list of `ar.credit.rule.condition` records.
        """
        self.ensure_one()
        groups = []
        for condition in self.condition_ids.sorted(lambda c: (c.sequence, c._origin.id)):
            if groups and condition.joint == "or":
                groups[-1] |= condition
            else:
                groups.append(condition)
        return groups

    def _to_core(self):
        """Return one rule as core/rule.py evaluates it.

        :rtype: ar_credit_control.core.rule.Rule
        """
        self.ensure_one()
        return Rule(
            key=self.id,
            sequence=self.sequence,
            outcome=Outcome(self.outcome),
            check_points=frozenset(
                CheckPoint(point) for point, _label in CHECK_POINTS if self[f"at_{point}"]
            ),
            groups=tuple(tuple(condition._to_core() for condition in group) for group in self._get_groups()),
            partner_ids=frozenset(self.partner_ids.commercial_partner_id.ids),
            group_ids=frozenset(self.group_ids.ids),
        )

    @api.model
    @tools.ormcache("company_id")
    def _get_rules(self, company_id):
        """Return the active rules of a company; kept in memory, so a check costs no query whatever their number.

        :return: tuple of core Rule.
        """
        # sudo: rules bind everybody, also those who can't see them
        rules = self.sudo().search([("active", "=", True), ("company_id", "in", [company_id, False])])
        return tuple(rule._to_core() for rule in rules)

    @api.model
    def _get_facts_asked(self, company_id, check_points):
        """Return which facts the rules of a company look at, at some check points; None where no rule asks at all.

        :param check_points: core CheckPoints.
        :rtype: frozenset | None
        """
        asked = [rule for rule in self._get_rules(company_id) if rule.check_points & set(check_points)]
        return frozenset().union(*(rule.facts for rule in asked)) if asked else None

    @api.model
    def _looks_beyond_the_limit(self, company_id, check_point):
        """Whether customers without a limit are checked as well: some rule does not depend on the limit."""
        return any(
            check_point in rule.check_points and not rule.facts <= LIMIT_FACTS
            for rule in self._get_rules(company_id)
        )
