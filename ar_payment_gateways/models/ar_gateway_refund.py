import math
from datetime import UTC, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import money, order_number
from ..core.trade import ExpectedRefund, RefundVerdict, judge_refund
from .ar_gateway_refund_foreign import UNSETTLED
from .big_integer import BigInteger

_logger = get_payment_logger(__name__)


class ArGatewayRefund(models.Model):
    """Money given back through a gateway: our number of the request, and what became of it.

    The number is committed before the gateway hears of it and is repeated until the outcome is known. Until then the
    amount counts as given back, so the refunds of an order never exceed what was paid. A refund that somebody made in
    the gateway's own console becomes a record too, as soon as the gateway reports it.
    """

    _name = "ar.gateway.refund"
    _inherit = ["ar.gateway.refund.foreign"]
    _description = "Gateway Refund"
    _order = "id desc"

    name = fields.Char("Refund Number", required=True, readonly=True, copy=False)
    order_id = fields.Many2one(
        "ar.gateway.order", required=True, readonly=True, ondelete="restrict", index=True
    )
    transaction_id = fields.Many2one(
        "payment.transaction",
        "Refund Transaction",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    provider_id = fields.Many2one(related="order_id.provider_id", store=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    move_id = fields.Many2one("account.move", "Credit Note", readonly=True, index="btree_not_null")
    amount_minor = BigInteger("Amount in Minor Units", required=True, readonly=True, aggregator=None)
    amount = fields.Monetary(compute="_compute_amount")
    origin = fields.Selection(
        [("odoo", "In Odoo"), ("gateway", "In the Gateway's Console")],
        "Made In",
        default="odoo",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("draft", "Numbered"), ("sent", "Waiting"), ("done", "Refunded"), ("failed", "Refused")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        index=True,
    )
    reason = fields.Char(readonly=True, help="What the customer gets to read.")
    problem = fields.Char(readonly=True, help="Why it was refused, or what the last attempt met with.")
    gateway_reference = fields.Char("Gateway's Number", readonly=True)
    product = fields.Char(
        "Gateway's Kind of Refund", readonly=True, help="How the gateway is asked to give it back."
    )
    ordered_at = fields.Datetime("Asked For On", readonly=True, default=fields.Datetime.now, copy=False)
    refunded_at = fields.Datetime(readonly=True)
    asked_at = fields.Datetime("Last Attempt", readonly=True)
    ask_count = fields.Integer("Attempts", readonly=True)
    next_query_at = fields.Datetime("Next Attempt", readonly=True, index="btree_not_null")

    _name_unique = models.Constraint("UNIQUE(order_id, name)", "A refund's number is used once.")
    _amount_positive = models.Constraint("CHECK(amount_minor > 0)", "A refund is more than nothing.")

    @api.depends("amount_minor", "currency_id")
    def _compute_amount(self):
        for refund in self:
            refund.amount = float(money.from_minor(refund.amount_minor, refund.currency_id.decimal_places))

    # === MAKING === #

    @api.model
    def _reserve(self, order, amount, move=None):
        """Make sure that `amount` can be given back, and that it is not being given back already.

        Refunds of one order follow each other: each begins by changing the order, so of two at once the second
        conflicts, is run again and sees the first.

        :param float amount: in the order's currency; from outside.
        :param move: the credit note it is for, if any.
        :return: the refund that this one repeats, or an empty recordset.
        :raise ValidationError: if it is not an amount, or more than what is left; or if another mode or merchant than
            the provider's was paid.
        """
        order._count_refund()
        order._check_payee()
        currency = order.currency_id
        if (
            not isinstance(amount, int | float)
            or not math.isfinite(amount)
            or currency.compare_amounts(amount, 0) <= 0
        ):
            raise ValidationError(self.env._("The amount to refund must be positive."))
        if currency.compare_amounts(amount, order.amount) > 0:
            raise self._too_much(order, amount)
        amount_minor = order._to_minor(amount, currency)
        since = fields.Datetime.now() - timedelta(seconds=const.REFUND_REPEAT_SECONDS)
        twin = order.refund_ids.filtered(
            lambda refund: (
                refund.amount_minor == amount_minor
                and refund.move_id == (move or refund.move_id.browse())
                and refund.origin == "odoo"
                and refund.state != "failed"
                and refund.ordered_at >= since
            )
        )
        if not twin and amount_minor > order._refundable_minor():
            raise self._too_much(order, amount)
        return twin[:1]

    def _too_much(self, order, amount):
        return ValidationError(
            self.env._(
                "Of this payment %(left)s can still be refunded, not %(amount)s: %(paid)s was paid, the rest has been"
                " refunded or is being refunded.",
                left=order.currency_id.format(order.refundable_amount),
                amount=order.currency_id.format(amount),
                paid=order.currency_id.format(order.amount),
            )
        )

    @api.model
    def _prepare(self, transaction, **values):
        """Number the refund of a child transaction; the caller has reserved its amount.

        :param transaction: payment.transaction with operation `refund`, in sudo; its amount is negative.
        """
        order = transaction.source_transaction_id._ar_paid_order()
        amount_minor = order._to_minor(-transaction.amount, transaction.currency_id)
        return self.create(
            {
                "name": order_number.new_order_number(fields.Datetime.now(), "RF"),
                "order_id": order.id,
                "transaction_id": transaction.id,
                "amount_minor": amount_minor,
                "product": order.provider_id._ar_gateway_refund_product(order, amount_minor),
                "next_query_at": fields.Datetime.now() + timedelta(minutes=const.REFUND_RETRY_MINUTES[0]),
                **values,
            }
        )

    # === HEARING FROM THE GATEWAY === #

    def _apply(self, report, reason=""):
        """Do what the gateway's word about this locked refund means. Once refunded, it stays so.

        :param core.trade.RefundReport report: verified.
        :param str reason: why it was refused, in the gateway's words.
        """
        self.ensure_one()
        expected = ExpectedRefund(
            refund_number=self.name,
            order_number=self.order_id.name,
            amount_minor=self.amount_minor,
            seller_id=self.order_id._payee() or "",
        )
        verdict = judge_refund(report, expected)
        if self.state == "done":
            return
        if verdict is RefundVerdict.DONE:
            self._book(report)
        elif verdict is RefundVerdict.WAITING:
            self.transaction_id._set_pending()
        elif verdict is RefundVerdict.FAILED and self.state in UNSETTLED:
            self._refuse(reason)
        elif verdict in (RefundVerdict.STUCK, RefundVerdict.MISMATCH):
            self.problem = self.env._(
                "The gateway could not pay this refund out as asked. Look at its console."
            )
            self.order_id._warn_once(self.env._("Refund to check"), f"{self.name}: {self.problem}")
        elif verdict is RefundVerdict.FOREIGN:
            _logger.warning("Refund %s: message about another one.", self.name)

    def _book(self, report):
        """Record that the money went back; the payment and its reconciliation follow in post-processing."""
        refunded_at = report.refunded_at
        self.write(
            {
                "state": "done",
                "problem": False,
                "gateway_reference": report.refund_no,
                "next_query_at": False,
                "refunded_at": refunded_at.astimezone(UTC).replace(tzinfo=None)
                if refunded_at
                else fields.Datetime.now(),
            }
        )
        self._confirm_transaction()

    def _confirm_transaction(self):
        transaction = self.transaction_id
        transaction._process(
            self.provider_id.code,
            {
                "reference": transaction.reference,
                "amount": self.amount,
                "currency_code": self.currency_id.name,
                "provider_reference": self.gateway_reference or self.name,
            },
        )
        transaction._ar_trigger_post_processing()

    def _refuse(self, reason):
        """Give up a refund that the gateway refused, and say why where people look."""
        self.write({"state": "failed", "problem": reason, "next_query_at": False})
        message = self.env._("The gateway refused the refund: %s", reason)
        self.transaction_id._set_error(message)
        if self.move_id:
            self.move_id.message_post(body=message)
        self.order_id._warn_once(self.env._("Refund refused"), f"{self.name}: {message}")
