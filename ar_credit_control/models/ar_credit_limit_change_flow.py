from odoo import fields, models
from odoo.exceptions import AccessError, UserError

ACTIVITY = "ar_credit_control.mail_activity_type_limit_change"


class ArCreditLimitChangeFlow(models.Model):
    """The steps of a limit change up to its decision: submit, approve, reject, cancel.

    What it does to its target is in ar_credit_limit_change_apply.py.
    """

    _inherit = "ar.credit.limit.change"

    # === ACTIONS === #

    def action_submit(self):
        """Put drafts before an approver; those that raise nothing apply at once where the company says so.

        :raise UserError: incomplete, or back-dated.
        """
        self._submit_all()
        return True

    def action_approve(self, comment=None):
        """Approve changes: they apply now, or on the day they start.

        :raise AccessError: the user is no credit manager, or had a part in the change.
        :raise UserError: decided already, or the limit moved since it was submitted.
        """
        for change in self:
            change._check_can_decide()
            if change._is_stale():
                raise UserError(
                    self.env._(
                        "The limit has moved since %(change)s was submitted. Cancel it and make a new one.",
                        change=change.name,
                    )
                )
            change._decide(comment)
            change._apply_or_schedule()
        return True

    def action_reject(self, comment=None):
        """Reject changes.

        :raise AccessError, UserError: as `action_approve`.
        """
        for change in self:
            change._check_can_decide()
            change._decide(comment)
            change._close("rejected")
        return True

    def action_cancel(self):
        """Take changes back that are not applied: their requester, and managers, may.

        :raise AccessError: somebody else's change.
        """
        for change in self:
            change.check_access("write")
            if change.state not in ("draft", "pending", "scheduled"):
                raise UserError(self.env._("%(change)s can't be cancelled any more.", change=change.name))
            own = self.env.user in change.editor_ids | change.requested_by
            if not own and not self.env.user.has_group("ar_credit_control.group_manager"):
                raise AccessError(
                    self.env._("Only its requester or a credit manager can cancel a limit change.")
                )
            change._close("cancelled")
        return True

    # === SUBMIT === #

    def _submit_all(self):
        """Submit drafts; return them. See `action_submit`."""
        for change in self:
            change.check_access("write")
            change._check_state("draft")
            change._check_complete()
            change._submit()
        return self

    def _check_state(self, state):
        if self.state != state:
            raise UserError(self.env._("%(change)s has been submitted already.", change=self.name))

    def _check_complete(self):
        """Refuse what can't be approved: no reason, no amount, a window that is upside down or in the past."""
        self.ensure_one()
        problem = self._get_problem()
        if problem:
            raise UserError(f"{self.name}: {problem}")

    def _get_problem(self):
        kind, today = self.change_type, fields.Date.today()
        if not (self.reason or "").strip():
            return self.env._("say why, so that others can judge it.")
        if self.date_from < today:
            return self.env._("it starts in the past. A limit can't be changed for days that are over.")
        if self.is_temporary and (not self.date_to or self.date_to < self.date_from):
            return self.env._("a temporary limit needs a last day, not before its first.")
        if not self.is_temporary and self.date_to:
            return self.env._("only a temporary limit has a last day.")
        if kind == "control" and not self.new_control:
            return self.env._("choose the new control.")
        if self.group_id and (kind in ("group", "cover") or self.new_control in ("default", "unlimited")):
            return self.env._("a group can't be changed so.")
        # sudo: whether the group takes customers of this company is no secret of it
        if (
            kind == "group"
            and self.new_group_id
            and self.company_id not in self.new_group_id.sudo().company_ids
        ):
            return self.env._("the group takes no customers of this company.")
        if kind == "cover" and self.cover_id.account_id != self.account_id:
            return self.env._("the cover is of another account.")
        return None

    def _submit(self):
        """Freeze what the change is judged against, and apply or ask."""
        self.ensure_one()
        change = self.sudo()  # sudo: the journal is nobody's to write; the submitter was checked
        change.write(change._get_snapshot())
        change.write(
            {
                "is_decrease": change._raises_nothing(),
                "requested_by": self.env.uid,
                "requested_on": fields.Datetime.now(),
                "state": "pending",
            }
        )
        if change.is_decrease and all(change._get_companies().mapped("ar_credit_decrease_free")):
            self._apply_or_schedule()
        else:
            change._notify_deciders()

    # === DECIDE === #

    def _get_companies(self):
        """Return the companies that the change is about."""
        return self.sudo().group_id.company_ids or self.sudo().company_id  # sudo: also those of other members

    def _get_excluded_users(self):
        """Return who had a part in the change: asked for it or wrote it, or the cover it is about."""
        change = self.sudo()  # sudo: independence is judged on all of it
        return (
            change.requested_by
            | change.editor_ids
            | change.create_uid
            | change.cover_id.editor_ids
            | change.cover_id.create_uid
        )

    def _get_deciders(self):
        """Return the users who may decide: credit managers of all its companies who had no part in it."""
        self.ensure_one()
        companies = self._get_companies()
        users = self.env["res.users"].sudo()  # sudo: the requester may know who can help
        managers = users.search(
            [
                ("all_group_ids", "in", self.env.ref("ar_credit_control.group_manager").ids),
                ("company_ids", "in", companies.ids),
                ("share", "=", False),
            ]
        )
        independent = (
            managers.filtered(lambda user: companies <= user.company_ids) - self._get_excluded_users()
        )
        return independent.sudo(self.env.su)  # sudo: back to the caller's rights

    def _check_can_decide(self):
        """Refuse a decision that the user may not take.

        :raise AccessError, UserError: see `action_approve`.
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_manager"):
            raise AccessError(self.env._("Only credit managers decide on limit changes."))
        if self.env.user in self._get_excluded_users():
            raise AccessError(self.env._("Whoever wrote or asked for a limit change can't decide on it."))
        if not self._get_companies() <= self.env.user.company_ids:
            raise AccessError(
                self.env._("%(group)s has companies that you don't work in.", group=self.group_id.name)
            )
        if self.state != "pending":
            raise UserError(self.env._("%(change)s does not wait for a decision.", change=self.name))

    def _decide(self, comment):
        """Record who decided; two managers at the same moment conflict on this row."""
        # sudo: the journal is nobody's to write; the decider was checked
        self.sudo().write(
            {
                "decided_by": self.env.uid,
                "decided_on": fields.Datetime.now(),
                "decision_comment": comment or False,
            }
        )

    def _close(self, state):
        """Move to a state and remove the requests for a decision."""
        change = self.sudo()  # sudo: the journal is nobody's to write; the user was checked
        change.write({"state": state})
        change.activity_unlink([ACTIVITY])

    def _notify_deciders(self):
        """Give each possible decider an activity; say so in the log if there is nobody."""
        for change in self.sudo():  # sudo: requesters can't plan for managers
            deciders = change._get_deciders()
            for user in deciders:
                change.activity_schedule(ACTIVITY, user_id=user.id)
            if not deciders:
                change._message_log(
                    body=change.env._(
                        "Nobody independent of this change may approve it."
                        " Ask your administrator for another credit manager."
                    )
                )
