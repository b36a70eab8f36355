from odoo import api, fields, models
from odoo.exceptions import AccessError


class ArDunningNoticeLine(models.Model):
    """An item a notice reminds of, with what was open on it; frozen with its notice."""

    _name = "ar.dunning.notice.line"
    _description = "Dunning Notice Line"
    _order = "notice_id, date_due, id"

    notice_id = fields.Many2one("ar.dunning.notice", required=True, ondelete="cascade", index=True)
    notice_state = fields.Selection(related="notice_id.state", store=True)
    company_id = fields.Many2one(related="notice_id.company_id", store=True)
    partner_id = fields.Many2one(related="notice_id.partner_id")
    contact_date = fields.Date(related="notice_id.contact_date", string="Sent On")
    run_id = fields.Many2one(related="notice_id.run_id")
    currency_id = fields.Many2one(related="notice_id.currency_id")
    # No cascade: what a customer was reminded of stays on record; a posted item can't be deleted anyway.
    move_line_id = fields.Many2one(
        "account.move.line", "Journal Item", ondelete="set null", index="btree_not_null"
    )
    move_id = fields.Many2one("account.move", "Invoice", ondelete="set null", index="btree_not_null")
    name = fields.Char("Number", required=True)
    invoice_date = fields.Date()
    date_due = fields.Date("Due Date", required=True)
    days_overdue = fields.Integer(required=True, aggregator="max")
    amount = fields.Monetary("Open Amount", required=True)
    level_id = fields.Many2one(
        "ar.dunning.level",
        required=True,
        ondelete="restrict",
        index=True,
        help="The level this item stands at once the notice is sent.",
    )

    _unique_item = models.UniqueIndex("(notice_id, move_line_id)")

    def write(self, vals):
        """Lines are written by their run only, and not any more once the notice is sent."""
        if not self.env.su:
            raise AccessError(self.env._("Dunning notices are made by their run and can't be edited."))
        # Fields that follow the notice (its state, its company) do follow.
        if any(not self._fields[name].related for name in vals):
            self.notice_id._check_not_issued()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        self.notice_id._check_not_issued()
