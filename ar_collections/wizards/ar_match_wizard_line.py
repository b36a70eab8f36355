from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_amount

from ..core import matching


class ArMatchWizardLine(models.TransientModel):
    """One proposed item: how much of the receipt it takes, and why it is proposed, in words."""

    _name = "ar.match.wizard.line"
    _description = "Proposed Match"
    _order = "sequence, id"

    wizard_id = fields.Many2one("ar.match.wizard", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=1000)
    selected = fields.Boolean("Match", default=True)
    move_line_id = fields.Many2one("account.move.line", "Item", required=True, ondelete="cascade")
    move_id = fields.Many2one(related="move_line_id.move_id", string="Invoice")
    partner_id = fields.Many2one(related="move_line_id.partner_id", string="Customer")
    date_due = fields.Date(related="move_line_id.date_maturity", string="Due Date")
    company_id = fields.Many2one(related="wizard_id.company_id")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    item_currency_id = fields.Many2one(related="move_line_id.currency_id", string="Currency of the Item")
    residual = fields.Monetary("Open", compute="_compute_residual", currency_field="item_currency_id")
    amount = fields.Monetary(
        "From the Receipt",
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="How much of the receipt goes to this item, in the currency of the receipt.",
    )
    item_amount = fields.Monetary(
        "Settles",
        currency_field="item_currency_id",
        compute="_compute_item_amount",
        store=True,
        readonly=False,
        help="How much of the item that settles, in its own currency. Where the currencies differ, enter"
        " here what the customer has paid: the difference in value is booked as an exchange difference.",
    )
    evidence = fields.Html(readonly=True)
    partner_fit = fields.Selection(
        [("agrees", "Agrees"), ("unknown", "Unknown"), ("conflicts", "Another Payer")], "Payer", readonly=True
    )
    amount_fit = fields.Selection(
        [
            ("exact", "Exact"),
            ("partial", "Part Payment"),
            ("over", "Overpayment"),
            ("other_currency", "Other Currency"),
        ],
        "Amount",
        readonly=True,
    )

    # === COMPUTE === #

    @api.depends("move_line_id", "wizard_id.direction")
    def _compute_residual(self):
        for line in self:
            line.residual = line.move_line_id.amount_residual_currency * line.wizard_id.direction

    @api.depends("move_line_id")
    def _compute_amount(self):
        """For an item added by hand: what is left of the receipt, at most what is open."""
        for line in self:
            if line.amount or not line.move_line_id:
                continue
            others = line.wizard_id.line_ids.filtered(lambda other: other.selected) - line
            left = max(line.wizard_id.amount - sum(others.mapped("amount")), 0.0)
            same = line.item_currency_id == line.currency_id
            line.amount = min(left, line.residual) if same else left

    @api.depends("amount", "move_line_id")
    def _compute_item_amount(self):
        """In the same currency what is paid is what is settled; else propose to settle the item in full.

        An item in company currency is settled by what the bank booked for the amount.
        """
        for line in self:
            receipt = line.wizard_id.statement_line_id
            if line.item_currency_id == line.currency_id:
                line.item_amount = line.amount
            elif receipt and line.item_currency_id == line.company_id.currency_id:
                line.item_amount = receipt._prepare_counterpart_amounts_using_st_line_rate(
                    line.currency_id, None, line.amount
                )["balance"]
            else:
                line.item_amount = line.item_amount or line.residual

    # === BUSINESS === #

    @api.model
    def _proposal_vals(self, wizard, proposal, selection):
        """Return the values of the line for a proposal; `selection` is what `matching.suggest_selection`
        returned.
        """
        amount = selection.get(proposal.item.key)
        if amount is None:
            same = proposal.amount is not matching.AmountFit.OTHER_CURRENCY
            amount = min(proposal.item.amount, wizard.amount) if same else wizard.amount
        return {
            "wizard_id": wizard.id,
            "sequence": 10 * sum(rank * 10 ** (2 - place) for place, rank in enumerate(proposal.rank)),
            "selected": proposal.item.key in selection,
            "move_line_id": proposal.item.key,
            "amount": float(amount),
            "partner_fit": proposal.partner.value,
            "amount_fit": proposal.amount.value,
            "evidence": self._evidence_html(wizard, proposal),
        }

    @api.model
    def _evidence_html(self, wizard, proposal):
        """Put the evidence of a proposal into words: where the number stands, the payer, the amount."""
        sentences = [self._found_html(wizard, found) for found in proposal.found] or [
            self.env._("No number in the memo; payer and amount agree.")
        ]
        sentences += [self._partner_text(wizard, proposal), self._amount_text(wizard, proposal)]
        return Markup("<br/>").join(sentence for sentence in sentences if sentence)

    def _found_html(self, wizard, found):
        text = wizard.statement_line_id[found.text_field] or ""
        marked = Markup("%s<b>%s</b>%s") % (
            text[max(found.start - 24, 0) : found.start],
            text[found.start : found.end],
            text[found.end : found.end + 24],
        )
        labels = {
            "name": self.env._("Invoice number"),
            "payment_reference": self.env._("Payment reference"),
            "ref": self.env._("Customer's reference"),
        }
        values = {
            "what": labels[found.reference.field],
            "number": found.reference.value,
            "text": marked,
        }
        if found.verbatim:
            return self.env._("%(what)s %(number)s found: “%(text)s”", **values)
        return self.env._("%(what)s %(number)s found, spelled differently: “%(text)s”", **values)

    def _partner_text(self, wizard, proposal):
        customer = proposal.item.partner_name
        receipt = wizard.statement_line_id
        payer = receipt.partner_id.commercial_partner_id.name or receipt.partner_name
        if proposal.partner is matching.PartnerFit.AGREES:
            return self.env._("The payer is the customer, %s.", customer)
        if proposal.partner is matching.PartnerFit.UNKNOWN:
            return self.env._("The payer is not known; the customer is %s.", customer)
        return self.env._(
            "Conflict: paid by %(payer)s, the customer is %(customer)s.", payer=payer, customer=customer
        )

    def _amount_text(self, wizard, proposal):
        currency = self.env["res.currency"].search([("name", "=", proposal.item.currency)], limit=1)
        paid = format_amount(self.env, wizard.amount, wizard.currency_id)
        due = format_amount(self.env, float(proposal.item.amount), currency)
        return {
            matching.AmountFit.EXACT: self.env._("The amount is exactly what is open, %(due)s.", due=due),
            matching.AmountFit.PARTIAL: self.env._(
                "Part payment: %(paid)s received, %(due)s open.", paid=paid, due=due
            ),
            matching.AmountFit.OVER: self.env._(
                "More than is open: %(paid)s received, %(due)s open.", paid=paid, due=due
            ),
            matching.AmountFit.OTHER_CURRENCY: self.env._(
                "Another currency: %(paid)s received, %(due)s open. Please confirm how much it settles.",
                paid=paid,
                due=due,
            ),
        }[proposal.amount]

    def _log_text(self):
        """Return what the chatter of the bank entry keeps of a booked line."""
        self.ensure_one()
        amount = format_amount(self.env, self.amount, self.currency_id)
        evidence = self.evidence or self.env._("Chosen by hand.")
        return Markup("%s: %s<br/>%s") % (self.move_id.display_name, amount, evidence)
