from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.rule import CheckPoint


class ArCreditHoldMore(models.TransientModel):
    """Asks for an approval to make a confirmed order dearer, before it is changed."""

    _name = "ar.credit.hold.more"
    _description = "Request More Credit for an Order"

    order_id = fields.Many2one("sale.order", required=True, readonly=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    amount = fields.Monetary(
        string="Additional Amount", required=True, help="By how much the order may grow, tax included."
    )
    note = fields.Text(required=True, help="Kept with the request, for whoever decides.")

    @api.constrains("amount")
    def _check_amount(self):
        for wizard in self:
            if wizard.currency_id.compare_amounts(wizard.amount, 0) <= 0:
                raise UserError(wizard.env._("Enter by how much the order may grow."))

    def action_request(self):
        """File the request as a hold of the order.

        :raise AccessError, UserError: the user may not change the order; it is not confirmed; no limit bounds it.
        """
        self.ensure_one()
        order = self.order_id
        order.check_access("write")
        if order.state != "sale":
            raise UserError(self.env._("Only a confirmed order needs this. Confirm the order instead."))
        for hold in order._get_ar_credit_forced():
            raise UserError(
                self.env._("%(hold)s keeps the order. That has to be decided on first.", hold=hold.name)
            )
        measured = order._preview_ar_credit(CheckPoint.AMEND)
        if not measured:
            raise UserError(self.env._("No credit rule concerns this order: just change it."))
        hold = self.env["ar.credit.hold"]._file(
            {order.id: self._get_decision(order, measured)},
            CheckPoint.AMEND,
            request_note=self.note,
            order_amount_currency=self.amount,
        )
        return hold._get_notification()

    def _get_decision(self, order, measured):
        """Return the numbers with the order counted as owed, and the additional amount as what is asked for.

        :param measured: core Decision about the order as it is.
        """
        company = order.company_id
        more = self.env["ar.credit.exposure"]._to_decimal(
            company.currency_id,
            order.currency_id._convert(self.amount, company.currency_id, company, fields.Date.today()),
        )
        exposure = measured.exposure.plus_order(measured.order_amount)
        ceiling = measured.limit.ceiling
        excess = max(exposure.total + more - ceiling, 0 * more) if ceiling is not None else 0 * more
        # With the reasons that the rules have by now; what is about the limit, the numbers tell.
        return replace(measured, exposure=exposure, order_amount=more, excess=excess, approved=False)
