from contextlib import contextmanager

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.ar_credit_control.core.rule import CheckPoint
from odoo.addons.ar_credit_control.exceptions import denied, refused

_LEAVING = "ar_credit_gate.leaving"


class ArCreditGate(models.AbstractModel):
    """The gate also sees what leaves the warehouse, for an order or by hand."""

    _inherit = "ar.credit.gate"

    @contextmanager
    def _watch_leaving(self, moves):
        """Run the body, which moves goods, then ask the rules about what left for customers.

        Nested calls leave their moves to the outermost one. The body appends to the list that it gets what it moved.

        :param moves: stock.move records that are about to leave, or to leave with more.
        :raise CreditHoldError: the rules refuse; also to deliver more than ordered, or what did not count yet.
        :raise UserError: nobody is named who gets the goods.
        """
        going = self.env.cr.cache.setdefault(_LEAVING, set())
        mine = set(moves.ids) - going
        leaving = moves.browse(mine)._filtered_ar_credit_leaving()
        outer, left = frozenset(going), []
        going |= mine
        try:
            with self._watch(leaving._get_ar_credit_orders(), leaving=True):
                yield left
        finally:
            going -= mine
        gone = moves.browse({move.id for done in left for move in done} - outer)
        gone = gone.filtered(lambda move: move.state == "done")._filtered_ar_credit_leaving()
        if gone:
            self._check_left(gone)

    def _check_left(self, moves):
        """Ask the rules about moves that have just taken goods to customers; not about what the till handed over."""
        if self.env["ar.credit.edge"]._is_booking():
            return
        orders = moves._get_ar_credit_orders()
        self._check_deliveries(orders)
        pickings = moves._get_ar_credit_pickings()
        if pickings:
            self._check_pickings(pickings)
        for gone in (orders, pickings):
            gone._release_ar_credit_holds(CheckPoint.DELIVERY)
        self._refuse_nameless(moves._filtered_ar_credit_by_hand() - pickings.move_ids)

    def _refuse_nameless(self, moves):
        """Refuse goods that leave by hand without a transfer to somebody, where some rule asks about anybody at all.

        :raise UserError: nobody is named, or a customer under control outside of any transfer.
        """
        rules, companies = self.env["ar.credit.rule"], moves.company_id
        pair_of = {
            move: ((move.picking_id or move).partner_id.commercial_partner_id.id, move.company_id.id)
            for move in moves.sudo()  # sudo: as in _check_pickings
        }
        asking = companies.filtered(lambda c: rules._get_facts_asked(c.id, [CheckPoint.DELIVERY]) is not None)
        named = {pair for pair in pair_of.values() if pair[0] and pair[1] in asking.ids}
        bound = self._get_pairs(named, CheckPoint.DELIVERY)[0]
        bound |= {(False, company.id) for company in asking if self._is_anybody_asked_about(company)}
        for move, pair in pair_of.items():
            if pair in bound:
                error = UserError(
                    self.env._(
                        "%(goods)s can't leave for a customer like this: the credit rules have to know who gets it."
                        " Enter the customer as the contact of a transfer.",
                        goods=move.product_id.display_name,
                    )
                )
                raise refused(move.with_env(self.env), error, "delivery")

    def _is_anybody_asked_about(self, company):
        """Whether any customer of a company is under credit control or blocked, so that it matters who gets goods."""
        if (company.ar_credit_default_control or "none") != "none":
            return True
        controls = ("limited", "no_credit", "unlimited")
        domain = ["|", "|", ("control", "in", controls), ("group_id.control", "in", controls)]
        domain += [("status", "=", "blocked"), ("company_id", "=", company.id)]
        # sudo: only whether there is one
        return bool(self.env["ar.credit.account"].sudo().search_count(domain, limit=1))

    @contextmanager
    def _keep_debtors(self, moves):
        """Run the body, which says anew for whom goods leave or left, and refuse to take them from who is bound.

        :raise AccessError: unless it is a credit manager who does it, or Odoo itself.
        """
        watched = moves.filtered(lambda move: move.state != "cancel")
        before = {move: move._get_ar_credit_debtors() for move in watched._filtered_ar_credit_leaving()}
        yield
        lost = {
            pair
            for move, pairs in before.items()
            if move.exists()
            for pair in pairs - move._get_ar_credit_debtors()
        }
        if not lost or self._may_let_off():
            return
        if self._get_pairs(lost, CheckPoint.DELIVERY)[0]:
            raise denied(
                moves,
                self.env._(
                    "These goods are for a customer under credit control. Ask a credit manager to give them to another"
                    " order, or cancel the transfer and enter a new one."
                ),
                "change of order",
            )

    @contextmanager
    def _keep_gone(self, moves, sold=()):
        """Run the body, and refuse that by it less of what was ordered is with customers.

        The warehouse may correct what it did for an order that still stands, and take goods back. Of a cancelled one
        nothing else is owed, so there only a return lowers it; and who sells does neither.

        :param moves: done stock.move records that the body changes, or others that it does.
        :param sold: ids of order lines that it links moves to.
        :raise AccessError: unless it is a credit manager who does it, or Odoo itself.
        """
        if not (moves or sold) or self._may_let_off():
            yield
            return
        stocked = self.env.user.has_group("stock.group_stock_user")
        if stocked:  # what is not done yet are returns
            moves = moves.filtered(lambda move: move.state == "done")
        # sudo: who moves goods need not see sales; the date that an accrual looks at is no caller's to give
        lines = (moves.sudo().sale_line_id | self.env["sale.order.line"].sudo().browse(sold)).with_context(
            accrual_entry_date=False
        )
        lines = lines.filtered(lambda line: not stocked or line.order_id.state != "sale")
        before = lines._prepare_qty_delivered()
        yield
        after = lines._prepare_qty_delivered()
        fallen = lines.filtered(
            lambda line: line.product_uom_id.compare(after.get(line, 0.0), before.get(line, 0.0)) < 0
        )
        if fallen:
            raise denied(
                moves,
                self.env._(
                    "These goods are with the customer. Let the warehouse enter a return, or ask a credit manager."
                ),
                "less delivered",
            )

    def _check_pickings(self, pickings):
        """Check transfers whose goods have just left for customers, as far as no sales order stands behind them.

        What leaves counts at list price on top of what the customer owes. It is no exposure afterwards: nobody owes for
        it before it is invoiced, and the invoice is a check point of its own.

        :raise CreditHoldError: the rules refuse.
        """
        pickings = pickings.sudo()  # sudo: who moves goods can't read the rules that bind him
        self._pass_or_raise(pickings, CheckPoint.DELIVERY, self._decide_pickings(pickings))

    def _decide_pickings(self, pickings, preview=False):
        """Decide on transfers without an order; a preview neither locks nor uses an approval.

        :return: dict of transfer id -> core Decision, of those that any rule concerns.
        """
        pair_of = {picking.id: picking._get_ar_credit_pair() for picking in pickings}
        pairs, locked, loaded = self._get_pairs(set(pair_of.values()), CheckPoint.DELIVERY)
        checked = pickings.filtered(lambda picking: pair_of[picking.id] in pairs)
        decisions = self._decide_forced(pickings - checked, CheckPoint.DELIVERY, preview)
        if checked:
            accounts = self.env["ar.credit.account"]
            locked = None if preview else locked
            positions, _none = accounts._get_positions(pairs, loaded=loaded, locked=locked)
            amounts = {picking.id: picking._get_ar_credit_decimal() for picking in checked}
            decisions |= self._decide(checked, CheckPoint.DELIVERY, pair_of, positions, amounts, preview)
        return decisions
