from datetime import UTC

from odoo import models

from .. import const
from ..core.settlement_payout import Payout
from ..core.trade import CHINA


class ArGatewayBillLineBooking(models.AbstractModel):
    """Rows of a bill as statement lines of the gateway's journal, each settling what Odoo has booked for it."""

    _name = "ar.gateway.bill.line.booking"
    _description = "Gateway bill row: booking"

    def _book(self):
        """Make the statement lines of these rows of one bill, and settle the open items they are.

        Every row is booked, also one that differs from our books: it moved the money of the account. What we cannot
        say what it is for stays on the journal's suspense account until its difference is settled.
        """
        targets = self._targets()
        booked = self.filtered(lambda line: targets[line.id] is not None)
        if self.bill_id.line_count >= const.BILL_SUM_FROM:
            booked -= booked._book_sums(targets)
        statement_lines = self.env["account.bank.statement.line"].create(
            [line._statement_values(*targets[line.id]) for line in booked]
        )
        plan = []
        for line, statement_line in zip(booked, statement_lines, strict=True):
            line.statement_line_id = statement_line
            account, item = targets[line.id]
            if item:
                plan.append(statement_line._ar_counterpart(account) + item)
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)
        self.is_booked = True

    def _book_sums(self, targets):
        """Book those rows that are payments or refunds of ours, to the cent, as one statement line of each kind.

        Odoo needs 30 ms for a statement line, whatever it is for: of a bill of 10,000 rows, five minutes. The sum
        settles the open item of each payment, so what is paid by what is known as well as with a line for each row.

        :return: the rows booked here.
        """
        sums = {}
        for line in self:
            account, item = targets[line.id]
            if item:
                sums[line.kind, account] = sums.get((line.kind, account), self.browse()) + line
        sums = {key: lines for key, lines in sums.items() if len(lines) > 1}
        statement_lines = self.env["account.bank.statement.line"].create(
            [lines._sum_values(account) for (_kind, account), lines in sums.items()]
        )
        plan = []
        for ((_kind, account), lines), statement_line in zip(sums.items(), statement_lines, strict=True):
            lines.statement_line_id = statement_line
            items = self.env["account.move.line"].union(*(targets[line.id][1] for line in lines))
            plan.append(statement_line._ar_counterpart(account) + items)
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)
        return self.browse().union(*sums.values())

    def _sum_values(self, account):
        first = self[0]
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return {
            **first._statement_values(account, None),
            "payment_ref": self.env._(
                "%(kind)s: %(count)s rows of %(bill)s, from %(first)s to %(last)s",
                kind=kinds[first.kind],
                count=len(self),
                bill=first.bill_id.display_name,
                first=first.refund_number or first.order_number,
                last=self[-1].refund_number or self[-1].order_number,
            ),
            "amount": first.currency_id.round(sum(self.mapped("amount"))),
            "partner_id": False,
            "transaction_type": False,
        }

    def _statement_values(self, account, item):
        partner = item.partner_id if item else self.partner_id.commercial_partner_id
        return {
            "journal_id": self.bill_id.journal_id.id,
            "date": self.day,
            "payment_ref": self._label(),
            "amount": self.amount,
            "partner_id": partner.id,
            "transaction_type": self.method,
            "ar_gateway_reference": f"{self.provider_id.id}:{self.key}",
            "counterpart_account_id": account.id if account else None,
        }

    def _label(self):
        """Return what accountants read: what it is, our number, the gateway's."""
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        moment = self._moment().astimezone(CHINA)
        number = self.refund_number or self.order_number
        return " ".join(
            filter(None, (kinds[self.kind], number, self.trade_no, f"{moment:%H:%M:%S}", self.note))
        )

    def _moment(self):
        """Return when it happened, with its time zone."""
        return self.happened_at.replace(tzinfo=UTC)

    def _targets(self):
        """Return {row id: (counterpart account or None for suspense, journal item or None)}; None: booked already."""
        self._transactions().payment_id.move_id.line_ids.mapped(
            "amount_residual_currency"
        )  # all in one query
        return {line.id: line._target() for line in self}

    def _transactions(self):
        return self.refund_id.transaction_id + (self - self.filtered("refund_id")).order_id.transaction_id

    def _target(self):
        if self.kind == "payout":
            return self.company_id.transfer_account_id, None
        if self.kind == "fee":
            return self.provider_id.ar_fee_account_id, None
        if self.kind not in ("payment", "refund") or self._is_doubtful():
            return None, None
        payment = self._payment()
        item = self._open_item(payment)
        journal_account = self.bill_id.journal_id.default_account_id
        if not item and payment.move_id and journal_account in payment.move_id.line_ids.account_id:
            return None  # the payment was booked on the journal's own account, without an outstanding one
        return (item.account_id, item) if item else (None, None)

    def _is_doubtful(self):
        """Tell whether this row differs in amount or state and nobody has settled that."""
        return any(
            difference.kind in ("amount", "status", "surplus") and difference.state != "resolved"
            for difference in self.difference_ids
        )

    def _payment(self):
        """Return the account.payment that this row's order or refund is in our books, booked now if it was not."""
        transaction = self._transactions()
        if transaction.state == "done" and not transaction.payment_id:
            transaction._ar_post_process()
        return transaction.payment_id

    def _open_item(self, payment):
        """Return the open item of a payment that waits for exactly this row: on its outstanding account."""
        # Once, not for each item: asking is dear, and a bill has ten thousand rows.
        outstanding = payment._get_valid_liquidity_accounts() - self.bill_id.journal_id.default_account_id
        items = payment.move_id.line_ids.filtered(
            lambda item: (
                item.account_id in outstanding
                and item.account_id.reconcile
                and not item.reconciled
                and item.parent_state == "posted"
                and item.currency_id.compare_amounts(item.amount_residual_currency, self.amount) == 0
            )
        )
        return items if len(items) == 1 else items.browse()

    def _settle_statement_line(self):
        """Settle a booked row's statement line with our payment, once the books know it; else leave it as it is."""
        for line in self:
            statement_line = line.statement_line_id
            if not statement_line or statement_line.is_reconciled:
                continue
            item = line._open_item(line._payment())
            if item:
                statement_line._ar_settle(item)

    # === MOVEMENTS OF ANOTHER DAY'S TRADES === #

    def _take_back(self, bill):
        """Leave these movements out of the books: they are of trades that `bill` or another bill has.

        What is booked already is taken back on the day of `bill`, by its opposite and not by deleting it: fees on
        the account of fees, the rest by way of the transfer account.
        """
        for line in self:
            booked, label = line.statement_line_id, self.env._("Taken back: %s", line._label())
            if not booked:
                continue
            if line.kind == "fee":
                bill._book_cost(f"back{line.id}", label, -line.amount)
                continue
            transfer = line.company_id.transfer_account_id
            booked._ar_settle(account=transfer)
            opposite = bill._book_cost(f"back{line.id}", label, -line.amount, transfer)
            (booked + opposite).move_id.line_ids.filtered(
                lambda item, transfer=transfer: item.account_id == transfer
            ).reconcile()
        self.write({"is_booked": True, "difference_kind": "cross_day"})
        self.difference_ids._note_resolved("found", self.env._("A trade that is in its bill"), by=False)

    # === PAYOUTS === #

    def _transit_item(self):
        """Return the open item of a payout on the transfer account."""
        return self.statement_line_id.move_id.line_ids.filtered(
            lambda item: item.account_id == self.company_id.transfer_account_id and not item.reconciled
        )[:1]

    def _as_payout(self):
        gateway = self.bill_id.gateway
        words, payers = const.PAYOUT_WORDS.get(gateway, ()), const.PAYOUT_PAYERS.get(gateway, ())
        return Payout(self.id, self.day, -round(self.amount * 100), words, payers)
