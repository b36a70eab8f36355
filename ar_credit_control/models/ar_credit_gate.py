from contextlib import contextmanager
from dataclasses import dataclass

from odoo import models

from ..core.credit_check import decide_in_turn
from ..exceptions import CreditExceededError, CreditHoldError

_WATCHED = "ar_credit_gate.watched"


@dataclass(frozen=True)
class Commitment:
    """What a confirmed order adds to whose exposure; `amount` in order currency, tax included."""

    partner_id: int
    company_id: int
    currency_id: int
    amount: float


class ArCreditGate(models.AbstractModel):
    """The one place where exposure is checked: every write that raises what an order commits to passes here.

    The check does not ask who calls or why, and trusts no flag: it compares the stored commitment of the orders
    before and after the write, in the same transaction. So a confirmation, `write({'state': 'sale'})`, a dearer
    line, another debtor or an import are the same to it, and a refusal undoes the write with the transaction.
    """

    _name = "ar.credit.gate"
    _description = "Credit gate"

    @contextmanager
    def _watch(self, orders):
        """Run the body, then check those of `orders` whose commitment it raised.

        Nested calls leave their orders to the outermost one, so that a form saved with several changed lines is
        judged by its result. The list of watched orders lives on the cursor, out of reach of any caller.

        :raise CreditHoldError, CreditExceededError: over the limit.
        """
        watched = self.env.cr.cache.setdefault(_WATCHED, set())
        mine = set(orders.ids) - watched
        orders = orders.browse(sorted(mine))
        before = self._commitments(orders)
        watched |= mine
        try:
            yield
        finally:
            watched -= mine
        self._check_raised(orders, before)

    def _commitments(self, orders):
        """Return the commitment of the confirmed ones among `orders` by id."""
        # sudo: the check needs all orders, whoever writes
        return {
            order.id: Commitment(
                order.partner_invoice_id.commercial_partner_id.id,
                order.company_id.id,
                order.currency_id.id,
                sum(order.order_line.mapped("ar_credit_open")),
            )
            for order in orders.sudo().exists()
            if order.state == "sale"
        }

    def _check_raised(self, orders, before):
        """Check the orders that commit to more than `before` (as of `_commitments`) said.

        :raise CreditHoldError: orders that were not confirmed before do not fit.
        :raise CreditExceededError: confirmed ones do not fit any more.
        """
        after = self._commitments(orders)
        raised = [order_id for order_id, now in after.items() if self._is_raised(before.get(order_id), now)]
        if not raised:
            return
        refused = self._decide(orders.browse(raised), after)
        if refused:
            # sudo: the message names customer and amounts of orders that the user is writing on
            held = orders.sudo().browse(refused)
            error = (
                CreditExceededError if any(order_id in before for order_id in refused) else CreditHoldError
            )
            raise error(held._get_ar_credit_refusal(refused, amended=error is CreditExceededError), refused)
        # sudo: holds are written by the credit control only
        orders.sudo().browse(raised).filtered(lambda order: order.id not in before)._release_ar_credit_holds()

    def _is_raised(self, before, now):
        """Whether a commitment grew, or moved to another debtor, company or currency."""
        if before is None:
            return True
        currency = self.env["res.currency"].browse(now.currency_id)
        same = (before.partner_id, before.company_id, before.currency_id) == (
            now.partner_id,
            now.company_id,
            now.currency_id,
        )
        return not same or currency.compare_amounts(now.amount, before.amount) > 0

    def _decide(self, orders, commitments):
        """Lock the customers under control, measure, and decide order by order, each seeing those before it.

        :return: dict of order id -> Decision of those that do not pass and have no approval that covers them.
        """
        accounts_model = self.env["ar.credit.account"]
        pair_of = {
            order.id: (commitments[order.id].partner_id, commitments[order.id].company_id) for order in orders
        }
        pairs = accounts_model._get_checked_pairs(set(pair_of.values()))
        checked = orders.filtered(lambda order: pair_of[order.id] in pairs)
        if not checked:
            return {}
        accounts_model._lock(pairs)
        positions, amounts = accounts_model._get_positions(pairs, checked.ids)
        decisions = decide_in_turn((positions[pair_of[order.id]], amounts[order.id]) for order in checked)
        return {
            order.id: decision
            for order, decision in zip(checked, decisions, strict=True)
            if not decision.passed and not order._use_ar_credit_approval(decision)
        }
