from odoo import models

from ..exceptions import denied


class ArCreditGateDebtor(models.AbstractModel):
    """The part of the gate that keeps debts with those who owe them, as long as they owe them."""

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
        if not moved or self._may_let_off():
            return
        checked = self.env["ar.credit.account"]._get_checked_pairs(
            {pair for pairs in moved for pair in pairs}
        )
        if any(old in checked and new not in checked for old, new in moved):
            raise denied(
                self.env["sale.order"].browse(before),
                self.env._(
                    "This customer is under credit control, and the other one is not. Ask a credit manager to change"
                    " the debtor of a confirmed order."
                ),
                "change of debtor",
            )

    def _refuse_fall(self, before, after):
        """Refuse to talk away what an order that is cancelled or reopened still counts: the customer has the goods.

        Nothing is promised there any more, so no price and no quantity is left to agree on. What comes back, or is
        invoiced, lowers it without a write of the order.

        :raise AccessError: unless it is a credit manager who does it, or Odoo itself.
        """
        fallen = self.env["sale.order"].browse(
            key for key, old in before.items() if not old.confirmed and self._is_lowered(old, after.get(key))
        )
        if not fallen or self._may_let_off():
            return
        raise denied(
            fallen,
            self.env._(
                "%(orders)s: goods were delivered before the order was cancelled, and are owed as they were sold. A"
                " return or an invoice settles that; ask a credit manager for anything else.",
                orders=", ".join(fallen.sudo().mapped("name")),  # sudo: names only
            ),
            "lowering",
        )

    def _is_lowered(self, old, now):
        """Whether a commitment that was and stays unconfirmed became less, or of another currency."""
        if now is None:
            return old.amount > 0
        currency = self.env["res.currency"].browse(old.currency_id)
        less = currency.compare_amounts(now.amount, old.amount) < 0
        return not now.confirmed and (less or now.currency_id != old.currency_id)

    def _may_let_off(self):
        """Whether a credit manager, or Odoo itself, acts here: they may take debts from somebody."""
        return self.env.su or self.env.user.has_group("ar_credit_control.group_manager")

    def _get_orderer_reason(self, orderer, debtor):
        """Return the sentence about what one customer orders and another is to pay."""
        return self.env._(
            "%(orderer)s, under credit control, orders or gets this; %(debtor)s, who is to pay, is not",
            orderer=orderer.display_name,
            debtor=debtor.display_name,
        )
