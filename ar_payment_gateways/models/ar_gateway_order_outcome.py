from datetime import UTC, timedelta

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import money
from ..core.trade import Expected, Verdict

_logger = get_payment_logger(__name__)


class ArGatewayOrderOutcome(models.AbstractModel):
    """What becomes of an order: paid, paid after another one for the same, or given up."""

    _name = "ar.gateway.order.outcome"
    _description = "Gateway order: what becomes of it"

    # === WHAT THE GATEWAY SAYS === #

    def _apply(self, report):
        """Do what the gateway's `report` means. The caller has verified its signature and locked the order.

        :param core.trade.Report report:
        :return: the verdict
        """
        self.ensure_one()
        judged = self.provider_id._ar_gateway_judge(report, self)
        if judged.verdict is Verdict.PAID:
            self._book(report)
        elif judged.verdict is Verdict.MISMATCH:
            self._suspect(report)
        elif judged.verdict is Verdict.CLOSED and self.state in ("draft", "open"):
            self._close_locally()
        elif judged.verdict is Verdict.FOREIGN:
            self._warn_of_foreign(judged.differing)
        return judged.verdict

    def _expected(self):
        """Return what a report about this order must say (core.trade.Expected)."""
        return Expected(
            order_number=self.name,
            amount_minor=self.amount_minor,
            app_id=self.application or self.provider_id._ar_gateway_application() or "",
            seller_id=self._payee() or "",
            currency=self.currency_id.name,
            ordered_at=self.ordered_at.replace(tzinfo=UTC),
        )

    def _warn_of_foreign(self, differing):
        """Have somebody look at a message that the gateway has signed though it is not about our order, by its word.

        :param differing: the gateway's names of what is not ours.
        """
        names = ", ".join(differing)
        _logger.warning("Order %s: message about another %s.", self.name, names)
        self._warn_once(
            self.env._("Message about somebody else's payment"),
            self.env._(
                "%(gateway)s has signed a message with the number %(order)s, but it names another merchant, application"
                " or time than ours (%(names)s). Nothing was booked: look in its console whether the order was paid.",
                gateway=self.provider_id.name,
                order=self.name,
                names=names,
            ),
        )

    # === PAID === #

    def _book(self, report):
        """Record the payment, once; booking and reconciling follow in post-processing."""
        if self.state == "paid":
            return
        transaction = self._transaction_to_pay()
        transaction._process(
            self.provider_id.code,
            {
                "reference": transaction.reference,
                "amount": float(money.from_minor(report.amount_minor, self.currency_id.decimal_places)),
                "currency_code": self.currency_id.name,
                "provider_reference": report.trade_no,
            },
        )
        now = fields.Datetime.now()
        self.write(
            {
                "state": "paid",
                "gateway_reference": report.trade_no,
                "paid_at": report.paid_at.astimezone(UTC).replace(tzinfo=None) if report.paid_at else now,
                "next_query_at": now + timedelta(minutes=const.BOOK_MINUTES),
            }
        )
        transaction._ar_trigger_post_processing()
        (transaction.ar_gateway_order_ids - self)._close_soon()
        self.env["ar.gateway.refund"]._note_refunded(self, None)

    def _transaction_to_pay(self):
        """Return the transaction that this order pays: one of its own if another order has paid the first already.

        Odoo's own form makes one transaction, and whoever opens its page again, on another device or later, a second
        order of it: both can be paid, and that is two payments.
        """
        if self.transaction_id.state == "done":
            self.transaction_id = self.transaction_id._ar_paid_again(self.amount)
        return self.transaction_id

    def _see_booked(self):
        """Book a payment that is not in the books long after it was made, and have somebody look at it if that fails.

        Odoo's cron tells nobody, and gives up after some days.
        """
        self.next_query_at = False
        summary = self.env._("Payment not booked")
        try:
            with self.env.cr.savepoint():
                self.transaction_id._ar_post_process()
        except psycopg2.OperationalError:
            raise  # somebody else is booking it right now
        # Whatever it is that keeps it out of the books: somebody has to hear of it.
        except Exception as error:
            _logger.exception("Order %s could not be booked.", self.name)
            self.next_query_at = fields.Datetime.now() + timedelta(minutes=const.BOOK_MINUTES)
            self._warn_once(
                summary,
                self.env._(
                    "%(order)s is paid, but Odoo cannot book it: %(problem)s It is tried again every hour.",
                    order=self.name,
                    problem=error,
                ),
            )
        else:
            self.activity_ids.filtered(lambda task: task.summary == summary).action_feedback()

    # === GIVEN UP === #

    def _close_locally(self):
        """Give the order up; if the money comes after all, `_book` takes it."""
        self.write({"state": "closed", "next_query_at": False})
        transaction = self.transaction_id
        if not transaction.ar_gateway_order_ids._waiting():
            transaction._ar_give_up()

    @api.model
    def _search_waiting(self, domain):
        """Return the orders of `domain` that can still be paid, as far as we know."""
        return self.search(Domain("state", "in", ("draft", "open")) & domain)

    def _waiting(self):
        """Return those of these orders that can still be paid, as far as we know."""
        return self.filtered(lambda order: order.state in ("draft", "open"))

    def _close_others(self):
        """Close the other orders of this gateway for the same: for the old amount, or twice, nobody must pay them."""
        for order in (self.link_id.order_ids | self.transaction_id.ar_gateway_order_ids)._waiting() - self:
            if order.provider_id == self.provider_id:
                order.expires_at = min(order.expires_at, fields.Datetime.now())
                order._expire()

    def _close_soon(self):
        """Have the cron close, at the gateways first, those of these orders that customers could still pay."""
        waiting = self._waiting()
        if waiting:
            now = fields.Datetime.now()
            over = now - timedelta(minutes=const.CLOSE_GRACE_MINUTES)
            waiting.write({"expires_at": over, "next_query_at": now})
            self.env.ref("ar_payment_gateways.ir_cron_query_orders")._trigger()
