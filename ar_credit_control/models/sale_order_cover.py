from dataclasses import replace

from odoo import api, fields, models

from ..core.cover import secured_part


class SaleOrderCover(models.Model):
    """Which part of an order is secured by insurance, guarantees and deposits, and why the rest is not."""

    _inherit = "sale.order"

    ar_cover_amount = fields.Monetary(
        string="Secured",
        compute="_compute_ar_cover",
        compute_sudo=True,
        currency_field="ar_credit_currency_id",
        help="Of this order, by insurance, guarantees and deposits, in company currency.",
    )
    ar_cover_message = fields.Char(string="Cover", compute="_compute_ar_cover", compute_sudo=True)

    @api.depends_context("lang", "uid")
    @api.depends(
        "partner_id", "partner_invoice_id", "company_id", "amount_total", "payment_term_id.ar_settlement_method",
        "state",
    )  # fmt: skip
    def _compute_ar_cover(self):
        seen = self.filtered(
            lambda order: order.state in ("draft", "sent", "sale") and order._can_see_ar_credit()
        )
        pairs = {pair for order in seen if all(pair := order._get_ar_credit_pair())}
        policies = self.env["ar.credit.cover"]._get_policies(pairs) if pairs else {}
        covered = seen.filtered(lambda order: order._get_ar_credit_pair() in policies)
        exposures, amounts = self.env["ar.credit.account"]._measure_pairs(
            {order._get_ar_credit_pair() for order in covered}, covered._origin.ids
        )
        for order in self:
            order.ar_cover_amount, order.ar_cover_message = 0.0, False
            if order in covered:
                pair = order._get_ar_credit_pair()
                # The other orders of the same view count as owed, this one does not.
                others = sum(
                    amounts[other._origin.id] for other in covered if other._get_ar_credit_pair() == pair
                )
                used = exposures[pair].total + others - amounts[order._origin.id]
                order._set_ar_cover(policies[pair], used)

    def _set_ar_cover(self, policies, used):
        """Fill in the fields of one order.

        :param policies: core Policies of the customer.
        :param Decimal used: what the customer owes without the order, in company currency.
        """
        currency, covers = self.ar_credit_currency_id, self.env["ar.credit.cover"]
        amount = self.env["ar.credit.exposure"]._to_decimal(currency, self._get_ar_credit_amount())
        secured = secured_part(policies, replace(self._get_ar_cover_sale(), amount=amount, used=used))
        self.ar_cover_amount = float(secured.covered)
        self.ar_cover_message = covers._describe_secured(amount, secured, currency)
