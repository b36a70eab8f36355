from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import const
from ..core.link_payment import total
from ..core.visitor import NOBODY_KNOWN


class ArPaymentLink(models.Model):
    """Paying through a link: the order at a gateway."""

    _inherit = "ar.payment.link"

    attempt_count = fields.Integer(
        "Attempts", readonly=True, copy=False, help="How often somebody began to pay."
    )
    order_ids = fields.One2many("ar.gateway.order", "link_id", string="Gateway Orders", readonly=True)

    # === GATEWAY ORDERS === #

    def _open_order(self, provider, visitor=NOBODY_KNOWN, amount=None):
        """Return the path of the page where this link is paid with `provider`.

        An order that can still be paid for the same amount is shown again. Two taps at once make one order: each
        starts by bumping a counter on the link, so the second conflicts and starts over after the first.

        :param core.visitor.Visitor visitor: who wants to pay.
        :param str amount: what the customer has typed, if he was asked; see `_amount_to_pay`.
        :raise UserError: if there is nothing to pay or somebody has tried too often.
        :raise ValidationError: if the gateway gave no answer or refused.
        """
        self.ensure_one()
        orders = self.env["ar.gateway.order"]
        link_id, provider_id = self.id, provider.id

        def number(env):
            link = env["ar.payment.link"].browse(link_id)
            return link._number_order(env["payment.provider"].browse(provider_id), visitor, amount).id

        for _attempt in range(2):  # a number that the gateway does not want any more is replaced once
            order_id = orders._in_own_transaction(number)
            path = orders._in_own_transaction(
                lambda env, order_id=order_id: env["ar.gateway.order"].browse(order_id)._send_and_show()
            )
            if path:
                break
        else:
            raise UserError(self.env._("This payment cannot be started at the moment."))
        orders._in_own_transaction(lambda env: env["ar.gateway.order"].browse(order_id)._close_others())
        return path

    def _number_order(self, provider, visitor=NOBODY_KNOWN, amount=None):
        """Return the order to show: one that waits for the same amount, or a new one, numbered only."""
        self._count_attempt()
        items = self._open_items()[self]
        if self._condition() != "active" or not items:
            raise UserError(self.env._("There is nothing to pay."))
        asked = float(self._amount_to_pay(items, amount))
        orders = self.env["ar.gateway.order"]
        candidates = orders.search([("link_id", "=", self.id), *orders._reusable_domain(provider, visitor)])
        same = candidates.filtered(lambda order: self.currency_id.compare_amounts(order.amount, asked) == 0)
        if same:
            return same[0]
        self._check_rate()
        return orders._prepare(self._create_transaction(provider, items, asked), self, visitor)

    def _create_transaction(self, provider, items=None, amount=None):
        """Make the draft transaction of an attempt.

        It is for all documents with something open, also when only a part is paid: Odoo sets the money off against
        what was due first, and what is paid elsewhere meanwhile leaves it to the next. The credit notes that made it
        less are noted on it, to be set off when it is paid.

        :param items: what is asked for now, of `_open_items`.
        :param float amount: computed or checked here, never what a browser says; all of it if it is left out.
        """
        if items is None:
            items = self._open_items()[self]
        if amount is None:
            amount = float(total(items))
        documents = self._payable_documents(items)
        return self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": provider._ar_gateway_payment_method().id,
                "amount": amount,
                "currency_id": self.currency_id.id,
                "operation": "online_redirect",
                "landing_route": f"{const.PAY_ROUTE}/{self.token}",
                **self._transaction_documents(items),
                **self._transaction_reference(provider, documents),
            }
        )

    def _transaction_documents(self, items):
        """Return whose payment a transaction is, and what it is booked on, as its values."""
        documents = self._payable_documents(items)
        credit_notes = self.env["account.move"].union(*self._credit_notes(items))
        is_order = documents._name == "sale.order"
        return {
            "ar_link_id": self.id,
            "partner_id": (documents.partner_invoice_id if is_order else self.partner_id).id,
            "sale_order_ids" if is_order else "invoice_ids": [fields.Command.set(documents.ids)],
            "ar_credit_note_ids": [fields.Command.set(credit_notes.ids)],
        }

    def _transaction_reference(self, provider, documents):
        """Name the first of many documents only: of two hundred the reference would not fit into its index."""
        if len(documents) <= const.REFERENCE_DOCUMENTS:
            return {}
        transactions = self.env["payment.transaction"]
        prefix = f"{documents[0].name}+{len(documents) - 1}"
        return {"reference": transactions._compute_reference(provider.code, prefix=prefix)}

    def _count_attempt(self):
        """Count, and by that make attempts on one link follow each other (first statement of the transaction)."""
        self.env.execute_query(
            SQL(
                "UPDATE ar_payment_link SET attempt_count = COALESCE(attempt_count, 0) + 1 WHERE id = %s RETURNING id",
                self.id,
            )
        )
        self.invalidate_recordset(["attempt_count"], flush=False)

    def _check_rate(self):
        since = fields.Datetime.now() - timedelta(minutes=const.ORDER_WINDOW_MINUTES)
        recent = self.env["payment.transaction"].search_count(
            [("ar_link_id", "=", self.id), ("create_date", ">=", since)], limit=const.ORDERS_PER_WINDOW
        )
        if recent >= const.ORDERS_PER_WINDOW:
            raise UserError(self.env._("Too many attempts. Please try again in a few minutes."))

    def _close_orders_soon(self):
        """Have the cron close, at the gateways first, what customers could still pay through these links."""
        # sudo: orders are written by the machinery only; callers have checked who may withdraw a link.
        self.sudo().order_ids._close_soon()
