from odoo import fields, models
from odoo.tools import SQL


class ArGatewaySettlementReport(models.Model):
    """What came in through which gateway, how customers paid, and what it cost: by day and method, from the bills."""

    _name = "ar.gateway.settlement.report"
    _description = "Gateway Settlement Analysis"
    _auto = False
    _order = "day desc, provider_id, method"
    _rec_name = "method"

    day = fields.Date(readonly=True)
    provider_id = fields.Many2one("payment.provider", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    method = fields.Char("Payment Method", readonly=True)
    payment_count = fields.Integer("Number of Payments", readonly=True)
    amount_gross = fields.Monetary("Gross", readonly=True)
    amount_refund = fields.Monetary("Refunded", readonly=True)
    amount_fee = fields.Monetary("Fees", readonly=True)
    amount_net = fields.Monetary("Net", readonly=True)
    fee_rate = fields.Float("Effective Rate (%)", readonly=True, digits=(16, 3), aggregator="avg")
    open_difference_count = fields.Integer("Open Differences", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT MIN(id) AS id, day, provider_id, company_id, currency_id, method,
                   SUM(payments)::int AS payment_count, SUM(gross) AS amount_gross, SUM(refunded) AS amount_refund,
                   SUM(fee) AS amount_fee, SUM(gross) - SUM(refunded) - SUM(fee) AS amount_net,
                   CASE WHEN SUM(gross) > 0 THEN 100 * SUM(fee) / SUM(gross) ELSE 0 END AS fee_rate,
                   SUM(differences)::int AS open_difference_count
              FROM (
                SELECT 2 * l.id AS id, l.day, l.provider_id, l.company_id, l.currency_id,
                       COALESCE(l.method, UPPER(b.gateway)) AS method,
                       (l.kind = 'payment')::int AS payments,
                       CASE WHEN l.kind = 'payment' THEN l.amount ELSE 0 END AS gross,
                       CASE WHEN l.kind = 'refund' THEN -l.amount ELSE 0 END AS refunded,
                       COALESCE(l.fee, 0)::numeric AS fee, 0 AS differences
                  FROM ar_gateway_bill_line l
                  JOIN ar_gateway_bill b ON b.id = l.bill_id
                 WHERE b.kind = 'trade'
                 UNION ALL
                SELECT 2 * d.id + 1, d.day, d.provider_id, d.company_id, b.currency_id,
                       COALESCE(l.method, UPPER(b.gateway)), 0, 0, 0, 0, 1
                  FROM ar_gateway_difference d
                  JOIN ar_gateway_bill b ON b.id = d.bill_id
                  LEFT JOIN ar_gateway_bill_line l ON l.id = d.line_id
                 WHERE d.state != 'resolved'
              ) AS rows
             GROUP BY day, provider_id, company_id, currency_id, method
            """
        )

    def _read_group_select(self, aggregate_spec, query):
        """Add up fees and turnover before dividing: the mean of rates is no rate."""
        if aggregate_spec != "fee_rate:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "COALESCE(100 * SUM(%(fee)s) / NULLIF(SUM(%(gross)s), 0), 0)",
            fee=self._field_to_sql(self._table, "amount_fee", query),
            gross=self._field_to_sql(self._table, "amount_gross", query),
        )
