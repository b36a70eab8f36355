from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment import utils as payment_utils

from .. import const


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    ar_gateway_order_ids = fields.One2many(
        "ar.gateway.order", "transaction_id", string="Gateway Orders", readonly=True
    )

    # === PAYMENT FLOW === #

    def _get_specific_rendering_values(self, processing_values):
        """Send the customer to our page with the code; its POST makes the gateway order.

        Not here: this transaction is not committed yet, and a number must be before the gateway hears of it.
        """
        if self.provider_code != "alipay":
            return super()._get_specific_rendering_values(processing_values)
        return {
            "api_url": const.CHECKOUT_ROUTE,
            "transaction_id": self.id,
            "access_token": self._ar_checkout_token(),
        }

    def _ar_checkout_token(self):
        return payment_utils.generate_access_token("ar_checkout", self.id, self.reference, env=self.env)

    def _ar_open_order(self):
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
            domain = [("transaction_id", "=", transaction_id), *env["ar.gateway.order"]._reusable_domain()]
            return (
                env["ar.gateway.order"].search(domain, limit=1)
                or env["ar.gateway.order"]._prepare(transaction)
            ).id

        order_id = orders._in_own_transaction(number)

        def register(env):
            order = env["ar.gateway.order"].browse(order_id)
            order._send_to_gateway()
            return order._page_url()

        return orders._in_own_transaction(register)

    # === PROCESSING === #

    @api.model
    def _extract_reference(self, provider_code, payment_data):
        if provider_code != "alipay":
            return super()._extract_reference(provider_code, payment_data)
        return payment_data.get("reference")

    def _extract_amount_data(self, payment_data):
        if self.provider_code != "alipay":
            return super()._extract_amount_data(payment_data)
        return {"amount": payment_data["amount"], "currency_code": payment_data["currency_code"]}

    def _apply_updates(self, payment_data):
        """Confirm the payment; `ar.gateway.order` has judged the message before.

        The amount is looked at once more: core's check lets a message that differs pass the second time it comes
        (it compares the state with the one before, and the first message has set that to `error` already).
        """
        if self.provider_code != "alipay":
            super()._apply_updates(payment_data)
            return
        if (
            self.currency_id.compare_amounts(payment_data["amount"], self.amount) != 0
            or payment_data["currency_code"] != self.currency_id.name
        ):
            self._set_error(self.env._("The amount paid is not the amount asked for."))
            return
        self.provider_reference = payment_data["provider_reference"]
        # `cancel`: we gave the order up, and the money came after all. It is there, so it gets booked.
        self._set_done(extra_allowed_states=("cancel",))

    def _ar_give_up(self):
        """Cancel transactions nobody paid, without a note on the invoice: a code looked at and left is no event."""
        self._update_state(("draft", "pending"), "cancel", False)

    def _ar_trigger_post_processing(self):
        """Have the payment booked at the next turn of the cron, for when no page is open to do it."""
        # sudo: called for a gateway's message, nobody is logged in.
        self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()
