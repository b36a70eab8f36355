from odoo import api, fields, models
from odoo.fields import Command

from ..core.rule import CheckPoint
from ..models.ar_credit_rule import CHECK_POINTS


class ArCreditWhatIf(models.TransientModel):
    """Shows what the credit rules say of an order at a check point, without any effect."""

    _name = "ar.credit.what.if"
    _description = "What Would Happen to This Order?"

    order_id = fields.Many2one("sale.order", required=True, domain="[('state', '!=', 'cancel')]")
    check_point = fields.Selection(
        [point for point in CHECK_POINTS if point[0] != "invoice"], required=True, default="confirm"
    )
    currency_id = fields.Many2one(related="order_id.company_id.currency_id")
    line_ids = fields.One2many(
        "ar.credit.what.if.line", "wizard_id", string="Rules", compute="_compute_result", store=True
    )
    credit_limit = fields.Monetary(string="Limit in Force", compute="_compute_result", store=True)
    exposure = fields.Monetary(string="Owed Before", compute="_compute_result", store=True)
    order_amount = fields.Monetary(compute="_compute_result", store=True)
    excess = fields.Monetary(string="Over the Limit by", compute="_compute_result", store=True)
    verdict = fields.Selection(
        [
            ("pass", "It passes"),
            ("warn", "It passes with a warning"),
            ("hold", "It is held"),
            ("block", "It is blocked"),
        ],
        string="Result",
        compute="_compute_result",
        store=True,
    )
    is_concerned = fields.Boolean(compute="_compute_result", store=True)

    @api.depends("order_id", "check_point")
    def _compute_result(self):
        for wizard in self:
            order = wizard.order_id
            decision = None
            if order and wizard.check_point:
                order.check_access("read")
                decision = order._preview_ar_credit(CheckPoint(wizard.check_point))
            wizard.is_concerned = bool(decision)
            wizard.verdict = (decision and decision.verdict.outcome) or "pass"
            wizard.credit_limit = float(decision.limit.ceiling or 0) if decision else 0.0
            wizard.exposure = float(decision.exposure.total) if decision else 0.0
            wizard.order_amount = float(decision.order_amount) if decision else 0.0
            wizard.excess = float(decision.excess) if decision else 0.0
            findings = decision.verdict.findings if decision else ()
            wizard.line_ids = [Command.clear(), *map(Command.create, map(wizard._prepare_line, findings))]

    def _prepare_line(self, finding):
        """Return the values of the line that shows what became of one rule.

        :param finding: core Finding.
        """
        conditions = self.env["ar.credit.rule.condition"]
        return {
            "rule_id": finding.rule.key,
            "outcome": finding.rule.outcome.value,
            "standing": finding.standing.value,
            "by_id": finding.by,
            "measured": "; ".join(
                conditions._describe_measure(
                    measure.condition.fact.value,
                    measure.condition.operator.value,
                    measure.value,
                    measure.condition.value,
                    self.currency_id,
                )
                for measure in finding.measures
            ),
        }
