from odoo import api, fields, models
from odoo.exceptions import UserError

from ..exceptions import denied
from .ar_credit_hold import STATES as HOLD_STATES

# What the check stands on, so nobody types it in.
DERIVED_FIELDS = frozenset(
    "ar_credit_confirmed_on ar_credit_due ar_credit_open ar_credit_paid_online ar_priced_by_ids".split()
)
PAYMENT_FIELDS = {"transaction_ids", "authorized_transaction_ids"}


class SaleOrder(models.Model):
    """Credit of the customer on the order, the guard of its confirmation, and its holds.

    What the gate asks of an order is in sale_order_credit.py.
    """

    _name = "sale.order"
    _inherit = ["sale.order", "sale.order.credit", "ar.credit.priced"]

    ar_credit_hold_ids = fields.One2many("ar.credit.hold", "order_id", string="Credit Holds")
    ar_credit_hold_id = fields.Many2one(
        "ar.credit.hold", string="Credit Hold", compute="_compute_ar_credit_hold_id", compute_sudo=True
    )
    ar_credit_hold_state = fields.Selection(
        HOLD_STATES, string="Credit Hold Status", compute="_compute_ar_credit_hold_id", compute_sudo=True
    )
    ar_credit_currency_id = fields.Many2one(related="company_id.currency_id", string="Credit Currency")
    ar_credit_controlled = fields.Boolean(
        string="Under Credit Control", compute="_compute_ar_credit", compute_sudo=True
    )
    ar_credit_available = fields.Monetary(
        string="Available Credit",
        compute="_compute_ar_credit",
        compute_sudo=True,
        currency_field="ar_credit_currency_id",
        help="What the customer may still buy on credit before this order, in company currency.",
    )
    ar_credit_excess = fields.Monetary(
        string="Over the Limit by",
        compute="_compute_ar_credit",
        compute_sudo=True,
        currency_field="ar_credit_currency_id",
    )
    ar_credit_message = fields.Text(
        string="Credit Warning", compute="_compute_ar_credit_message", compute_sudo=True
    )
    ar_credit_open = fields.Monetary(
        string="Open for Credit",
        compute="_compute_ar_credit_open",
        store=True,
        help="What is ordered or delivered and not on posted invoices, in order currency, tax included. An order whose"
        " advance invoices exceed that does not lower what other orders add.",
    )
    ar_credit_due = fields.Monetary(
        string="Delivered and Open for Credit",
        compute="_compute_ar_credit_open",
        store=True,
        help="The part of what is open for credit that was delivered: it is owed, whenever the rest is promised for.",
    )
    ar_credit_closable = fields.Monetary(
        string="Delivered and Credited",
        compute="_compute_ar_credit_closable",
        compute_sudo=True,
        help="Delivered, invoiced and taken back by credit notes without a return: open for credit until a credit"
        " manager closes it.",
    )
    ar_credit_paid_online = fields.Boolean(
        string="With Online Payments", compute="_compute_ar_credit_paid_online", store=True
    )
    ar_credit_confirmed_on = fields.Datetime(
        string="Credit Checked on", compute="_compute_ar_credit_confirmed_on", store=True, copy=False
    )

    # All that is summed up of open orders (`ar.credit.sum`), so that it never leaves the index.
    _ar_credit_open_idx = models.Index(
        "(partner_invoice_id, company_id, currency_id) INCLUDE (ar_credit_open, ar_credit_due, commitment_date)"
        " WHERE ar_credit_open > 0"
    )
    _ar_credit_paid_online_idx = models.Index("(partner_invoice_id) WHERE ar_credit_paid_online")

    # === COMPUTE === #

    @api.depends("order_line.ar_credit_open", "order_line.qty_delivered")
    def _compute_ar_credit_open(self):
        for order in self:
            order.ar_credit_open = max(0.0, sum(order.order_line.mapped("ar_credit_open")))
            due = max(0.0, sum(line._get_ar_credit_due() for line in order.order_line))
            # A discount is on the invoice of what was delivered.
            order.ar_credit_due = min(order.ar_credit_open, due)

    @api.depends("transaction_ids")
    def _compute_ar_credit_paid_online(self):
        for order in self:
            order.ar_credit_paid_online = bool(order.transaction_ids)

    @api.depends("state")
    def _compute_ar_credit_confirmed_on(self):
        for order in self:
            if order.state != "sale":
                order.ar_credit_confirmed_on = False
            elif not order.ar_credit_confirmed_on:
                order.ar_credit_confirmed_on = fields.Datetime.now()

    @api.depends("ar_credit_hold_ids.state")
    def _compute_ar_credit_hold_id(self):
        for order in self:
            order.ar_credit_hold_id = order.ar_credit_hold_ids.sorted("id")[-1:]
            order.ar_credit_hold_state = order.ar_credit_hold_id.state

    @api.depends_context("uid")
    @api.depends("partner_id", "partner_invoice_id", "company_id", "currency_id", "amount_total", "state")
    def _compute_ar_credit(self):
        open_orders = self.filtered(
            lambda order: order.state in ("draft", "sent") and order._can_see_ar_credit()
        )
        pairs = {pair for order in open_orders if all(pair := order._get_ar_credit_pair())}
        accounts = self.env["ar.credit.account"]
        checked = accounts._get_checked_pairs(pairs) if pairs else set()
        positions, _amounts = accounts._get_positions(checked) if checked else ({}, {})
        for order in self:
            pair = order._get_ar_credit_pair()
            order.ar_credit_controlled = order in open_orders and pair in checked
            order.ar_credit_available = order.ar_credit_excess = 0.0
            if order.ar_credit_controlled:
                bound = positions[pair].tightest
                available = float(bound.limit.available(bound.exposure) or 0)
                order.ar_credit_available = available
                amount = order._get_ar_credit_amount()
                order.ar_credit_excess = max(0.0, amount - available) if amount > 0 else 0.0

    @api.depends_context("lang", "uid")
    @api.depends("ar_credit_excess", "ar_credit_available", "ar_credit_hold_id")
    def _compute_ar_credit_message(self):
        for order in self:
            order.ar_credit_message = order._get_ar_credit_banner()

    @api.depends("ar_credit_controlled")
    def _compute_partner_credit_warning(self):
        """Keep Odoo's own warning away where ours speaks: the two count differently."""
        result = super()._compute_partner_credit_warning()
        for order in self:
            if order.ar_credit_controlled:
                order.partner_credit_warning = ""
        return result

    # === CRUD === #

    def init(self):
        """Have the open orders summed up."""
        self.env["ar.credit.sum"]._keep_sum(self._table)
        return super().init()

    @api.model
    def default_get(self, fields):
        """Leave out what the check stands on: neither a context key nor a default of the user fills it in."""
        defaults = super().default_get(fields)
        return {k: v for k, v in defaults.items() if k not in DERIVED_FIELDS | PAYMENT_FIELDS}

    @api.model_create_multi
    def create(self, vals_list):
        """Create orders; one created as confirmed has to fit the credit limit."""
        self._refuse_ar_credit_derived({name for vals in vals_list for name in vals})
        orders = super().create(vals_list)
        self.env["ar.credit.gate"]._check_raised(orders, {})
        return orders

    def write(self, vals):
        """Write orders; a confirmation, by whatever way, has to fit the credit limit."""
        self._refuse_ar_credit_derived(vals)
        self._filtered_ar_repriced(vals)._note_ar_priced_by()
        with self.env["ar.credit.gate"]._watch(self):
            result = super().write(vals)
        if vals.get("state") == "cancel":
            # sudo: holds are written by the credit control only; one set by hand outlives the cancellation
            holds = self.sudo().ar_credit_hold_ids
            holds.filtered(lambda hold: hold.check_point != "manual")._supersede()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ar_credit_hold(self):
        # sudo: a hold that the user can't see keeps its order as well
        if self.sudo().ar_credit_hold_ids:
            raise UserError(
                self.env._("An order with a credit decision can't be deleted. Cancel it instead.")
            )
        self.order_line._unlink_except_ar_credit_due()

    def _refuse_ar_credit_derived(self, names):
        """Refuse calls from outside that write what the check stands on, as payments linked to an order.

        :raise AccessError: unless the code runs as superuser, as Odoo's payment flow does.
        """
        if not self.env.su and not DERIVED_FIELDS.isdisjoint(names):
            raise denied(self, self.env._("What the credit check found is not for anybody to write."))
        if not self.env.su and not PAYMENT_FIELDS.isdisjoint(names):
            raise denied(self, self.env._("Payments are linked to orders by the payment itself."))

    # === ACTIONS === #

    def action_confirm_or_hold(self):
        """Confirm orders one by one; hold those that do not fit the credit limit.

        The Confirm button of the web client comes here (controllers/dataset.py). Each order sees the ones confirmed
        before it.

        :return: what `action_confirm` returned, or the message about the holds as a client action.
        """
        result, holds = True, self.env["ar.credit.hold"]
        passed = 0
        for order in self:
            confirmed, hold = order._try_or_hold(order.action_confirm)
            result = confirmed or result
            holds |= hold
            passed += not hold
        return holds._get_notification(passed, result) if holds else result

    def action_open_ar_credit_holds(self):
        """Open the credit holds of the order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.ar_credit_hold_action")
        holds = self.ar_credit_hold_ids
        if len(holds) == 1:
            action |= {"views": [(False, "form")], "res_id": holds.id}
        return action | {"domain": [("order_id", "=", self.id)], "context": {}}

    def action_ar_credit_what_if(self):
        """Open what the credit rules say of the order, at any check point."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.ar_credit_what_if_action")
        point = "confirm" if self.state in ("draft", "sent") else "amend"
        return action | {"context": {"default_order_id": self.id, "default_check_point": point}}

    # === BUSINESS === #

    def _is_ar_credit_under_review(self):
        """Whether the customer has done his part (signed or paid) and the order waits for a decision of ours."""
        self.ensure_one()
        order = self.sudo()  # sudo: the customer may know that, and nothing else of the hold
        return order.state in ("draft", "sent") and any(
            hold.state in ("pending", "blocked") and hold.notify_customer for hold in order.ar_credit_hold_ids
        )

    def _has_to_be_signed(self):
        """Whether the customer is offered to sign; not again where he did his part already."""
        return super()._has_to_be_signed() and not self._is_ar_credit_under_review()

    def _has_to_be_paid(self):
        """Whether the customer is offered to pay; not again where he did his part already."""
        return super()._has_to_be_paid() and not self._is_ar_credit_under_review()

    def _can_be_edited_on_portal(self):
        """Whether the customer may change quantities of options: not of what is being decided on."""
        return super()._can_be_edited_on_portal() and not self._is_ar_credit_under_review()

    def _validate_order(self):
        """Confirm after a signature or an order of amount zero; the customer must not meet an error."""
        for order in self:
            _result, hold = order._try_or_hold(super(SaleOrder, order)._validate_order, notify_customer=True)
            hold._tell_salesperson(again=True)
        return True
