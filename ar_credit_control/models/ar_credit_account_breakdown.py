from odoo import fields, models
from odoo.tools import SQL


class ArCreditAccountBreakdown(models.AbstractModel):
    """From each part of the exposure to the documents it is made of."""

    _name = "ar.credit.account.breakdown"
    _description = "Breakdown of a credit account"

    def _get_family_domain(self, field):
        """Return a domain: `field` (a partner) is this customer or one of its contacts, in this company."""
        self.ensure_one()
        return [
            (f"{field}.commercial_partner_id", "=", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
        ]

    def _open_list(self, name, model, domain, **values):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
            "context": {"create": False},
            **values,
        }

    def _get_amounts(self, documents):
        """Return what documents add to a part of the exposure, by the conditions that measure it.

        :param SQL documents: a query of (id, owner, company_id, amount), part of the statement of the exposure.
        :return: dict of id -> amount in company currency, without those that add nothing
        """
        self.ensure_one()
        self.env.flush_all()
        query = self.env["ar.credit.exposure"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT document.id, document.amount
                  FROM (SELECT %s::int[] AS companies, %s::int[] AS partners, %s::date AS today) asked
                  CROSS JOIN LATERAL (WITH company AS (%s), family AS (%s) %s) document
                 WHERE document.amount <> 0
                """,
                self.company_id.ids,
                self.partner_id.ids,
                fields.Date.today(),
                query._policy_query(),
                query._family_query(),
                documents,
            )
        )
        return dict(rows)

    def _get_draft_amounts(self):
        return self._get_amounts(self.env["ar.credit.exposure"]._draft_invoice_documents())

    def _get_payment_amounts(self):
        return self._get_amounts(self.env["ar.credit.exposure"]._payment_documents())

    def _get_order_amounts(self):
        """Return what of each open order counts: without what is too far ahead or paid online already."""
        domain = [*self._get_family_domain("partner_invoice_id"), ("ar_credit_open", ">", 0)]
        # sudo: as the measurement; what the list shows, the rights of the user say
        orders = self.env["sale.order"].sudo().search(domain)
        measured = self.env["ar.credit.exposure"]._measure(self.company_id, self.partner_id.ids, orders.ids)
        return {order_id: amount for order_id, amount in measured.orders.items() if amount}

    def action_open_receivable(self):
        """Open the ledger items of receivables, and of unapplied credits where these count."""
        self.check_access("read")
        # sudo: the policy of the company is not a secret of its settings page
        company = self.company_id.sudo()
        domain = [
            *self._get_family_domain("partner_id"),
            ("account_id.account_type", "=", "asset_receivable"),
            ("parent_state", "=", "posted"),
            ("amount_residual", "!=" if company.ar_credit_net_credits else ">", 0),
        ]
        return self._open_list(self.env._("Open Receivables"), "account.move.line", domain)

    def action_open_open_orders(self):
        """Open the orders with something ordered or delivered that is not invoiced yet and counts."""
        domain = [("id", "in", list(self._get_order_amounts()))]
        return self._open_list(self.env._("Orders Not Invoiced"), "sale.order", domain)

    def action_open_draft_invoices(self):
        """Open the draft invoices and receipts that have lines of no order that counts instead."""
        domain = [("id", "in", list(self._get_draft_amounts()))]
        return self._open_list(self.env._("Draft Invoices"), "account.move", domain)

    def action_open_payments(self):
        """Open the payments about which the ledger and the policy of the company differ."""
        domain = [("id", "in", list(self._get_payment_amounts()))]
        return self._open_list(self.env._("Payments in Process"), "account.payment", domain)
