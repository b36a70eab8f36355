from odoo import models


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

    def action_open_receivable(self):
        """Open the ledger items of receivables and unapplied credits."""
        domain = [
            *self._get_family_domain("partner_id"),
            ("account_id.account_type", "=", "asset_receivable"),
            ("parent_state", "=", "posted"),
            ("reconciled", "!=", True),
        ]
        return self._open_list(self.env._("Open Receivables"), "account.move.line", domain)

    def action_open_open_orders(self):
        """Open the orders with something ordered or delivered that is not invoiced yet."""
        domain = [
            *self._get_family_domain("partner_invoice_id"),
            ("ar_credit_open", ">", 0),
        ]
        return self._open_list(self.env._("Orders Not Invoiced"), "sale.order", domain)

    def action_open_draft_invoices(self):
        """Open the draft invoices that have lines of no order."""
        domain = [
            *self._get_family_domain("partner_id"),
            ("state", "=", "draft"),
            ("move_type", "=", "out_invoice"),
            ("invoice_line_ids.sale_line_ids", "=", False),
        ]
        return self._open_list(self.env._("Draft Invoices"), "account.move", domain)

    def action_open_payments(self):
        """Open the payments that the bank has not confirmed."""
        domain = [
            *self._get_family_domain("partner_id"),
            ("partner_type", "=", "customer"),
            ("state", "in", ("in_process", "paid")),
            ("is_matched", "=", False),
        ]
        return self._open_list(self.env._("Payments in Process"), "account.payment", domain)
