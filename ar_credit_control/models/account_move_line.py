from odoo import models

# Whoever sets one of these had a part in what an invoice is worth, and can't approve its credit.
PRICED_FIELDS = frozenset(
    """
    amount_currency balance credit currency_id debit discount display_type extra_tax_data move_id price_subtotal
    price_total price_unit product_id product_uom_id quantity tax_ids
    """.split()
)


class AccountMoveLine(models.Model):
    """The sums of open items that the check reads, and who prices the lines of customer invoices.

    Who made a line, Odoo knows (`create_uid`); who changed or deleted one, its invoice remembers.
    """

    _name = "account.move.line"
    _inherit = ["account.move.line", "ar.credit.priced"]

    _ar_priced_fields = PRICED_FIELDS

    # All that is summed up (`ar.credit.sum`), so that it never leaves the index.
    _ar_credit_open_idx = models.Index(
        "(partner_id, company_id, account_id) INCLUDE (amount_residual, date_maturity, date)"
        " WHERE parent_state = 'posted' AND amount_residual <> 0"
    )

    def init(self):
        """Have the open items summed up."""
        self.env["ar.credit.sum"]._keep_sum(self._table)
        return super().init()

    def write(self, vals):
        """Write lines; see the class."""
        if not PRICED_FIELDS.isdisjoint(vals):
            self._filtered_ar_sold()._filtered_ar_repriced(vals).move_id._note_ar_priced_by()
        return super().write(vals)

    def unlink(self):
        """Delete lines; see the class."""
        self._filtered_ar_sold().move_id._note_ar_priced_by()
        return super().unlink()

    def _filtered_ar_sold(self):
        """Return the lines of customer invoices that have a price."""
        return self.filtered(
            lambda line: line.display_type == "product" and line.move_id._is_ar_credit_asked()
        )

    def _sale_create_reinvoice_sale_line(self):
        """Charge orders with what a bill costs. A supplier's bill is booked also where a customer is over his limit."""
        with self.env["ar.credit.edge"]._booking_cost():
            return super()._sale_create_reinvoice_sale_line()
