from odoo import fields, models


class MailActivityType(models.Model):
    """A kind of activity that is not marked as done, but decided."""

    _inherit = "mail.activity.type"

    category = fields.Selection(selection_add=[("ar_approval", "Approval")])
