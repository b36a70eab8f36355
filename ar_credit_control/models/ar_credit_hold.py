from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..core.binding import Binding, lapses

STATES = [
    ("pending", "Pending"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("released", "Released"),
    ("superseded", "Superseded"),
]
CREDIT_GROUPS = "ar_credit_control.group_user,ar_credit_control.group_auditor"


class ArCreditHold(models.Model):
    """Why an order was not confirmed, with the numbers of that moment, and what was decided about it.

    Nobody has the right to write it: it is filed by the confirmation (`_file`) and changes through the decisions of
    `ar_credit_hold_decision.py` alone.
    """

    _name = "ar.credit.hold"
    _description = "Credit Hold"
    _inherit = ["ar.credit.hold.decision", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(required=True, readonly=True, default="/")
    state = fields.Selection(
        STATES,
        string="Status",
        required=True,
        default="pending",
        readonly=True,
        tracking=True,
        index=True,
        help="Released: the order went through. Superseded: the order changed or was cancelled before a decision.",
    )
    order_id = fields.Many2one("sale.order", required=True, readonly=True, index=True, ondelete="restrict")
    order_state = fields.Selection(related="order_id.state", string="Order Status")
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    order_currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    payment_term_id = fields.Many2one("account.payment.term", readonly=True, string="Payment Terms")
    salesperson_id = fields.Many2one("res.users", readonly=True, index=True)
    requested_by = fields.Many2one("res.users", required=True, readonly=True, index=True)
    requested_on = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    notify_customer = fields.Boolean(
        readonly=True, help="The customer gets the order confirmation after approval."
    )

    control = fields.Selection(
        [("limited", "Limited"), ("no_credit", "No Credit")], string="Credit Control", readonly=True
    )
    credit_limit = fields.Monetary(readonly=True)
    exposure = fields.Monetary(
        string="Exposure Before", readonly=True, help="What the customer owed without the order."
    )
    receivable = fields.Monetary(string="Open Receivables", readonly=True, groups=CREDIT_GROUPS)
    open_orders = fields.Monetary(string="Orders Not Invoiced", readonly=True, groups=CREDIT_GROUPS)
    draft_invoices = fields.Monetary(readonly=True, groups=CREDIT_GROUPS)
    order_amount = fields.Monetary(
        readonly=True, help="The order in company currency at the rate of that day."
    )
    order_amount_currency = fields.Monetary(
        string="Order Total", readonly=True, currency_field="order_currency_id", aggregator=None
    )
    excess = fields.Monetary(string="Over the Limit by", readonly=True)
    binding = fields.Json(
        string="Approved Content", readonly=True, groups=CREDIT_GROUPS, help="What an approval binds to."
    )
    binding_hash = fields.Char(string="Order Fingerprint", readonly=True)

    decided_by = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Datetime(readonly=True)
    decision_comment = fields.Text(string="Comment", readonly=True)

    is_stale = fields.Boolean(string="Order Has Changed", compute="_compute_is_stale", compute_sudo=True)
    current_exposure = fields.Monetary(
        string="Exposure Now", compute="_compute_current", groups=CREDIT_GROUPS, compute_sudo=True
    )
    current_limit = fields.Monetary(
        string="Limit Now", compute="_compute_current", groups=CREDIT_GROUPS, compute_sudo=True
    )

    _pending_order_uniq = models.UniqueIndex(
        "(order_id) WHERE state = 'pending'", "This order already waits for a credit decision."
    )

    # === COMPUTE === #

    @api.depends("state", "binding", "order_id.amount_total", "order_id.order_line.price_total")
    def _compute_is_stale(self):
        for hold in self:
            hold.is_stale = hold.state in ("pending", "approved") and bool(hold._get_lapses())

    @api.depends("state", "partner_id", "company_id")
    def _compute_current(self):
        measured = self.env["ar.credit.exposure"]._measure(self.company_id, self.partner_id.ids)
        limits = self.env["ar.credit.account"]._get_limits({(h.partner_id.id, h.company_id.id) for h in self})
        for hold in self:
            pair = hold.partner_id.id, hold.company_id.id
            hold.current_exposure = float(measured.exposures[pair].total)
            hold.current_limit = float(limits[pair].ceiling or 0)

    # === CRUD === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """Refuse: holds are the record of who took which risk."""
        raise UserError(self.env._("Credit holds are kept as a record and can't be deleted."))

    # === BUSINESS === #

    @api.model
    def _file(self, decisions, notify_customer=False):
        """File the holds of refused orders, and ask the managers for a decision.

        A hold that waits already for the same order as it stands is kept; one for an earlier version is superseded.

        :param dict decisions: sale.order id -> core Decision.
        :return: the holds of these orders.
        """
        # sudo: nobody may write holds; the numbers are the check's own
        filing = self.sudo()
        holds = filing.browse()
        for order in self.env["sale.order"].sudo().browse(decisions):  # sudo: also customers confirm
            binding = order._get_ar_credit_binding()
            waiting = order.ar_credit_hold_ids.filtered(lambda hold: hold.state in ("pending", "approved"))
            same = waiting.filtered_domain([("state", "=", "pending"), ("binding_hash", "=", binding.digest)])
            same = same.filtered(lambda hold, decision=decisions[order.id]: hold._covers(decision))
            (waiting - same)._supersede()
            if not same:
                vals = self._prepare_vals(order, decisions[order.id], binding)
                same = filing.create({**vals, "notify_customer": notify_customer})
                same._request_ar_approval()
            holds |= same
        return holds.sudo(self.env.su)  # sudo: back to the rights of the caller

    @api.model
    def _prepare_vals(self, order, decision, binding):
        """Return the values of a hold: who, what, and the numbers of the decision, frozen."""
        exposure = decision.exposure
        sequence = self.env["ir.sequence"].sudo()  # sudo: whoever confirms draws a number
        return {
            "name": sequence.next_by_code("ar.credit.hold") or "/",
            "order_id": order.id,
            "partner_id": binding.partner_id,
            "company_id": order.company_id.id,
            "currency_id": order.company_id.currency_id.id,
            "order_currency_id": order.currency_id.id,
            "payment_term_id": order.payment_term_id.id,
            "salesperson_id": order.user_id.id,
            "requested_by": self.env.uid,
            "control": decision.limit.control.value,
            "credit_limit": float(decision.limit.ceiling or 0),
            "exposure": float(exposure.total),
            "receivable": float(exposure.receivable),
            "open_orders": float(exposure.open_orders),
            "draft_invoices": float(exposure.draft_invoices),
            "order_amount": float(decision.order_amount),
            "order_amount_currency": float(Decimal(binding.total)),
            "excess": float(decision.excess),
            "binding": binding.as_dict(),
            "binding_hash": binding.digest,
        }

    def _get_binding(self):
        """Return what was put before the approver.

        :rtype: ar_credit_control.core.binding.Binding
        """
        self.ensure_one()
        return Binding.from_dict(self.sudo().binding)  # sudo: the salesperson does not see it

    def _get_lapses(self):
        """Return why the hold does not fit its order any more; empty when it does."""
        self.ensure_one()
        tolerance = Decimal(str(self.company_id.ar_credit_tolerance_percent))
        return lapses(self._get_binding(), self.order_id._get_ar_credit_binding(), tolerance)

    def _get_banner(self):
        """Return the sentence shown on the order while the hold waits."""
        self.ensure_one()
        if not self.helper_names:
            return self.env._(
                "%(hold)s: over the credit limit by %(excess)s, and nobody independent of the order may approve it."
                " Ask your administrator for another credit manager.",
                hold=self.name,
                excess=format_amount(self.env, self.excess, self.currency_id),
            )
        return self.env._(
            "%(hold)s: with this order %(customer)s would be %(excess)s over the credit limit of %(limit)s"
            " (owed before: %(exposure)s). %(helpers)s can approve it.",
            hold=self.name,
            customer=self.partner_id.display_name,
            excess=format_amount(self.env, self.excess, self.currency_id),
            limit=format_amount(self.env, self.credit_limit, self.currency_id),
            exposure=format_amount(self.env, self.exposure, self.currency_id),
            helpers=self.helper_names,
        )

    def _get_notification(self):
        """Return the client action that tells the user which orders were held, and why."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Waiting for credit approval"),
                "message": "\n".join(hold._get_banner() for hold in self),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
