from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..core.link_payment import Source


class ArPaymentLinkPaid(models.AbstractModel):
    """What came in through a link, by whichever provider, and what that means for it."""

    _name = "ar.payment.link.paid"
    _description = "Payment link: what came in"

    transaction_ids = fields.One2many(
        "payment.transaction",
        "ar_link_id",
        string="Transactions",
        readonly=True,
        help="With any provider.",
    )

    # === WHETHER IT IS PAID === #

    def _is_settled(self, by_move=None):
        """Tell whether nothing is left to pay here for good. More may always come to everything of a customer.

        :param dict by_move: see `_items_of_order`.
        """
        self.ensure_one()
        source = self._kind().source
        if source is Source.MOVES:
            return bool(self.move_ids) and all(
                move.state == "posted" and move.currency_id.is_zero(move.amount_residual)
                for move in self.move_ids
            )
        order = self.sale_order_id
        if source is Source.PARTNER or order.state == "cancel":
            return False
        if self._kind().due_only:
            return order._is_confirmation_amount_reached()
        disputed = self._disputed(order.invoice_ids)
        return not disputed and not self._items_of_order(order, self._owner(), False, by_move)

    @api.model
    def _paying_domain(self):
        """Return the domain of transactions by which a link for one payment has been used."""
        return Domain("state", "in", ("authorized", "done"))

    def _paying_transactions(self):
        return self.transaction_ids.filtered_domain(self._paying_domain())

    # === WHAT CAME IN === #

    def _customer_credit(self):
        """Return what was paid through this link, went back neither and is not set off against anything either.

        In the link's currency; refunds count whether or not somebody has reconciled them with the payment.
        """
        self.ensure_one()
        if self.sale_order_id:  # what is paid in advance is no credit
            return max(0.0, self.currency_id.round(self.sale_order_id._ar_overpaid()))
        self.env["account.move.line"].flush_model(["amount_residual_currency", "move_id"])
        self.env["payment.transaction"].flush_model()
        [(credit,)] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(-line.amount_residual_currency), 0)
                  FROM payment_transaction begun
                  JOIN payment_transaction transaction
                    ON begun.id IN (transaction.id, transaction.source_transaction_id)
                  JOIN account_payment payment ON payment.id = transaction.payment_id
                  JOIN account_move_line line ON line.move_id = payment.move_id
                  JOIN account_account account ON account.id = line.account_id
                 WHERE begun.ar_link_id = %s
                   AND begun.state = 'done'
                   AND account.account_type = 'asset_receivable'
                """,
                self.id,
            )
        )
        return max(0.0, self.currency_id.round(float(credit)))

    def _unbooked(self):
        """Return the transactions, in sudo, by which this was paid and which Odoo has not booked yet."""
        if not self.attempt_count:  # nobody has begun to pay: most visits
            return self.env["payment.transaction"]
        # sudo: as the link, which whoever opens its page may not read either.
        return (
            self.env["payment.transaction"]
            .sudo()
            .search(
                [
                    ("ar_link_id", "=", self.id),
                    ("state", "=", "done"),
                    ("is_post_processed", "=", False),
                ]
            )
        )

    def _receipts(self):
        """Return the gateway orders, in sudo, by which this was paid, the last one first."""
        orders = self.sudo().order_ids  # sudo: for whoever holds the link
        return orders.filtered(lambda order: order.state == "paid")

    def _other_receipts(self):
        """Return the transactions, in sudo, by which this was paid with providers that are not ours, the last first."""
        transactions = self.sudo().transaction_ids  # sudo: for whoever holds the link
        return transactions.filtered(lambda tx: tx.state == "done" and not tx.ar_gateway_order_ids)
