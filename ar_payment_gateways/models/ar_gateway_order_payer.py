import secrets

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from odoo.addons.payment.logging import get_payment_logger

from ..core import link_token
from ..core.wechat_oauth import OpenidError

_logger = get_payment_logger(__name__)


class ArGatewayOrderPayer(models.AbstractModel):
    """Who pays an order inside WeChat's browser: WeChat has to say so before it takes the order.

    The number is committed first. Then the visitor is sent to WeChat with a secret of this order (`state`), and comes
    back with it and a code, which our server exchanges for his openid. The secret is good once.
    """

    _name = "ar.gateway.order.payer"
    _description = "Gateway Order: its payer in WeChat's browser"

    payer_openid = fields.Char("Payer's Openid", readonly=True, copy=False, groups="base.group_system")
    openid_state_digest = fields.Char(
        readonly=True, copy=False, index="btree_not_null", groups="base.group_system"
    )

    def _ask_payer(self):
        """Return where on WeChat to send the visitor of a numbered order, or None if it need not be asked."""
        self.ensure_one()
        if not self.provider_id._ar_gateway_detour(self):
            return None
        state = secrets.token_hex(16)
        self.openid_state_digest = link_token.digest(state)
        return self.provider_id._wechatpay_authorize_url(state)

    @api.model
    def _by_openid_state(self, state):
        """Return the order of a state that came back from WeChat, in sudo, or an empty recordset."""
        orders = self.sudo()  # sudo: the state is the permission; nobody is logged in where this is called.
        return orders.search([("openid_state_digest", "=", link_token.digest(state))], limit=1)

    def _learn_payer(self, code, state):
        """Learn who pays from the code he came back with, send the order, and return the path of its page.

        If WeChat does not say who it is, he is shown a code that another device can scan.

        :param str code: from outside.
        :param str state: the one that this order was found by.
        :return: as `_send_and_show`; None also for a state that was used before.
        """
        self.ensure_one()
        order_id, orders = self.id, self.env["ar.gateway.order"]

        def use(env):
            return env["ar.gateway.order"].browse(order_id)._use_state(state)

        if not orders._in_own_transaction(use):
            return None
        values = {"product": "native"}
        try:
            values = {"payer_openid": self.provider_id._wechatpay_openid(code, self)}
        except (OpenidError, ValidationError) as error:
            _logger.warning("Order %s: no openid: %s", self.name, error)

        def keep(env):
            env["ar.gateway.order"].browse(order_id).write(values)

        orders._in_own_transaction(keep)  # before it is sent, as the number
        return orders._in_own_transaction(
            lambda env: env["ar.gateway.order"].browse(order_id)._send_and_show()
        )

    def _use_state(self, state):
        """Take back this state of a draft order; tell whether it was still there: of two at once one gets it."""
        rows = self.env.execute_query(
            SQL(
                "UPDATE ar_gateway_order SET openid_state_digest = NULL"
                " WHERE id = %s AND openid_state_digest = %s AND state = 'draft' RETURNING id",
                self.id,
                link_token.digest(state),
            )
        )
        self.invalidate_recordset(["openid_state_digest"])
        return bool(rows)
