from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..exceptions import denied


class SaleOrderCreditClosed(models.AbstractModel):
    """What was delivered and credited without coming back: nobody will invoice it, so a credit manager may close it.

    Only he knows: a credit note opens the order again, as Odoo would invoice it anew. What is closed is a quantity of
    each line, so whatever is added to the order, or delivered beyond it, counts as ever.
    """

    _name = "sale.order.credit.closed"
    _description = "Orders closed for credit"

    @api.depends("order_line.ar_credit_open", "order_line.ar_credit_closed_qty")
    def _compute_ar_credit_closable(self):
        for order in self:
            lines = order.order_line if order.ar_credit_due else order.order_line.browse()
            order.ar_credit_closable = sum(line._get_ar_credit_closable() for line in lines)

    def action_ar_credit_close(self):
        """Close the orders for credit: what was delivered and credited is owed no more.

        :raise AccessError: unless it is a credit manager who neither wrote, sells nor priced the order.
        :raise UserError: nothing to close.
        """
        if not self.env.user.has_group("ar_credit_control.group_manager"):
            raise denied(self, self.env._("Only a credit manager may close an order for credit."))
        self.check_access("read")
        for order in self.sudo():  # sudo: a credit manager need not have rights on sales; checked above
            lines = order.order_line
            involved = order.create_uid | order.user_id | order.ar_priced_by_ids
            involved |= lines.create_uid | lines.ar_priced_by_id
            if self.env.user in involved:
                raise denied(
                    self,
                    self.env._("Whoever wrote, sells or priced an order can't close it for credit."),
                )
            amount = order.ar_credit_closable
            if order.currency_id.compare_amounts(amount, 0) <= 0:
                raise UserError(
                    self.env._(
                        "Nothing of %(order)s was delivered and credited, so there is nothing to close.",
                        order=order.name,
                    )
                )
            for line in lines.filtered(lambda line: line._get_ar_credit_closable()):
                line.ar_credit_closed_qty += line._get_ar_credit_closable_quantity()
            order._message_log(
                author_id=self.env.user.partner_id.id,
                body=self.env._(
                    "Closed for credit by %(user)s: %(amount)s was delivered and credited, and will not be invoiced.",
                    user=self.env.user.name,
                    amount=format_amount(self.env, amount, order.currency_id),
                ),
            )
