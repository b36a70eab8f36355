from datetime import timedelta

from odoo import models
from odoo.exceptions import AccessError, UserError

from ..core.settlement_bill import Kind
from ..core.settlement_match import UNSETTLED_STATUSES
from ..core.settlement_read import BillKind, ReadBill, Row


class ArGatewayDifferenceResolving(models.AbstractModel):
    """What a manager can do about a difference. Each leaves a reason, who and when; what is resolved stays so."""

    _name = "ar.gateway.difference.resolving"
    _description = "Settlement difference: resolving"

    # === ACTIONS === #

    def action_query_gateway(self):
        """Ask the gateway about the payments or refunds, and settle what its answer explains."""
        self._check_resolver()
        for difference in self.sudo():  # sudo: orders are written by the machinery; the answer is verified
            difference._query_gateway()
        return True

    def action_book_refund(self):
        """Book refunds of our orders that somebody made in the gateway's console, of which only the bill tells."""
        self._check_resolver()
        for (
            difference
        ) in self.sudo():  # sudo: refunds are written by the machinery; rights and amount checked
            difference._book_refund()
        return True

    def action_carry(self):
        """Expect these in the bill of the next day, which settles them or opens them again."""
        self._check_resolver()
        for difference in self.sudo():  # sudo: checked above
            if difference.kind != "shortage":
                raise UserError(self.env._("Only what is missing in a bill can be expected in the next one."))
            difference.write({"state": "carried", "carried_to": difference.day + timedelta(days=1)})
            difference._note_decision(self.env._("Expected in the next day's bill"))
        return True

    def action_accept(self):
        """Ask for the account and the reason."""
        return self._open_wizard("accept", self.env._("Accept into an Account"))

    def action_link(self):
        """Ask for the payment that it is."""
        return self._open_wizard("link", self.env._("Link by Hand"))

    def _open_wizard(self, way, name):
        self._check_resolver()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "ar.gateway.difference.resolve",
            "view_mode": "form",
            "target": "new",
            "context": {"default_way": way, "default_difference_ids": self.ids},
        }

    def _check_resolver(self):
        """Refuse who may not resolve differences, and what is resolved.

        :raise AccessError, UserError:
        """
        user = self.env.user
        if not user.has_group("ar_payment_gateways.group_manager") or not user.has_group(
            "account.group_account_invoice"
        ):
            raise AccessError(
                self.env._(
                    "Resolving a difference posts entries: that is for managers of Payment Gateways with rights on"
                    " invoicing."
                )
            )
        self.check_access("read")
        locked = self.sudo().try_lock_for_update(allow_referencing=True)  # sudo: a lock; rights checked above
        if len(locked) < len(self) or any(difference.state == "resolved" for difference in locked):
            raise UserError(self.env._("Somebody has resolved this already, or is doing it right now."))

    def _note_decision(self, text):
        self.message_post(body=text)

    # === ASKING === #

    def _query_gateway(self):
        order = self._known_order()
        if not order:
            raise UserError(
                self.env._("No order of ours has the number of this row: there is nothing to ask about.")
            )
        if self.refund_id:
            self.refund_id._settle()
        order._query()
        for transaction in order.transaction_id | order.refund_ids.transaction_id:
            transaction._ar_post_process()
        states = dict(order._fields["state"]._description_selection(self.env))
        if not self._recheck():
            self._note_decision(
                self.env._(
                    "Asked the gateway; the difference is still there (order: %s).", states[order.state]
                )
            )

    def _book_refund(self):
        """Book a refund that only the bill has, as one made in the gateway's console."""
        line, order = self.line_id, self._known_order()
        if self.kind != "surplus" or line.kind != "refund" or order.state != "paid":
            raise UserError(self.env._("Only a refund of a paid order of ours can be booked from the bill."))
        amount_minor = round(-line.amount * 100)
        if not order.try_lock_for_update(allow_referencing=True) or amount_minor > order._refundable_minor():
            raise UserError(
                self.env._(
                    "Of %(order)s only %(left)s can still have been refunded.",
                    order=order.name,
                    left=order.currency_id.format(order.refundable_amount),
                )
            )
        refunds = order.refund_ids
        refunds._book_foreign(order, amount_minor, line.refund_number or line.key)
        for transaction in (order.refund_ids - refunds).transaction_id:
            transaction._ar_post_process()
        order.refund_reported_minor = sum(
            refund.amount_minor for refund in order.refund_ids if refund.state == "done"
        )
        self._recheck()

    def _known_order(self):
        line = self.line_id
        return self.order_id or (
            self.order_id.search(
                [("provider_id", "=", self.provider_id.id), ("name", "=", line.order_number)], limit=1
            )
            if line.order_number
            else self.order_id
        )

    def _recheck(self):
        """Compare again; settle the difference if there is none any more.

        :rtype: bool
        """
        self.ensure_one()
        line = self.line_id
        if self.state == "resolved" or not line or self.kind == "flow":
            return False
        if self.kind == "surplus":
            agrees = self._match_again()
        else:
            record = self.refund_id or self.order_id
            is_done = record.state == ("done" if self.refund_id else "paid")
            agrees = (
                is_done
                and round(abs(line.amount) * 100) == record.amount_minor
                and line.status not in UNSETTLED_STATUSES
            )
        if agrees:
            self.amount_books = line.amount
            self._note_resolved("queried", self.env._("Our books say the same now"))
            line._settle_statement_line()
        return agrees

    def _match_again(self):
        """Look whether our books know a row by now; if so, link it."""
        line, bill = self.line_id, self.bill_id
        row = Row(
            key=line.key,
            kind=Kind(line.kind),
            happened_at=line._moment(),
            amount_minor=round(line.amount * 100),
            order_number=line.order_number or "",
            refund_number=line.refund_number or "",
            trade_no=line.trade_no or "",
            status=line.status or "",
        )
        read = ReadBill(bill.gateway, BillKind.TRADE, bill.day, (row,))
        [match] = bill._matching(bill.provider_id, read).matches
        record = match.record
        if not record or not record.is_done or record.amount_minor != abs(row.amount_minor):
            return False
        order = self.order_id.browse(record.id)
        refund = self.refund_id
        if record.kind is Kind.REFUND:
            refund = refund.browse(record.id)
            order = refund.order_id
        for found in (line, self):
            found.write({"order_id": order.id, "refund_id": refund.id})
        return True

    # === DECIDING === #

    def _accept(self, account, reason):
        """Book what differs into an account.

        In the bill and not in our books: the statement line gets that account. In our books and not in the bill: the
        payment's open item is cleared into it by an entry. Another amount: our payment is settled and the rest goes
        there. The account moved otherwise than its trades say: a statement line of what differs.
        """
        self.ensure_one()
        statement_line = self._statement_line()
        item = self._payment_item()
        if self.kind in ("flow", "balance"):
            self.bill_id._book_cost(
                f"gap{self.id}", f"{self.display_name}: {reason}", self.amount_gap, account
            )
        elif self.kind == "shortage":
            self.move_id = self._clear_payment(item, account, reason)
        elif not statement_line.is_reconciled:
            statement_line._ar_settle(item if self.kind == "amount" else None, account)
        self._note_resolved("accepted", reason)
        self._note_decision(f"{account.display_name}: {reason}")

    def _statement_line(self):
        """Return the statement line of the row, which must be booked by then."""
        statement_line = self.line_id.statement_line_id
        if self.line_id and not statement_line:
            raise UserError(self.env._("Book the bill first: this row is not in the journal yet."))
        return statement_line

    def _payment_item(self):
        """Return the open item of our payment or refund; nothing if it is not booked, or settled."""
        transaction = (self.refund_id or self.order_id).transaction_id
        payment = transaction.payment_id
        return payment.move_id.line_ids.filtered(
            lambda item: (
                item.account_id in payment._get_valid_liquidity_accounts()
                and item.account_id.reconcile
                and not item.reconciled
                and item.parent_state == "posted"
            )
        )[:1]

    def _clear_payment(self, item, account, reason):
        if not item:
            raise UserError(self.env._("%s has no open payment in the books.", self.display_name))
        amounts = {"currency_id": item.currency_id.id, "partner_id": item.partner_id.id, "name": reason}
        residual = {"balance": item.amount_residual, "amount_currency": item.amount_residual_currency}
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.company_id.id), ("type", "=", "general")], limit=1
        )
        move = self.env["account.move"].create(
            {
                "journal_id": journal.id,
                "ref": f"{self.display_name}: {reason}",
                "line_ids": [
                    (0, 0, {**amounts, **residual, "account_id": account.id}),
                    (
                        0,
                        0,
                        {**amounts, **{k: -v for k, v in residual.items()}, "account_id": item.account_id.id},
                    ),
                ],
            }
        )
        move.action_post()
        (move.line_ids.filtered(lambda line: line.account_id == item.account_id) + item).reconcile()
        return move

    def _link(self, payment, reason):
        """Settle the row with a payment that a person has chosen.

        :param payment: account.payment of the journal, open, of the row's amount and direction.
        """
        self.ensure_one()
        line = self.line_id
        item = line._open_item(payment) if line else line.env["account.move.line"]
        if not item or payment.journal_id != self.bill_id.journal_id:
            raise UserError(
                self.env._("%(payment)s is not an open payment of %(amount)s in this journal.",
                           payment=payment.display_name, amount=self.currency_id.format(line.amount))
            )  # fmt: skip
        self._statement_line()._ar_settle(item)
        self.amount_books = line.amount
        self._note_resolved("linked", reason)
        self._note_decision(f"{payment.display_name}: {reason}")
