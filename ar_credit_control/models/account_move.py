from decimal import Decimal

from odoo import fields, models

from ..core.binding import Binding, BoundLine
from ..core.rule import Fact
from .ar_credit_hold import CREDIT_GROUPS


class AccountMove(models.Model):
    """Customer invoices that do not come from an order are a check point of the credit rules."""

    _name = "account.move"
    _inherit = ["account.move", "account.move.credit", "ar.credit.document"]

    ar_credit_hold_ids = fields.One2many(
        "ar.credit.hold", "move_id", string="Credit Holds", groups=CREDIT_GROUPS
    )

    _ar_credit_draft_idx = models.Index(
        "(commercial_partner_id) WHERE state = 'draft' AND move_type IN ('out_invoice', 'out_receipt')"
    )

    # === COMPUTE === #

    def _compute_partner_credit_warning(self):
        """Silence Odoo's warning for customers under our control: the two count differently."""
        result = super()._compute_partner_credit_warning()
        warned = self.filtered("partner_credit_warning")
        pairs = {(move.commercial_partner_id._origin.id, move.company_id.id) for move in warned}
        checked = self.env["ar.credit.account"]._get_checked_pairs(pairs) if pairs else set()
        for move in warned:
            if (move.commercial_partner_id._origin.id, move.company_id.id) in checked:
                move.partner_credit_warning = ""
        return result

    # === ACTIONS === #

    def action_post_or_hold(self):
        """Post; where the credit check refuses a customer invoice, hold it for a decision instead.

        The Confirm button of the web client comes here (controllers/dataset.py).

        :return: what `action_post` returned, or the message about the holds as a client action.
        """
        result, holds = self._try_or_hold(self.action_post)
        return holds._get_notification() if holds else result

    # === BUSINESS === #

    def _post(self, soft=True):
        """Post; what no order counted before has to pass the credit rules, unless it books a received payment."""
        asked = self.filtered(
            lambda move: move.move_type in ("out_invoice", "out_receipt") and move.state == "draft"
        )
        before = asked._get_ar_credit_counted()
        posted = super()._post(soft)
        invoices = posted & asked
        if invoices:
            self.env["ar.credit.gate"]._check_invoices(invoices, before)
        posted._recheck_ar_credit_holds()
        return posted

    def _recheck_ar_credit_holds(self):
        """Look again at what waits for credit of customers whose debt got smaller."""
        lines = self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and line.balance < 0
        )
        self.env["ar.credit.hold"]._trigger_recheck(lines.partner_id.commercial_partner_id)

    def _get_ar_credit_pair(self):
        """Return (commercial partner id, company id)."""
        return self.commercial_partner_id.id, self.company_id.id

    def _get_ar_credit_decimal(self):
        """Return what of the invoice does not come from orders and is open, in company currency, as a Decimal."""
        self.ensure_one()
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        manual = sum(lines.filtered(lambda line: not line.sale_line_ids).mapped("price_total"))
        total = sum(lines.mapped("price_total"))
        amount = self.amount_residual_signed * manual / total if total else 0.0
        return self.env["ar.credit.exposure"]._to_decimal(self.company_id.currency_id, amount)

    def _get_ar_credit_total(self):
        """Return the total in the currency of the invoice."""
        return self.amount_total

    def _get_ar_credit_salesperson(self):
        """Return who sells."""
        return self.invoice_user_id

    def _get_ar_rule_facts(self, asked):
        """Return what rules may ask of the invoice itself, as values of core Facts.

        :param asked: core Facts that some rule looks at.
        """
        self.ensure_one()
        values = {}
        if Fact.TERM_DAYS_OVER in asked:
            debtor = self.commercial_partner_id.with_company(self.company_id)
            values["term_days_over"] = self.env["ar.credit.facts"]._get_term_days_over(
                self.invoice_payment_term_id, debtor.property_payment_term_id
            )
        if Fact.DISCOUNT_PERCENT in asked:
            discounts = self.invoice_line_ids.mapped("discount")
            values["discount_percent"] = Decimal(f"{max(discounts, default=0.0):.2f}")
        return values

    def _get_ar_credit_binding(self):
        """Return what an approval of the invoice binds to, as it stands now.

        :rtype: ar_credit_control.core.binding.Binding
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product").sorted("id")
        return Binding(
            partner_id=self.commercial_partner_id.id,
            company_id=self.company_id.id,
            currency_id=self.currency_id.id,
            payment_term_id=self.invoice_payment_term_id.id or 0,
            total=f"{self.amount_total:.{digits}f}",
            lines=tuple(
                BoundLine(
                    line.id, line.product_id.id or 0, f"{line.quantity:g}", f"{line.price_total:.{digits}f}"
                )
                for line in lines
            ),
        )
