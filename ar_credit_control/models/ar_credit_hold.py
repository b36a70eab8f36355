from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.binding import Binding, lapses

STATES = [
    ("pending", "Pending"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("released", "Released"),
    ("superseded", "Superseded"),
    ("blocked", "Blocked"),
]
POINTS = [
    ("confirm", "Order Confirmation"),
    ("amend", "Change of an Order"),
    ("delivery", "Delivery"),
    ("invoice", "Invoice"),
    ("manual", "By Hand"),
    ("event", "Afterwards"),
]
# As many ids as an address holds.
EXPORT_MAX = 500
CREDIT_GROUPS = "ar_credit_control.group_user,ar_credit_control.group_auditor"


class ArCreditHold(models.Model):
    """Why a document was stopped, with the numbers of that moment, and what was decided about it.

    Nobody has the right to write it: it is filed by the step that was refused (`ar_credit_hold_filing.py`) and changes
    through the decisions of `ar_credit_hold_decision.py` alone.
    """

    _name = "ar.credit.hold"
    _description = "Credit Hold"
    _inherit = ["ar.credit.hold.filing", "ar.credit.hold.recheck", "mail.thread", "mail.activity.mixin"]
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
        help="Released: the order went through, or fits again. Superseded: the order changed or was cancelled before"
        " a decision."
        " Blocked: a rule refused it, and no approval helps.",
    )
    check_point = fields.Selection(
        POINTS, required=True, default="confirm", readonly=True, index=True, help="Which step was stopped."
    )
    order_id = fields.Many2one("sale.order", readonly=True, index=True, ondelete="restrict")
    move_id = fields.Many2one(
        "account.move", string="Invoice", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    document_name = fields.Char(string="Document", compute="_compute_document_name", compute_sudo=True)
    rule_id = fields.Many2one(
        "ar.credit.rule",
        string="Reason",
        readonly=True,
        index=True,
        help="The hardest of the rules that held.",
    )
    reason_ids = fields.One2many("ar.credit.hold.reason", "hold_id", string="Reasons", readonly=True)
    reason_text = fields.Text(string="Reasons in Words", compute="_compute_reason_text", compute_sudo=True)
    reason_code_id = fields.Many2one("ar.credit.reason.code", readonly=True)
    above_order = fields.Monetary(
        string="Booked Above the Order",
        currency_field="order_currency_id",
        readonly=True,
        help="What hours and costs added to what was ordered, invoiced or not.",
    )
    request_note = fields.Text(
        string="Note", readonly=True, help="What the one who asked wrote to the approver."
    )
    order_state = fields.Selection(related="order_id.state", string="Order Status")
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True, index=True)
    orderer_id = fields.Many2one(
        "res.partner",
        string="Ordered By",
        readonly=True,
        index="btree_not_null",
        help="A customer under credit control orders or gets this, and the one who is to pay is not under control.",
    )
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
        [
            ("limited", "Limited"),
            ("no_credit", "No Credit"),
            ("unlimited", "Unlimited"),
            ("none", "Not Controlled"),
        ],
        string="Credit Control",
        readonly=True,
    )
    credit_limit = fields.Monetary(readonly=True)
    exposure = fields.Monetary(
        string="Exposure Before", readonly=True, help="What the customer owed without the order."
    )
    receivable = fields.Monetary(string="Open Receivables", readonly=True, groups=CREDIT_GROUPS)
    open_orders = fields.Monetary(string="Orders Not Invoiced", readonly=True, groups=CREDIT_GROUPS)
    draft_invoices = fields.Monetary(readonly=True, groups=CREDIT_GROUPS)
    unapplied_credits = fields.Monetary(readonly=True, groups=CREDIT_GROUPS)
    payments_in_process = fields.Monetary(readonly=True, groups=CREDIT_GROUPS)
    overdue = fields.Monetary(readonly=True, help="Past due by more than the days of grace.")
    risk_class_id = fields.Many2one("ar.risk.class", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max", help="Of the oldest item that is overdue.")
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

    granted_amount = fields.Monetary(
        string="Released up to",
        readonly=True,
        copy=False,
        currency_field="order_currency_id",
        aggregator=None,
        help="Approved for less than the document's amount, tax included: it goes on once it was cut down to that, and"
        " goods leave as far as it reaches. Zero: all of it.",
    )
    delivered_before = fields.Monetary(
        string="Delivered Before the Decision",
        readonly=True,
        copy=False,
        currency_field="order_currency_id",
        aggregator=None,
    )
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
    _pending_move_uniq = models.UniqueIndex(
        "(move_id) WHERE state = 'pending'", "This invoice already waits for a credit decision."
    )
    _about_a_document = models.Constraint(
        "CHECK(order_id IS NOT NULL OR move_id IS NOT NULL)", "A hold is about an order or an invoice."
    )

    # === COMPUTE === #

    @api.depends("order_id.name", "move_id.name")
    def _compute_document_name(self):
        for hold in self:
            hold.document_name = hold._get_document().display_name

    @api.depends("reason_ids.sentence", "check_point", "orderer_id")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        for hold in self:
            sentences = hold.reason_ids.mapped("sentence")
            if hold.orderer_id:
                gate = self.env["ar.credit.gate"]
                sentences.append(gate._get_orderer_reason(hold.orderer_id, hold.partner_id))
            if hold._filtered_forcing():
                sentences.append(hold._get_forced_reason())
            hold.reason_text = "\n".join(sentences)

    @api.depends("state", "binding", "order_id.amount_total", "order_id.order_line.price_total")
    def _compute_is_stale(self):
        for hold in self:
            hold.is_stale = hold.state in ("pending", "approved") and bool(hold._get_lapses())

    @api.depends("state", "partner_id", "company_id")
    def _compute_current(self):
        pairs = {(hold.partner_id.id, hold.company_id.id) for hold in self}
        positions, _amounts = self.env["ar.credit.account"]._get_positions(pairs)
        for hold in self:
            bound = positions[hold.partner_id.id, hold.company_id.id].tightest
            hold.current_exposure = float(bound.exposure.total)
            hold.current_limit = float(bound.limit.ceiling or 0)

    # === CRUD === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """Refuse: holds are the record of who took which risk."""
        raise UserError(self.env._("Credit holds are kept as a record and can't be deleted."))

    # === ACTIONS === #

    def action_export_xlsx(self):
        """Download the chosen holds, or all that wait in the companies of the switcher, as a workbook.

        :raise UserError: more are chosen than fit into an address.
        """
        if len(self) > EXPORT_MAX:
            raise UserError(
                self.env._("Choose %(count)s holds at most, or none to export all.", count=EXPORT_MAX)
            )
        companies = ",".join(str(company_id) for company_id in self.env.companies.ids)
        ids = ",".join(str(hold_id) for hold_id in self.ids)
        return {
            "type": "ir.actions.act_url",
            "url": f"/ar_credit_control/credit_holds.xlsx?companies={companies}&ids={ids}",
            "target": "download",
        }

    # === BUSINESS === #

    def _get_forced_reason(self):
        """Return the sentence about a hold that no rule files."""
        if self.check_point == "manual":
            return self.env._("Held by hand")
        return self.env._("Dearer, or not paid any more, since it was checked")

    def _get_document(self):
        """Return the order or the invoice the hold is about."""
        self.ensure_one()
        return self.move_id or self.order_id

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
        return lapses(self._get_binding(), self._get_document()._get_ar_credit_binding(), tolerance)
