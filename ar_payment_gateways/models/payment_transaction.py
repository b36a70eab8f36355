from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment import utils as payment_utils

from .. import const
from ..core.visitor import NOBODY_KNOWN


class PaymentTransaction(models.Model):
    """Transactions of our gateways: the order at the gateway, its outcome, refunds, and booking what was paid."""

    _name = "payment.transaction"
    _inherit = ["payment.transaction", "payment.transaction.link", "payment.transaction.credit"]

    ar_gateway_order_ids = fields.One2many(
        "ar.gateway.order",
        "transaction_id",
        string="Gateway Orders",
        readonly=True,
        groups="ar_payment_gateways.group_user,ar_payment_gateways.group_auditor",
    )
    ar_gateway_refund_ids = fields.One2many(
        "ar.gateway.refund",
        "transaction_id",
        string="Gateway Refunds",
        readonly=True,
        groups="ar_payment_gateways.group_user,ar_payment_gateways.group_auditor",
    )

    ar_credit_note_ids = fields.Many2many(
        "account.move",
        "ar_payment_transaction_credit_note_rel",
        "transaction_id",
        "move_id",
        string="Credit Notes Set Off",
        readonly=True,
        copy=False,
        help="Credit notes that made the amount asked for less. They are reconciled with the oldest of the invoices"
        " when it is paid.",
    )

    # === PAYMENT FLOW === #

    def _get_specific_rendering_values(self, processing_values):
        """Send the customer to our page with the code; its POST makes the gateway order.

        Not here: this transaction is not committed yet, and a number must be before the gateway hears of it.
        """
        if self.provider_code not in const.AR_GATEWAYS:
            return super()._get_specific_rendering_values(processing_values)
        return {
            "api_url": const.CHECKOUT_ROUTE % self.provider_code,
            "transaction_id": self.id,
            "access_token": self._ar_checkout_token(),
        }

    def _ar_checkout_token(self):
        return payment_utils.generate_access_token("ar_checkout", self.id, self.reference, env=self.env)

    def _ar_open_order(self, visitor=NOBODY_KNOWN):
        """Return the path of the page where this draft transaction is paid (see `ar.payment.link._open_order`)."""
        self.ensure_one()
        transaction_id = self.id
        orders = self.env["ar.gateway.order"]

        def number(env):
            # First statement: makes two clicks follow each other.
            transaction = env["payment.transaction"].browse(transaction_id)
            transaction.write({"last_state_change": fields.Datetime.now()})
            transaction.flush_recordset()
            if transaction.state != "draft":
                raise UserError(env._("This payment was processed already."))
            orders = env["ar.gateway.order"]
            reusable = orders._reusable_domain(transaction.provider_id, visitor)
            order = orders.search([("transaction_id", "=", transaction_id), *reusable], limit=1)
            return (order or orders._prepare(transaction, visitor=visitor)).id

        order_id = orders._in_own_transaction(number)

        def register(env):
            return env["ar.gateway.order"].browse(order_id)._send_and_show()

        path = orders._in_own_transaction(register)
        if not path:
            raise UserError(self.env._("This payment cannot be started at the moment."))
        orders._in_own_transaction(lambda env: env["ar.gateway.order"].browse(order_id)._close_others())
        return path

    def _ar_paid_again(self, amount):
        """Return a new draft transaction for the documents of this one, which is done: they were paid once more."""
        return self.create(
            {
                "provider_id": self.provider_id.id,
                "payment_method_id": self.payment_method_id.id,
                "reference": self._compute_reference(self.provider_code, prefix=self.reference),
                "amount": amount,
                "currency_id": self.currency_id.id,
                "partner_id": self.partner_id.id,
                "operation": self.operation,
                "landing_route": self.landing_route,
                "ar_link_id": self.ar_link_id.id,
                "invoice_ids": [fields.Command.set(self.invoice_ids.ids)],
                "sale_order_ids": [fields.Command.set(self.sale_order_ids.ids)],
            }
        )

    def _ar_refuse(self, message):
        """Tell the customer why his payment could not be started; a draft transaction only.

        In a transaction of its own: `_ar_open_order` has written the same row in another one since this request began,
        so a write of the request conflicts, and the request would be run, and the gateway asked, again and again.

        :param str message: for the customer, translated.
        """
        self.ensure_one()
        transaction_id = self.id

        def refuse(env):
            env["payment.transaction"].browse(transaction_id)._set_error(message)

        self.env["ar.gateway.order"]._in_own_transaction(refuse)
        self.invalidate_recordset()

    # === PROCESSING === #

    @api.model
    def _extract_reference(self, provider_code, payment_data):
        if provider_code not in const.AR_GATEWAYS:
            return super()._extract_reference(provider_code, payment_data)
        return payment_data.get("reference")

    def _extract_amount_data(self, payment_data):
        if self.provider_code not in const.AR_GATEWAYS:
            return super()._extract_amount_data(payment_data)
        return {"amount": payment_data["amount"], "currency_code": payment_data["currency_code"]}

    def _apply_updates(self, payment_data):
        """Confirm the payment; `ar.gateway.order` has judged the message before.

        The amount is looked at once more: core's check lets a message that differs pass the second time it comes
        (it compares the state with the one before, and the first message has set that to `error` already).
        """
        if self.provider_code not in const.AR_GATEWAYS:
            super()._apply_updates(payment_data)
            return
        sign = -1 if self.operation == "refund" else 1
        if (
            self.currency_id.compare_amounts(sign * payment_data["amount"], self.amount) != 0
            or payment_data["currency_code"] != self.currency_id.name
        ):
            self._set_error(self.env._("The amount paid is not the amount asked for."))
            return
        self.provider_reference = payment_data["provider_reference"]
        # `cancel`: we gave the order up, and the money came after all. It is there, so it gets booked.
        self._set_done(extra_allowed_states=("cancel",))

    # === REFUNDS === #

    def _refund(self, amount_to_refund=None, move=None):
        """Give money back, at the gateway as soon as this is committed.

        A repetition (double click, second tab, retried request) finds the first refund.

        :param float amount_to_refund: from outside; all of it if it is None.
        :param move: the credit note that it pays, if any.
        :return: the refund transaction, new or the one that this would repeat.
        :raise ValidationError: if that much cannot be refunded.
        """
        if self.provider_code not in const.AR_GATEWAYS:
            return super()._refund(amount_to_refund)
        self.ensure_one()
        amount = self.amount if amount_to_refund is None else amount_to_refund
        twin = self.env["ar.gateway.refund"]._reserve(self._ar_paid_order(), amount, move)
        if twin:
            return twin.transaction_id
        if not self.payment_id:
            self._post_process()  # core books no payment once it has a confirmed refund
        transaction = super()._refund(self.currency_id.round(amount))
        if move:
            transaction.invoice_ids = move
            transaction.ar_gateway_refund_ids.move_id = move
        return transaction

    def _send_refund_request(self):
        if self.provider_code not in const.AR_GATEWAYS:
            super()._send_refund_request()
            return
        self.env["ar.gateway.refund"]._prepare(self)._send_after_commit()

    def _ar_paid_order(self):
        """Return the gateway order that this transaction was paid by."""
        order = self.ar_gateway_order_ids.filtered(lambda order: order.state == "paid")[:1]
        if not order:
            raise ValidationError(self.env._("This transaction was not paid at the gateway."))
        return order

    # === POST-PROCESSING === #

    def _post_process(self):
        """Book what was paid; money for which nothing is open (any more) is the customer's credit, and a task."""
        # sudo: gateway orders are not for everybody who may post-process; what is done with them is fixed here.
        done = self.sudo().filtered(
            lambda tx: tx.state == "done" and (tx.ar_gateway_order_ids or tx.ar_link_id)
        )
        for_documents = done.filtered(lambda tx: tx.ar_link_id or tx.invoice_ids or tx.sale_order_ids)
        for transaction in done:
            # Core would post an invoice that somebody has taken back to revise it, or fail to, every time.
            transaction.invoice_ids -= transaction.invoice_ids.filtered(lambda move: move.state == "draft")
        # sudo: as above; of any provider, as links name credit notes to whichever takes the money
        for transaction in self.sudo().filtered(lambda tx: tx.state == "done" and tx.ar_credit_note_ids):
            if not transaction.payment_id:  # first, so that the payment is left with the rest
                transaction._ar_set_off_credit_notes()
        result = super()._post_process()
        for transaction in for_documents:
            transaction._ar_check_credit()
        return result

    def _ar_post_process(self):
        """Book a confirmed transaction that is not booked yet."""
        if self.state == "done" and not self.is_post_processed:
            self._post_process()

    # === HELPERS === #

    def _ar_give_up(self):
        """Cancel transactions nobody paid, without a note on the invoice: a code looked at and left is no event."""
        self._update_state(("draft", "pending"), "cancel", False)

    def _ar_trigger_post_processing(self):
        """Have the payment booked at the next turn of the cron, for when no page is open to do it."""
        # sudo: called for a gateway's message, nobody is logged in.
        self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()
