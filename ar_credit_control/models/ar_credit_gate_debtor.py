from odoo import models
from odoo.exceptions import AccessError


class ArCreditGateDebtor(models.AbstractModel):
    """The part of the gate that keeps debts with those who owe them."""

    _name = "ar.credit.gate.debtor"
    _description = "Credit gate: whose debt it is"

    def _refuse_escape(self, before, after):
        """Refuse to take what one customer owes from under his limit to another debtor, whom none bounds.

        :raise AccessError: unless it is a credit manager who does it, or Odoo itself.
        """
        moved = [
            ((old.partner_id, old.company_id), (after[key].partner_id, after[key].company_id))
            for key, old in before.items()
            if key in after and old.amount > 0
        ]
        moved = [(old, new) for old, new in moved if old != new]
        if not moved or self.env.su or self.env.user.has_group("ar_credit_control.group_manager"):
            return
        checked = self.env["ar.credit.account"]._get_checked_pairs(
            {pair for pairs in moved for pair in pairs}
        )
        if any(old in checked and new not in checked for old, new in moved):
            raise AccessError(
                self.env._(
                    "This customer is under credit control, and the other one is not. Ask a credit manager to change"
                    " the debtor of a confirmed order."
                )
            )

    def _get_orderer_reason(self, orderer, debtor):
        """Return the sentence about what one customer orders and another is to pay."""
        return self.env._(
            "%(orderer)s, under credit control, orders or gets this; %(debtor)s, who is to pay, is not",
            orderer=orderer.display_name,
            debtor=debtor.display_name,
        )
