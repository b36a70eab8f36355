from odoo import api, models
from odoo.exceptions import UserError

from ..core.rule import CheckPoint


class ArCreditHoldRecheck(models.AbstractModel):
    """The part of `ar.credit.hold` that lets orders go that fit again: cash came, or a limit was raised."""

    _name = "ar.credit.hold.recheck"
    _description = "Recheck of credit holds"

    @api.model
    def _trigger_recheck(self, partners):
        """Have the scheduled action look soon, if anything waits for one of these customers.

        :param partners: commercial partners.
        """
        if not partners:
            return
        # sudo: whoever books a payment sets this going, also without rights on holds
        if self.sudo().search_count(
            [*self._get_recheck_domain(), ("partner_id", "in", partners.ids)], limit=1
        ):
            cron = self.env.ref("ar_credit_control.ir_cron_credit_recheck", raise_if_not_found=False)
            if cron:
                cron.sudo()._trigger()  # sudo: as above

    @api.model
    def _get_recheck_domain(self):
        """Return which holds are let go by themselves: those of a confirmation, not those set by hand."""
        return [("state", "=", "pending"), ("check_point", "=", "confirm")]

    @api.model
    def _cron_recheck(self):
        """Confirm held orders that fit now, oldest first, one a transaction.

        What fits is found in one measurement for all of them; each is then checked again by its confirmation.
        """
        fitting = self.search(self._get_recheck_domain(), order="id")._filtered_fitting()
        self.env["ar.cron.batch"]._each(fitting, lambda hold: hold._recheck())

    def _filtered_fitting(self):
        """Return the holds whose orders would pass now, each looked at for itself."""
        # sudo: the scheduled action decides nothing, the rules do
        orders = self.sudo().order_id.filtered(lambda order: order.state in ("draft", "sent"))
        gate = self.env["ar.credit.gate"].sudo()  # sudo: as above
        decisions = gate._decide_orders(orders, CheckPoint.CONFIRM, preview=True)
        passing = orders.filtered(lambda order: order.id not in decisions or decisions[order.id].passed)
        return self.filtered(lambda hold: hold.order_id in passing and not hold._get_lapses())

    def _recheck(self):
        """Confirm the order of one hold, if the rules let it pass by now."""
        self.ensure_one()
        if self.state != "pending" or self._get_lapses():
            return
        try:
            with self.env.cr.savepoint():
                self._confirm_order()
        except UserError as error:  # also a refusal of the credit check
            self._message_log(
                body=self.env._("Could not be released by itself: %(reason)s", reason=str(error))
            )
            return
        self._tell_salesperson()
