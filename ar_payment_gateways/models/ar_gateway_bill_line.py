from datetime import UTC

from odoo import api, fields, models

from ..core.settlement_bill import Kind


class ArGatewayBillLine(models.Model):
    """A row of a gateway's bill, what of ours it is, and the statement line it became. Rows never change."""

    _name = "ar.gateway.bill.line"
    _description = "Gateway Bill Row"
    _inherit = ["ar.gateway.bill.line.booking"]
    _order = "happened_at desc, id desc"
    _rec_name = "order_number"
    _rec_names_search = ["order_number", "refund_number", "trade_no"]

    bill_id = fields.Many2one(
        "ar.gateway.bill", required=True, readonly=True, ondelete="restrict", index=True
    )
    # Written once with the row, not related: a bill of 10,000 rows is stored in seconds.
    provider_id = fields.Many2one("payment.provider", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    day = fields.Date(required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("payment", "Payment"),
            ("refund", "Refund"),
            ("fee", "Fee"),
            ("payout", "Payout"),
            ("other", "Other"),
        ],
        required=True,
        readonly=True,
    )
    happened_at = fields.Datetime("Time", required=True, readonly=True)
    order_number = fields.Char("Our Number", readonly=True, index="btree_not_null")
    refund_number = fields.Char(readonly=True)
    trade_no = fields.Char("Gateway's Number", readonly=True)
    amount = fields.Monetary(required=True, readonly=True, help="What it did to the account, before the fee.")
    fee = fields.Float(digits=(16, 5), readonly=True)
    has_fee = fields.Boolean("Fee Known", readonly=True)
    method = fields.Char("Payment Method", readonly=True)
    status = fields.Char("Gateway's Status", readonly=True)
    note = fields.Char(readonly=True)

    order_id = fields.Many2one(
        "ar.gateway.order", "Gateway Order", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    refund_id = fields.Many2one(
        "ar.gateway.refund", "Gateway Refund", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    difference_ids = fields.One2many("ar.gateway.difference", "line_id", string="Differences", readonly=True)
    difference_kind = fields.Selection(
        [
            ("surplus", "Not in Our Books"),
            ("shortage", "Not in the Bill"),
            ("amount", "Other Amount"),
            ("status", "State of Payment"),
            ("cross_day", "Other Day"),
            ("flow", "Other Movement of the Account"),
            ("balance", "Other Balance"),
        ],
        "Kind of Difference",
        readonly=True,
    )
    statement_line_id = fields.Many2one(
        "account.bank.statement.line", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    is_booked = fields.Boolean("Booked", readonly=True)

    _key_unique = models.Constraint("UNIQUE(provider_id, key)", "A row of a bill is imported once.")
    _order_unique = models.UniqueIndex(
        "(order_id) WHERE kind = 'payment' AND order_id IS NOT NULL", "A payment is in one bill only."
    )
    _refund_unique = models.UniqueIndex(
        "(refund_id) WHERE refund_id IS NOT NULL", "A refund is in one bill only."
    )
    _unbooked_idx = models.Index("(bill_id, id) WHERE is_booked IS NOT TRUE")

    def _identity(self):
        """Return what must be the same in another bill that has this row."""
        return self.kind, round(self.amount * 100), self.order_number or ""

    def _names(self):
        """Return all numbers under which another bill may have this row's trade."""
        return {self.trade_no, self.order_number, self.refund_number, self.key.rsplit(":", 1)[-1]} - {False}

    @api.model
    def _values(self, bill, row):
        """Return the values of a row of `bill`.

        :param core.settlement_read.Row row:
        """
        return {
            "bill_id": bill.id,
            "provider_id": bill.provider_id.id,
            "company_id": bill.company_id.id,
            "currency_id": bill.currency_id.id,
            "day": bill.day,
            "key": row.key,
            "kind": row.kind.value,
            "happened_at": row.happened_at.astimezone(UTC).replace(tzinfo=None),
            "order_number": row.order_number or False,
            "refund_number": row.refund_number or False,
            "trade_no": row.trade_no or False,
            "amount": row.amount_minor / 100,
            "fee": float(row.fee or 0),
            "has_fee": row.fee is not None,
            "method": row.method or False,
            "status": row.status or False,
            "note": row.note or False,
            # A fund flow repeats what the trade bill has: taken for granted until that is there (`_compare_flow`).
            "is_booked": bill.kind == "fund" and row.kind in (Kind.PAYMENT, Kind.REFUND, Kind.FEE),
        }
