import json

from odoo import api, fields, models


class ArCreditAccountHistory(models.AbstractModel):
    """The part of `ar.credit.account` that remembers limit and exposure day by day, and shows them as a chart."""

    _name = "ar.credit.account.history"
    _description = "History of a credit account"

    history_graph = fields.Text(string="History", compute="_compute_history_graph")

    @api.depends_context("lang", "uid")
    def _compute_history_graph(self):
        graphs = self.env["ar.credit.history"]._get_graphs(self._origin)
        for account in self:
            graph = graphs.get(account._origin.id)
            account.history_graph = json.dumps(graph) if graph else False

    def _get_history_rows(self):
        """Return today's row of each account (see `ar.credit.history`); three statements for any number of them.

        :return: list of (account id, company id, whether on a limit, limit in force, exposure, overdue)
        """
        pairs = {account: account._get_pair() for account in self}
        loaded = self.env["ar.credit.terms"]._load(set(pairs.values()))
        exposures, _amounts = self._measure_pairs(set(pairs.values()))
        rows = []
        for account, pair in pairs.items():
            limit, exposure = account._get_tightest_ceiling(loaded), exposures[pair]
            amounts = float(limit or 0), float(exposure.total), float(exposure.overdue)
            rows.append((account.id, pair[1], limit is not None, *amounts))
        return rows
