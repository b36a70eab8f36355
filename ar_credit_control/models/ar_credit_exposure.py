from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from odoo import models

from ..core.exposure import ZERO, Exposure, round_to


@dataclass(frozen=True)
class Measured:
    """Result of one measurement, all in company currency.

    exposures: (commercial partner id, company id) -> Exposure without the orders asked apart; zero where nothing is
    open.
    orders: id of an order asked apart -> what of it is open; zero where nothing is.
    """

    exposures: dict[tuple[int, int], Exposure]
    orders: dict[int, Decimal]


class ArCreditExposure(models.AbstractModel):
    """Measures what customers owe and will owe: one SQL statement for any number of them."""

    _name = "ar.credit.exposure"
    _inherit = ["ar.credit.exposure.query"]
    _description = "Credit exposure"

    def _measure(self, companies, partner_ids, order_ids=(), locked=None):
        """Measure the exposure of commercial partners in companies.

        Reads the database past access rights: callers decide who may see the numbers. Open orders are summed up per
        currency and converted here, once, at today's rate; receivables are the ledger's company amounts.

        :param companies: res.company records.
        :param partner_ids: ids of commercial partners.
        :param order_ids: orders that are measured apart from the rest.
        :param locked: (commercial partner id, company id) to lock before in the same way to the database; their
            accounts are there. The holds of the orders are known then as well. None: only measure.
        :rtype: Measured
        """
        # parts: pair -> fields of Exposure; built once, as changing a frozen one costs more than all the rest
        parts, orders = defaultdict(dict), defaultdict(Decimal)
        if companies and partner_ids:
            rows = defaultdict(list)
            for kind, *row in self._get_rows(companies, partner_ids, order_ids, locked):
                rows[kind].append(row)
            if locked is not None:
                self._know_holds(order_ids, rows["hold"])
            roundings = {company.id: Decimal(str(company.currency_id.rounding)) for company in companies}
            self._read_ledger(parts, rows["ledger"])
            for kind in ("payments_in_process", "draft_invoices"):
                for owner, company_id, _currency, _order, _days, amount, *_none in rows[kind]:
                    parts[owner, company_id][kind] = round_to(Decimal(amount), roundings[company_id])
            self._read_orders(parts, orders, rows, roundings)
        exposures = defaultdict(Exposure, {pair: Exposure(**known) for pair, known in parts.items()})
        return Measured(exposures, orders)

    def _know_holds(self, order_ids, rows):
        """Keep the holds of orders in memory: to search for them costs more than the rest of a check."""
        found = defaultdict(list)
        for *_none, order_id, _days, hold_id, _two, _three in rows:
            found[order_id].append(int(hold_id))
        orders = self.env["sale.order"].browse(order_ids)
        orders._fields["ar_credit_hold_ids"]._insert_cache(orders, [tuple(found[o]) for o in order_ids])

    @staticmethod
    def _read_ledger(parts, rows):
        for owner, company_id, _currency, _order, days, receivable, unapplied, overdue in rows:
            parts[owner, company_id] = {
                "receivable": Decimal(receivable),
                "unapplied_credits": Decimal(unapplied),
                "overdue": Decimal(overdue),
                "days_overdue": days,
            }

    @staticmethod
    def _read_orders(parts, orders, rows, roundings):
        """Add open orders to `parts`, and what of those asked apart is open to `orders`, in company currency."""
        rates = {
            (company_id, currency_id): (Decimal(source), Decimal(target))
            for _owner, company_id, currency_id, _order, _days, source, target, _none in rows["rate"]
        }

        def converted(amount, company_id, currency_id):
            source, target = rates.get((company_id, currency_id), (1, 1))
            return round_to(amount / source * target, roundings[company_id])

        totals, paid = defaultdict(Decimal), {}
        for owner, company_id, currency_id, _order, _days, amount, *_none in rows["open"]:
            totals[owner, company_id, currency_id] += Decimal(amount)
        for owner, company_id, currency_id, order_id, _days, amount, *_none in rows["paid"]:
            paid[order_id] = Decimal(amount)
            totals[owner, company_id, currency_id] -= paid[order_id]
        for owner, company_id, currency_id, order_id, _days, amount, *_none in rows["apart"]:
            own = Decimal(amount) - paid.get(order_id, 0)
            totals[owner, company_id, currency_id] -= own
            orders[order_id] = converted(own, company_id, currency_id)
        for (owner, company_id, currency_id), amount in totals.items():
            known, added = parts[owner, company_id], converted(amount, company_id, currency_id)
            known["open_orders"] = known.get("open_orders", ZERO) + added

    @staticmethod
    def _to_decimal(currency, amount):
        """Return a float as Decimal, rounded to the currency.

        :rtype: Decimal
        """
        return Decimal(f"{currency.round(amount or 0.0):.{currency.decimal_places}f}")
