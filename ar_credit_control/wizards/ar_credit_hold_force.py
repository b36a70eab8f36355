from dataclasses import replace
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import AccessError

from ..core.credit_check import Control, Decision, Limit
from ..core.exposure import Exposure
from ..core.rule import CheckPoint, Outcome, Verdict


class ArCreditHoldForce(models.TransientModel):
    """Holds orders by hand, one or many; they are let go by a decision only."""

    _name = "ar.credit.hold.force"
    _description = "Hold Orders by Hand"

    order_ids = fields.Many2many("sale.order", string="Orders", required=True)
    reason_code_id = fields.Many2one(
        "ar.credit.reason.code", domain="[('for_hold', '=', True)]", required=True
    )
    note = fields.Text(help="Kept with the hold, for whoever decides.")

    def action_hold(self):
        """File a hold for each order.

        :raise AccessError: the user doesn't work in credit control, or may not see an order.
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_user"):
            raise AccessError(self.env._("Only credit users hold orders by hand."))
        self.order_ids.check_access("read")
        holds = self.env["ar.credit.hold"]
        for order in self.order_ids.filtered(lambda order: order.state != "cancel"):
            holds |= holds._file(
                {order.id: self._get_decision(order)},
                "manual",
                reason_code_id=self.reason_code_id.id,
                request_note=self.note,
            )
        holds._tell_salesperson()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.ar_credit_hold_action")
        return action | {"domain": [("id", "in", holds.ids)], "context": {}}

    def _get_decision(self, order):
        """Return the numbers of the order as of now, held whatever they are: a core Decision."""
        forced = Verdict(forced=True)
        measured = order._preview_ar_credit(CheckPoint.CONFIRM)
        if measured:
            # With the reasons that the rules have, so that whoever approves knows them as well.
            holding = tuple(f for f in measured.verdict.findings if f.rule.outcome is Outcome.HOLD)
            return replace(measured, verdict=Verdict(holding, forced=True), approved=False)
        amount = order._get_ar_credit_decimal()
        return Decision(Limit(Control.NONE), Exposure(), amount, Decimal(0), (), forced)
