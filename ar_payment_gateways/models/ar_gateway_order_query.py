import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import schedule
from ..core.gateway import Closing
from ..core.trade import Verdict

_logger = get_payment_logger(__name__)
ATTEMPTS = 5


class ArGatewayOrder(models.Model):
    """Hearing from the gateway and asking it: notifications get lost (all vendors say so), and what expires has to be
    closed there."""

    _inherit = "ar.gateway.order"

    # === ACTIONS === #

    def action_query(self):
        """Ask the gateway about these orders now."""
        if not self.env.user.has_group("ar_payment_gateways.group_user"):
            raise AccessError(self.env._("Only users of Payment Gateways may ask the gateway."))
        self.check_access("read")
        for order in self:
            order.sudo()._query()  # sudo: orders are written by the machinery only; checked above
        return True

    # === NOTIFICATIONS === #

    @api.model
    def _receive(self, code, provider_id, body, headers):
        """Act on a notification of a gateway.

        :param str code: of the provider whose address it came to; from outside.
        :param int provider_id: the same; from outside.
        :param bytes body: from outside.
        :param headers: of the request; from outside.
        :return: what to answer: that the gateway can stop sending it, because it was genuine and has been dealt with,
            now or before; or that it must come again.
        :rtype: core.gateway.Acknowledgement
        """
        # sudo: the signature is the permission, and nothing happens before it is checked. A disabled provider makes no
        # new orders, but codes that were shown before can still be paid.
        provider = self.env["payment.provider"].sudo().browse(provider_id).exists()
        if provider.code != code:
            return provider.new({"code": code})._ar_gateway_acknowledge(False)
        notification = provider._ar_gateway_read_notification(body, headers)
        if notification is None:
            _logger.warning("Provider %s: notification without valid signature.", provider.id)
            return provider._ar_gateway_acknowledge(False)
        orders = self.sudo()  # sudo: as above
        order = orders.search(
            [("provider_id", "=", provider.id), ("name", "=", notification.order_number)], limit=1
        )
        if not order:
            _logger.error("Provider %s: genuine notification about an unknown order.", provider.id)
            return provider._ar_gateway_acknowledge(False)
        if not order.try_lock_for_update(allow_referencing=True):
            # Somebody is acting on it right now; the gateway asks again.
            return provider._ar_gateway_acknowledge(False)
        acknowledgement = provider._ar_gateway_acknowledge(order._take(notification))
        self.env["ar.gateway.message"]._keep_notification(order, notification, acknowledgement)
        return acknowledgement

    def _take(self, notification):
        """Do what a genuine notification about this locked order means; tell whether it need not come again."""
        if notification.report and self._apply(notification.report) is Verdict.FOREIGN:
            return False
        return self.env["ar.gateway.refund"]._take(self, notification)

    # === QUERY === #

    def _query(self):
        """Ask the gateway what became of the order and act on the answer.

        Nothing is locked while we wait for the answer, else a notification that comes meanwhile would be turned
        away. No answer changes nothing but when to ask again.

        :return: True if the gateway knows the order, False if it does not, None if it gave no answer.
        """
        self.ensure_one()
        try:
            answer = self._ask()
        except ValidationError as error:
            _logger.warning("Order %s: no answer to a query: %s", self.name, error)
            answer = None
        order = self.try_lock_for_update(allow_referencing=True)
        if not order:  # somebody else is acting on it right now
            return None
        order._schedule_query()
        if answer is None:
            return None
        if answer.report:
            order._apply(answer.report)
            self.env["ar.gateway.refund"]._note_refunded(order, answer.refunded_minor)
        return bool(answer.report)

    def _ask(self):
        """Return the gateway's answer (core.gateway.Answer) about this order, from where it was made.

        :raise ValidationError: if it gave none, or would now be asked in its other environment.
        """
        self._check_mode()
        return self.provider_id._ar_gateway_query(self)

    def _schedule_query(self):
        """Note that the gateway was asked just now, and when to ask again if nobody tells us before."""
        now = fields.Datetime.now()
        ends_at = self.expires_at + timedelta(minutes=const.CLOSE_GRACE_MINUTES)
        seconds = const.AR_GATEWAYS[self.provider_id.code].query_seconds
        self.write(
            {
                "queried_at": now,
                "query_count": self.query_count + 1,
                "next_query_at": schedule.next_query(self.ordered_at, now, ends_at, seconds),
            }
        )

    def _query_if_due(self):
        """Ask for a page that waits, not more often than every QUERY_SECONDS."""
        self.ensure_one()
        due = fields.Datetime.now() - timedelta(seconds=const.QUERY_SECONDS)
        if self.state == "open" and (not self.queried_at or self.queried_at <= due):
            self._query()

    def _close_at_gateway(self):
        """Have the gateway take no payment any more; return what it says (core.gateway.Closing)."""
        try:
            return self.provider_id._ar_gateway_close(self)
        except ValidationError as error:
            _logger.warning("Order %s: no answer to closing it: %s", self.name, error)
            return Closing.UNKNOWN

    def _is_past_paying(self):
        """Tell whether the time that the gateway was told is over, with some minutes for payments under way."""
        grace = timedelta(minutes=const.CLOSE_GRACE_MINUTES)
        return (self.payable_until or self.expires_at) + grace <= fields.Datetime.now()

    def _is_given_up(self):
        """Tell whether customers are not to pay this any more, though the gateway may still take it.

        Its time is over, or it was withdrawn, is for an old amount, or was paid otherwise meanwhile.
        """
        if self.state not in ("draft", "open"):
            return False
        if self.expires_at <= fields.Datetime.now() or self.transaction_id.state == "done":
            return True
        return bool(self.link_id) and self.link_id._condition() != "active"

    def _expire(self):
        """Close an order whose time is over: at the gateway first, here only when it can no longer be paid."""
        self.ensure_one()
        if self.is_test and not self.provider_id._ar_gateway_is_test():
            self._close_locally()  # nothing to lose, and its gateway is not asked any more
            return
        known = self._query()
        if self.state not in ("draft", "open") or known is None:
            return
        if (known or not self._is_past_paying()) and self._close_at_gateway() is not Closing.CLOSED:
            # Paid in this very moment, or no answer, or a gateway that closes nothing: the next run will see.
            return
        order = self.try_lock_for_update(allow_referencing=True)
        if order.state in ("draft", "open"):
            order._close_locally()
            if not known and not self._is_past_paying():
                # Nobody had scanned it, so the gateway had nothing to close, and a photograph of the code is good
                # until its time is over: then it is asked once more, in case its notification gets lost.
                grace = timedelta(minutes=const.CLOSE_GRACE_MINUTES)
                order.next_query_at = order.payable_until + grace if order.payable_until else False

    def _look_again(self):
        """Ask once more about an order that was given up while its code could still be paid."""
        if self._query() is not None:
            self.next_query_at = False

    # === CRON === #

    @api.model
    def _cron_query(self, limit=200):
        """Ask about the orders that wait and are due, close those whose time is over, and see that payments are booked.

        When an order is due is kept on it, and each is committed on its own: a run that dies loses nothing.

        :param int limit: how many orders, and how many payments, one run looks at; the rest comes in the next run.
        """
        now = fields.Datetime.now()
        due = Domain("next_query_at", "<=", now)
        waiting = Domain("state", "in", ("draft", "open")) & (due | Domain("next_query_at", "=", False))
        # Only lately: whatever became of those before, bills tell.
        given_up = (
            Domain("state", "=", "closed") & due & Domain("payable_until", ">", now - timedelta(days=1))
        )
        orders = self.search(waiting | given_up, order="next_query_at NULLS FIRST, id", limit=limit)
        # After those that wait, so that payments which can't be booked keep nobody from paying.
        orders += self.search(Domain("state", "=", "paid") & due, order="next_query_at, id", limit=limit)
        over = now - timedelta(minutes=const.CLOSE_GRACE_MINUTES)

        def work(order):
            if order.state == "paid":
                order._see_booked()
            elif order.state == "closed":
                order._look_again()
            elif order.expires_at <= over:
                order._expire()
            else:
                order._query()

        self._one_by_one(orders, work)

    @api.model
    def _one_by_one(self, records, work):
        """Do the work of a cron on each record and commit it; what fails is left to the next run.

        :param work: callable with one record; begun again where somebody was faster, so what it sends repeats itself.
        """
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(records))
        for record in records:
            self._attempt(record, work)
            if not cron._commit_progress(1):
                break

    def _attempt(self, record, work):
        """Do the work on one record: Odoo runs a request again that was too late (40001), but no scheduled action."""
        for attempt in range(ATTEMPTS):
            try:
                work(record)
                self.env.flush_all()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()  # nothing but this record is in the transaction
                time.sleep(0.05 * 2**attempt)
            # An answer that nobody foresaw about one record must not keep the others from their money.
            except Exception:
                self.env.cr.rollback()  # as above
                _logger.exception("Left to the next run: %s", record)
                return
            else:
                return
        _logger.warning("Left to the next run, as others change it all the time: %s", record)
