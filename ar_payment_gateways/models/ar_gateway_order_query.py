from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core import alipay_signing, alipay_trade, rsa_keys
from ..core.alipay_trade import Verdict

_logger = get_payment_logger(__name__)


class ArGatewayOrder(models.Model):
    """Asking the gateway: notifications get lost (all vendors say so), and what expires has to be closed there."""

    _inherit = "ar.gateway.order"

    # === ACTIONS === #

    def action_query(self):
        """Ask the gateway about these orders now."""
        if not self.env.user.has_group("ar_payment_gateways.group_user"):
            raise AccessError(self.env._("Only users of Payment Gateways may ask the gateway."))
        self.check_access("read")
        for order in self:
            order.sudo()._query()  # sudo: orders are written by the machinery only; checked above
        return True

    # === NOTIFICATIONS === #

    @api.model
    def _receive_alipay(self, provider_id, params, charset="utf-8"):
        """Act on a notification of Alipay.

        :param int provider_id: whose address it came to; from outside.
        :param dict params: the form, URL-decoded once; from outside.
        :param str charset: what the form was encoded in; the signature is over those bytes.
        :return: whether Alipay can stop sending it: it was genuine and has been dealt with, now or before.
        :rtype: bool
        """
        # sudo: the signature is the permission, and nothing happens before it is checked.
        provider = self.env["payment.provider"].sudo().browse(provider_id).exists()
        if provider.code != "alipay" or provider.state == "disabled" or not provider.alipay_public_key:
            return False
        key = rsa_keys.load_public_key(provider.alipay_public_key)
        if not alipay_signing.verify_notification(params, key, charset):
            _logger.warning("Provider %s: notification without valid signature.", provider.id)
            return False
        report = alipay_trade.report_of_notification(params)
        orders = self.sudo()  # sudo: as above
        order = orders.search([("provider_id", "=", provider.id), ("name", "=", report.order_number)])
        if not order:
            _logger.error("Provider %s: genuine notification about an unknown order.", provider.id)
            return False
        if not order.try_lock_for_update(allow_referencing=True):
            return False  # somebody is acting on it right now; Alipay asks again
        return order._apply(report) is not Verdict.FOREIGN

    # === QUERY === #

    def _query(self):
        """Ask the gateway what became of the order and act on the answer.

        Nothing is locked while we wait for the answer, else a notification that comes meanwhile would be turned
        away. No answer changes nothing.

        :return: True if the gateway knows the trade, False if it does not, None if it gave no answer.
        """
        self.ensure_one()
        answer = self._ask("alipay.trade.query")
        if answer is None:
            return None
        order = self.try_lock_for_update(allow_referencing=True)
        if not order:  # somebody else is acting on it right now
            return None
        order.queried_at = fields.Datetime.now()
        if answer.get("code") == const.CODE_SUCCESS:
            order._apply(alipay_trade.report_of_query(answer))
            return True
        return False if answer.get("sub_code") == const.TRADE_NOT_EXIST else None

    def _query_if_due(self):
        """Ask for a page that waits, not more often than every QUERY_SECONDS."""
        self.ensure_one()
        due = fields.Datetime.now() - timedelta(seconds=const.QUERY_SECONDS)
        if self.state == "open" and (not self.queried_at or self.queried_at <= due):
            self._query()

    def _ask(self, method):
        try:
            return self.provider_id._alipay_call(
                method, {"out_trade_no": self.name}, reference=self.transaction_id.reference
            )
        except ValidationError as error:
            _logger.warning("Order %s: no answer to %s: %s", self.name, method, error)
            return None

    def _expire(self):
        """Close an order whose time is over: at the gateway first, here only when it can no longer be paid."""
        self.ensure_one()
        known = self._query()
        if self.state not in ("draft", "open") or known is None:
            return
        if known:
            answer = self._ask("alipay.trade.close") or {}
            if answer.get("code") != const.CODE_SUCCESS and answer.get("sub_code") != const.TRADE_NOT_EXIST:
                return  # paid in this very moment, or no answer: the next run will see
        order = self.try_lock_for_update(allow_referencing=True)
        if order.state in ("draft", "open"):
            order._close_locally()

    # === CRON === #

    @api.model
    def _cron_query(self, limit=200):
        """Ask about the orders that wait, and close those whose time is over.

        :param int limit: how many orders one run looks at; the rest comes in the next run.
        """
        orders = self.search(
            [("state", "in", ("draft", "open")), ("provider_id.state", "!=", "disabled")],
            order="queried_at NULLS FIRST, id",
            limit=limit,
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(orders))
        over = fields.Datetime.now() - timedelta(minutes=const.CLOSE_GRACE_MINUTES)
        for order in orders:
            if order.expires_at < over:
                order._expire()
            else:
                order._query()
            if not cron._commit_progress(1):
                break
