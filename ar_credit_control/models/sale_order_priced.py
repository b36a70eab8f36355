from odoo import fields, models
from odoo.fields import Command

# Whoever changes one of these had a part in what the order is worth or when it is paid, beside those of its lines.
PRICED_FIELDS = frozenset(
    """
    commitment_date company_id currency_id fiscal_position_id partner_id partner_invoice_id partner_shipping_id
    payment_term_id prepayment_percent pricelist_id require_payment
    """.split()
)


class SaleOrderPriced(models.AbstractModel):
    """Who had a hand in the price or the terms of an order, also where no line is left to tell it."""

    _name = "sale.order.priced"
    _description = "Editors of the prices of an order"

    ar_priced_by_ids = fields.Many2many(
        "res.users",
        relation="ar_sale_order_priced_by_rel",
        string="Prices Edited By",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Who deleted or moved lines, or changed customer, terms, currency or price list. They can't approve the"
        " order's credit.",
    )

    def _note_ar_priced_by(self, users=None):
        """Remember users, the current one by default, as editors of prices.

        Past `write`, where addons of approval refuse any change of an order that waits for one.
        """
        if self and not self.env["ar.credit.edge"]._is_granted():
            links = [Command.link(uid) for uid in (users.ids if users else [self.env.uid])]
            self._fields["ar_priced_by_ids"].write(self, links)

    def _filtered_ar_repriced(self, vals):
        """Return the orders whose price or terms these values change."""
        names = PRICED_FIELDS & set(vals)

        def plain(order, value, field):
            return field.convert_to_write(
                field.convert_to_record(field.convert_to_cache(value, order), order), order
            )

        return self.filtered(
            lambda order: any(
                plain(order, vals[name], field) != field.convert_to_write(order[name], order)
                for name in names
                for field in [self._fields[name]]
            )
        )
