from datetime import timedelta
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.payment import utils as payment_utils

from .. import const
from ..core import link_token
from .res_company import OFFLINE_PROVIDERS


class ArPaymentLink(models.Model):
    """Paying through a link: which gateways it offers, and the order at one of them."""

    _inherit = "ar.payment.link"

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
        return self.sudo().search([("token_digest", "=", link_token.digest(token))], limit=1)

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

    def _gateway_providers(self):
        """Return the providers, in sudo, that this link can be paid with on our own page."""
        self.ensure_one()
        return self._compatible_providers().filtered(lambda provider: provider.code in const.AR_GATEWAYS)

    def _other_providers(self):
        """Return the providers, in sudo, that take the money on Odoo's own payment page."""
        self.ensure_one()
        return self._compatible_providers().filtered(
            lambda provider: provider.code not in (*const.AR_GATEWAYS, *OFFLINE_PROVIDERS)
        )

    def _compatible_providers(self):
        # sudo: for a customer who is not logged in; what he gets to see are names.
        return (
            self.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                self.company_id.id, self.partner_id.id, self.amount_due, currency_id=self.currency_id.id
            )
        )

    # === GATEWAY ORDERS === #

    def _open_order(self, provider):
        """Return the path of the page where this link is paid with `provider`.

        An order that can still be paid for the same amount is shown again. Two taps at once make one order: each
        starts by bumping a counter on the link, so the second conflicts and starts over after the first.

        :raise UserError: if there is nothing to pay or somebody has tried too often.
        :raise ValidationError: if the gateway gave no answer or refused.
        """
        self.ensure_one()
        orders = self.env["ar.gateway.order"]
        link_id, provider_id = self.id, provider.id

        def number(env):
            link = env["ar.payment.link"].browse(link_id)
            return link._number_order(env["payment.provider"].browse(provider_id)).id

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

    def _number_order(self, provider):
        """Return the order to show: one that waits for the same amount, or a new one, numbered only."""
        self._count_attempt()
        if self.state != "active" or self.currency_id.compare_amounts(self.amount_due, 0) <= 0:
            raise UserError(self.env._("There is nothing to pay."))
        orders = self.env["ar.gateway.order"]
        candidates = orders.search(
            [("link_id", "=", self.id), ("provider_id", "=", provider.id), *orders._reusable_domain()]
        )
        same = candidates.filtered(
            lambda order: self.currency_id.compare_amounts(order.amount, self.amount_due) == 0
        )
        if same:
            return same[0]
        self._check_rate()
        return orders._prepare(self._create_transaction(provider), self)

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

    # === ODOO'S OWN PAGE === #

    def _core_payment_path(self):
        """Return the path of Odoo's payment page for what is open now, or False.

        Core's page pays one document; for several at once there is none.
        """
        self.ensure_one()
        move = self._payable_moves()
        if len(move) != 1 or move != self.move_ids or not self._other_providers():
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
