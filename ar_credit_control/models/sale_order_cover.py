from odoo import api, fields, models
from odoo.tools import format_amount

from ..core.cover import Gap, Method, Sale, secured_part


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
        covers = self.env["ar.credit.cover"].search(
            [
                ("state", "=", "active"),
                ("partner_id", "in", [partner_id for partner_id, _company_id in pairs]),
                ("company_id", "in", [company_id for _partner_id, company_id in pairs]),
            ],
            order="id",
        )
        found = covers.grouped(lambda cover: (cover.partner_id.id, cover.company_id.id))
        covered = seen.filtered(lambda order: order._get_ar_credit_pair() in found)
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
                order._set_ar_cover(found[pair], used)

    def _set_ar_cover(self, covers, used):
        """Fill in the fields of one order.

        :param Decimal used: what the customer owes without the order, in company currency.
        """
        to_decimal = self.env["ar.credit.exposure"]._to_decimal
        currency = self.ar_credit_currency_id
        sale = Sale(
            self.partner_id.commercial_partner_id._origin.id,
            self.payment_term_id._origin.id or 0,
            self._get_ar_credit_days(),
            to_decimal(currency, self._get_ar_credit_amount()),
            used,
            Method(self.payment_term_id.ar_settlement_method or Method.OPEN_ACCOUNT),
        )
        secured = secured_part([cover._get_core_policy(fields.Date.today()) for cover in covers], sale)
        self.ar_cover_amount = float(secured.covered)

        def money(amount):
            return format_amount(self.env, float(to_decimal(currency, float(amount))), currency)

        message = self.env._(
            "%(covered)s of %(amount)s are secured.",
            covered=money(secured.covered),
            amount=money(sale.amount),
        )
        if secured.uncovered > 0:
            reasons = [
                self._get_ar_cover_gap(covers.browse(reference), gap) for reference, gap in secured.gaps
            ]
            message = self.env._(
                "%(message)s Not secured: %(uncovered)s (%(reasons)s).",
                message=message,
                uncovered=money(secured.uncovered),
                reasons="; ".join(reasons),
            )
        self.ar_cover_message = message

    def _get_ar_credit_days(self):
        """Return how many days the payment terms give, counted from today."""
        today = fields.Date.today()
        days = [(line._get_due_date(today) - today).days for line in self.payment_term_id.line_ids]
        return max(days, default=0)

    def _get_ar_cover_gap(self, cover, gap):
        """Return why a cover does not secure the order, or not all of it."""
        name = cover.display_name
        texts = {
            Gap.NOT_YET: self.env._("%(cover)s has not started", cover=name),
            Gap.ENDED: self.env._("%(cover)s is over", cover=name),
            Gap.BUYER: self.env._("%(cover)s is for another buyer", cover=name),
            Gap.TERM: self.env._("%(cover)s does not allow these payment terms", cover=name),
            Gap.METHOD: self.env._("%(cover)s allows no settlement method as risky as this", cover=name),
            Gap.DAYS: self.env._(
                "%(cover)s allows %(days)s days at most", cover=name, days=cover.max_credit_days
            ),
            Gap.USED_UP: self.env._("%(cover)s is used up", cover=name),
            Gap.SHARE: self.env._("%(cover)s pays %(share)s %%", cover=name, share=f"{cover.percent:g}"),
        }
        return texts[gap]
