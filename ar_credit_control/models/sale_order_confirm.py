from odoo import models

from ..exceptions import CreditHold


class SaleOrder(models.Model):
    """Where a refused confirmation becomes a hold: the edges of `action_confirm`."""

    _inherit = "sale.order"

    def action_confirm_or_hold(self):
        """Confirm orders one by one; hold those that do not fit the credit limit.

        The Confirm button of the web client comes here (controllers/dataset.py). Each order sees the ones confirmed
        before it.

        :return: what `action_confirm` returned, or the message about the holds as a client action.
        """
        result, holds = True, self.env["ar.credit.hold"]
        for order in self:
            confirmed, hold = order._try_or_hold(order.action_confirm)
            result = confirmed or result
            holds |= hold
        return holds._get_notification() if holds else result

    def _validate_order(self):
        """Confirm after a signature or an order of amount zero; the customer must not meet an error."""
        for order in self:
            _result, hold = order._try_or_hold(super(SaleOrder, order)._validate_order, notify_customer=True)
            hold._tell_salesperson()

    def _try_or_hold(self, confirm, notify_customer=False):
        """Call `confirm`; where the credit check refuses, undo all it did and file a hold instead.

        The savepoint also takes back what addons around us did before the check (loyalty points, coupons). Only
        the refusal is caught: a serialization failure has to reach Odoo's retry.

        :param confirm: callable without arguments.
        :param bool notify_customer: send the customer the confirmation once the order is approved.
        :return: (result of `confirm` or None, the holds)
        """
        try:
            with self.env.cr.savepoint():
                return confirm(), self.env["ar.credit.hold"]
        except CreditHold as refusal:
            return None, self.env["ar.credit.hold"]._file(refusal.decisions, notify_customer=notify_customer)
