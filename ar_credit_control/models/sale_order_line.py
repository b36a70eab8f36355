from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core.exposure import open_amount, share_of_invoice_line

# Computed by Odoo from the contract and from invoices; the check stands on them, so nobody types them in.
DERIVED_FIELDS = {
    "ar_credit_closed_qty",
    "ar_credit_open",
    "ar_priced_by_id",
    "price_subtotal",
    "price_tax",
    "price_total",
    "qty_invoiced",
}

# Whoever sets one of these had a part in what the order is worth, and can't approve its credit.
PRICED_FIELDS = frozenset(
    """
    combo_item_id discount display_type extra_tax_data is_downpayment order_id price_unit product_id
    product_no_variant_attribute_value_ids product_uom_id product_uom_qty tax_ids
    """.split()
)


class SaleOrderLine(models.Model):
    """What of a line is still to be invoiced, and the guard of its changes."""

    _inherit = "sale.order.line"

    ar_credit_open = fields.Monetary(
        string="Open for Credit",
        compute="_compute_ar_credit_open",
        store=True,
        help="What is ordered or delivered and not on posted invoices, in order currency, tax included.",
    )

    ar_credit_closed_qty = fields.Float(
        string="Closed for Credit",
        digits="Product Unit",
        readonly=True,
        copy=False,
        help="Delivered and credited without a return; a credit manager said that it will not be invoiced.",
    )

    # Recomputes overwrite write_uid; they do not come through `write`, so this tells who really did it.
    ar_priced_by_id = fields.Many2one("res.users", string="Priced By", readonly=True, copy=False)

    @api.depends(
        "order_id.state",
        "ar_credit_closed_qty",
        "display_type",
        "is_downpayment",
        "product_uom_qty",
        "product_id",
        "product_uom_id",
        "qty_delivered",
        "price_total",
        "price_unit",
        "discount",
        "tax_ids",
        "invoice_lines.parent_state",
        "invoice_lines.quantity",
        "invoice_lines.price_total",
        "invoice_lines.product_uom_id",
        "invoice_lines.sale_line_ids.product_uom_qty",
    )
    def _compute_ar_credit_open(self):
        for line in self:
            if line.display_type:
                line.ar_credit_open = 0.0
            else:
                line.ar_credit_open = line._get_ar_credit_part(line.order_id.state == "sale")

    def _get_ar_credit_due(self):
        """Return what of `ar_credit_open` was delivered already, in order currency (negative: paid in advance)."""
        return self._get_ar_credit_part(False) if self.ar_credit_open else 0.0

    def _get_ar_credit_part(self, promised):
        """Return what is open of a line with a product; see `_get_ar_credit_uninvoiced` about `promised`."""
        if self.is_downpayment and not self.product_uom_qty:
            return -self._get_ar_credit_down_payment()
        return float(self._get_ar_credit_uninvoiced(promised))

    def _get_ar_credit_uninvoiced(self, confirmed=True):
        """Return the amount of an ordinary line that is not on posted invoices, in order currency, tax included.

        :param bool confirmed: whether the order is; of one that was cancelled or reopened, what was delivered counts
            on, because the customer has the goods.
        :rtype: Decimal
        """
        self.ensure_one()
        delivered, invoiced = (
            Decimal(str(self.qty_delivered)),
            Decimal(str(self._get_ar_credit_invoiced_quantity())),
        )
        promised = confirmed and self._is_ar_credit_promise()
        if not promised and not delivered:
            return Decimal(0)
        unit_total = 0.0
        if not self.product_uom_qty and self.qty_delivered:
            price = self.price_unit * (1 - (self.discount or 0.0) / 100)
            unit_total = self.tax_ids.compute_all(price, self.currency_id, 1.0, self.product_id)[
                "total_included"
            ]
        return open_amount(
            price_total=Decimal(str(self.price_total)),
            unit_total=Decimal(str(unit_total)),
            ordered=Decimal(str(self.product_uom_qty)),
            delivered=delivered,
            invoiced=invoiced + self._get_ar_credit_closed_quantity(delivered, invoiced),
            promised=promised,
        )

    def _get_ar_credit_closed_quantity(self, delivered, invoiced):
        """Return what of the closed quantity counts as settled, in the unit of the line.

        What came back since it was closed is promised again, what is invoiced after all needs no closing, and where the
        credit note is gone nothing is left to close: else it would hide what is ordered or delivered later.

        :param Decimal delivered: quantity with the customer.
        :param Decimal invoiced: quantity on posted invoices less credit notes.
        :rtype: Decimal
        """
        if not self.ar_credit_closed_qty:
            return Decimal(0)
        quantities = self.ar_credit_closed_qty, self._get_ar_credit_credited_quantity()
        uninvoiced = delivered - max(Decimal(0), invoiced)
        return max(Decimal(0), min(uninvoiced, *(Decimal(str(quantity)) for quantity in quantities)))

    def _get_ar_credit_closable_quantity(self):
        """Return what was delivered and is on no invoice any more because of credit notes, in the unit of the line."""
        self.ensure_one()
        if self.display_type or self.is_downpayment or self.price_total <= 0:
            return 0.0
        uninvoiced = self.qty_delivered - max(0.0, self._get_ar_credit_invoiced_quantity())
        credited = self._get_ar_credit_credited_quantity()
        return max(0.0, min(credited, uninvoiced) - self.ar_credit_closed_qty)

    def _get_ar_credit_credited_quantity(self):
        """Return the quantity on posted credit notes, in the unit of the line."""
        return sum(
            item.product_uom_id._compute_quantity(item.quantity, self.product_uom_id)
            * self._get_ar_credit_share(item)
            for item in self.invoice_lines
            if item.parent_state == "posted" and item.move_id.move_type == "out_refund"
        )

    def _get_ar_credit_closable(self):
        """Return the same as an amount in order currency, tax included."""
        quantity = self._get_ar_credit_closable_quantity()
        return self.price_total / self.product_uom_qty * quantity if self.product_uom_qty else 0.0

    def _get_ar_credit_unchecked(self):
        """Return what of the open amount grew by hours and costs that Odoo books as delivered, in order currency.

        Nobody writes that, so no check has seen it; unlike what a transfer or a person delivers above the order.
        """
        self.ensure_one()
        seen = self.qty_delivered_method in (False, "manual", "stock_move")
        if seen or self.is_downpayment or self.display_type or self.qty_delivered <= self.product_uom_qty:
            return 0.0
        whole = self._get_ar_credit_uninvoiced()
        quantity = self._get_ar_credit_invoiced_quantity()
        over = self.qty_delivered - max(self.product_uom_qty, quantity)
        rest = self.qty_delivered - max(0.0, quantity)
        return float(whole) * max(0.0, over) / rest if rest > 0 else 0.0

    def _is_ar_credit_promise(self):
        """Whether what is ordered counts before it is delivered; what lowers the debt only where Odoo invoices it.

        A discount is on the first invoice. What is promised to come back, or is invoiced on delivery, may never be on
        any, and lowers the debt once it has come back or is invoiced.
        """
        self.ensure_one()
        if self.price_total >= 0:
            return True
        product = self.product_id
        returned = self.product_uom_qty < 0 and product.type != "service"
        return not returned and product.invoice_policy == "order"

    def _get_ar_credit_invoiced_quantity(self):
        """Return the quantity on posted invoices less refunds, in the unit of the line.

        Unlike `qty_invoiced` it leaves out drafts, and unlike `qty_invoiced_posted` no context key changes it. An
        invoice line that several order lines claim is shared between them, so that it lowers the exposure once.
        """
        self.ensure_one()
        return sum(
            -item.move_id.direction_sign
            * item.product_uom_id._compute_quantity(item.quantity, self.product_uom_id)
            * self._get_ar_credit_share(item)
            for item in self.invoice_lines
            if item.parent_state == "posted"
        )

    def _get_ar_credit_share(self, item):
        """Return which part of an invoice line belongs to this order line.

        :rtype: float
        """
        claims = {line.id: Decimal(str(line.product_uom_qty)) for line in item.sale_line_ids}
        return float(share_of_invoice_line(claims, self.id)) if len(claims) > 1 else 1.0

    def _get_ar_credit_down_payment(self):
        """Return what was invoiced in advance and not deducted yet, in order currency, tax included.

        The final invoice carries the same line with quantity -1, so the sum returns to zero.
        """
        self.ensure_one()
        return sum(
            -item.move_id.direction_sign
            * item.currency_id._convert(
                item.price_total, self.currency_id, self.company_id, item.move_id.invoice_date or item.date
            )
            * self._get_ar_credit_share(item)
            for item in self.invoice_lines
            if item.parent_state == "posted"
        )

    # === CRUD === #

    @api.model
    def default_get(self, fields):
        """Leave out what the check stands on: neither a context key nor a default of the user fills it in."""
        defaults = super().default_get(fields)
        return {k: v for k, v in defaults.items() if k not in DERIVED_FIELDS | {"invoice_lines"}}

    @api.model_create_multi
    def create(self, vals_list):
        """Create lines; on a confirmed order they have to fit the credit limit."""
        self._refuse_ar_credit_derived(*vals_list)
        vals_list = [{**vals, "ar_priced_by_id": self.env.uid} for vals in vals_list]
        default_id = self.default_get(["order_id"]).get("order_id")
        orders = self.env["sale.order"].browse(
            {order_id for vals in vals_list if (order_id := vals.get("order_id", default_id))}
        )
        with self.env["ar.credit.gate"]._watch(orders):
            return super().create(vals_list)

    def write(self, vals):
        """Write lines; what raises a confirmed order has to fit the credit limit."""
        self._refuse_ar_credit_derived(vals)
        self._refuse_undelivered(vals)
        if not PRICED_FIELDS.isdisjoint(vals) and not self.env["ar.credit.edge"]._is_granted():
            vals = {**vals, "ar_priced_by_id": self.env.uid}
            for editor, lines in self.grouped("ar_priced_by_id").items():
                if editor and editor != self.env.user:
                    lines.order_id._note_ar_priced_by(editor)  # who comes after does not wash him clean
        orders = self.order_id | self.env["sale.order"].browse(vals.get("order_id") or [])
        if orders != self.order_id:
            orders._note_ar_priced_by()  # a line that goes takes its editor along
        with self.env["ar.credit.gate"]._watch(orders):
            return super().write(vals)

    def unlink(self):
        """Delete lines; without a discount line a confirmed order may not fit the credit limit any more."""
        self.filtered(lambda line: not line.display_type).order_id._note_ar_priced_by()
        with self.env["ar.credit.gate"]._watch(self.order_id):
            return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ar_credit_due(self):
        """Refuse: the customer has the goods, and nothing else would say that he owes them."""
        for line in self:
            if line.order_id.state != "sale" and line._get_ar_credit_due() > 0:
                raise UserError(
                    self.env._(
                        "%(line)s was delivered and is not invoiced yet, so it can't be deleted.",
                        line=line.name,
                    )
                )

    def _refuse_undelivered(self, vals):
        """Refuse to write that goods of an order that is not confirmed any more are not with the customer.

        :raise AccessError: Odoo knows it from transfers, expenses or timesheets.
        """
        if self.env.su or "qty_delivered" not in vals:
            return
        for line in self:
            known = line.order_id.state != "sale" and line.qty_delivered_method != "manual"
            if known and vals["qty_delivered"] < line.qty_delivered:
                raise AccessError(self.env._("What was delivered follows the transfers."))

    def _refuse_ar_credit_derived(self, *vals_list):
        """Refuse calls from outside that set what the credit check stands on.

        Whoever writes invoices may link their lines, from this side as from the other. An empty `invoice_lines` is
        what the sales form sends with every new line.

        :raise AccessError: unless the code runs as superuser, as Odoo's own invoicing does.
        """
        if self.env.su:
            return
        names = {
            name for vals in vals_list for name, value in vals.items() if value or name in DERIVED_FIELDS
        }
        links = "invoice_lines" in names and not self.env.user.has_group("account.group_account_invoice")
        if links or names & DERIVED_FIELDS:
            raise AccessError(
                self.env._("Amounts and invoiced quantities of order lines are computed by Odoo.")
            )
