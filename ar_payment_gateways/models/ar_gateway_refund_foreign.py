from odoo import api, fields, models

from ..core import money
from ..core.trade import RefundVerdict

UNSETTLED = ("draft", "sent")


class ArGatewayRefundForeign(models.AbstractModel):
    """What the gateway says of its own accord, also about refunds that somebody made in its console."""

    _name = "ar.gateway.refund.foreign"
    _description = "Gateway refund: what the gateway says by itself"

    @api.model
    def _take(self, order, notification):
        """Act on what a genuine notification says about refunds of the locked `order`.

        :return: whether it need not come again.
        :rtype: bool
        """
        report = notification.refund
        number = report.refund_number if report else notification.refund_number
        refund = order.refund_ids.filtered(
            lambda refund: number and number in (refund.name, refund.gateway_reference)
        )[:1]
        if refund and report:
            if not refund.try_lock_for_update(allow_referencing=True):
                return False
            refund._apply(report, report.verdict.value)
        elif refund and refund.state in UNSETTLED:
            # It names the refund only; the cron asks how much of it arrived.
            refund.next_query_at = fields.Datetime.now()
            self.env.ref("ar_payment_gateways.ir_cron_settle_refunds")._trigger()
        elif report and report.verdict is RefundVerdict.DONE and report.amount_minor:
            if report.seller_id != order._payee():  # UnionPay signs the messages of all merchants alike
                order._warn_of_foreign(("merchant",))
                return False
            if order.state != "paid":  # the news of the payment is lost, or on its way
                order.next_query_at = fields.Datetime.now()
                return False
            self._note_beyond(order, report.amount_minor)
            self._book_foreign(order, report.amount_minor, number)
        self._note_refunded(order, notification.refunded_minor)
        return True

    @api.model
    def _note_beyond(self, order, amount_minor):
        """Note a refund for which only refunds of ours that are under way leave no room.

        They will fail, as the money has gone; then `_note_refunded` books it.
        """
        if amount_minor > order.amount_minor - order._given_back_minor():
            done = order.refund_ids.filtered(lambda refund: refund.state == "done")
            gone = min(order.amount_minor, sum(done.mapped("amount_minor")) + amount_minor)
            order.refund_reported_minor = max(order.refund_reported_minor, gone)

    @api.model
    def _note_refunded(self, order, refunded_minor):
        """Compare what the gateway says went back of the locked `order` in all with what we know of.

        While refunds of ours are under way nobody can tell which of them it counts; they come back here when settled.

        :param refunded_minor: in all, in minor units; None if it did not say.
        """
        if refunded_minor and refunded_minor > order.refund_reported_minor:
            order.refund_reported_minor = min(refunded_minor, order.amount_minor)
        if order.state != "paid" or any(refund.state in UNSETTLED for refund in order.refund_ids):
            return
        done = order.refund_ids.filtered(lambda refund: refund.state == "done")
        surplus = order.refund_reported_minor - sum(done.mapped("amount_minor"))
        if surplus > 0:
            self._book_foreign(order, surplus, "")

    @api.model
    def _book_foreign(self, order, amount_minor, number):
        """Book money that went back without us, and have somebody find out what for.

        Never more than what is left of the payment: the rest is on record, as given back or as being given back.
        """
        left = order.amount_minor - order._given_back_minor()
        if amount_minor > left:
            order._warn_once(
                self.env._("Refund to check"),
                self.env._(
                    "The gateway reports a refund of %(amount)s (%(refund)s), but only %(left)s of %(order)s is left to"
                    " refund. Look at its console.",
                    amount=money.format_minor(amount_minor),
                    refund=number or "-",
                    left=money.format_minor(left),
                    order=order.name,
                ),
            )
        if left <= 0:
            return
        amount_minor = min(amount_minor, left)
        source = order.transaction_id
        if not source.payment_id:
            source._post_process()  # core books no payment once it has a confirmed refund
        amount = float(money.from_minor(amount_minor, order.currency_id.decimal_places))
        transaction = source._create_child_transaction(amount, is_refund=True)
        refund = self._prepare(transaction, origin="gateway", state="done", next_query_at=False)
        refund.write({"refunded_at": fields.Datetime.now(), "gateway_reference": number})
        refund._confirm_transaction()
        order._warn_once(
            self.env._("Refunded at the gateway"),
            self.env._(
                "%(amount)s of %(order)s went back to the customer by the gateway's own console (%(refund)s). It is"
                " booked as a payment to the customer: make the credit note and reconcile them.",
                amount=order.currency_id.format(amount),
                order=order.name,
                refund=number or refund.name,
            ),
        )
