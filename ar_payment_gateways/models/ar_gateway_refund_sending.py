from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.fields import Domain

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core.gateway import RefundAnswer
from .ar_gateway_refund_foreign import UNSETTLED

_logger = get_payment_logger(__name__)


class ArGatewayRefund(models.Model):
    """Asking the gateway for a refund, and again until the outcome is known."""

    _inherit = "ar.gateway.refund"

    def _send_after_commit(self):
        """Send the refund as soon as the transaction that numbers it is committed.

        Not before: a request that is rolled back, or run again after a conflict, must not have moved money. If the
        process dies in between, the cron sends it.
        """
        self.ensure_one()
        refund_id, orders = self.id, self.env["ar.gateway.order"]

        def send():
            try:
                orders._in_own_transaction(lambda env: env["ar.gateway.refund"].browse(refund_id)._send_now())
                orders._in_own_transaction(
                    lambda env: env["ar.gateway.refund"].browse(refund_id).transaction_id._ar_post_process()
                )
            # The refund is on record and the cron goes on with it; the request itself has succeeded.
            except Exception:
                _logger.exception("Refund %s could not be sent yet.", refund_id)

        self.env.cr.postcommit.add(send)

    def _send_now(self):
        """Settle a refund for somebody who waits for it: if the order is busy, try again in a moment.

        :raise ConcurrencyError: then; whoever runs this repeats it, and the number makes that safe.
        """
        self._settle()
        if self.state == "draft" and self.provider_id.state != "disabled":
            raise ConcurrencyError

    def _settle(self):
        """Find out what became of an unsettled refund, sending it (again) where the gateway has not got it.

        As in `ar.gateway.order._query` nothing is locked meanwhile; sending the same number twice moves no money.
        """
        self.ensure_one()
        if self.state not in UNSETTLED or (self.state == "draft" and self.provider_id.state == "disabled"):
            return
        problem = False
        try:
            answer = self._ask()
        except ValidationError as error:
            _logger.warning("Refund %s: no answer: %s", self.name, error)
            answer, problem = RefundAnswer(None), str(error)
        if not self.order_id.try_lock_for_update(allow_referencing=True):
            return  # the cron comes again
        refund = self.try_lock_for_update(allow_referencing=True)
        if refund.state not in UNSETTLED:
            return
        refund._schedule(problem)
        if answer.report:
            refund._apply(answer.report, answer.reason)
        self._note_refunded(refund.order_id, answer.refunded_minor)

    def _ask(self):
        """Return the gateway's word (core.gateway.RefundAnswer): one sent before is asked about first.

        :raise ValidationError: if it gave none; or if this is not the place, or the merchant, that was paid: whose "no
            such payment" would free an amount that may be on its way back.
        """
        self.order_id._check_payee()
        provider = self.provider_id
        answer = RefundAnswer(None)
        if self.state == "sent":
            answer = provider._ar_gateway_query_refund(self)
        if answer.report is None:
            answer = provider._ar_gateway_refund(self)
            if answer.report is None:
                return provider._ar_gateway_query_refund(self)
        return answer

    def _schedule(self, problem):
        waits = const.REFUND_RETRY_MINUTES
        wait = waits[min(self.ask_count, len(waits) - 1)]
        now = fields.Datetime.now()
        self.write(
            {
                "state": "sent",
                "asked_at": now,
                "ask_count": self.ask_count + 1,
                "next_query_at": now + timedelta(minutes=wait),
                "problem": problem,
            }
        )
        if problem and self.ask_count == len(waits):
            self.order_id._warn_once(
                self.env._("Refund without answer"),
                self.env._(
                    "The gateway has not answered about the refund %(refund)s: %(problem)s It will be asked again every"
                    " hour.",
                    refund=self.name,
                    problem=problem,
                ),
            )

    @api.model
    def _cron_settle(self, limit=100):
        """Go on with refunds whose outcome is unknown; each is committed on its own."""
        # What was sent is finished, also at a provider that was disabled since.
        allowed = Domain("state", "=", "sent") | Domain("provider_id.state", "!=", "disabled")
        due = Domain("state", "in", UNSETTLED) & Domain("next_query_at", "<=", fields.Datetime.now())
        refunds = self.search(due & allowed, order="next_query_at, id", limit=limit)
        self.env["ar.gateway.order"]._one_by_one(refunds, lambda refund: refund._settle())
