from decimal import Decimal

from odoo import api, models
from odoo.fields import Domain

from ..core.link_payment import Item


def _decimal(amount, currency):
    """Return a float amount of Odoo's as a Decimal of that currency's decimal places."""
    return Decimal(str(amount)).quantize(Decimal(1).scaleb(-currency.decimal_places))


class ArPaymentLinkOpen(models.AbstractModel):
    """What the books say is open: invoices, and for everything of a customer also his credit notes."""

    _name = "ar.payment.link.open"
    _description = "Payment link: open items"

    _LINE_FIELDS = (
        "move_id", "partner_id", "currency_id", "company_id", "account_id", "date_maturity", "date",
        "amount_residual_currency",
    )  # fmt: skip

    @api.model
    def _open_line_domain(self):
        """Return the domain of what can be paid: open on posted customer invoices that are not disputed."""
        return [
            ("parent_state", "=", "posted"),
            ("display_type", "=", "payment_term"),
            ("reconciled", "=", False),
            ("amount_residual_currency", ">", 0),
            ("move_id.move_type", "=", "out_invoice"),
            ("move_id.payment_state", "!=", "blocked"),
        ]

    @api.model
    def _disputed(self, moves):
        """Return those of `moves` of which something open is disputed: Odoo's own mark on them, "Block Payment"."""
        return moves.filtered(
            lambda move: move.state == "posted" and move.payment_state == "blocked" and move.amount_residual
        )

    @api.model
    def _credit_line_domain(self):
        """Return the domain of what can be set off: open on posted credit notes, and not on its way to the customer."""
        under_way = Domain("state", "!=", "failed") & Domain("transaction_id.payment_id", "=", False)
        return (
            Domain("parent_state", "=", "posted")
            & Domain("display_type", "=", "payment_term")
            & Domain("reconciled", "=", False)
            & Domain("amount_residual_currency", "<", 0)
            & Domain("move_id.move_type", "=", "out_refund")
            # Past the rules of refunds: whoever sees a credit note may see that it is open or not.
            & Domain("move_id", "not any!", Domain("ar_gateway_refund_ids", "any!", under_way))
        )

    @api.model
    def _search_lines(self, moves, partners=()):
        """Return what is open on `moves`, and all that is open of `partners`: invoices less credit notes, the latter
        where the company sets them off."""
        invoices = Domain(self._open_line_domain())
        domain = Domain("move_id", "in", moves.ids) & invoices
        if partners:
            set_off = self._credit_line_domain() & Domain("company_id.ar_link_net_credit_notes", "=", True)
            domain |= Domain("partner_id", "in", partners.ids) & (invoices | set_off)
        return self._fetch_lines(domain)

    @api.model
    def _search_credit_lines(self, credit_notes):
        """Return what is open on these credit notes, whatever the company does with others by now."""
        return self._fetch_lines(Domain("move_id", "in", credit_notes.ids) & self._credit_line_domain())

    @api.model
    def _fetch_lines(self, domain):
        lines = self.env["account.move.line"]
        return lines.search_fetch(domain, self._LINE_FIELDS, order="date_maturity, id")

    @api.model
    def _group_lines(self, lines):
        """Return the lines as items, by (invoice, owner) and by owner (`_owner_of`)."""
        by_move, by_owner = {}, {}
        for line in lines:
            owner = (line.partner_id.id, line.currency_id.id, line.company_id.id)
            amount = _decimal(line.amount_residual_currency, line.currency_id)
            item = Item(line.move_id.id, line.date_maturity or line.date, amount, line.account_id.id)
            by_move.setdefault((line.move_id.id, owner), []).append(item)
            by_owner.setdefault(owner, []).append(item)
        return by_move, by_owner

    @api.model
    def _owner_of(self, move):
        return move.commercial_partner_id.id, move.currency_id.id, move.company_id.id
