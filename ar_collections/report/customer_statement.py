import base64
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.image import image_data_uri

from ..core import aging, statement


class ReportCustomerStatement(models.AbstractModel):
    """The statement of account of customers: what is open today on the books of the current company."""

    _name = "report.ar_collections.customer_statement"
    _description = "Customer Statement"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return what the template prints; contacts get the statement of their company.

        :raise AccessError: the items come from SQL, past the record rules.
        """
        if not self.env.user.has_groups("ar_collections.group_user,ar_collections.group_auditor"):
            raise AccessError(self.env._("Only collections may print statements of customers."))
        customers = self.env["res.partner"].browse(docids).commercial_partner_id
        customers.check_access("read")
        today = fields.Date.context_today(self)
        return {
            "doc_ids": customers.ids,
            "doc_model": "res.partner",
            "docs": customers,
            "company": self.env.company,
            "as_of": today,
            "pages": self._get_pages(customers, today),
            "buckets": self._get_bucket_names(),
            "days_overdue": aging.days_overdue,
            "payment_code": self._get_payment_code,
        }

    @api.model
    def _get_pages(self, customers, as_of):
        """Return {customer id: list of (core Page, its currency, {move line id: row of `ar.open.item`})}."""
        query = self.env["ar.open.item"]._query(self.env.company, as_of, customers.ids)
        rows = {row["move_line_id"]: row for row in self.env.execute_query_dict(query)}
        lines = self.env["account.move.line"].sudo().browse(rows)  # sudo: as the items themselves
        for line in lines:
            rows[line.id] |= {"name": line.move_id.name, "whole": line.amount_currency}
        items = {customer.id: [] for customer in customers}
        for key, row in rows.items():
            amount = Decimal(str(row["amount_residual_currency"]))
            items[row["partner_id"]].append(statement.Item(key, row["currency_id"], row["date_due"], amount))
        currencies = self.env["res.currency"]
        return {
            customer_id: [
                (page, currencies.browse(page.currency), rows) for page in statement.pages(found, as_of)
            ]
            for customer_id, found in items.items()
        }

    @api.model
    def _get_bucket_names(self):
        """Return the titles of the overdue ones of `aging.buckets()`: days, so the same in any language."""
        _not_due, *closed, last = aging.buckets()
        return [f"{bucket.first_day}–{bucket.last_day}" for bucket in closed] + [f"> {last.first_day - 1}"]

    @api.model
    def _get_payment_code(self, customer, currency):
        """Return the code that pays everything open of a customer in a currency as a data URI, or False.

        Only where a link asks for something: not for what is disputed or covered by credit notes.
        """
        if not self.env.company._ar_shows_payment_qr():
            return False
        link = self.env["ar.payment.link"]._for_customer(customer, currency, self.env.company)
        return link.amount_due > 0 and image_data_uri(base64.b64encode(link._qr_png()))
