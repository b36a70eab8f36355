from decimal import Decimal

from odoo import models

from ..core.exposure import open_amount, share_of_invoice_line
from ..core.rule import CheckPoint


class SaleOrderLineCredit(models.AbstractModel):
    """What of an order line is open for credit: ordered or delivered, and neither on posted invoices nor closed."""

    _name = "sale.order.line.credit"
    _description = "Sales order line under credit control"

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
        nothing_ordered = not self.product_uom_qty and self.qty_delivered
        unit_total = self._get_ar_credit_unit_total() if nothing_ordered else 0.0
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
        """Return what was delivered and will be on no invoice, in the unit of the line: see the next one."""
        self.ensure_one()
        if self.display_type or self.is_downpayment or self.price_total <= 0:
            return 0.0
        uninvoiced = self.qty_delivered - max(0.0, self._get_ar_credit_invoiced_quantity())
        credited = self._get_ar_credit_credited_quantity()
        return max(0.0, min(credited, uninvoiced) - self.ar_credit_closed_qty)

    def _get_ar_credit_credited_quantity(self):
        """Return the quantity on posted credit notes, in the unit of the line.

        Where Odoo knows lines that nobody will invoice any more (`invoicing_closed`, newer than the first 19.0) all of
        such a line. By itself that lowers no debt, as salespeople may tick it; a credit manager closes it.
        """
        if getattr(self, "invoicing_closed", False):
            return max(0.0, self.qty_delivered)
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
        if not self._is_ar_credit_above_order():
            return 0.0
        whole = self._get_ar_credit_uninvoiced()
        quantity = self._get_ar_credit_invoiced_quantity()
        over = self.qty_delivered - max(self.product_uom_qty, quantity)
        rest = self.qty_delivered - max(0.0, quantity)
        return float(whole) * max(0.0, over) / rest if rest > 0 else 0.0

    def _is_ar_credit_above_order(self):
        """Whether more hours or costs are booked as delivered than were ordered."""
        seen = self.qty_delivered_method in (False, "manual", "stock_move")
        return not (
            seen or self.is_downpayment or self.display_type or self.qty_delivered <= self.product_uom_qty
        )

    def _get_ar_credit_above_order(self):
        """Return what they are worth, invoiced or not, in order currency, tax included."""
        if not self._is_ar_credit_above_order():
            return 0.0
        return self._get_ar_credit_unit_total() * (self.qty_delivered - max(0.0, self.product_uom_qty))

    def _get_ar_credit_unit_total(self):
        """Return the price of one unit, in order currency, tax included; also where none was ordered."""
        if self.product_uom_qty:
            return self.price_total / self.product_uom_qty
        price = self.price_unit * (1 - (self.discount or 0.0) / 100)
        return self.tax_ids.compute_all(price, self.currency_id, 1.0, self.product_id)["total_included"]

    def _get_ar_credit_over(self):
        """Return the same of several lines, by id."""
        return {line.id: line._get_ar_credit_unchecked() for line in self}

    def _hold_ar_credit_grown(self, before):
        """Have orders measured of which more hours or costs are booked above what was ordered, and held if need be.

        :param dict before: what `_get_ar_credit_over` returned before.
        """
        grown = self.filtered(
            lambda line: (
                line.currency_id.compare_amounts(line._get_ar_credit_unchecked(), before.get(line.id, 0.0))
                > 0
            )
        )
        if grown:
            cause = self.env._("Hours or costs were booked above what was ordered.")
            self.env["ar.credit.gate"]._hold_grown(grown.order_id, CheckPoint.AMEND, cause)
            # sudo: whoever books hours need not see holds
            grown.order_id.sudo().ar_credit_hold_ids._stay()

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

        The final invoice carries the same line with quantity -1, so the sum returns to zero. What was invoiced of an
        ordinary line is no payment in advance, whatever the line is called later.
        """
        self.ensure_one()
        return sum(
            -item.move_id.direction_sign
            * item.currency_id._convert(
                item.price_total, self.currency_id, self.company_id, item.move_id.invoice_date or item.date
            )
            * self._get_ar_credit_share(item)
            for item in self.invoice_lines
            if item.parent_state == "posted" and item.is_downpayment
        )
