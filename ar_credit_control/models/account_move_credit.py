from contextlib import contextmanager
from dataclasses import replace

from odoo import fields, models

from ..core.rule import CheckPoint

_POSTING = "ar_credit_move.posting"

# Whoever changes one of these had a part in what the invoice is worth or when it is paid, beside those of its lines.
PRICED_FIELDS = frozenset(
    """
    company_id currency_id fiscal_position_id invoice_cash_rounding_id invoice_currency_rate invoice_date_due
    invoice_payment_term_id journal_id move_type partner_id partner_shipping_id
    """.split()
)


class AccountMoveCredit(models.AbstractModel):
    """By how much a customer invoice raises the exposure when it is posted.

    What its lines are linked to proves nothing: a line of 1,000 may be linked to an order of 1, to an order of somebody
    else, or to one that was invoiced before. So what the orders count is compared before and after.
    """

    _name = "account.move.credit"
    _inherit = ["ar.credit.document", "ar.credit.priced"]
    _description = "Exposure of a customer invoice"

    _ar_priced_fields = PRICED_FIELDS

    ar_priced_by_ids = fields.Many2many(
        "res.users",
        relation="ar_account_move_priced_by_rel",
        string="Prices Edited By",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Who changed prices, quantities or taxes, deleted lines, or changed customer, terms or currency. They"
        " can't approve the invoice's credit.",
    )

    def _is_ar_credit_asked(self):
        """Whether it is a kind of document that the credit rules look at when it is posted."""
        return self.move_type in ("out_invoice", "out_receipt")

    @contextmanager
    def _watch_ar_credit_posting(self):
        """Run the body; what it posts has to pass the credit rules as far as no order counted it before.

        However it is posted: Odoo's own method writes the status in the end, and so may a call from outside. Nested
        calls leave their invoices to the outermost one; the list is on the cursor, out of reach of any caller.

        :raise CreditHoldError: the rules refuse.
        """
        posting = self.env.cr.cache.setdefault(_POSTING, set())
        asked = self.filtered(
            lambda move: move._is_ar_credit_asked() and move.state != "posted" and move.id not in posting
        )
        before = asked._get_ar_credit_counted()
        posting.update(asked.ids)
        try:
            yield
        finally:
            posting.difference_update(asked.ids)
        invoices = asked.filtered(lambda move: move.state == "posted")
        if invoices:
            self.env["ar.credit.gate"]._check_invoices(invoices, before)
            invoices._release_ar_credit_holds(CheckPoint.INVOICE)

    def _get_ar_credit_orders(self):
        """Return the orders that lines are linked to, past access rights."""
        return self.sudo().invoice_line_ids.sale_line_ids.order_id  # sudo: who invoices need not see sales

    def _get_ar_credit_forcing(self):
        """Return what keeps the invoice, also what somebody has set on the orders that it invoices.

        Not what was held afterwards: what is owed already may be billed; what an invoice adds, the rules are asked.
        """
        holds = super()._get_ar_credit_forcing()
        for order in self._get_ar_credit_orders():
            holds |= order._get_ar_credit_forced().filtered(lambda hold: hold.check_point == "manual")
        return holds

    def _get_ar_credit_counted(self):
        """Return what the orders that lines are linked to count as exposure now: order id -> amount in its currency.

        Without what never passed a check: invoicing that is the first time the rules can be asked.
        """
        return {
            order.id: order._get_ar_credit_counted() - order._get_ar_credit_unasked()
            for order in self._get_ar_credit_orders()
        }

    def _is_ar_credit_unordered(self):
        """Whether no line is linked to an order."""
        return not self._get_ar_credit_orders()

    def _get_ar_credit_sold(self):
        """Return the lines without down payments taken off: those were paid, not given away."""
        return (
            super()
            ._get_ar_credit_sold()
            .filtered(lambda line: line.price_total >= 0 or not line._get_downpayment_lines())
        )

    def _get_ar_credit_term_days(self):
        """Return after how many days the last of it is due, by its terms or by the due date typed in."""
        if self.invoice_payment_term_id or not self.invoice_date_due:
            return super()._get_ar_credit_term_days()
        return (self.invoice_date_due - (self.invoice_date or fields.Date.today())).days

    def _get_ar_credit_binding(self):
        """Return what an approval binds to: also the due date, where it is typed in and gives credit.

        :rtype: ar_credit_control.core.binding.Binding
        """
        binding, due = super()._get_ar_credit_binding(), self.invoice_date_due
        if self.invoice_payment_term_id or not due or due <= (self.invoice_date or fields.Date.today()):
            return binding
        return replace(binding, due=fields.Date.to_string(due))

    def _get_ar_credit_raised(self, before):
        """Return by how much these invoices, just posted, raised the exposure: move id -> Decimal, company currency.

        :param dict before: what `_get_ar_credit_counted` returned before they were posted.
        """
        after = self._get_ar_credit_counted()
        relief = {order_id: before.get(order_id, 0.0) - amount for order_id, amount in after.items()}
        return {move.id: move._take_ar_credit_relief(relief) for move in self}

    def _take_ar_credit_relief(self, relief):
        """Return what of the invoice is open beyond what orders of the same debtor count less; lower `relief` by that.

        Differences as small as the rounding of its lines, or of what is paid in cash, are none.

        :param dict relief: order id -> amount in order currency.
        :rtype: decimal.Decimal
        """
        self.ensure_one()
        day = self.invoice_date or self.date or fields.Date.today()
        rest = self.amount_residual
        for order in self._get_ar_credit_orders():
            if order._get_ar_credit_pair() != self._get_ar_credit_pair() or relief[order.id] <= 0:
                continue
            available = order.currency_id._convert(relief[order.id], self.currency_id, self.company_id, day)
            taken = max(0.0, min(rest, available))
            rest -= taken
            relief[order.id] *= 1 - taken / available if available else 0
        slack = self.currency_id.rounding * (len(self.invoice_line_ids) + 1)
        if rest <= slack + self.invoice_cash_rounding_id.rounding:
            rest = 0.0
        amount = self.amount_residual_signed * rest / self.amount_residual if rest else 0.0
        return self.env["ar.credit.exposure"]._to_decimal(self.company_id.currency_id, amount)
