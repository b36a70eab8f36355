from datetime import timedelta
from decimal import Decimal
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.service.model import retrying
from odoo.tools import SQL

from .. import const
from ..core import link_token, money, order_number
from ..core.visitor import NOBODY_KNOWN
from .big_integer import BigInteger


class ArGatewayOrder(models.Model):
    """One attempt to be paid at a gateway: our number there, what was asked for, and what became of it.

    The number is committed before the gateway hears of it, and a repeated request repeats the number, so that
    neither a crash nor a retried transaction can make a customer pay twice.
    """

    _name = "ar.gateway.order"
    _description = "Gateway Order"
    _inherit = [
        "ar.gateway.order.page",
        "ar.gateway.order.payer",
        "ar.gateway.order.task",
        "ar.gateway.order.mismatch",
        "ar.gateway.order.outcome",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char("Order Number", required=True, readonly=True, copy=False, index=True)
    transaction_id = fields.Many2one(
        "payment.transaction", required=True, readonly=True, ondelete="restrict", index=True
    )
    provider_id = fields.Many2one("payment.provider", required=True, readonly=True, ondelete="restrict")
    link_id = fields.Many2one("ar.payment.link", "Payment Link", readonly=True, index="btree_not_null")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(related="transaction_id.partner_id", string="Customer")
    credit_note_ids = fields.Many2many(related="transaction_id.ar_credit_note_ids")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount_minor = BigInteger("Amount in Minor Units", required=True, readonly=True, aggregator=None)
    amount = fields.Monetary(compute="_compute_amount")
    state = fields.Selection(
        [
            ("draft", "Numbered"),
            ("open", "Waiting"),
            ("paid", "Paid"),
            ("closed", "Closed"),
            ("mismatch", "To Check"),
        ],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    channel = fields.Selection(
        [("screen", "Computer"), ("phone", "Phone"), ("wallet", "Wallet's Browser")],
        default="screen",
        required=True,
        readonly=True,
        help="How whoever began to pay can reach his wallet.",
    )
    product = fields.Char(
        "Gateway's Product", readonly=True, help="The kind of payment asked of the gateway."
    )
    qr_content = fields.Char("Gateway's Code", readonly=True)
    pay_url = fields.Char("Gateway's Page", readonly=True)
    pay_fields = fields.Json("Form for the Gateway's Page", readonly=True, groups="base.group_system")
    payer_address = fields.Char(readonly=True, groups="base.group_system")
    ordered_at = fields.Datetime("Ordered On", readonly=True, default=fields.Datetime.now, copy=False)
    expires_at = fields.Datetime(required=True, readonly=True)
    payable_until = fields.Datetime(readonly=True, help="The end that the gateway was told.")
    queried_at = fields.Datetime("Last Query", readonly=True)
    query_count = fields.Integer("Queries", readonly=True)
    next_query_at = fields.Datetime("Next Query", readonly=True, index="btree_not_null")
    gateway_reference = fields.Char("Gateway's Number", readonly=True)
    paid_at = fields.Datetime(readonly=True)
    is_test = fields.Boolean(
        "Test Mode", readonly=True, help="The gateway's test environment has it: no money was moved."
    )
    # As whom it was asked for, whatever the provider's credentials are by now.
    merchant = fields.Char("Merchant at the Gateway", readonly=True, groups="base.group_system")
    application = fields.Char("Application at the Gateway", readonly=True, groups="base.group_system")
    problem = fields.Char(readonly=True, help="Why a person has to look at this order.")
    refund_ids = fields.One2many("ar.gateway.refund", "order_id", string="Refunds", readonly=True)
    refund_count = fields.Integer("Refund Requests", readonly=True)
    refund_reported_minor = BigInteger("Refunded as Reported", readonly=True, aggregator=None)
    refundable_amount = fields.Monetary("Refundable", compute="_compute_refundable_amount")
    exchange_ids = fields.One2many(
        "ar.gateway.message",
        "order_id",
        string="Gateway Messages",
        readonly=True,
        groups="ar_payment_gateways.group_manager,ar_payment_gateways.group_auditor",
    )
    access_token = fields.Char(required=True, readonly=True, copy=False, groups="base.group_system")
    access_digest = fields.Char(required=True, readonly=True, copy=False, groups="base.group_system")

    _name_unique = models.Constraint("UNIQUE(provider_id, name)", "A gateway order's number is used once.")
    _access_digest_unique = models.UniqueIndex("(access_digest)")

    @api.depends("amount_minor", "currency_id")
    def _compute_amount(self):
        for order in self:
            order.amount = float(money.from_minor(order.amount_minor, order.currency_id.decimal_places))

    @api.depends("amount_minor", "state", "refund_ids.state", "refund_ids.amount_minor")
    def _compute_refundable_amount(self):
        for order in self:
            decimals = order.currency_id.decimal_places
            order.refundable_amount = float(money.from_minor(order._refundable_minor(), decimals))

    def _refundable_minor(self):
        """Return what can still be given back, in minor units; what is under way counts as given."""
        self.ensure_one()
        if self.state != "paid":
            return 0
        return max(0, self.amount_minor - max(self._given_back_minor(), self.refund_reported_minor))

    def _given_back_minor(self):
        """Return how much of it has been given back, or is being, by refunds that are on record."""
        taken = self.refund_ids.filtered(lambda refund: refund.state != "failed")
        return sum(taken.mapped("amount_minor"))

    def _count_refund(self):
        """Count, and by that make refunds of one order follow each other: before anything about them is read."""
        self.env.execute_query(
            SQL(
                "UPDATE ar_gateway_order SET refund_count = COALESCE(refund_count, 0) + 1 WHERE id = %s RETURNING id",
                self.id,
            )
        )
        self.invalidate_recordset(["refund_count", "refund_ids", "state"])

    # === MAKING === #

    @api.model
    def _in_own_transaction(self, work):
        """Run `work(env)` in a transaction of its own, repeated on conflicts, and commit it.

        What is sent to a gateway must be on record before: the transaction of a request is rolled back and run
        again when it conflicts with another, and then has forgotten what it sent.

        :param work: a function of an environment in sudo; what it returns has to be plain data.
        """
        with self.env.registry.cursor() as cr:
            # sudo: gateway orders are written by the machinery only; callers have checked who asks.
            env = api.Environment(cr, self.env.uid, self.env.context, su=True)
            return retrying(partial(work, env), env)

    @api.model
    def _prepare(self, transaction, link=None, visitor=NOBODY_KNOWN):
        """Number an attempt to pay `transaction`. The caller commits before anything is sent.

        :param transaction: a draft payment.transaction, in sudo.
        :param link: the payment link it is for, if any; that of the transaction if it is left out.
        :param core.visitor.Visitor visitor: who wants to pay.
        """
        provider = transaction.provider_id
        if provider.state == "disabled":
            raise UserError(self.env._("This way to pay is not available."))
        channel = visitor.channel(provider.code)
        now = fields.Datetime.now()
        first = max(const.FIRST_QUERY_SECONDS, const.AR_GATEWAYS[provider.code].query_seconds[0])
        token = link_token.new_token()
        return self.create(
            {
                "name": order_number.new_order_number(now),
                "transaction_id": transaction.id,
                "provider_id": provider.id,
                **provider._ar_gateway_identity(),
                "channel": channel.value,
                "product": provider._ar_gateway_product(channel),
                "payer_address": visitor.address,
                "link_id": (link or transaction.ar_link_id).id,
                "company_id": transaction.company_id.id,
                "currency_id": transaction.currency_id.id,
                "amount_minor": self._to_minor(transaction.amount, transaction.currency_id),
                "next_query_at": now + timedelta(seconds=first),
                "ordered_at": now,
                "expires_at": now + timedelta(minutes=const.ORDER_MINUTES),
                "payable_until": now + timedelta(minutes=const.ORDER_MINUTES),
                "access_token": token,
                "access_digest": link_token.digest(token),
            }
        )

    @api.model
    def _to_minor(self, amount, currency):
        """Return a float amount of Odoo's in minor units of `currency`."""
        decimals = currency.decimal_places
        return money.to_minor(Decimal(str(amount)).quantize(Decimal(1).scaleb(-decimals)), decimals)

    def _send_to_gateway(self):
        """Have the gateway make the code of a numbered order. Doing it again repeats the same request.

        If the gateway wants another number, or the provider has been given another mode or merchant since the order was
        numbered, the order is closed: the next attempt makes a new one.

        :raise ValidationError: if the gateway gave no answer (the order stays as it is: try again) or refused.
        """
        self.ensure_one()
        if self.state != "draft":
            return
        if not self._is_as_numbered():
            self._close_locally()
            return
        created = self.provider_id._ar_gateway_create(self)
        if created.is_spent:
            self._close_locally()
        else:
            self.write(
                {
                    "state": "open",
                    "qr_content": created.qr_content,
                    "pay_url": created.pay_url,
                    "pay_fields": dict(created.pay_fields) or False,
                }
            )

    def _is_as_numbered(self):
        """Tell whether the provider still is in the mode, and for the merchant, that this order was numbered for."""
        return all(self[name] == value for name, value in self.provider_id._ar_gateway_identity().items())

    def _check_mode(self):
        """Make sure that the gateway would be asked about this order where it was made.

        :raise ValidationError: if it would be in its other environment, which knows nothing of this order.
        """
        if self.is_test != self.provider_id._ar_gateway_is_test():
            raise ValidationError(
                self.env._("Made in another mode (test or live) than the provider is in now.")
            )

    def _check_payee(self):
        """Make sure that whoever was paid by this order is who would be asked about money to give back.

        :raise ValidationError: if the provider is in another mode or another merchant's by now.
        """
        self._check_mode()
        if self._payee() != self.provider_id._ar_gateway_merchant():
            raise ValidationError(self.env._("Paid to another merchant than the provider is for now."))

    def _payee(self):
        """Return who is paid by this order: for one made before that was kept, the provider's merchant now."""
        return self.merchant or self.provider_id._ar_gateway_merchant()

    # === LOOKING UP === #

    @api.model
    def _by_access_token(self, token):
        """Return the order of a token that came from outside, in sudo, or an empty recordset."""
        if not link_token.has_token_shape(token):
            return self.sudo().browse()  # sudo: nothing in it
        # sudo: the token is the permission; nobody is logged in where this is called.
        return self.sudo().search([("access_digest", "=", link_token.digest(token))], limit=1)
