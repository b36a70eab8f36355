from odoo import fields, models


class AccountMoveCredit(models.AbstractModel):
    """By how much a customer invoice raises the exposure when it is posted.

    What its lines are linked to proves nothing: a line of 1,000 may be linked to an order of 1, to an order of somebody
    else, or to one that was invoiced before. So what the orders count is compared before and after.
    """

    _name = "account.move.credit"
    _inherit = ["ar.credit.document"]
    _description = "Exposure of a customer invoice"

    def _get_ar_credit_orders(self):
        """Return the orders that lines are linked to, past access rights."""
        return self.sudo().invoice_line_ids.sale_line_ids.order_id  # sudo: who invoices need not see sales

    def _get_ar_credit_counted(self):
        """Return what the orders that lines are linked to count as exposure now: order id -> amount in its currency.

        Without what never passed a check: invoicing that is the first time the rules can be asked.
        """
        return {
            order.id: order._get_ar_credit_counted()
            - sum(line._get_ar_credit_unchecked() for line in order.order_line)
            for order in self._get_ar_credit_orders()
        }

    def _get_ar_credit_term_days(self):
        """Return after how many days the last of it is due, by its terms or by the due date typed in."""
        if self.invoice_payment_term_id or not self.invoice_date_due:
            return super()._get_ar_credit_term_days()
        return (self.invoice_date_due - (self.invoice_date or fields.Date.today())).days

    def _get_ar_credit_raised(self, before):
        """Return by how much these invoices, just posted, raised the exposure: move id -> Decimal, company currency.

        :param dict before: what `_get_ar_credit_counted` returned before they were posted.
        """
        after = self._get_ar_credit_counted()
        relief = {order_id: before.get(order_id, 0.0) - amount for order_id, amount in after.items()}
        return {move.id: move._take_ar_credit_relief(relief) for move in self}

    def _take_ar_credit_relief(self, relief):
        """Return what of the invoice is open beyond what orders of the same debtor count less; lower `relief` by that.

        Differences as small as the rounding of its lines are none.

        :param dict relief: order id -> amount in order currency.
        :rtype: decimal.Decimal
        """
        self.ensure_one()
        day = self.invoice_date or self.date or fields.Date.today()
        rest = self.amount_residual
        for order in self._get_ar_credit_orders():
            if order._get_ar_credit_pair() != self._get_ar_credit_pair() or relief[order.id] <= 0:
                continue
            available = order.currency_id._convert(relief[order.id], self.currency_id, self.company_id, day)
            taken = max(0.0, min(rest, available))
            rest -= taken
            relief[order.id] *= 1 - taken / available if available else 0
        if rest <= self.currency_id.rounding * (len(self.invoice_line_ids) + 1):
            rest = 0.0
        amount = self.amount_residual_signed * rest / self.amount_residual if rest else 0.0
        return self.env["ar.credit.exposure"]._to_decimal(self.company_id.currency_id, amount)
