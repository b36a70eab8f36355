from markupsafe import Markup

from odoo import models
from odoo.tools import html2plaintext


class ArGatewayOrderTask(models.AbstractModel):
    """Who is asked to look at an order, or at a payment that came by another provider, and by which task."""

    _name = "ar.gateway.order.task"
    _description = "Gateway order: tasks"

    def _warn_once(self, summary, note):
        """Give an accountant a task about this; what is new about one that he has already is added to it."""
        tasks = self.activity_ids.filtered(lambda task: task.summary == summary)
        if tasks:
            told = " ".join(html2plaintext(task.note or "") for task in tasks)
            if " ".join(note.split()) not in " ".join(told.split()):
                tasks[0].note = (tasks[0].note or "") + Markup("<p>%s</p>") % note
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo", summary=summary, note=note, user_id=self._accountant().id
        )

    def _accountant(self):
        """Return who looks at problems: somebody of this area in its company, a person if there is one.

        What there is to do posts entries, so an accountant before a manager who is none.
        """
        managers, users, accountants = (
            self.env.ref(group).all_user_ids.filtered(
                lambda user: user.active and self.company_id in user.company_ids and not user._is_superuser()
            )
            for group in (
                "ar_payment_gateways.group_manager",
                "ar_payment_gateways.group_user",
                "account.group_account_invoice",
            )
        )
        found = (managers & accountants)[:1] or (users & accountants)[:1] or managers[:1]
        return found or self.env.ref("base.user_admin")
