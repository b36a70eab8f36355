from odoo import api, fields, models
from odoo.exceptions import UserError

from ..exceptions import denied

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

# What the open amount is computed from, where Odoo has it in all versions.
OPEN_FIELDS = """
    order_id.state ar_credit_closed_qty display_type is_downpayment product_uom_qty product_id product_uom_id
    qty_delivered price_total price_unit discount tax_ids invoice_lines.parent_state invoice_lines.quantity
    invoice_lines.price_total invoice_lines.product_uom_id invoice_lines.is_downpayment
    invoice_lines.sale_line_ids.product_uom_qty
""".split()

# What says where Odoo reads the delivered quantity, or what kind of line it is: told by Odoo's own flows only. Its
# wizard creates lines of down payments, so that one is refused on changes alone.
KIND_FIELDS = {"is_expense", "qty_delivered_method"}
CHANGED_KIND_FIELDS = KIND_FIELDS | {"is_downpayment"}

# Whoever sets one of these had a part in what the order is worth, and can't approve its credit.
PRICED_FIELDS = frozenset(
    """
    combo_item_id discount display_type extra_tax_data is_downpayment order_id price_unit product_id
    product_no_variant_attribute_value_ids product_uom_id product_uom_qty tax_ids
    """.split()
)


class SaleOrderLine(models.Model):
    """Open amount of a line and the guard of its changes; what is open of it is in sale_order_line_credit.py."""

    _name = "sale.order.line"
    _inherit = ["sale.order.line", "sale.order.line.credit"]

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

    # A copy costs nothing yet: what it sells is delivered like anything else.
    is_expense = fields.Boolean(copy=False)

    # Recomputes overwrite write_uid; they do not come through `write`, so this tells who really did it.
    ar_priced_by_id = fields.Many2one("res.users", string="Priced By", readonly=True, copy=False)

    @api.depends(lambda line: OPEN_FIELDS + [name for name in ("invoicing_closed",) if name in line._fields])
    def _compute_ar_credit_open(self):
        for line in self:
            if line.display_type:
                line.ar_credit_open = 0.0
            else:
                line.ar_credit_open = line._get_ar_credit_part(line.order_id.state == "sale")

    def _compute_qty_delivered(self):
        """Compute as of now: a date in the context (accrual entries) is for looking, not for what is stored."""
        lines = (
            self.with_context(accrual_entry_date=False)
            if self.env.context.get("accrual_entry_date")
            else self
        )
        return super(SaleOrderLine, lines)._compute_qty_delivered()

    # === CRUD === #

    @api.model
    def default_get(self, fields):
        """Leave out what the check stands on: neither a context key nor a default of the user fills it in."""
        defaults = super().default_get(fields)
        kept = DERIVED_FIELDS | KIND_FIELDS | {"invoice_lines"}
        return {name: value for name, value in defaults.items() if name not in kept}

    @api.model_create_multi
    def create(self, vals_list):
        """Create lines; on a confirmed order they have to fit the credit limit."""
        self._refuse_ar_credit_derived(*vals_list)
        self._refuse_kind(KIND_FIELDS, *vals_list)
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
        self._refuse_kind(CHANGED_KIND_FIELDS, vals)
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
        """Refuse to write that what Odoo knows to be delivered is not with the customer.

        Whoever writes invoices may: he could write a credit note as well.

        :raise AccessError: Odoo knows it from transfers, expenses or timesheets.
        """
        if "qty_delivered" not in vals or self._may_ar_credit_bill():
            return
        for line in self:
            known = line.qty_delivered_method != "manual"
            if known and (vals["qty_delivered"] or 0.0) < line.qty_delivered:
                raise denied(line, self.env._("What was delivered follows the transfers."))

    def _may_ar_credit_bill(self):
        return self.env.su or self.env.user.has_group("account.group_account_invoice")

    def _refuse_kind(self, names, *vals_list):
        """Refuse calls from outside that say what kind of line it is, and so where its quantities come from.

        A form may send what is so already.

        :raise AccessError: unless Odoo itself does, as where it charges an order with a cost.
        """
        if self.env.su or self.env["ar.credit.edge"]._is_booking_cost():
            return
        for vals in vals_list:
            for name in names & vals.keys():
                known = self.mapped(name) if self else [False]
                if any((value or False) != (vals[name] or False) for value in known):
                    raise denied(
                        self, self.env._("What kind of line it is, Odoo knows from where it comes from.")
                    )

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
        links = "invoice_lines" in names and not self._may_ar_credit_bill()
        if links or names & DERIVED_FIELDS:
            raise denied(
                self, self.env._("Amounts and invoiced quantities of order lines are computed by Odoo.")
            )
