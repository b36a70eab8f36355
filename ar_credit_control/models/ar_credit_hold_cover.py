from dataclasses import replace
from decimal import Decimal

from odoo import api, fields, models

from ..core.cover import Gap, Secured, secured_part


class ArCreditHoldCover(models.AbstractModel):
    """The part of `ar.credit.hold` that keeps what covers secured when it was filed, and why not the rest."""

    _name = "ar.credit.hold.cover"
    _description = "Covers behind a credit hold"

    currency_id = fields.Many2one("res.currency")
    secured_amount = fields.Monetary(
        string="Secured",
        readonly=True,
        aggregator=None,
        help="Of the document, by insurance, guarantees and deposits whose conditions it keeps.",
    )
    # {"gaps": ids of covers, and why they don't secure all of it (core Gap)}; empty: the customer had no covers.
    cover_gaps = fields.Json(readonly=True)
    cover_text = fields.Text(string="Covers", compute="_compute_cover_text", compute_sudo=True)

    @api.depends("secured_amount", "cover_gaps")
    @api.depends_context("lang")
    def _compute_cover_text(self):
        to_decimal = self.env["ar.credit.exposure"]._to_decimal
        for hold in self:
            hold.cover_text = False
            if hold.cover_gaps:
                amount = to_decimal(hold.currency_id, hold.order_amount)
                covered = to_decimal(hold.currency_id, hold.secured_amount)
                gaps = tuple((cover_id, Gap(gap)) for cover_id, gap in hold.cover_gaps["gaps"])
                secured = Secured(covered, max(Decimal(0), amount) - covered, gaps)
                hold.cover_text = self.env["ar.credit.cover"]._describe_secured(
                    amount, secured, hold.currency_id
                )

    @api.model
    def _prepare_cover_vals(self, document, decision):
        """Return what covers secure of a document that is held; nothing where the customer has none.

        :param decision: core Decision about it.
        """
        pair = document._get_ar_credit_pair()
        policies = self.env["ar.credit.cover"]._get_policies({pair}).get(pair)
        if not policies:
            return {}
        sale = replace(document._get_ar_cover_sale(), amount=decision.order_amount, used=decision.owed)
        secured = secured_part(policies, sale)
        gaps = [[cover_id, gap.value] for cover_id, gap in secured.gaps]
        return {"secured_amount": float(secured.covered), "cover_gaps": {"gaps": gaps}}
