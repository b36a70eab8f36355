from dataclasses import replace
from decimal import Decimal

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.rule import CheckPoint
from ..exceptions import CreditHoldError


class ArCreditHoldRecheck(models.AbstractModel):
    """The part of `ar.credit.hold` that lets documents go that fit again: cash came, or a limit was raised."""

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
        """Return which holds are let go by themselves: not those set by hand, nor requests for more credit."""
        return [("state", "=", "pending"), ("check_point", "in", ("confirm", "delivery", "invoice", "event"))]

    @api.model
    def _cron_recheck(self):
        """Confirm held orders and post held invoices that fit now, oldest first, one a transaction.

        What orders fit is found in one measurement for all of them; each is then checked again by its confirmation.
        Held deliveries that fit are let go, and whoever packs validates them again; so are orders that were held
        afterwards.
        """
        fitting = self.search(self._get_recheck_domain(), order="id")._filtered_fitting()
        self.env["ar.cron.batch"]._each(fitting, lambda hold: hold._recheck())

    def _filtered_fitting(self):
        """Return the holds whose orders would pass now, each looked at for itself, and all others than of orders."""
        confirming = self.filtered(lambda hold: hold.check_point == "confirm")
        # sudo: the scheduled action decides nothing, the rules do
        orders = confirming.sudo().order_id.filtered(lambda order: order.state in ("draft", "sent"))
        gate = self.env["ar.credit.gate"].sudo()  # sudo: as above
        decisions = gate._decide_orders(orders, CheckPoint.CONFIRM, preview=True)
        passing = orders.filtered(lambda order: order.id not in decisions or decisions[order.id].passed)
        fitting = confirming.filtered(lambda hold: hold.order_id in passing)
        afterwards = self.filtered(lambda hold: hold.check_point == "event")
        fitting |= afterwards._filtered_event_fitting()
        asked = confirming | afterwards
        return self.filtered(lambda hold: hold not in asked or (hold in fitting and not hold._get_lapses()))

    def _recheck(self):
        """Confirm the order or post the invoice of one hold, or let its goods go, if the rules allow it by now."""
        self.ensure_one()
        if self.state != "pending" or self._close_past():
            return
        if self._get_lapses() or (self.check_point == "event" and not self._filtered_event_fitting()):
            return
        if self.check_point == "event":
            self._release_unneeded()
            self._tell_salesperson()
            return
        if self.check_point == "delivery":
            if self._is_delivery_fitting():
                self._release_unneeded()
                self._tell_salesperson()
            return
        try:
            with self.env.cr.savepoint():
                self._confirm_order()
        except UserError as error:  # also a refusal of the credit check
            if self.move_id and isinstance(error, CreditHoldError):
                return  # what an invoice adds is known only once it is posted: this was the measurement
            self._message_log(
                body=self.env._("Could not be released by itself: %(reason)s", reason=str(error))
            )
            return
        self._tell_salesperson()

    def _close_past(self):
        """Close a hold of an invoice that was posted or cancelled meanwhile; return whether it was."""
        self.ensure_one()
        state = self.move_id.state
        if state == "posted":
            self._release_unneeded()
        elif state == "cancel":
            self._supersede()
        return self.state != "pending"

    def _filtered_event_fitting(self):
        """Return the holds for what had happened whose orders would be confirmed, changed and delivered as they are.

        With all of it that is not paid, billed or not. One that was made smaller since then, or whose delivery is so
        far ahead that it does not count for now, waits for a decision: the next hour it may be large again.
        """
        gate = self.env["ar.credit.gate"].sudo()  # sudo: as in _filtered_fitting
        orders = self.sudo().order_id.filtered(  # sudo: as above
            lambda order: (
                order.currency_id.compare_amounts(order._get_ar_credit_counted(), order.ar_credit_open) == 0
            )
        )
        for point in (CheckPoint.CONFIRM, CheckPoint.AMEND, CheckPoint.DELIVERY):
            decisions = gate._decide_orders(orders, point, preview=True, billed=True)
            orders = orders.filtered(
                lambda order, decisions=decisions, point=point: (
                    not order._get_ar_credit_orderer(point)
                    and (
                        order.id not in decisions
                        or not replace(decisions[order.id].verdict, forced=False).refuses
                    )
                )
            )
        return self.filtered(
            lambda hold: (
                hold.order_id in orders
                and Decimal(hold.order_id._get_ar_credit_binding().total)
                >= Decimal(hold._get_binding().total)
            )
        )

    def _stay(self):
        """Write what waits as it is, so that whoever lets it go at this moment gets a conflict, and looks again.

        Something was booked that he does not see, and that changes nothing in what was asked.
        """
        waiting = self.filtered(lambda hold: hold.check_point == "event" and hold.state == "pending")
        if waiting:
            ids = waiting.ids
            self.env.flush_all()
            self.env.cr.execute(
                SQL("UPDATE ar_credit_hold SET write_date = write_date WHERE id = ANY(%s)", ids)
            )

    def _is_delivery_fitting(self):
        """Whether the goods of the order might leave now, in the measure of the check."""
        self.ensure_one()
        gate = self.env["ar.credit.gate"].sudo()  # sudo: as in _filtered_fitting
        order = self.sudo().order_id  # sudo: as above
        decision = gate._decide_orders(order, CheckPoint.DELIVERY, preview=True).get(order.id)
        return not decision or decision.passed
