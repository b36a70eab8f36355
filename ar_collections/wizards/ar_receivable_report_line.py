from odoo import api, fields, models
from odoo.exceptions import UserError


class ArReceivableReportLine(models.TransientModel):
    """An item open on the date of its report, its amount in the column of its age (see
    `ar.receivable.report`).
    """

    _name = "ar.receivable.report.line"
    _description = "Aged Receivable"
    _order = "partner_id, date_due, id"
    _rec_name = "move_id"

    report_id = fields.Many2one(
        "ar.receivable.report", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    move_line_id = fields.Many2one("account.move.line", "Journal Item", readonly=True, ondelete="cascade")
    move_id = fields.Many2one("account.move", "Invoice/Entry", readonly=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True, ondelete="cascade")
    account_id = fields.Many2one("account.account", readonly=True, ondelete="cascade")
    currency_id = fields.Many2one("res.currency", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True, ondelete="set null")
    invoice_date = fields.Date(readonly=True)
    date_due = fields.Date("Due Date", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max", help="Negative: due in so many days.")
    bucket = fields.Selection(
        [
            ("not_due", "Not Due"),
            ("1_30", "1-30"),
            ("31_60", "31-60"),
            ("61_90", "61-90"),
            ("over_90", "90+"),
            ("unapplied", "Unapplied Credits"),
        ],
        "Age",
        readonly=True,
    )
    amount_not_due = fields.Monetary("Not Due", currency_field="company_currency_id", readonly=True)
    amount_1_30 = fields.Monetary("1-30", currency_field="company_currency_id", readonly=True)
    amount_31_60 = fields.Monetary("31-60", currency_field="company_currency_id", readonly=True)
    amount_61_90 = fields.Monetary("61-90", currency_field="company_currency_id", readonly=True)
    amount_over_90 = fields.Monetary("90+", currency_field="company_currency_id", readonly=True)
    amount_unapplied = fields.Monetary(
        "Unapplied Credits",
        currency_field="company_currency_id",
        readonly=True,
        help="Receipts and credit notes that are not matched with an invoice yet.",
    )
    amount_residual = fields.Monetary("Total", currency_field="company_currency_id", readonly=True)
    amount_residual_currency = fields.Monetary(
        "In Currency", currency_field="currency_id", readonly=True, aggregator=None
    )

    def action_open_move(self):
        """Open the invoice or entry behind a line."""
        self.ensure_one()
        return self.move_id._get_records_action()

    def action_export_current(self):
        """Download the report on the screen, as it was computed."""
        return self._current_report()._download_action()

    def action_change_date(self):
        """Show the total beside the general ledger, and let the user choose another date."""
        report = self._current_report()
        action = self.env["ir.actions.actions"]._for_xml_id("ar_collections.ar_receivable_report_action")
        return {**action, "res_id": report.id}

    @api.model
    def _current_report(self):
        """Return the report the list was opened for; which one is only a convenience, its rights are
        checked.
        """
        report = self.env["ar.receivable.report"].browse(self.env.context.get("ar_report_id")).exists()
        if not report:
            raise UserError(self.env._("This report has expired. Please open it again from the menu."))
        report.check_access("read")
        return report
