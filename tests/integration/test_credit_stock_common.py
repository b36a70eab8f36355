"""Set-up of the tests of deliveries: goods, somebody who packs them, transfers with and without an order."""

from odoo.fields import Command

from tests.integration.test_credit_common import CreditCase


class CreditStockCase(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.goods = cls.env["product.product"].create(
            {"name": "Goods", "type": "consu", "is_storable": False, "taxes_id": False, "list_price": 10}
        )
        cls.account = cls._account(100)
        cls.env.ref("ar_credit_control.rule_delivery").active = True
        cls.packer = cls._new_user("credit_packer", "stock.group_stock_user")

    def _to_deliver(self, amount=10, quantity=10):
        order = self._order(amount, product=self.goods)
        order.order_line.product_uom_qty = quantity
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        return order, order.sudo().picking_ids

    def _validate(self, picking, user=None):
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        return picking.with_user(user or self.packer).button_validate()

    def _leave(self, picking, quantity):
        """Validate so many and keep a backorder; return it."""
        picking.move_ids.write({"quantity": quantity, "picked": True})
        picking.with_user(self.packer).with_context(skip_backorder=True).button_validate()
        return picking.search([("backorder_id", "=", picking.id)])

    def _cut_limit(self, limit=50):
        self.account.sudo().credit_limit = limit

    def _by_hand(self, quantity=6, partner=None, back=False):
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", self.company.id)], limit=1)
        customers = self.env.ref("stock.stock_location_customers")
        source, target = warehouse.lot_stock_id, customers
        kind = warehouse.out_type_id
        if back:
            source, target, kind = target, source, warehouse.in_type_id
        picking = (
            self.env["stock.picking"]
            .with_user(self.packer)
            .create(
                {
                    "partner_id": (partner or self.contact).id,
                    "picking_type_id": kind.id,
                    "location_id": source.id,
                    "location_dest_id": target.id,
                    "move_ids": [
                        Command.create(
                            {
                                "product_id": self.goods.id,
                                "product_uom_qty": quantity,
                                "location_id": source.id,
                                "location_dest_id": target.id,
                            }
                        )
                    ],
                }
            )
        )
        picking.action_confirm()
        return picking
