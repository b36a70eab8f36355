from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import matching

#: More proposals than anyone reads; the best come first.
MAX_PROPOSALS = 40


class ArMatchWizard(models.TransientModel):
    """Shows which invoices a receipt may be for, with the evidence, and books what the user ticks."""

    _name = "ar.match.wizard"
    _description = "Match a Receipt"

    statement_line_id = fields.Many2one(
        "account.bank.statement.line", "Bank Line", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="statement_line_id.company_id")
    date = fields.Date(related="statement_line_id.date")
    payment_ref = fields.Char(related="statement_line_id.payment_ref", string="Memo")
    payer_name = fields.Char(related="statement_line_id.partner_name", string="Payer")
    payer_id = fields.Many2one(related="statement_line_id.partner_id", string="Payer's Customer Record")
    amount = fields.Monetary("Receipt", readonly=True, help="What is still to be matched of the receipt.")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    line_ids = fields.One2many("ar.match.wizard.line", "wizard_id", "Proposals")
    direction = fields.Integer(readonly=True, default=1)
    matched_amount = fields.Monetary("Matched", compute="_compute_rest")
    rest = fields.Monetary("Left Over", compute="_compute_rest")
    rest_on_account = fields.Boolean(
        "Credit the rest to the customer",
        help="Book what is left as an open credit on the customer's receivable account."
        " Otherwise it stays unmatched.",
    )
    rest_partner_id = fields.Many2one(
        "res.partner", "Credit to", compute="_compute_rest_partner_id", store=True, readonly=False
    )
    has_conflict = fields.Boolean(compute="_compute_warnings")
    has_other_currency = fields.Boolean(compute="_compute_warnings")

    # === COMPUTE === #

    @api.depends("line_ids.selected", "line_ids.amount", "amount")
    def _compute_rest(self):
        for wizard in self:
            wizard.matched_amount = sum(wizard._ticked().mapped("amount"))
            wizard.rest = wizard.amount - wizard.matched_amount

    @api.depends("line_ids.selected")
    def _compute_rest_partner_id(self):
        for wizard in self:
            partners = wizard._ticked().move_line_id.partner_id.commercial_partner_id
            wizard.rest_partner_id = partners if len(partners) == 1 else wizard.payer_id.commercial_partner_id

    @api.depends("line_ids.selected", "line_ids.partner_fit", "line_ids.item_currency_id")
    def _compute_warnings(self):
        for wizard in self:
            ticked = wizard._ticked()
            wizard.has_conflict = "conflicts" in ticked.mapped("partner_fit")
            wizard.has_other_currency = any(line.item_currency_id != wizard.currency_id for line in ticked)

    def _ticked(self):
        return self.line_ids.filtered(lambda line: line.selected and line.move_line_id)

    # === BUSINESS === #

    @api.model
    def _create_for(self, statement_line):
        """Create the wizard with its proposals, the plain cases ticked."""
        receipt, proposals = statement_line._ar_proposals()
        selection = matching.suggest_selection(receipt, proposals)
        wizard = self.create(
            {
                "statement_line_id": statement_line.id,
                "amount": abs(statement_line.ar_open_amount),
                "currency_id": statement_line.ar_open_currency_id.id,
                "direction": statement_line._ar_direction(),
            }
        )
        lines = self.env["ar.match.wizard.line"]
        lines.create(
            [lines._proposal_vals(wizard, proposal, selection) for proposal in proposals[:MAX_PROPOSALS]]
        )
        return wizard

    # === ACTIONS === #

    def action_book(self):
        """Book what is ticked. Everything is checked again with the rows locked."""
        self.ensure_one()
        ticked = self._ticked()
        receipt = self.statement_line_id
        if self.currency_id.compare_amounts(abs(receipt.ar_open_amount), self.amount):
            raise UserError(self.env._("The receipt has changed in the meantime. Please start again."))
        rest = self.currency_id.compare_amounts(self.rest, 0)
        if self.rest_on_account and rest > 0 and not self.rest_partner_id:
            raise UserError(self.env._("Choose the customer to whom the rest is credited."))
        rest_partner = (
            self.rest_partner_id.commercial_partner_id if self.rest_on_account and rest > 0 else None
        )
        receipt._ar_book(
            [(line.move_line_id, line.amount, line.item_amount) for line in ticked], rest_partner
        )
        receipt._ar_log_matching([line._log_text() for line in ticked])
        return {"type": "ir.actions.act_window_close"}
