from contextlib import ExitStack

from odoo import api, models

# What says for whom goods leave.
DEBTOR_FIELDS = {"sale_line_id", "picking_id"}
# What says that they have left.
GONE_FIELDS = frozenset(
    """
    location_dest_id location_final_id location_id move_line_ids origin_returned_move_id picking_id product_id
    product_uom product_uom_qty quantity rule_id sale_line_id state to_refund
    """.split()
)


class StockMove(models.Model):
    """Goods leave for the customer only where the credit rules let them, whichever screen or job moves them."""

    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        """Move; then ask the rules at the check point Delivery, with what was really moved.

        A refusal undoes all of it with the transaction. What is delivered above the order raises the commitment and
        is checked as a change of the order. Returns and internal moves are asked nothing.

        :raise CreditHoldError, CreditExceededError: the rules refuse.
        """
        gate = self.env["ar.credit.gate"]
        with gate._keep_gone(self), gate._watch_leaving(self) as left:
            done = super()._action_done(cancel_backorder=cancel_backorder)
            left.append(done)
        return done

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create moves; what is created as done has left.

        :raise AccessError: less would have left, and it is not the caller's to say.
        :raise CreditHoldError: the rules refuse.
        """
        gate = self.env["ar.credit.gate"]
        default = self.default_get(["sale_line_id"]).get("sale_line_id")
        sold = {line_id for vals in vals_list if (line_id := vals.get("sale_line_id", default))}
        with gate._keep_gone(self.browse(), sold), gate._watch_leaving(self.browse()) as left:
            moves = super().create(vals_list)
            left.append(moves.filtered(lambda move: move.state == "done"))
        return moves

    def write(self, vals):
        """Write moves; goods of a customer under control stay his, and what is written as done has left.

        :raise AccessError: they would leave for somebody else, or would not have left.
        :raise CreditHoldError, CreditExceededError: the rules refuse.
        """
        gate = self.env["ar.credit.gate"]
        with ExitStack() as guards:
            if not DEBTOR_FIELDS.isdisjoint(vals):
                guards.enter_context(gate._keep_debtors(self))
            if not GONE_FIELDS.isdisjoint(vals):
                done = self if "state" in vals else self.filtered(lambda move: move.state == "done")
                sold = {vals["sale_line_id"]} if vals.get("sale_line_id") else ()
                guards.enter_context(gate._keep_gone(done, sold))
            left = guards.enter_context(gate._watch_leaving(self)) if vals.get("state") == "done" else []
            result = super().write(vals)
            left.append(self)
        return result

    # === CREDIT === #

    def _filtered_ar_credit_leaving(self):
        """Return the moves that take goods to a customer, by their own or by their lines' locations."""
        # sudo: who moves goods need not see all locations
        return self.filtered(
            lambda move: any(
                place.location_dest_id.usage == "customer" and place.location_id.usage != "customer"
                for place in (move.sudo(), *move.sudo().move_line_ids)  # sudo: as above
            )
        )

    def _get_ar_credit_orders(self):
        """Return the orders whose goods these moves take to the customer."""
        moves = self.sudo()  # sudo: who moves goods need not see sales
        return (moves.sale_line_id.order_id | moves.picking_id.sale_id).with_env(self.env)

    def _is_ar_credit_ordered(self):
        """Whether a line of a confirmed order stands behind the goods: of these, and of one of whom they go to.

        Odoo adds a line of nothing, often for nothing, for what is packed in addition: nobody has ordered that.
        """
        self.ensure_one()
        move = self.sudo()  # sudo: as above
        line, order = move.sale_line_id, move.sale_line_id.order_id
        if order.state != "sale" or not (line.product_uom_qty or line.price_unit):
            return False
        people = order.partner_id | order.partner_invoice_id | order.partner_shipping_id
        goes_to = move.picking_id.partner_id.commercial_partner_id
        return goes_to <= people.commercial_partner_id and move.product_id <= move._get_ar_credit_sold()

    def _get_ar_credit_sold(self):
        """Return the goods that the order line stands for: its product, and of a kit (mrp) all parts."""
        found = new = self.sale_line_id.product_id
        while new and "bom_ids" in new.product_tmpl_id._fields:
            kits = new.with_context(active_test=False).product_tmpl_id.bom_ids
            new = kits.filtered(lambda kit: kit.type == "phantom").bom_line_ids.product_id - found
            found |= new
        return found

    def _is_ar_credit_from_supplier(self):
        """Whether the goods never were in our stock: neither the move nor a detailed line says so."""
        return all(place.location_id.usage == "supplier" for place in (self, *self.move_line_ids))

    def _is_ar_credit_sold_at_till(self):
        """Whether the till (point_of_sale) was paid for the goods, as it is where they are shipped later.

        Anybody who packs could name a session of the till, so no more may leave for it than its customers paid.
        """
        session, product = self.picking_id.pos_session_id, self.product_id
        if not session:
            return False
        orders = session.order_ids.filtered(lambda order: order.state in ("paid", "done"))
        sold = orders.lines.filtered(lambda line: line.product_id == product and line.qty > 0)
        left = session.picking_ids.move_ids.filtered(
            lambda move: move.product_id == product and (move.state == "done" or move == self)
        )
        gone = sum(left._filtered_ar_credit_leaving().move_line_ids.mapped("quantity_product_uom"))
        goes_to = self.picking_id.partner_id.commercial_partner_id
        paid = goes_to <= sold.order_id.partner_id.commercial_partner_id
        return bool(sold) and paid and product.uom_id.compare(gone, sum(sold.mapped("qty"))) <= 0

    def _is_ar_credit_repaired(self):
        """Whether it is what a repair under way or done (repair) gives back: Odoo moves that without a transfer."""
        repair = self.repair_id
        return (
            repair.state in ("under_repair", "done")
            and (repair.move_id, repair.product_id) == (self, self.product_id)
            and not self.picking_id
        )

    def _filtered_ar_credit_by_hand(self):
        """Return the moves that no order of their receiver stands behind.

        What the till has sold is paid; what comes straight from a supplier, its purchase order says; what was repaired
        is the customer's already.
        """
        moves = self.sudo().filtered(lambda move: not move._is_ar_credit_from_supplier())  # sudo: as above
        if "repair_id" in moves._fields:
            moves = moves.filtered(lambda move: not move._is_ar_credit_repaired())
        if "pos_session_id" in moves.picking_id._fields:
            moves = moves.filtered(lambda move: not move._is_ar_credit_sold_at_till())
        return moves.filtered(lambda move: not move._is_ar_credit_ordered()).with_env(self.env)

    def _get_ar_credit_pickings(self):
        """Return the transfers of these moves that no sales order stands behind, but a customer."""
        pickings = self._filtered_ar_credit_by_hand().sudo().picking_id  # sudo: as above
        return pickings.filtered("partner_id").with_env(self.env)

    def _get_ar_credit_debtors(self):
        """Return whose orders these goods are for: set of (commercial partner id, company id)."""
        orders = self.sudo().sale_line_id.order_id  # sudo: as above
        return {order._get_ar_credit_pair() for order in orders}
