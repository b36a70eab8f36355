from collections import defaultdict
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..core import dunning


class ArDunningGather(models.AbstractModel):
    """Collects what the level engine has to know, for all customers at once."""

    _name = "ar.dunning.gather"
    _description = "Facts for Dunning"

    @api.model
    def _open_rows(self, company, as_of, partner_ids=None):
        """Return the open items of customers as dicts: the columns of `ar.open.item` plus `excluded`.

        Excluded are items with Odoo's "no follow-up" mark and invoices whose payment is blocked.
        """
        self.env["account.move"].flush_model(["payment_state"])
        items = self.env["ar.open.item"]._query(company, as_of, partner_ids)
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT item.*,
                       aml.no_followup IS TRUE OR move.payment_state IS NOT DISTINCT FROM 'blocked' AS
                       excluded
                  FROM (%s) item
                  JOIN account_move_line aml ON aml.id = item.move_line_id
                  JOIN account_move move ON move.id = item.move_id
                 WHERE item.partner_id IS NOT NULL
              ORDER BY item.partner_id, item.currency_id, item.date_due, item.move_line_id
                """,
                items,
            )
        )

    @api.model
    def _levels_reached(self, policy, move_line_ids):
        """Return {move line id: position on the ladder of the highest level it was reminded at}."""
        groups = self.env["ar.dunning.notice.line"]._read_group(
            [("move_line_id", "in", move_line_ids), ("notice_state", "=", "sent")],
            ["move_line_id", "level_id"],
        )
        reached = defaultdict(int)
        for move_line, level in groups:
            reached[move_line.id] = max(reached[move_line.id], policy._position_of(level))
        return reached

    @api.model
    def _last_contacts(self, company, partner_ids):
        """Return {(partner id, currency id): date of the last reminder that was sent and not cancelled}."""
        groups = self.env["ar.dunning.notice"]._read_group(
            [("company_id", "=", company.id), ("partner_id", "in", partner_ids), ("state", "=", "sent")],
            ["partner_id", "currency_id"],
            ["contact_date:max"],
        )
        return {(partner.id, currency.id): last for partner, currency, last in groups}

    @api.model
    def _decide(self, rows, policy, company, as_of):
        """Let the engine decide about every customer and currency in `rows` (see `_open_rows`).

        :return: {(partner id, currency id): (dunning.Decision, {move line id: row})}
        """
        reached = self._levels_reached(policy, [row["move_line_id"] for row in rows])
        contacts = self._last_contacts(company, list({row["partner_id"] for row in rows}))
        ladder = policy._core_levels()
        by_customer = defaultdict(dict)
        for row in rows:
            by_customer[row["partner_id"], row["currency_id"]][row["move_line_id"]] = row
        return {
            key: (
                dunning.decide(
                    [self._core_item(row, reached[line_id]) for line_id, row in items.items()],
                    ladder,
                    contacts.get(key),
                    as_of,
                ),
                items,
            )
            for key, items in by_customer.items()
        }

    @api.model
    def _core_item(self, row, level_reached):
        return dunning.Item(
            key=row["move_line_id"],
            due=row["date_due"],
            amount=Decimal(str(row["amount_residual_currency"])),
            level_reached=level_reached,
            excluded=row["excluded"],
        )
