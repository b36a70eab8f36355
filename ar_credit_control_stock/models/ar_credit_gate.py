from odoo import models

from odoo.addons.ar_credit_control.core.rule import CheckPoint


class ArCreditGate(models.AbstractModel):
    """The gate also sees deliveries made by hand, without a sales order."""

    _inherit = "ar.credit.gate"

    def _check_pickings(self, pickings):
        """Check transfers whose goods have just left for customers, as far as no sales order stands behind them.

        What leaves counts at list price on top of what the customer owes. It is no exposure afterwards: nobody owes for
        it before it is invoiced, and the invoice is a check point of its own.

        :raise CreditHoldError: the rules refuse.
        """
        pickings = pickings.sudo()  # sudo: who moves goods can't read the rules that bind him
        pair_of = {picking.id: picking._get_ar_credit_pair() for picking in pickings}
        pairs, locked, loaded = self._get_pairs(set(pair_of.values()), CheckPoint.DELIVERY)
        checked = pickings.filtered(lambda picking: pair_of[picking.id] in pairs)
        decisions = self._decide_forced(pickings - checked, CheckPoint.DELIVERY)
        if checked:
            accounts = self.env["ar.credit.account"]
            positions, _none = accounts._get_positions(pairs, loaded=loaded, locked=locked)
            amounts = {picking.id: picking._get_ar_credit_decimal() for picking in checked}
            decisions |= self._decide(checked, CheckPoint.DELIVERY, pair_of, positions, amounts)
        self._pass_or_raise(pickings, CheckPoint.DELIVERY, decisions)
