from datetime import UTC, datetime, time, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .. import const
from ..core.settlement_bill import Kind
from ..core.settlement_match import Difference, Record, match_rows
from ..core.trade import CHINA


class ArGatewayBillMatching(models.AbstractModel):
    """Comparing a trade bill with our gateway orders and refunds; what differs becomes an `ar.gateway.difference`."""

    _name = "ar.gateway.bill.matching"
    _description = "Gateway bill: comparison with our books"

    def _match(self, read):
        """Match the stored rows, note the differences, and settle those of other days that this bill explains.

        :param core.settlement_read.ReadBill read: the bill whose rows were just stored.
        """
        self.ensure_one()
        matching = self._matching(self.provider_id, read)
        by_key = {line.key: line for line in self.line_ids}
        orders = self._orders_of_refunds(matching)
        differences = []
        for match in matching.matches:
            line, record = by_key[match.row.key], match.record
            values = {}
            if record and record.kind is Kind.PAYMENT:
                values = {"order_id": record.id}
            elif record:
                values = {"order_id": orders[record.id], "refund_id": record.id}
            if match.difference:
                values["difference_kind"] = match.difference.value
                differences.append(self._difference_values(match.difference, line, record, values))
            if values:
                line.write(values)
        # By a bill that was not complete yet.
        missed = {
            (found.order_id.id, found.refund_id.id)
            for found in self.difference_ids
            if found.kind == "shortage"
        }
        for record in matching.missing:
            values = {"order_id": record.id}
            if record.kind is Kind.REFUND:
                refund = self.env["ar.gateway.refund"].browse(record.id)
                values = {"order_id": refund.order_id.id, "refund_id": record.id}
            if (values["order_id"], values.get("refund_id", False)) in missed:
                continue
            differences.append(self._difference_values(Difference.SHORTAGE, None, record, values))
        # Without a "created" in each chatter: there can be thousands.
        self.env["ar.gateway.difference"].with_context(mail_create_nolog=True).create(differences)
        self.env["ar.gateway.difference"]._settle_others(self)

    def _difference_values(self, kind, line, record, links):
        sign = -1 if record and record.kind is Kind.REFUND else 1
        is_explained = kind is Difference.CROSS_DAY
        in_books = sign * record.amount_minor / 100 if record and record.is_done else 0.0
        return {
            "bill_id": self.id,
            "line_id": line.id if line else False,
            "order_id": links.get("order_id", False),
            "refund_id": links.get("refund_id", False),
            "kind": kind.value,
            "amount_bill": line.amount if line else 0.0,
            "amount_books": in_books,
            # The same money on both sides: nobody has to do anything about it.
            "state": "resolved" if is_explained else "open",
            "resolution": "found" if is_explained else False,
            "resolved_at": fields.Datetime.now() if is_explained else False,
            "reason": self.env._("In our books on %s", record.day or "?") if is_explained else False,
        }

    def _orders_of_refunds(self, matching):
        """Return {id of a matched refund: id of its order}."""
        ids = [m.record.id for m in matching.matches if m.record and m.record.kind is Kind.REFUND]
        return {refund.id: refund.order_id.id for refund in self.env["ar.gateway.refund"].browse(ids)}

    # === OUR BOOKS === #

    @api.model
    def _matching(self, provider, read):
        """Compare a bill with our books; nothing is changed.

        :param provider: payment.provider, in sudo.
        :rtype: core.settlement_match.Matching
        """
        shift = timedelta(hours=const.BILL_DAY_SHIFT_HOURS.get(provider.code, 0))
        return match_rows(read.rows, self._records(provider, read, shift), read.day)

    @api.model
    def _records(self, provider, read, shift):
        """Return our payments and refunds that rows of the bill may be, or that are missing in it.

        Two queries, whatever the number of rows.
        """
        for model in ("ar.gateway.order", "ar.gateway.refund", "ar.gateway.bill.line"):
            self.env[model].flush_model()
        start = datetime.combine(read.day, time(), CHINA).astimezone(UTC).replace(tzinfo=None) - shift
        end = start + timedelta(days=1)
        numbers = list({number for row in read.rows for number in self._numbers(row) if number})
        orders = self.env.execute_query(
            SQL(
                "SELECT id, name, amount_minor, state = 'paid', paid_at, gateway_reference FROM ar_gateway_order o"
                " WHERE provider_id = %s AND NOT EXISTS"
                "   (SELECT FROM ar_gateway_bill_line l WHERE l.order_id = o.id AND l.kind = 'payment')"
                " AND (name = ANY(%s) OR gateway_reference = ANY(%s)"
                "   OR (state = 'paid' AND paid_at >= %s AND paid_at < %s))",
                provider.id,
                numbers,
                numbers,
                start,
                end,
            )
        )
        refunds = self.env.execute_query(
            SQL(
                "SELECT r.id, o.name, r.amount_minor, r.state = 'done', r.refunded_at, r.name, r.gateway_reference"
                " FROM ar_gateway_refund r JOIN ar_gateway_order o ON o.id = r.order_id"
                " WHERE r.provider_id = %s"
                " AND NOT EXISTS (SELECT FROM ar_gateway_bill_line l WHERE l.refund_id = r.id)"
                " AND (r.name = ANY(%s) OR r.gateway_reference = ANY(%s) OR o.name = ANY(%s)"
                "   OR (r.state = 'done' AND r.refunded_at >= %s AND r.refunded_at < %s))",
                provider.id,
                numbers,
                numbers,
                numbers,
                start,
                end,
            )
        )

        def day(moment):
            return moment and (moment.replace(tzinfo=UTC).astimezone(CHINA) + shift).date()

        return [
            Record(key, Kind.PAYMENT, name, amount, done, day(at), gateway_number=number or "")
            for key, name, amount, done, at, number in orders
        ] + [
            Record(key, Kind.REFUND, order, amount, done, day(at), name, number or "")
            for key, order, amount, done, at, name, number in refunds
        ]

    @staticmethod
    def _numbers(row):
        return (row.order_number, row.trade_no, row.refund_number, row.key.rsplit(":", 1)[-1])
