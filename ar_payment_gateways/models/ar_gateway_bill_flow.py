from datetime import timedelta
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from .. import const
from ..core.settlement_flow import Movement, Trade, compare


class ArGatewayBillFlow(models.AbstractModel):
    """Comparing the trade bill of a day with its fund flow. The rules are in core.settlement_flow."""

    _name = "ar.gateway.bill.flow"
    _description = "Gateway bill: trades and movements of the account"

    def _pair(self):
        """Return the trade bill and the fund flow of this bill's day, if they are there."""
        pair = self.search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("day", "=", self.day),
                ("state", "!=", "waiting"),
            ]
        )
        return pair.filtered(lambda bill: bill.kind == "trade"), pair.filtered(
            lambda bill: bill.kind == "fund"
        )

    def _compare_flow(self):
        """Once both bills of the day are there: have booked what the account did beside the trades, and note where it
        did not move as they say."""
        self.ensure_one()
        trade, fund = self._pair()
        if not trade or not fund:
            return
        found = trade._flow(fund)
        foreign = self.env["ar.gateway.bill.line"].browse(found.foreign)
        # Of a day whose trade bill was empty at first, and was completed.
        (fund._taken(0) - foreign)._take_back(trade)
        trade._note_gaps(found.gaps)
        fund._take_foreign(foreign)
        if found.gaps:
            trade._settle_gaps(trade._taken(const.FLOW_DAYS))

    def _flow(self, fund):
        """Compare this trade bill with `fund`: one query, whatever the number of rows.

        :rtype: core.settlement_flow.Comparison
        """
        self.env["ar.gateway.bill.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT bill_id, id, amount, COALESCE(fee, 0), trade_no, order_number, refund_number,"
                "   regexp_replace(key, '^.*:', '')"
                " FROM ar_gateway_bill_line WHERE bill_id IN %s AND kind IN ('payment', 'refund', 'fee') ORDER BY id",
                (self.id, fund.id),
            )
        )
        trades, movements = [], []
        for bill_id, row_id, amount, fee, *names, number in rows:
            if bill_id == self.id:
                known = tuple(filter(None, (*names, number)))
                trades.append(Trade(row_id, known, round(amount * 100) - 100 * Decimal(f"{fee:.5f}")))
            else:
                movements.append(Movement(row_id, tuple(filter(None, names)), round(amount * 100)))
        return compare(trades, movements)

    def _take_foreign(self, rows):
        """Have booked those movements of this fund flow that are of no trade, and were taken for repetitions so far."""
        rows = rows.filtered(
            lambda row: row.is_booked and not row.statement_line_id and not row.difference_kind
        )
        rows -= self._settle_gaps(rows)
        if not rows:
            return
        unknown = rows.filtered(lambda row: row.kind != "fee")
        rows.write({"is_booked": False})
        unknown.write({"difference_kind": "surplus"})
        self._note_differences(
            [
                {"line_id": row.id, "kind": "surplus", "amount_bill": row.amount, "amount_books": 0.0}
                for row in unknown
            ]
        )
        self.state = "imported"
        self.env.ref("ar_payment_gateways.ir_cron_book_bills")._trigger()

    def _taken(self, days):
        """Return the movements of the account that were taken for foreign so many days around this bill's day, and
        are nobody's yet: no person, and no matching of receipts, has said what they are.
        """
        near = timedelta(days=days)
        rows = self.env["ar.gateway.bill.line"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("bill_id.kind", "=", "fund"),
                ("kind", "in", ("payment", "refund", "fee")),
                ("difference_kind", "in", (False, "surplus")),
                ("day", ">=", self.day - near),
                ("day", "<=", self.day + near),
                "|",
                ("is_booked", "=", False),
                ("statement_line_id", "!=", False),
            ]
        )
        return rows.filtered(
            lambda row: (
                "resolved" not in row.difference_ids.mapped("state")
                and (row.kind == "fee" or not row.statement_line_id.is_reconciled)
            )
        )

    def _settle_gaps(self, rows):
        """Return those of `rows` that are what was missing on another day, and settle that.

        Only what fills a gap: a later movement of an old trade (a share of it, a complaint) is one of its own. At
        midnight the movement may come before the trade as well; then it is booked already, and is taken back.
        """
        near = timedelta(days=const.FLOW_DAYS)
        gaps = self._open_gaps(("flow",)).filtered(
            lambda found: found.line_id and self.day - near <= found.day <= self.day + near
        )
        settled = rows.browse()
        for gap in gaps:
            names = gap.line_id._names()
            moved = (rows - settled).filtered(
                lambda row, names=names: not names.isdisjoint((row.trade_no, row.order_number))
            )
            left = gap.amount_gap + sum(moved.mapped("amount"))
            if not moved or self.currency_id.compare_amounts(abs(left), abs(gap.amount_gap)) >= 0:
                continue
            settled += moved
            moved._take_back(self)
            gap.amount_bill += sum(moved.mapped("amount"))
            if self.currency_id.compare_amounts(abs(left), 0.01) > 0:
                continue
            if not self.currency_id.is_zero(left):
                self._book_cost(f"flow{gap.id}", self.env._("Rounding of fees of %s", gap.number), left)
            day = max(moved.mapped("day"))
            gap._note_resolved("found", self.env._("In the fund flow of %s", day), by=False)
        return settled

    def _note_gaps(self, gaps):
        """Make a difference of each payment of this trade bill by which the account did not move as it says.

        Where nearly all differ it is one thing (fees that are taken once a month), not thousands: one of their sum.
        """
        if len(gaps) > const.FLOW_GAPS_MAX:
            moved, stated = (
                sum(getattr(gap, f"{which}_minor") for gap in gaps) for which in ("moved", "stated")
            )
            reason = self.env._("%s payments of this day differ between trade bill and fund flow.", len(gaps))
            self._note_differences(
                [{"kind": "flow", "amount_bill": moved / 100, "amount_books": stated / 100, "reason": reason}]
            )
            return
        lines = self.env["ar.gateway.bill.line"].browse([gap.trade_ids[0] for gap in gaps])
        lines.filtered(lambda line: not line.difference_kind).write({"difference_kind": "flow"})
        self._note_differences(
            [
                {
                    "kind": "flow",
                    "line_id": line.id,
                    "order_id": line.order_id.id,
                    "amount_bill": gap.moved_minor / 100,
                    "amount_books": gap.stated_minor / 100,
                }
                for line, gap in zip(lines, gaps, strict=True)
            ]
        )

    def _note_differences(self, values):
        # Without a "created" in each chatter: there can be many.
        differences = self.env["ar.gateway.difference"].with_context(mail_create_nolog=True)
        differences.create([{"bill_id": self.id, **each} for each in values])

    def _check_balance(self):
        """Make a difference of what the account's balance is beside the ledger's, once a day is booked.

        What open differences explain is not told again, so each gap is told once, on the day on which it arose; what
        was told of later days is looked at again, as this day's bill may have been late. Not where accounts share a
        journal, whose balance is none of theirs.
        """
        trade, fund = self._pair()
        others = [("journal_id", "=", fund.journal_id.id), ("provider_id", "!=", fund.provider_id.id)]
        if not trade or not fund or self.search_count(others, limit=1):
            return
        doubted = self._open_gaps(("balance",)).filtered(lambda found: found.day > fund.day).bill_id
        for bill in (fund.filtered("has_balance") | doubted).sorted("day"):
            bill._note_balance()

    def _note_balance(self):
        """Note, correct or settle the difference of this fund flow's balance from what is known of the account."""
        before = [("provider_id", "=", self.provider_id.id), ("day", "<=", self.day)]
        if self.search_count([*before, ("state", "=", "imported")], limit=1):
            return
        gaps = self._open_gaps(("flow", "balance")).filtered(lambda found: found.day <= self.day)
        mine = gaps.filtered(lambda found: found.kind == "balance" and found.bill_id == self)
        self.invalidate_recordset(["ledger_balance"])
        known = self.ledger_balance + sum((gaps - mine).mapped("amount_gap"))
        if self.currency_id.is_zero(self.balance_end - known):
            mine._note_resolved("found", self.env._("In a bill that came later"), by=False)
        elif mine:
            mine.amount_books = known
        else:
            self._note_differences(
                [{"kind": "balance", "amount_bill": self.balance_end, "amount_books": known}]
            )

    def _open_gaps(self, kinds):
        """Return the differences of these kinds of this provider's account that nobody has settled."""
        return self.env["ar.gateway.difference"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("kind", "in", kinds),
                ("state", "!=", "resolved"),
            ]
        )

    def _book_rounding(self):
        """Book what the account was really charged for each trade beyond the trade bill's fees, which are rounded once.

        Known once both bills of a day are there, and never more than half a fen for each trade.
        """
        trade, fund = self._pair()
        if not trade or not fund or not trade.line_count:
            return
        rounding = trade._flow(fund).rounding(round(trade.amount_net * 100))
        if rounding:
            label = self.env._("Rounding of fees of %s", trade.display_name)
            fund._book_cost("rounding", label, rounding / 100)
