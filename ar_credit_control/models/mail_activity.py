from odoo import models

from ..exceptions import denied


class MailActivity(models.Model):
    """Requests for an approval belong to their approver: nobody else takes them off his list."""

    _inherit = "mail.activity"

    def write(self, vals):
        """Change activities, but not those that ask somebody else for an approval."""
        self._check_ar_approval_own()
        return super().write(vals)

    def unlink(self):
        """Delete activities, but not those that ask somebody else for an approval."""
        self._check_ar_approval_own()
        return super().unlink()

    def _check_ar_approval_own(self):
        """Refuse to touch requests for somebody else's approval.

        :raise AccessError: unless the code runs as superuser, as approvals do.
        """
        if not self.env.su and any(
            activity.activity_category == "ar_approval" and activity.user_id != self.env.user
            for activity in self
        ):
            raise denied(self, self.env._("Only the approver can set aside a request for approval."))
