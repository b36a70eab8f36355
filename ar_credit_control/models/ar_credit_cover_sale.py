from odoo import api, fields, models
from odoo.tools import format_amount

from ..core.cover import Gap


class ArCreditCover(models.Model):
    """What covers secure of a document, and why not the rest, in words."""

    _inherit = "ar.credit.cover"

    @api.model
    def _get_policies(self, pairs):
        """Return the covers of customers, past access rights: they bind whoever sells.

        :param pairs: (commercial partner id, company id).
        :return: dict of pair -> list of core Policy, of those that have any.
        """
        today = fields.Date.today()
        # sudo: see above
        covers = self.sudo().search(
            [
                ("state", "=", "active"),
                ("partner_id", "in", [partner_id for partner_id, _company_id in pairs]),
                ("company_id", "in", [company_id for _partner_id, company_id in pairs]),
            ],
            order="id",
        )
        found = covers.grouped(lambda cover: (cover.partner_id.id, cover.company_id.id))
        return {
            pair: [cover._get_core_policy(today) for cover in theirs]
            for pair, theirs in found.items()
            if pair in pairs
        }

    @api.model
    def _describe_secured(self, amount, secured, currency):
        """Return in words how much of an amount is secured, and why not the rest.

        :param Decimal amount: of the document, in company currency.
        :param secured: core Secured.
        """

        def money(value):
            rounded = self.env["ar.credit.exposure"]._to_decimal(currency, float(value))
            return format_amount(self.env, float(rounded), currency)

        message = self.env._(
            "%(covered)s of %(amount)s are secured.", covered=money(secured.covered), amount=money(amount)
        )
        if secured.uncovered <= 0:
            return message
        # sudo: the name of a cover is part of the explanation
        covers = self.sudo()
        return self.env._(
            "%(message)s Not secured: %(uncovered)s (%(reasons)s).",
            message=message,
            uncovered=money(secured.uncovered),
            reasons="; ".join(covers.browse(cover_id)._describe_gap(gap) for cover_id, gap in secured.gaps),
        )

    def _describe_gap(self, gap):
        """Return why a cover does not secure a document, or not all of it."""
        name = self.display_name
        texts = {
            Gap.NOT_YET: self.env._("%(cover)s has not started", cover=name),
            Gap.ENDED: self.env._("%(cover)s is over", cover=name),
            Gap.BUYER: self.env._("%(cover)s is for another buyer", cover=name),
            Gap.TERM: self.env._("%(cover)s does not allow these payment terms", cover=name),
            Gap.METHOD: self.env._("%(cover)s allows no settlement method as risky as this", cover=name),
            Gap.DAYS: self.env._(
                "%(cover)s allows %(days)s days at most", cover=name, days=self.max_credit_days
            ),
            Gap.USED_UP: self.env._("%(cover)s is used up", cover=name),
            Gap.SHARE: self.env._("%(cover)s pays %(share)s %%", cover=name, share=f"{self.percent:g}"),
        }
        return texts[gap]
