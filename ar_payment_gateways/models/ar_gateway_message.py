import hashlib
import json
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import const
from ..core.redaction import redact

_logger = logging.getLogger(__name__)

VACUUM_ROWS = 10000


class ArGatewayMessage(models.Model):
    """What was said to a gateway about an order, or by it: one call with its answer, or one notification with ours.

    For support. Without keys, signatures and names (core/redaction.py); deleted when it is old. The same question with
    the same answer in a row is one message with a count.
    """

    _name = "ar.gateway.message"
    _description = "Gateway Message"
    _order = "id desc"
    _rec_name = "operation"

    order_id = fields.Many2one(
        "ar.gateway.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    direction = fields.Selection(
        [("out", "Sent"), ("in", "Received")], required=True, readonly=True, default="out"
    )
    operation = fields.Char(required=True, readonly=True, help="What was called, in the gateway's words.")
    request = fields.Text(readonly=True)
    answer = fields.Text(readonly=True)
    problem = fields.Char(readonly=True, help="Why there is no answer that counts.")
    milliseconds = fields.Integer("Duration (ms)", readonly=True, aggregator="avg")
    times = fields.Integer(default=1, readonly=True, help="How often in a row the very same was said.")
    last_at = fields.Datetime("Last", readonly=True, required=True, default=fields.Datetime.now, index=True)
    digest = fields.Char(readonly=True)

    # === KEEPING === #

    @api.model
    def _keep_call(self, record, operation, request, answer, *, problem, milliseconds):
        """Keep a call that we made, in a transaction of its own: a call that failed is the one worth reading.

        :param record: ar.gateway.order or ar.gateway.refund, committed.
        :param request, answer: mappings as they were sent and received, or None.
        """
        order_id = record.order_id.id if record._name == "ar.gateway.refund" else record.id
        values = {
            "order_id": order_id,
            "direction": "out",
            "operation": operation,
            "request": self._text(request),
            "answer": self._text(answer),
            "problem": problem,
            "milliseconds": milliseconds,
        }
        try:
            self.env["ar.gateway.order"]._in_own_transaction(
                lambda env: env["ar.gateway.message"]._keep(values).id
            )
        # The log is for support; a payment must not fail because of it.
        except Exception:
            _logger.exception("Order %s: a call of %s could not be kept.", order_id, operation)

    @api.model
    def _keep_notification(self, order, notification, acknowledgement):
        """Keep a genuine notification with what we answer, together with what it changes."""
        self.sudo()._keep(  # sudo: written by the machinery only
            {
                "order_id": order.id,
                "direction": "in",
                "operation": "notify",
                "request": self._text(notification.content),
                "answer": acknowledgement.body,
            }
        )

    @api.model
    def _keep(self, values):
        said = [values.get(name) or "" for name in ("direction", "operation", "request", "answer", "problem")]
        digest = hashlib.sha256("\0".join(said).encode()).hexdigest()
        last = self.search([("order_id", "=", values["order_id"])], order="id desc", limit=1)
        if last.digest != digest:
            return self.create({**values, "digest": digest})
        last.write({"times": last.times + 1, "last_at": fields.Datetime.now()})
        return last

    @api.model
    def _text(self, content):
        return content and json.dumps(
            redact(dict(content)), ensure_ascii=False, indent=1, sort_keys=True, default=str
        )

    # === PRUNING === #

    @api.autovacuum
    def _gc_messages(self):
        """Delete messages older than the system parameter says (days), a good many at a time."""
        # sudo: a number; this runs as the superuser anyway.
        days = self.env["ir.config_parameter"].sudo().get_param(const.MESSAGE_DAYS_PARAMETER)
        days = int(days) if days and days.isdecimal() else const.MESSAGE_DAYS
        before = fields.Datetime.now() - timedelta(days=days)
        rows = self.env.execute_query(
            SQL(
                "DELETE FROM ar_gateway_message WHERE id IN"
                " (SELECT id FROM ar_gateway_message WHERE last_at < %s ORDER BY id LIMIT %s) RETURNING id",
                before,
                VACUUM_ROWS,
            )
        )
        self.invalidate_model()
        return len(rows), len(rows) == VACUUM_ROWS

    @api.ondelete(at_uninstall=False)
    def _never_by_hand(self):
        if not self.env.su:
            raise UserError(self.env._("Gateway messages are kept until they are old."))
