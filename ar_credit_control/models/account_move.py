from odoo import fields, models

from .ar_credit_document import DocumentFields
from .ar_credit_hold import CREDIT_GROUPS


class AccountMove(models.Model):
    """Customer invoices that do not come from an order are a check point of the credit rules."""

    _name = "account.move"
    _inherit = ["account.move", "account.move.credit"]

    _ar_credit_fields = DocumentFields(
        debtor="partner_id",
        payment_term="invoice_payment_term_id",
        salesperson="invoice_user_id",
        lines="invoice_line_ids",
        quantity="quantity",
        product_line="product",
    )

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

    # === CRUD === #

    def write(self, vals):
        """Write moves; of a customer invoice remember who changes what it is worth, or when it is due.

        One written as posted is asked like a posted one, and no hold outlives a cancelled one.

        :raise CreditHoldError: the rules refuse.
        """
        if not self._ar_priced_fields.isdisjoint(vals):
            invoices = self.filtered(lambda move: move._is_ar_credit_asked())
            invoices._filtered_ar_repriced(vals)._note_ar_priced_by()
        if vals.get("state") == "posted":
            with self._watch_ar_credit_posting():
                return super().write(vals)
        result = super().write(vals)
        if vals.get("state") == "cancel":
            self.sudo().ar_credit_hold_ids._supersede()  # sudo: holds are written by the credit control only
        return result

    # === ACTIONS === #

    def action_post_or_hold(self):
        """Post; where the credit check refuses a customer invoice, hold it for a decision instead.

        The Confirm button of the web client comes here (controllers/dataset.py).

        :return: what `action_post` returned, or the message about the holds as a client action.
        """
        result, passed, holds = self._pass_or_hold(lambda moves: moves.action_post())
        return passed._tell_ar_credit_holds(holds, result)

    def action_validate_moves_with_confirmation(self):
        """Post the drafts from a list or a journal's card; hold those that the credit check refuses.

        :return: what Odoo returns, or the message about the holds as a client action.
        """
        drafts = self.filtered(lambda move: move.state == "draft" and move.line_ids)
        if not drafts:
            return super().action_validate_moves_with_confirmation()
        result, passed, holds = drafts._pass_or_hold(
            lambda moves: super().action_validate_moves_with_confirmation()
        )
        return passed._tell_ar_credit_holds(holds, result)

    def _tell_ar_credit_holds(self, holds, result):
        """Return the message about holds filed while these went on, or `result` where there are none."""
        posted = self.filtered(lambda move: move.state == "posted")
        return holds._get_notification(len(posted), result) if holds else result

    # === BUSINESS === #

    def _post(self, soft=True):
        """Post; what no order counted before has to pass the credit rules, unless it books a received payment."""
        with self._watch_ar_credit_posting():
            posted = super()._post(soft)
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
        lines = self._get_ar_credit_lines()
        manual = sum(lines.filtered(lambda line: not line.sale_line_ids).mapped("price_total"))
        total = sum(lines.mapped("price_total"))
        amount = self.amount_residual_signed * manual / total if total else 0.0
        return self.env["ar.credit.exposure"]._to_decimal(self.company_id.currency_id, amount)
