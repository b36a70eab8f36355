from odoo import models

# What books the goods of the till (point_of_sale). Odoo swallows its errors, so a refusal would leave the stock undone,
# and nobody told.
TILL = "_create_picking_from_pos_order_lines"


class ArCreditEdge(models.AbstractModel):
    """Edges of the warehouse: what the till has handed over has left, whatever the rules say."""

    _inherit = "ar.credit.edge"

    def _register_hook(self):
        """Replace also what moves the goods of the till, where there is one."""
        super()._register_hook()
        if hasattr(self.env.registry["stock.picking"], TILL):
            self._wrap("stock.picking", TILL, _as_booking)


def _as_booking(origin):
    """Return a method that books what has happened already."""

    def run(self, *args, **kwargs):
        with self.env["ar.credit.edge"]._booking():
            return origin(self, *args, **kwargs)

    return run
