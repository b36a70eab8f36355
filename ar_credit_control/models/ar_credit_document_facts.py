from decimal import Decimal

from odoo import models

from ..core.cover import Method, Sale
from ..core.discount import Priced, discount_percent
from ..core.rule import Fact


class ArCreditDocumentFacts(models.AbstractModel):
    """The part of `ar.credit.document` that says what rules and covers may ask of the document itself."""

    _name = "ar.credit.document.facts"
    _description = "Facts of documents under credit control"

    def _get_ar_rule_facts(self, asked):
        """Return what rules may ask of the document itself, as values of core Facts.

        :param asked: core Facts that some rule looks at.
        """
        self.ensure_one()
        values = {"unordered": self._is_ar_credit_unordered()} if Fact.UNORDERED in asked else {}
        if Fact.DISCOUNT_PERCENT in asked:
            quantity = self._ar_credit_fields.quantity
            lines = [
                Priced(
                    Decimal(str(line.price_unit)) * Decimal(str(line[quantity])), Decimal(str(line.discount))
                )
                for line in self._get_ar_credit_sold()
            ]
            values["discount_percent"] = discount_percent(lines, Decimal(str(self.currency_id.rounding)))
        return values

    def _is_ar_credit_unordered(self):
        """Whether no sales order stands behind the document."""
        return False

    def _get_ar_credit_sold(self):
        """Return the lines that say what is sold for how much."""
        return self._get_ar_credit_lines()

    def _get_ar_credit_term(self):
        """Return the payment terms; none where the document has no such thing."""
        names = self._ar_credit_fields
        return self[names.payment_term] if names else self.env["account.payment.term"]

    def _get_ar_credit_term_days(self):
        """Return after how many days the last of it is due; None where the document has no terms."""
        self.ensure_one()
        if not self._ar_credit_fields:
            return None
        return self.env["ar.credit.facts"]._get_term_days(self._get_ar_credit_term())

    def _get_ar_cover_sale(self):
        """Return what the conditions of covers are held against.

        :rtype: ar_credit_control.core.cover.Sale
        """
        term = self._get_ar_credit_term()
        return Sale(
            self.partner_id.commercial_partner_id._origin.id,
            term._origin.id or 0,
            self._get_ar_credit_term_days() or 0,
            method=Method(term.ar_settlement_method or Method.OPEN_ACCOUNT),
        )
