from odoo import api, models


class StockMoveLine(models.Model):
    """What is added to a transfer that is done leaves as well."""

    _inherit = "stock.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        """Create lines; those of goods that have left are asked about like a delivery.

        :raise AccessError: more would have come back, and it is not the caller's to say.
        :raise CreditHoldError, CreditExceededError: the rules refuse.
        """
        moves = self.move_id.browse({vals["move_id"] for vals in vals_list if vals.get("move_id")})
        pickings = self.picking_id.browse(
            {vals["picking_id"] for vals in vals_list if vals.get("picking_id")}
        )
        done = (moves | pickings.move_ids).filtered(lambda move: move.state == "done")
        gate = self.env["ar.credit.gate"]
        with gate._keep_gone(done), gate._watch_leaving(done) as left:
            lines = super().create(vals_list)
            left.append(lines.filtered(lambda line: line.state == "done").move_id)
        return lines

    def write(self, vals):
        """Write lines; of goods that have left no more leave than the rules let.

        :raise AccessError: less would have left, and it is not the caller's to say.
        :raise CreditHoldError, CreditExceededError: the rules refuse.
        """
        done = self.filtered(lambda line: line.state == "done")
        if not done:
            return super().write(vals)
        before = {line.id: line._get_ar_credit_left() for line in done}
        gate = self.env["ar.credit.gate"]
        with gate._keep_gone(done.move_id), gate._watch_leaving(done.move_id) as left:
            result = super().write(vals)
            left.append(
                done.exists().filtered(lambda line: line._get_ar_credit_left() > before[line.id]).move_id
            )
        return result

    def _get_ar_credit_left(self):
        """Return what has left for a customer, in the unit of the product."""
        self.ensure_one()
        line = self.sudo()  # sudo: who moves goods need not see all locations
        leaves = line.location_dest_id.usage == "customer" and line.location_id.usage != "customer"
        return line.quantity_product_uom if leaves and line.state == "done" else 0.0
