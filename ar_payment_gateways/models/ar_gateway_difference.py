from odoo import api, fields, models


class ArGatewayDifference(models.Model):
    """Where a bill and our books differ, until somebody has settled it: what was done, why, by whom and when.

    长款: money in the bill that our books do not know; 短款: money in our books that the bill does not have.
    """

    _name = "ar.gateway.difference"
    _description = "Settlement Difference"
    _inherit = ["mail.thread", "mail.activity.mixin", "ar.gateway.difference.resolving"]
    _order = "day desc, id desc"
    _mail_post_access = "read"

    bill_id = fields.Many2one(
        "ar.gateway.bill", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="bill_id.company_id", store=True, index=True)
    provider_id = fields.Many2one(related="bill_id.provider_id", store=True)
    currency_id = fields.Many2one(related="bill_id.currency_id")
    day = fields.Date(related="bill_id.day", store=True)
    line_id = fields.Many2one(
        "ar.gateway.bill.line", "Row", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    line_kind = fields.Selection(related="line_id.kind", string="Kind of Row")
    order_id = fields.Many2one(
        "ar.gateway.order", "Gateway Order", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    refund_id = fields.Many2one(
        "ar.gateway.refund", "Gateway Refund", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    kind = fields.Selection(
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
        required=True,
        readonly=True,
        index=True,
    )
    number = fields.Char(compute="_compute_number")
    amount_bill = fields.Monetary("In the Bill", readonly=True)
    amount_books = fields.Monetary("In Our Books", readonly=True)
    amount_gap = fields.Monetary("Bill Less Books", compute="_compute_amount_gap", store=True)
    state = fields.Selection(
        [("open", "Open"), ("carried", "Carried Over"), ("resolved", "Resolved")],
        "Status",
        default="open",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    resolution = fields.Selection(
        [
            ("queried", "Booked after Asking the Gateway"),
            ("found", "Found on Another Day"),
            ("accepted", "Accepted into an Account"),
            ("linked", "Linked by Hand"),
        ],
        readonly=True,
        tracking=True,
    )
    reason = fields.Char(readonly=True, tracking=True)
    resolved_by = fields.Many2one("res.users", readonly=True)
    resolved_at = fields.Datetime(readonly=True)
    carried_to = fields.Date(readonly=True, help="The bill in which it is expected.")
    move_id = fields.Many2one("account.move", "Journal Entry", readonly=True, ondelete="restrict")

    @api.depends("line_id", "order_id", "refund_id")
    def _compute_number(self):
        for difference in self:
            difference.number = (
                difference.refund_id.name
                or difference.line_id.refund_number
                or difference.order_id.name
                or difference.line_id.order_number
                or difference.line_id.trade_no
            )

    @api.depends("amount_bill", "amount_books")
    def _compute_amount_gap(self):
        for difference in self:
            difference.amount_gap = difference.amount_bill - difference.amount_books

    @api.depends("number", "kind")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for difference in self:
            difference.display_name = f"{kinds.get(difference.kind, '')} {difference.number or ''}".strip()

    # === SETTLED BY ANOTHER BILL === #

    @api.model
    def _settle_others(self, bill):
        """Settle what earlier imports missed and `bill` has; take up again what was carried to it and is not there."""
        missing = self.search(
            [
                ("provider_id", "=", bill.provider_id.id),
                ("kind", "=", "shortage"),
                ("state", "!=", "resolved"),
            ]
        )
        lines = bill.line_ids.filtered(lambda line: line.order_id and line.difference_kind != "amount")
        payments = {line.order_id.id for line in lines if line.kind == "payment"}
        refunds = {line.refund_id.id for line in lines if line.refund_id}
        found = missing.filtered(
            lambda difference: (
                difference.refund_id.id in refunds
                if difference.refund_id
                else difference.order_id.id in payments
            )
        )
        found._note_resolved("found", self.env._("In the bill of %s", bill.day), by=False)
        late = (missing - found).filtered(
            lambda difference: difference.state == "carried" and difference.carried_to <= bill.day
        )
        late.write({"state": "open", "carried_to": False})

    def _note_resolved(self, resolution, reason, by=None):
        """Record how differences were settled; who and when."""
        self.write(
            {
                "state": "resolved",
                "resolution": resolution,
                "reason": reason,
                "resolved_by": self.env.uid if by is None else by,
                "resolved_at": fields.Datetime.now(),
            }
        )
