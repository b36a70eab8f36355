from datetime import timedelta
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.payment import utils as payment_utils

from .. import const
from ..core import link_token
from ..core.visitor import NOBODY_KNOWN
from .res_company import OFFLINE_PROVIDERS


class ArPaymentLink(models.Model):
    """Paying through a link: which gateways it offers, and the order at one of them."""

    _inherit = "ar.payment.link"

    # What the page shows or asks: fetched with the search.
    _PAGE_FIELDS = (
        "token", "label", "partner_id", "currency_id", "company_id", "moves_key", "expiry_date", "revoked_on",
    )  # fmt: skip

    attempt_count = fields.Integer(
        "Attempts", readonly=True, copy=False, help="How often somebody began to pay."
    )
    order_ids = fields.One2many("ar.gateway.order", "link_id", string="Gateway Orders", readonly=True)

    # === OPENING === #

    @api.model
    def _by_token(self, token):
        """Return the link of a token that came from outside, in sudo, or an empty recordset."""
        if not link_token.has_token_shape(token):
            return self.sudo().browse()  # sudo: nothing in it
        # sudo: the token is the permission; nobody is logged in where this is called.
        return self.sudo().search_fetch(
            [("token_digest", "=", link_token.digest(token))], self._PAGE_FIELDS, limit=1
        )

    def _count_scan(self):
        """Count one opening of the page, without touching write_date or waking anything up."""
        self.env.execute_query(
            SQL(
                "UPDATE ar_payment_link SET scan_count = scan_count + 1, last_scan = %s WHERE id IN %s RETURNING id",
                fields.Datetime.now(),
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["scan_count", "last_scan"], flush=False)

    # === WAYS TO PAY === #

    def _ways_to_pay(self, exactly=False):
        """Return the providers, in sudo, that take the money on our own page, and those on Odoo's payment page.

        :param bool exactly: ask Odoo anew instead of showing what it said last time; for when money is to move.
        """
        self.ensure_one()
        # sudo: for a customer who is not logged in; what he gets to see are names.
        providers = self.env["payment.provider"].sudo()
        key = (self.company_id.id, self.partner_id.country_id.id, self.currency_id.id)
        offered = providers.browse(providers._ar_offered_ids(*key, self.partner_id.id))
        if exactly or any(provider.maximum_amount for provider in offered):
            offered = providers._get_compatible_providers(
                self.company_id.id, self.partner_id.id, self.amount_due, currency_id=self.currency_id.id
            )
        providers = offered
        gateways = providers.filtered(lambda provider: provider.code in const.AR_GATEWAYS)
        return gateways, (providers - gateways).filtered(lambda p: p.code not in OFFLINE_PROVIDERS)

    def _customer_credit(self):
        """Return what was paid through this link, went back neither and is not set off against anything either.

        In the link's currency; refunds count whether or not somebody has reconciled them with the payment.
        """
        self.ensure_one()
        self.env["account.move.line"].flush_model(["amount_residual_currency", "move_id"])
        [(credit,)] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(-line.amount_residual_currency), 0)
                  FROM ar_gateway_order gateway_order
                  JOIN payment_transaction transaction
                    ON gateway_order.transaction_id IN (transaction.id, transaction.source_transaction_id)
                  JOIN account_payment payment ON payment.id = transaction.payment_id
                  JOIN account_move_line line ON line.move_id = payment.move_id
                  JOIN account_account account ON account.id = line.account_id
                 WHERE gateway_order.link_id = %s
                   AND gateway_order.state = 'paid'
                   AND account.account_type = 'asset_receivable'
                """,
                self.id,
            )
        )
        return max(0.0, self.currency_id.round(float(credit)))

    # === GATEWAY ORDERS === #

    def _open_order(self, provider, visitor=NOBODY_KNOWN):
        """Return the path of the page where this link is paid with `provider`.

        An order that can still be paid for the same amount is shown again. Two taps at once make one order: each
        starts by bumping a counter on the link, so the second conflicts and starts over after the first.

        :param core.visitor.Visitor visitor: who wants to pay.
        :raise UserError: if there is nothing to pay or somebody has tried too often.
        :raise ValidationError: if the gateway gave no answer or refused.
        """
        self.ensure_one()
        orders = self.env["ar.gateway.order"]
        link_id, provider_id = self.id, provider.id

        def number(env):
            link = env["ar.payment.link"].browse(link_id)
            return link._number_order(env["payment.provider"].browse(provider_id), visitor).id

        for _attempt in range(2):  # a number that the gateway does not want any more is replaced once
            order_id = orders._in_own_transaction(number)
            path = orders._in_own_transaction(
                lambda env, order_id=order_id: env["ar.gateway.order"].browse(order_id)._send_and_show()
            )
            if path:
                break
        else:
            raise UserError(self.env._("This payment cannot be started at the moment."))
        orders._in_own_transaction(
            lambda env: env["ar.payment.link"].browse(link_id)._close_outdated(order_id)
        )
        return path

    def _number_order(self, provider, visitor):
        """Return the order to show: one that waits for the same amount, or a new one, numbered only."""
        self._count_attempt()
        if self.state != "active" or self.currency_id.compare_amounts(self.amount_due, 0) <= 0:
            raise UserError(self.env._("There is nothing to pay."))
        orders = self.env["ar.gateway.order"]
        candidates = orders.search([("link_id", "=", self.id), *orders._reusable_domain(provider, visitor)])
        same = candidates.filtered(
            lambda order: self.currency_id.compare_amounts(order.amount, self.amount_due) == 0
        )
        if same:
            return same[0]
        self._check_rate()
        return orders._prepare(self._create_transaction(provider), self, visitor)

    def _create_transaction(self, provider):
        """Make the draft transaction of an attempt; the amount is what is open now, never what a browser says."""
        moves = self._payable_moves()
        return self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": provider._ar_gateway_payment_method().id,
                "amount": self.amount_due,
                "currency_id": self.currency_id.id,
                "partner_id": self.partner_id.id,
                "operation": "online_redirect",
                "invoice_ids": [fields.Command.set(moves.ids)],
                "landing_route": f"{const.PAY_ROUTE}/{self.token}",
            }
        )

    def _count_attempt(self):
        """Count, and by that make attempts on one link follow each other (first statement of the transaction)."""
        self.env.execute_query(
            SQL(
                "UPDATE ar_payment_link SET attempt_count = attempt_count + 1 WHERE id = %s RETURNING id",
                self.id,
            )
        )
        self.invalidate_recordset(["attempt_count"], flush=False)

    def _check_rate(self):
        since = fields.Datetime.now() - timedelta(minutes=const.ORDER_WINDOW_MINUTES)
        recent = self.env["ar.gateway.order"].search_count(
            [("link_id", "=", self.id), ("create_date", ">=", since)], limit=const.ORDERS_PER_WINDOW
        )
        if recent >= const.ORDERS_PER_WINDOW:
            raise UserError(self.env._("Too many attempts. Please try again in a few minutes."))

    def _close_outdated(self, order_id):
        """Close the link's other orders of the same gateway: for the old amount they must not be paid any more."""
        current = self.env["ar.gateway.order"].browse(order_id)
        for order in self.order_ids - current:
            if order.state in ("draft", "open") and order.provider_id == current.provider_id:
                order._expire()

    def _close_orders_soon(self):
        """Have the cron close, at the gateways first, what customers could still pay through these links."""
        # sudo: orders are written by the machinery only; callers have checked who may withdraw a link.
        links = self.sudo()
        waiting = links.order_ids.filtered(lambda order: order.state in ("draft", "open"))
        if waiting:
            now = fields.Datetime.now()
            over = now - timedelta(minutes=const.CLOSE_GRACE_MINUTES)
            waiting.write({"expires_at": over, "next_query_at": now})
            links.env.ref("ar_payment_gateways.ir_cron_query_orders")._trigger()

    # === ODOO'S OWN PAGE === #

    def _core_payment_path(self, providers):
        """Return the path of Odoo's payment page for what is open now, or False.

        Core's page pays one document; for several at once there is none.

        :param providers: those that take the money there, see `_ways_to_pay`.
        """
        self.ensure_one()
        move = self._payable_moves()
        if len(move) != 1 or move != self.move_ids or not providers:
            return False
        return "/payment/pay?" + urlencode(
            {
                "amount": self.amount_due,
                "currency_id": self.currency_id.id,
                "partner_id": move.partner_id.id,
                "company_id": self.company_id.id,
                "invoice_id": move.id,
                "access_token": payment_utils.generate_access_token(
                    move.partner_id.id, self.amount_due, self.currency_id.id, env=self.env
                ),
            }
        )
