from odoo import fields, models


class AccountMove(models.Model):
    """Which reminders an invoice was part of."""

    _inherit = "account.move"

    ar_reminder_count = fields.Integer(
        "Reminders",
        compute="_compute_ar_reminder_count",
        groups="ar_collections.group_user,ar_collections.group_auditor",
    )

    def _compute_ar_reminder_count(self):
        counts = dict(
            self.env["ar.dunning.notice.line"]._read_group(
                [("move_id", "in", self.ids), ("notice_state", "=", "sent")],
                ["move_id"],
                ["notice_id:count_distinct"],
            )
        )
        for move in self:
            move.ar_reminder_count = counts.get(move, 0)

    def action_view_ar_reminders(self):
        """Open the reminders that name this invoice."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("ar_collections.ar_dunning_notice_action")
        return {
            **action,
            "domain": [("line_ids.move_id", "=", self.id), ("state", "in", ("sent", "cancelled"))],
            "context": {},
        }
