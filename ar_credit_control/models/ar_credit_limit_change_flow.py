from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..core.approval import Facts
from ..core.binding import Binding
from ..core.limit_rise import added_room, greatest_rise

# More than any approver's authority: a change after which no number bounds the customer.
UNBOUNDED = Decimal(10) ** 15
ACTIVITY = "ar_credit_control.mail_activity_type_limit_change"


class ArCreditLimitChangeFlow(models.AbstractModel):
    """The steps of a limit change up to its decision: submit, approve, reject, cancel.

    Who decides, the approval rules for limit changes say. What it does to its target is in
    ar_credit_limit_change_apply.py.
    """

    _name = "ar.credit.limit.change.flow"
    _inherit = ["ar.approval.mixin"]
    _description = "Steps of a credit limit change"

    _ar_approval_subject = "credit_limit_change"
    _ar_approval_activity = ACTIVITY
    _ar_approval_mailed = ("partner_id", "group_id")

    # === ACTIONS === #

    def action_submit(self):
        """Put drafts before an approver; those that raise nothing apply at once where the company says so.

        :raise UserError: incomplete, or back-dated.
        """
        self._submit_all()
        return True

    def action_approve(self, comment=None):
        """Approve changes: they apply now, or on the day they start.

        :raise AccessError: the user is not among the approvers, or had a part in the change.
        :raise UserError: decided already, or the limit moved since it was submitted.
        """
        return self.action_ar_approve(comment)

    def action_reject(self, comment=None):
        """Reject changes.

        :raise AccessError, UserError: as `action_approve`.
        """
        return self.action_ar_reject(comment)

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
            change._supersede_ar_approval()
        return True

    # === SUBMIT === #

    def _submit_all(self):
        """Submit drafts; return them. See `action_submit`."""
        for change in self:
            change.check_access("write")
            change._check_state("draft")
            change._start_now()
            change._check_complete()
            change._submit()
        return self

    def _check_state(self, state):
        if self.state != state:
            raise UserError(self.env._("%(change)s has been submitted already.", change=self.name))

    def _start_now(self):
        """Let a change from today on hold from now on.

        Limits turn at midnight UTC, for all companies alike; the user's day may have begun already, or not be over.
        """
        change = self.sudo()  # sudo: the submitter was checked; he is no editor for that
        own_day, today = fields.Date.context_today(self), fields.Date.today()
        for name in ("date_from", "date_to"):
            if change[name] == own_day:
                change[name] = max(today, own_day) if name == "date_to" else today

    def _check_complete(self):
        """Refuse what can't be approved: no reason, no amount, a window that is upside down or in the past."""
        self.ensure_one()
        problem = self._get_problem()
        if problem:
            raise UserError(self.env._("%(change)s: %(problem)s", change=self.name, problem=problem))

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
        if self.group_id and (
            kind in ("group", "cover", "terms") or self.new_control in ("default", "unlimited")
        ):
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
            self._request_ar_approval()

    # === DECIDE === #

    def _get_companies(self):
        """Return the companies that the change is about."""
        return self.sudo().group_id.company_ids or self.sudo().company_id  # sudo: also those of other members

    def _get_ar_approval_facts(self):
        """Return what is asked for, as core Facts in company currency: the excess is what the limit rises by."""
        self.ensure_one()
        old = self._to_company_amount(self.old_limit, self.currency_id)
        rise = self._get_rise()
        return Facts(
            company_id=self.company_id.id,
            excess=rise,
            limit=old,
            amount=old + rise,
            risk_class_id=self.account_id.risk_class_id.id or 0,
        )

    def _get_rise(self):
        """Return by how much more may be owed, on the day of the largest difference, in company currency.

        The terms are compared, not the amounts typed in: a longer validity, or a limit in place of "no credit", is a
        rise as well. UNBOUNDED where no number bounds the customer afterwards, or the shared limit is left.
        """
        if self.is_decrease:
            return Decimal(0)
        if self.change_type == "group":
            return UNBOUNDED
        if self.change_type == "terms":
            return Decimal(0)  # the customer may owe for longer, not more
        terms, default = self._get_terms()
        after, today = self._get_terms_after(terms), fields.Date.today()
        rise = greatest_rise(terms, after, default, today)
        if rise is None:
            return UNBOUNDED
        rise = max(rise, added_room(terms, after, today))
        currency = (self.account_id or self.group_id).currency_id
        return self._to_company_amount(float(rise), currency)

    def _to_company_amount(self, amount, currency):
        company = self.company_id
        converted = currency._convert(amount, company.currency_id, company, fields.Date.today())
        return self.env["ar.credit.exposure"]._to_decimal(company.currency_id, converted)

    def _get_ar_approval_binding(self):
        """Return what an approval binds to; from its submission on a change stays as it is."""
        self.ensure_one()
        return Binding(
            partner_id=self.partner_id.id or 0,
            company_id=self.company_id.id,
            currency_id=self.currency_id.id,
            payment_term_id=self.new_term_id.id or 0,
            total=f"{self.new_limit:.{self.currency_id.decimal_places}f}",
            lines=(),
        )

    def _get_ar_approval_excluded(self):
        """Return who had a part in the change or the cover it is about, and who does not work in all its companies."""
        self.ensure_one()
        change = self.sudo()  # sudo: independence is judged on all of it
        users = change.requested_by | change.editor_ids | change.create_uid
        users |= change.cover_id.editor_ids | change.cover_id.create_uid
        companies = change._get_companies()
        if len(companies) > 1:
            everybody = change.env["res.users"].search([("share", "=", False)])
            users |= everybody.filtered(lambda user: not companies <= user.company_ids)
        return users

    def _get_ar_approval_effect(self, approve):
        """Return the sentence that tells a decider what his decision does."""
        if approve:
            return self.env._("The change applies as soon as you approve, or on its first day.")
        return self.env._("The limit stays as it is.")

    def _check_ar_approval(self):
        """Refuse also to decide on a limit that has moved since.

        :raise AccessError, UserError: see `action_approve`.
        """
        request = super()._check_ar_approval()
        if self._is_stale():
            raise UserError(
                self.env._(
                    "The limit has moved since %(change)s was submitted. Cancel it and make a new one.",
                    change=self.name,
                )
            )
        return request

    def _on_ar_approval_granted(self, request):
        """Record the approval; the change applies now, or on the day it starts."""
        self._record_decision(request)
        self._apply_or_schedule()

    def _on_ar_approval_rejected(self, request):
        """Record the rejection."""
        self._record_decision(request)
        self._close("rejected")

    def _record_decision(self, request):
        """Record who decided, and what he said."""
        vote = request.decision_ids.filtered(lambda entry: entry.action in ("approved", "rejected"))
        last = vote.sorted("number")[-1:]
        # sudo: the journal is nobody's to write; the decider was checked
        self.sudo().write(
            {
                "decided_by": last.user_id.id,
                "decided_on": fields.Datetime.now(),
                "decision_comment": last.comment or False,
            }
        )

    def _close(self, state):
        """Move to a state and remove the requests for a decision."""
        change = self.sudo()  # sudo: the journal is nobody's to write; the user was checked
        change.write({"state": state})
        change._close_ar_approval_activities()
