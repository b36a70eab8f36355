from datetime import UTC

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import money
from .big_integer import BigInteger


class ArGatewayOrderMismatch(models.AbstractModel):
    """A payment of another amount than was asked for: kept out of the books until an accountant takes it in.

    The money is there, whatever went wrong. Booked as what it is, it pays what is open as far as it goes; what is too
    much is the customer's credit; and it can be given back like any payment.
    """

    _name = "ar.gateway.order.mismatch"
    _description = "Gateway Order: a payment of another amount"

    currency_id = fields.Many2one("res.currency")  # of the order, which says more about it
    received_minor = BigInteger("Received in Minor Units", readonly=True, copy=False, aggregator=None)
    received_amount = fields.Monetary(
        "Amount Received",
        compute="_compute_received_amount",
        help="What the gateway reports as paid, where that is not what was asked for.",
    )

    @api.depends("received_minor", "currency_id")
    def _compute_received_amount(self):
        for order in self:
            decimals = order.currency_id.decimal_places
            order.received_amount = float(money.from_minor(order.received_minor, decimals))

    def _suspect(self, report):
        """Keep a payment of another amount out of the books until a person has looked at it.

        :param core.trade.Report report: verified.
        """
        if self.state in ("paid", "mismatch"):
            return
        received = "-" if report.amount_minor is None else money.format_minor(report.amount_minor)
        problem = self.env._(
            "The gateway reports %(received)s paid, %(expected)s was asked for (%(reference)s).",
            received=received,
            expected=money.format_minor(self.amount_minor),
            reference=report.trade_no,
        )
        is_ours = report.currency in (None, self.currency_id.name)
        self.write(
            {
                "state": "mismatch",
                "problem": problem,
                "gateway_reference": report.trade_no,
                "received_minor": report.amount_minor if is_ours else 0,
                "paid_at": report.paid_at and report.paid_at.astimezone(UTC).replace(tzinfo=None),
            }
        )
        self._warn_once(self.env._("Payment of another amount"), problem)

    def action_book_received(self):
        """Book what arrived as the customer's payment."""
        user = self.env.user
        if not user.has_group("ar_payment_gateways.group_user") or not user.has_group(
            "account.group_account_invoice"
        ):
            raise AccessError(
                self.env._("Booking a payment is for users of Payment Gateways with rights on invoicing.")
            )
        self.check_access("read")
        for order in self:
            order.sudo()._book_received()  # sudo: orders are written by the machinery only; checked above
        return True

    def _book_received(self):
        """Book the amount that the gateway has reported; two clicks book it once.

        :raise UserError: if there is none, or the order is not in question any more.
        """
        order = self.try_lock_for_update(allow_referencing=True)
        if not order or order.state != "mismatch" or order.received_minor <= 0:
            raise UserError(self.env._("Nothing is to be booked here, or somebody is doing it right now."))
        transaction = order._transaction_to_pay()
        asked, problem = order.amount, order.problem
        transaction.amount = order.received_amount
        transaction.provider_reference = order.gateway_reference
        order.write(
            {
                "state": "paid",
                "amount_minor": order.received_minor,
                "paid_at": order.paid_at or fields.Datetime.now(),
                "problem": False,
            }
        )
        # `cancel`: given up before the money came.
        transaction._set_done(extra_allowed_states=("cancel",))
        transaction._ar_post_process()
        (transaction.ar_gateway_order_ids - order)._close_soon()
        self.env["ar.gateway.refund"]._note_refunded(order, None)
        order.activity_ids.filtered(lambda activity: problem in (activity.note or "")).action_feedback()
        order.message_post(
            body=self.env._(
                "Booked what arrived, %(received)s; %(asked)s was asked for.",
                received=order.currency_id.format(order.received_amount),
                asked=order.currency_id.format(asked),
            )
        )
