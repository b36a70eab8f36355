from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount

from ..core.binding import Binding, BoundLine
from ..exceptions import CreditHoldError
from .ar_credit_hold import STATES as HOLD_STATES


class SaleOrder(models.Model):
    """Credit of the customer on the order, the guard of its confirmation, and its holds."""

    _inherit = "sale.order"

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
    ar_credit_message = fields.Char(
        string="Credit Warning", compute="_compute_ar_credit_message", compute_sudo=True
    )

    # === COMPUTE === #

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
        limits = self.env["ar.credit.account"]._get_limits(pairs) if pairs else {}
        limits = {pair: limit for pair, limit in limits.items() if limit.is_checked}
        companies = self.env["res.company"].browse({company_id for _partner_id, company_id in limits})
        partner_ids = {partner_id for partner_id, _company_id in limits}
        measured = self.env["ar.credit.exposure"]._measure(companies, partner_ids)
        for order in self:
            pair = order._get_ar_credit_pair()
            order.ar_credit_controlled = order in open_orders and pair in limits
            order.ar_credit_available = order.ar_credit_excess = 0.0
            if order.ar_credit_controlled:
                available = float(limits[pair].available(measured.exposures[pair]))
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

    def _can_see_ar_credit(self):
        """Whether the user may see credit figures of the order's company (onchange lets him try any company)."""
        user = self.env.user
        return user._is_superuser() or (user._is_internal() and self.company_id <= user.company_ids)

    def _get_ar_credit_pair(self):
        """Return (id of the commercial partner who will be invoiced, company id)."""
        debtor = (self.partner_invoice_id or self.partner_id).commercial_partner_id
        return debtor._origin.id, self.company_id._origin.id

    def _get_ar_credit_amount(self):
        """Return what the order would add to the exposure now, in company currency at today's rate."""
        self.ensure_one()
        unpaid = max(0.0, self.amount_total - self.amount_paid)
        return self.currency_id._convert(
            unpaid, self.company_id.currency_id, self.company_id, fields.Date.today()
        )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create orders; one created as confirmed has to fit the credit limit."""
        self._refuse_ar_credit_transactions(name for vals in vals_list for name in vals)
        orders = super().create(vals_list)
        self.env["ar.credit.gate"]._check_raised(orders, {})
        return orders

    def write(self, vals):
        """Write orders; a confirmation, by whatever way, has to fit the credit limit."""
        self._refuse_ar_credit_transactions(vals)
        with self.env["ar.credit.gate"]._watch(self):
            result = super().write(vals)
        if vals.get("state") == "cancel":
            # sudo: holds are written by the credit control only
            self.sudo().ar_credit_hold_ids._supersede()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ar_credit_hold(self):
        # sudo: a hold that the user can't see keeps its order as well
        if self.sudo().ar_credit_hold_ids:
            raise UserError(
                self.env._("An order with a credit decision can't be deleted. Cancel it instead.")
            )

    def _refuse_ar_credit_transactions(self, names):
        """Refuse calls from outside that link payments to orders: a received payment lowers the exposure.

        :raise AccessError: unless the code runs as superuser, as Odoo's payment flow does.
        """
        if not self.env.su and not {"transaction_ids", "authorized_transaction_ids"}.isdisjoint(names):
            raise AccessError(self.env._("Payments are linked to orders by the payment itself."))

    # === ACTIONS === #

    def action_confirm_or_hold(self):
        """Confirm orders one by one; hold those that do not fit the credit limit.

        The Confirm button of the web client comes here (controllers/dataset.py). Each order sees the ones confirmed
        before it.

        :return: what `action_confirm` returned, or the message about the holds as a client action.
        """
        result, holds = True, self.env["ar.credit.hold"]
        for order in self:
            confirmed, hold = order._try_or_hold(order.action_confirm)
            result = confirmed or result
            holds |= hold
        return holds._get_notification() if holds else result

    def action_open_ar_credit_holds(self):
        """Open the credit holds of the order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.ar_credit_hold_action")
        holds = self.ar_credit_hold_ids
        if len(holds) == 1:
            action |= {"views": [(False, "form")], "res_id": holds.id}
        return action | {"domain": [("order_id", "=", self.id)], "context": {}}

    # === BUSINESS === #

    def _validate_order(self):
        """Confirm after a signature or an order of amount zero; the customer must not meet an error."""
        for order in self:
            _result, hold = order._try_or_hold(super(SaleOrder, order)._validate_order, notify_customer=True)
            hold._tell_salesperson()
        return True

    def _try_or_hold(self, confirm, notify_customer=False):
        """Call `confirm`; where the credit check refuses, undo all it did and file a hold instead.

        The savepoint also takes back what addons around us did before the check (loyalty points, coupons). Only
        the refusal is caught: a serialization failure has to reach Odoo's retry.

        :param confirm: callable without arguments.
        :param bool notify_customer: send the customer the confirmation once the order is approved.
        :return: (result of `confirm` or None, the holds)
        """
        try:
            with self.env.cr.savepoint():
                return confirm(), self.env["ar.credit.hold"]
        except CreditHoldError as refusal:
            return None, self.env["ar.credit.hold"]._file(refusal.decisions, notify_customer=notify_customer)

    def _get_ar_credit_binding(self):
        """Return what an approval of the order binds to, as it stands now.

        :rtype: ar_credit_control.core.binding.Binding
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        lines = self.order_line.filtered(lambda line: not line.display_type).sorted("id")
        return Binding(
            partner_id=self.partner_invoice_id.commercial_partner_id.id,
            company_id=self.company_id.id,
            currency_id=self.currency_id.id,
            payment_term_id=self.payment_term_id.id or 0,
            total=f"{sum(lines.mapped('price_total')):.{digits}f}",
            lines=tuple(
                BoundLine(
                    line.id,
                    line.product_id.id or 0,
                    f"{line.product_uom_qty:g}",
                    f"{line.price_total:.{digits}f}",
                )
                for line in lines
            ),
        )

    def _use_ar_credit_approval(self, decision):
        """Use an approval that covers the order as it stands and what the check found; return whether there is one.

        :param decision: core Decision of the check.
        """
        self.ensure_one()
        # sudo: the decision was taken by an authorised approver and is only looked up here
        return self.sudo().ar_credit_hold_ids._use_approval(decision)

    def _release_ar_credit_holds(self):
        """Close requests for a decision that is needed no more: the orders went through within the limit."""
        self.ar_credit_hold_ids._release_unneeded()

    def _get_ar_credit_banner(self):
        """Return the sentence of the warning on the quotation, or an empty string."""
        self.ensure_one()
        hold = self.ar_credit_hold_id
        if hold.state == "pending" and self._can_see_ar_credit():
            return hold._get_banner()
        if not self.ar_credit_controlled or self.currency_id.is_zero(self.ar_credit_excess):
            return ""
        return self.env._(
            "%(customer)s has %(available)s of credit left. Confirming this order goes over the limit by %(excess)s,"
            " so a credit manager will have to approve it.",
            customer=self.partner_invoice_id.commercial_partner_id.display_name,
            available=format_amount(self.env, self.ar_credit_available, self.ar_credit_currency_id),
            excess=format_amount(self.env, self.ar_credit_excess, self.ar_credit_currency_id),
        )

    def _get_ar_credit_refusal(self, decisions, amended=False):
        """Return the error message for orders that do not fit.

        :param dict decisions: order id -> core Decision.
        :param bool amended: whether the orders were confirmed already.
        """
        sentences = [order._get_ar_credit_reason(decisions[order.id]) for order in self]
        if amended:
            sentences.append(self.env._("Lower the change, or ask a credit manager to raise the limit."))
        else:
            sentences.append(self.env._("Confirm it in its form to ask a credit manager for a decision."))
        return "\n".join(sentences)

    def _get_ar_credit_reason(self, decision):
        """Return why one order does not fit, with its numbers in company currency."""
        self.ensure_one()
        currency = self.company_id.currency_id

        def money(value):
            return format_amount(self.env, float(value), currency)

        return self.env._(
            "%(order)s: %(customer)s owes %(exposure)s already; with %(amount)s of this order that is %(excess)s"
            " over the credit limit of %(limit)s.",
            order=self.name,
            customer=self.partner_invoice_id.commercial_partner_id.display_name,
            exposure=money(decision.exposure.total),
            amount=money(decision.order_amount),
            excess=money(decision.excess),
            limit=money(decision.limit.ceiling),
        )
