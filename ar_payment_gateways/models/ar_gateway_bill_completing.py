from dataclasses import replace
from datetime import datetime, timedelta

from odoo import api, models
from odoo.exceptions import UserError

from .. import const
from ..core.settlement_read import BillKind
from ..core.trade import CHINA


class ArGatewayBillCompleting(models.AbstractModel):
    """A day is not blocked by a bill that was empty or cut: what is there is never changed, what was missing is added.

    UnionPay's file has no totals, so one that ends too early looks whole; and that there is no bill is said unsigned.
    """

    _name = "ar.gateway.bill.completing"
    _description = "Gateway bill: completing"

    @api.model
    def _check_empty(self, provider, read):
        """Refuse to believe that nothing happened on a day on which our books have payments: ask again later.

        :raise UserError: for so many days as a gateway may be late; after that it is believed, and they are missing.
        """
        late = datetime.now(CHINA).date() - timedelta(days=const.BILL_EMPTY_DAYS)
        if read.code or read.day < late:
            return
        missing = self._matching(provider, read).missing
        # What happened on that day in the other bill of it, if that is there already.
        there = [
            ("provider_id", "=", provider.id),
            ("day", "=", read.day),
            ("kind", "in", ("payment", "refund")),
        ]
        rows = self.env["ar.gateway.bill.line"].search(there)
        count = max(len(missing), len(rows - self._of_another_day(rows)))
        if count:
            raise UserError(
                self.env._(
                    "The gateway has no bill of %(day)s, and %(count)s payments or refunds of that day are known.",
                    day=read.day,
                    count=count,
                )
            )

    @api.model
    def _of_another_day(self, rows):
        """Return those of `rows`, of one bill, that the other kind of bill has on another day: at midnight the account
        moves a day later than the trade, or earlier."""
        if not rows:
            return rows
        near = timedelta(days=const.FLOW_DAYS)
        names = set().union(*(row._names() for row in rows))
        others = rows.search(
            [
                ("provider_id", "=", rows.provider_id.id),
                ("bill_id.kind", "!=", rows.bill_id.kind),
                ("day", ">=", rows[:1].day - near),
                ("day", "<=", rows[:1].day + near),
                "|",
                ("order_number", "in", list(names)),
                ("trade_no", "in", list(names)),
            ]
        )
        known = set().union(*(row._names() for row in others))
        return rows.filtered(lambda row: not known.isdisjoint(row._names()))

    def _complete(self, provider, read, origin):
        """Add to this bill the rows that it lacks of `read`, another bill of its day.

        :raise UserError: if `read` is not this bill with more rows.
        """
        self.ensure_one()
        rest = self._rest(read)
        if rest is None:
            raise UserError(
                self.env._(
                    "Another bill of %(day)s was imported for %(provider)s on %(date)s: %(rows)s rows, net %(net)s."
                    " A bill that is in the books is not replaced. Find out from the gateway which one is right.",
                    day=read.day,
                    provider=provider.name,
                    date=self.imported_at,
                    rows=self.line_count,
                    net=self.currency_id.format(self.amount_net),
                )
            )
        before = self.line_count
        self.write(self._values(provider, read, origin))
        self._store_rows(rest)
        if read.kind is BillKind.TRADE:
            self._match(rest)
        self.message_post(
            body=self.env._("Completed by another bill: %(before)s rows became %(after)s.",
                            before=before, after=self.line_count)
        )  # fmt: skip

    def _rest(self, read):
        """Return `read` with only the rows that this bill lacks; None if one that it has is another there.

        What was compared with the other bill of its day stays as it is, unless it was empty.
        """
        mine = {line.key: line._identity() for line in self.line_ids}
        if not mine:
            return read
        trade, fund = self._pair()
        theirs = {row.key: (row.kind.value, row.amount_minor, row.order_number) for row in read.rows}
        if (trade and fund) or any(theirs.get(key) != identity for key, identity in mine.items()):
            return None
        return replace(read, rows=tuple(row for row in read.rows if row.key not in mine))
