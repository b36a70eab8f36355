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
        fund._take_foreign(self.env["ar.gateway.bill.line"].browse(found.foreign), trade)
        trade._note_gaps(found.gaps)

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

    def _take_foreign(self, rows, trade):
        """Have booked those movements of this fund flow that are of no trade, and were taken for repetitions so far."""
        rows = rows.filtered(lambda row: row.is_booked and not row.statement_line_id)
        if not trade.line_count:
            # A day without trades on which payments came: the trade bill is the wrong one, and will be replaced.
            rows = rows.filtered(lambda row: row.kind == "fee")
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

    def _settle_gaps(self, rows):
        """Return those of `rows` that are what was missing on another day, and settle that.

        Only what fills a gap: a later movement of an old trade (a share of it, a complaint) is one of its own.
        """
        near = timedelta(days=const.FLOW_DAYS)
        gaps = self.env["ar.gateway.difference"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("kind", "=", "flow"),
                ("state", "!=", "resolved"),
                ("line_id", "!=", False),
                ("day", ">=", self.day - near),
                ("day", "<=", self.day + near),
            ]
        )
        settled = rows.browse()
        for gap in gaps:
            line = gap.line_id
            names = {line.trade_no, line.order_number, line.refund_number, line.key.rsplit(":", 1)[-1]}
            names.discard(False)
            moved = (rows - settled).filtered(
                lambda row, names=names: not names.isdisjoint((row.trade_no, row.order_number))
            )
            left = gap.amount_gap + sum(moved.mapped("amount"))
            if not moved or self.currency_id.compare_amounts(abs(left), abs(gap.amount_gap)) >= 0:
                continue
            settled += moved
            gap.amount_bill += sum(moved.mapped("amount"))
            if self.currency_id.compare_amounts(abs(left), 0.01) > 0:
                continue
            if not self.currency_id.is_zero(left):
                self._book_cost(f"flow{gap.id}", self.env._("Rounding of fees of %s", gap.number), left)
            gap._note_resolved("found", self.env._("In the fund flow of %s", self.day), by=False)
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

        What open differences explain is not told again, so each gap is told once, on the day on which it arose. Not
        where accounts share a journal, whose balance is none of theirs.
        """
        trade, fund = self._pair()
        others = [("journal_id", "=", fund.journal_id.id), ("provider_id", "!=", fund.provider_id.id)]
        before = [("provider_id", "=", fund.provider_id.id), ("day", "<=", fund.day)]
        if (
            not trade
            or not fund.has_balance
            or self.search_count([*before, ("state", "=", "imported")], limit=1)
            or self.search_count(others, limit=1)
        ):
            return
        open_gaps = self.env["ar.gateway.difference"].search(
            [*before, ("kind", "in", ("flow", "balance")), ("state", "!=", "resolved")]
        )
        fund.invalidate_recordset(["ledger_balance"])
        known = fund.ledger_balance + sum(open_gaps.mapped("amount_gap"))
        if not fund.currency_id.is_zero(fund.balance_end - known):
            fund._note_differences(
                [{"kind": "balance", "amount_bill": fund.balance_end, "amount_books": known}]
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
