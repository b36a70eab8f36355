from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from odoo import fields, models

from ..core.credit_check import Control, Decision, Limit, complete, decide_in_turn, take_apart
from ..core.exposure import Exposure
from ..core.rule import CheckPoint, Fact, Outcome, Verdict, evaluate
from ..core.rule_documents import is_for_orders

_WATCHED = "ar_credit_gate.watched"


@dataclass(frozen=True)
class Commitment:
    """What an order adds to whose exposure; `amount` in order currency, tax included.

    Of one that is not `confirmed` any more, what was delivered counts on. `asked`: what of it passed a check; hours and
    costs do where more is ordered. `term_days`: until it is due, 0 where no rule asks for that. `escapes`: whoever
    ordered or gets it is under control, and who owes it is not.
    """

    partner_id: int
    company_id: int
    currency_id: int
    amount: float
    asked: float
    confirmed: bool
    term_days: int = 0
    escapes: bool = False


class ArCreditGate(models.AbstractModel):
    """The one place where the rules are asked: every write that raises what an order commits to passes here.

    The check does not ask who calls or why, and trusts no flag: it compares the stored commitment of the orders
    before and after the write, in the same transaction. So a confirmation, `write({'state': 'sale'})`, a dearer
    line, another debtor or an import are the same to it, and a refusal undoes the write with the transaction.
    """

    _name = "ar.credit.gate"
    _inherit = ["ar.credit.gate.debtor", "ar.credit.gate.outcome"]
    _description = "Credit gate"

    # === WATCHING ORDERS === #

    @contextmanager
    def _watch(self, orders, leaving=False):
        """Run the body, then check those of `orders` whose commitment it raised.

        Nested calls leave their orders to the outermost one, so that a form saved with several changed lines is
        judged by its result. The list of watched orders lives on the cursor, out of reach of any caller.

        :param bool leaving: whether it is their delivery that the body does.
        :raise CreditHoldError, CreditExceededError: the rules refuse.
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
        self._check_raised(orders, before, leaving)

    def _commitments(self, orders):
        """Return the commitment of those among `orders` that count, by id."""
        # sudo: the check needs all orders, whoever writes
        return {
            order.id: Commitment(
                order.partner_invoice_id.commercial_partner_id.id,
                order.company_id.id,
                order.currency_id.id,
                counted := order._get_ar_credit_counted(),
                counted - order._get_ar_credit_unasked(),
                order.state == "sale",
                self._get_term_days(order),
                bool(order._get_ar_credit_orderer(CheckPoint.AMEND)),
            )
            for order in orders.sudo()
            if order.state == "sale" or order.ar_credit_open > 0
        }

    def _get_term_days(self, order):
        """Return after how many days an order is due, where a change of that is a check point; else 0."""
        asked = self.env["ar.credit.rule"]._get_facts_asked(order.company_id.id, [CheckPoint.AMEND]) or ()
        return order._get_ar_credit_term_days() if Fact.TERM_DAYS_OVER in asked else 0

    def _check_raised(self, orders, before, leaving=False):
        """Check the orders that commit to more than `before` (as of `_commitments`) said.

        :param bool leaving: goods are leaving, more than ordered or sooner than counted; unlike a change of the order
            that can wait for a decision, which is one on the delivery.
        :raise CreditHoldError: orders that were not confirmed before are refused.
        :raise CreditExceededError: a change of confirmed ones is refused.
        """
        after = self._commitments(orders)
        self._refuse_escape(before, after)
        if not leaving:
            self._refuse_fall(before, after)
        raised = [order_id for order_id, now in after.items() if self._is_raised(before.get(order_id), now)]
        if not raised:
            return
        orders = orders.sudo().browse(raised)  # sudo: whoever writes is bound by rules that he can't read
        confirmed = orders.filtered(
            lambda order: order.state == "sale" and not (order.id in before and before[order.id].confirmed)
        )
        for asked, check_point in (
            (orders - confirmed, CheckPoint.AMEND),
            (confirmed, CheckPoint.CONFIRM),
        ):
            if asked:
                decisions = self._decide_orders(asked, check_point)
                late = leaving and check_point is CheckPoint.AMEND
                self._pass_or_raise(asked, CheckPoint.DELIVERY if late else check_point, decisions)
        confirmed._release_ar_credit_holds()

    def _is_raised(self, before, now):
        """Whether a commitment was made, grew, is due later, or moved to another debtor, company or currency."""
        if before is None or (now.confirmed and not before.confirmed):
            return True
        currency = self.env["res.currency"].browse(now.currency_id)
        same = (before.partner_id, before.company_id, before.currency_id) == (
            now.partner_id,
            now.company_id,
            now.currency_id,
        )
        return (
            not same
            or now.term_days > before.term_days
            or now.escapes > before.escapes
            or currency.compare_amounts(now.amount, before.amount) > 0
            or currency.compare_amounts(now.asked, before.asked) > 0
        )

    # === OTHER CHECK POINTS === #

    def _check_deliveries(self, orders):
        """Check orders whose goods are leaving for the customer.

        :raise CreditHoldError: the rules refuse.
        """
        rules = self.env["ar.credit.rule"]
        orders = orders.sudo().filtered(lambda order: order.state == "sale")  # sudo: as in _check_raised
        # Where all rules are for goods without an order, there is nothing to lock and to measure.
        asked = orders.filtered(
            lambda order: any(
                CheckPoint.DELIVERY in rule.check_points and is_for_orders(rule)
                for rule in rules._get_rules(order.company_id.id)
            )
        )
        decisions = self._decide_orders(asked, CheckPoint.DELIVERY) if asked else {}
        decisions |= self._decide_forced(orders - asked, CheckPoint.DELIVERY)
        self._pass_or_raise(orders, CheckPoint.DELIVERY, decisions)

    def _check_invoices(self, moves, before):
        """Check customer invoices just posted, as far as they raise the exposure: what orders counted does not.

        :param dict before: what the orders counted before (`account.move._get_ar_credit_counted`).
        :raise CreditHoldError: the rules refuse.
        """
        if self.env["ar.credit.edge"]._is_booking():
            return
        moves = moves.sudo()  # sudo: as in _check_raised
        pair_of = {move.id: move._get_ar_credit_pair() for move in moves}
        pairs, locked, loaded = self._get_pairs(set(pair_of.values()), CheckPoint.INVOICE)
        checked = moves.filtered(lambda move: pair_of[move.id] in pairs)
        decisions = self._decide_forced(moves - checked, CheckPoint.INVOICE)
        if checked:
            accounts = self.env["ar.credit.account"]
            positions, _none = accounts._get_positions(pairs, loaded=loaded, locked=locked)
            amounts = checked._get_ar_credit_raised(before)
            # they are in the ledger by now
            positions = take_apart(positions, pair_of, {m.id: amounts[m.id] for m in checked})
            decisions |= self._decide(checked, CheckPoint.INVOICE, pair_of, positions, amounts)
        self._pass_or_raise(moves, CheckPoint.INVOICE, decisions)

    # === DECIDING === #

    def _decide_orders(self, orders, check_point, preview=False, lock=True, billed=False):
        """Decide on orders, each seeing those before it.

        Locks the customers under control first, and measures then; a preview neither locks nor uses an approval.

        :param bool lock: whether a refusal undoes what is asked about; what can't be undone has nothing to wait for.
        :param bool billed: ask also about what was billed and not paid.
        :return: dict of order id -> core Decision, of those that any rule concerns.
        """
        pair_of = {order.id: order._get_ar_credit_pair() for order in orders}
        pairs, locked, loaded = self._get_pairs(set(pair_of.values()), check_point)
        checked = orders.filtered(lambda order: pair_of[order.id] in pairs)
        decisions = {}
        if checked:
            accounts = self.env["ar.credit.account"]
            locked = None if preview or not lock else locked
            positions, amounts = accounts._get_positions(pairs, checked.ids, loaded, locked)
            if preview:
                amounts |= {
                    order.id: order._get_ar_credit_decimal() for order in checked if order.state != "sale"
                }
            if billed or check_point is CheckPoint.DELIVERY:
                whole = [order for order in checked if billed or amounts[order.id] <= 0]
                owed = {order.id: order._get_ar_credit_unpaid(billed_only=not billed) for order in whole}
                positions = take_apart(positions, pair_of, {key: owed[key] - amounts[key] for key in owed})
                amounts |= owed
            decisions = self._decide(checked, check_point, pair_of, positions, amounts, preview)
        return decisions | self._decide_forced(orders - checked, check_point, preview)

    def _get_pairs(self, pairs, check_point):
        """Return whom the rules concern at a check point, and who of them has to be locked.

        :param set pairs: (commercial partner id, company id).
        The terms are read before the lock: Odoo's transactions see the database as of their first statement, so the
        lock either fails because somebody changed them meanwhile, or they hold.

        Whoever is blocked is asked about although he has no limit; others without one only where he is unlimited, as
        many a shop does not control most of its customers.

        :return: (set of pairs, set of pairs with a limit, the terms of all of them)
        """
        rules = self.env["ar.credit.rule"]
        companies = {company_id for _partner_id, company_id in pairs}
        asked = {c: rules._get_facts_asked(c, [check_point]) for c in companies}
        asking = {c for c in companies if asked[c] is not None}
        pairs = {pair for pair in pairs if pair[1] in asking}
        if not pairs:
            return set(), set(), None
        loaded, today = self.env["ar.credit.terms"]._load(pairs), fields.Date.today()
        limited = {pair for pair in pairs if loaded.is_checked(pair, today)}
        beyond = {c for c in asking if rules._looks_beyond_the_limit(c, check_point)}
        unlimited = {
            pair
            for pair in pairs - limited
            if (pair[1] in beyond and loaded.in_force(pair, today).limit.control is Control.UNLIMITED)
            or (Fact.ACCOUNT_BLOCKED in asked[pair[1]] and loaded.is_blocked(pair))
        }
        return limited | unlimited, limited, loaded

    def _decide(self, documents, check_point, pair_of, positions, amounts, preview=False):
        """Decide on documents of customers that rules concern, each seeing those before it.

        :param dict pair_of: document id -> (commercial partner id, company id).
        :param dict positions: pair -> core Position without the documents.
        :param dict amounts: document id -> Decimal amount in company currency.
        :return: dict of document id -> core Decision.
        """
        rules = self.env["ar.credit.rule"]
        companies = {pair[1] for pair in pair_of.values()}
        asked = {f for c in companies for f in rules._get_facts_asked(c, [check_point]) or ()}
        facts = self.env["ar.credit.facts"]._gather(documents, pair_of, positions, asked)

        listed = list(documents)  # which indexing would take apart from what is prefetched together

        def judge(number, decision):
            document = listed[number]
            verdict = Verdict()
            if not document._is_ar_credit_free(decision):
                known = complete(facts[document.id], decision)
                verdict = evaluate(rules._get_rules(document.company_id.id), known, check_point)
            verdict = replace(verdict, forced=document._is_ar_credit_forced(check_point))
            decision = replace(decision, verdict=verdict)
            if preview or verdict.outcome is not Outcome.HOLD:
                return decision
            approved = document._use_ar_credit_approval(decision, check_point) or (
                not verdict.forced and document._passed_ar_credit_recently(decision, check_point)
            )
            return replace(decision, approved=approved)

        turns = [(positions[pair_of[document.id]], amounts[document.id]) for document in documents]
        decided = (
            # What is only looked at commits to nothing, so the next does not see it.
            (
                next(decide_in_turn([turn], lambda _n, decision, n=n: judge(n, decision)))
                for n, turn in enumerate(turns)
            )
            if preview
            else decide_in_turn(turns, judge)
        )
        return {document.id: decision for document, decision in zip(documents, decided, strict=True)}

    def _decide_forced(self, documents, check_point, preview=False):
        """Decide on documents that no rule concerns: refused is what is held by hand, or owed by whom none bounds.

        :return: dict of document id -> core Decision.
        """
        decisions = {}
        for document in documents:
            if document._is_ar_credit_forced(check_point):
                amount = document._get_ar_credit_decimal()
                excess = amount if document._get_ar_credit_orderer(check_point) else Decimal(0)
                verdict = Verdict(forced=True)
                decision = Decision(Limit(Control.NONE), Exposure(), amount, excess, (), verdict)
                approved = not preview and document._use_ar_credit_approval(decision, check_point)
                decisions[document.id] = replace(decision, approved=approved)
        return decisions
