from odoo import fields, models


class ResPartner(models.Model):
    """Which reminders a customer gets."""

    _inherit = "res.partner"

    ar_dunning_policy_id = fields.Many2one(
        "ar.dunning.policy",
        "Dunning Policy",
        company_dependent=True,
        groups="ar_collections.group_user,ar_collections.group_auditor",
        help="Empty: the policy set in the Invoicing settings.",
    )
    ar_no_reminders = fields.Boolean(
        "No Payment Reminders",
        company_dependent=True,
        groups="ar_collections.group_user,ar_collections.group_auditor",
        help="Leave this customer out of every dunning run of this company.",
    )
    ar_reminder_count = fields.Integer(
        "Reminders",
        compute="_compute_ar_reminder_count",
        groups="ar_collections.group_user,ar_collections.group_auditor",
    )

    def _compute_ar_reminder_count(self):
        counts = dict(
            self.env["ar.dunning.notice"]._read_group(
                [("partner_id", "in", self.commercial_partner_id.ids), ("state", "=", "sent")],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.ar_reminder_count = counts.get(partner.commercial_partner_id, 0)

    def action_view_ar_reminders(self):
        """Open the reminders sent to this customer."""
        action = self.env["ir.actions.actions"]._for_xml_id("ar_collections.ar_dunning_notice_action")
        return {
            **action,
            "domain": [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("state", "in", ("sent", "cancelled")),
            ],
            "context": {},
        }
