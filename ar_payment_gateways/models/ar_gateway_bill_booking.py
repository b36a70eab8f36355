from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import const
from ..core import settlement_payout


class ArGatewayBillBooking(models.AbstractModel):
    """Booking a bill: its rows, what it cost, payouts that arrived at the bank. In chunks, resumable, each row once."""

    _name = "ar.gateway.bill.booking"
    _description = "Gateway bill: booking"

    def _book_chunk(self, limit=None):
        """Book the next rows of this bill, and its fees with the last of them.

        :return: how many rows are left; None if somebody else is booking it right now.
        """
        self.ensure_one()
        bill = self.try_lock_for_update(allow_referencing=True)
        if not bill:
            return None
        if bill.state != "imported":
            return 0
        rows = self.env["ar.gateway.bill.line"]
        limit = limit or (
            const.BILL_SUM_FROM if bill.line_count >= const.BILL_SUM_FROM else const.BILL_ROWS_PER_COMMIT
        )
        waiting = [("bill_id", "=", bill.id), ("is_booked", "=", False)]
        found = rows.search(waiting, order="id", limit=limit)
        found._book()
        left = rows.search_count(waiting) if len(found) == limit else 0
        bill.write({"booked_count": bill.line_count - left, "problem": False})
        if not left:
            bill._book_fee()
            bill._book_rounding()
            bill.state = "booked"
            bill._check_balance()
            bill._match_payouts(bill.company_id)
        return left

    def _book_fee(self):
        """Book what a day's trades cost as one statement line: five decimals are added first and rounded once."""
        if self.kind != "trade":
            return
        booked = self.env["account.bank.statement.line"].search(
            [
                ("journal_id", "=", self.journal_id.id),
                ("date", "=", self.day),
                ("ar_gateway_reference", "=like", f"{self.provider_id.id}:fee%"),
            ]
        )
        rest = self.currency_id.round(-self.amount_fee - sum(booked.mapped("amount")))
        if rest:  # a bill that was completed costs more
            name = f"fee{self.line_count}" if booked else "fee"
            self._book_cost(name, self.env._("Fees of %s", self.display_name), rest)

    def _book_cost(self, name, label, amount, account=None):
        """Book what no row is of, once; return its statement line, new or of the first time."""
        reference = f"{self.provider_id.id}:{name}:{self.day}"
        statement_lines = self.env["account.bank.statement.line"]
        known = statement_lines.search([("ar_gateway_reference", "=", reference)], limit=1)
        return known or statement_lines.create(
            {
                "journal_id": self.journal_id.id,
                "date": self.day,
                "payment_ref": label,
                "amount": amount,
                "ar_gateway_reference": reference,
                "counterpart_account_id": (account or self.provider_id.ar_fee_account_id).id or None,
            }
        )

    # === PAYOUTS === #

    @api.model
    def _match_payouts(self, company):
        """Settle payouts of the last days with the lines of bank journals on which they arrived, where it is certain.

        The rule is core.settlement_payout.pair.
        """
        since = fields.Date.today() - timedelta(days=const.BILL_DAYS_MAX)
        payouts = self.env["ar.gateway.bill.line"].search(
            [
                ("company_id", "=", company.id),
                ("kind", "=", "payout"),
                ("day", ">=", since),
                ("statement_line_id", "!=", False),
            ]
        )
        payouts = payouts.filtered(lambda payout: payout._transit_item())
        if not payouts:
            return
        arrivals = self.env["account.bank.statement.line"].search(
            [
                ("company_id", "=", company.id),
                ("journal_id", "not in", payouts.bill_id.journal_id.ids),
                ("journal_id.type", "=", "bank"),
                ("is_reconciled", "=", False),
                ("amount", "in", [-payout.amount for payout in payouts]),
                ("date", ">=", min(payouts.mapped("day"))),
            ]
        )
        arrivals = arrivals.filtered(lambda line: line.currency_id.name == const.BILL_CURRENCY)
        pairs = settlement_payout.pair(
            [payout._as_payout() for payout in payouts], self._arrivals(arrivals), const.PAYOUT_DAYS
        )
        for payout_id, arrival_id in pairs.items():
            arrivals.browse(arrival_id)._ar_settle(payouts.browse(payout_id)._transit_item())

    @api.model
    def _arrivals(self, lines):
        """Return lines of a bank's statement as core.settlement_payout.Arrival: who paid, what for, and whether a
        customer or one of his open invoices is named in that."""
        if not lines:
            return []
        for model in ("account.move", "res.partner"):
            self.env[model].flush_model()
        texts = [line.payment_ref or "" for line in lines]
        named = self.env.execute_query(
            SQL(
                "SELECT l.id FROM unnest(%s, %s) AS l(id, text) WHERE EXISTS ("
                "   SELECT FROM account_move m WHERE m.company_id = ANY(%s) AND m.move_type = 'out_invoice'"
                "   AND m.state = 'posted' AND m.payment_state IN ('not_paid', 'partial', 'in_payment')"
                "   AND length(m.name) > 3 AND strpos(l.text, m.name) > 0"
                " ) OR EXISTS ("
                "   SELECT FROM res_partner p WHERE p.customer_rank > 0 AND length(p.name) > 2"
                "   AND strpos(lower(l.text), lower(p.name)) > 0)",
                lines.ids,
                texts,
                lines.company_id.ids,
            )
        )
        customers = {line_id for (line_id,) in named}
        return [
            settlement_payout.Arrival(
                line.id,
                line.date,
                round(line.amount * 100),
                line.payment_ref or "",
                line.partner_name or line.partner_id.commercial_partner_id.name or "",
                line.id in customers or line.partner_id.commercial_partner_id.customer_rank > 0,
            )
            for line in lines
        ]

    # === CRON === #

    @api.model
    def _cron_book(self):
        """Go on booking bills, chunk by chunk, each committed; a bill that fails keeps no other waiting."""
        orders = self.env["ar.gateway.order"]
        bills = self.search([("state", "=", "imported")], order="day, id")
        orders._one_by_one(bills, lambda bill: bill._book_on())
        waiting = self.env["ar.gateway.difference"].search(
            [("state", "!=", "resolved"), ("kind", "=", "status")]
        )
        orders._one_by_one(waiting, lambda difference: difference._recheck())
        for company in self.search([("kind", "=", "fund")]).company_id:
            self._match_payouts(company)

    def _book_on(self):
        """Book the rest of a bill; what goes wrong is noted on it, and tried again by the next run."""
        cron = self.env["ir.cron"]
        try:
            while self._book_chunk():
                self.env.flush_all()
                if not cron._commit_progress():
                    return
        except UserError as error:
            self.env.cr.rollback()  # this chunk only; those before are committed
            self.problem = str(error)

    # === ACTIONS === #

    def action_book(self):
        """Book these bills now, as far as one request goes; the cron does the rest."""
        self._check_importer()
        for bill in self.sudo():  # sudo: what is booked is the bill's; the user may import bills
            bill._book_or_trigger()
        return True

    def _book_or_trigger(self):
        if self._book_chunk():
            self.env.ref("ar_payment_gateways.ir_cron_book_bills")._trigger()
