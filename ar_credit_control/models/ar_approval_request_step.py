from datetime import timedelta

from odoo import api, fields, models

from ..core.delegation import Bench, Seat, bench, is_met, seats

STEP_STATES = [
    ("waiting", "Later"),
    ("current", "To Decide"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("closed", "Closed"),
]


class ArApprovalRequestStep(models.Model):
    """A step of a running request: the copy of the rule's step, its deadline, and who sits in it now.

    Nobody may write it; it changes through the decisions of its request.
    """

    _name = "ar.approval.request.step"
    _inherit = ["ar.approval.step.spec"]
    _description = "Approval Request Step"
    _order = "request_id, sequence, id"

    request_id = fields.Many2one(
        "ar.approval.request", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
    escalate_user_ids = fields.Many2many(
        "res.users", relation="ar_approval_request_step_escalate_rel", string="Escalate To", readonly=True
    )
    state = fields.Selection(STEP_STATES, string="Status", required=True, default="waiting", readonly=True)
    is_fallback = fields.Boolean(
        string="Stand-Ins", readonly=True, help="No rule or nobody's authority fits, so others stand in."
    )
    started_on = fields.Datetime(readonly=True)
    deadline = fields.Datetime(readonly=True, index=True)
    escalated_on = fields.Datetime(readonly=True)
    decision_ids = fields.One2many("ar.approval.decision", "step_id", readonly=True)
    approver_names = fields.Char(string="Who May Decide", compute="_compute_names", compute_sudo=True)
    decided_names = fields.Char(string="Decided", compute="_compute_names", compute_sudo=True)

    _overdue_idx = models.Index("(deadline) WHERE state = 'current' AND escalated_on IS NULL")

    # === COMPUTE === #

    @api.depends("request_id.currency_id")
    def _compute_currency_id(self):
        for step in self:
            step.currency_id = step.request_id.currency_id

    @api.depends("state", "decision_ids", "escalated_on")
    def _compute_names(self):
        for step in self:
            names = step._get_bench_names() if step.state in ("waiting", "current") else []
            step.approver_names = ", ".join(names)
            votes = step.decision_ids.filtered(lambda d: d.action in ("approved", "rejected"))
            step.decided_names = ", ".join(votes.mapped("who"))

    # === BUSINESS === #

    def _get_bench(self):
        """Return who may decide the step now, for whom, and whether the fallback group had to join.

        :rtype: core Bench; empty only where nobody independent who can open the document is left.
        """
        self.ensure_one()
        step = self.sudo()  # sudo: whoever asks may know who decides; names only
        document = step.request_id._get_document()
        if not document:
            return Bench(())
        pool = step._get_source_users(document)
        if step.escalated_on:
            pool |= step.escalate_user_ids
        fallback = step.fallback_group_id.all_user_ids
        links = self.env["ar.approval.delegation"]._get_core()
        candidates = pool | fallback | pool.browse({link.delegate for link in links})
        terms = {
            "excluded": frozenset(document._get_ar_approval_excluded().ids),
            "able": frozenset(step._filter_able(candidates, document).ids),
        }
        today = fields.Date.today()
        return bench(
            seats(step._filter_members(pool).ids, links, today, **terms),
            seats(step._filter_members(fallback).ids, links, today, **terms),
            **step._quorum(),
        )

    def _filter_members(self, users):
        """Return the employees among users who work in the company of the request."""
        return users.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )

    def _filter_able(self, users, document):
        """Return those users who can open the document."""
        company = {"allowed_company_ids": self.company_id.ids}
        return self._filter_members(users).filtered(
            lambda user: document.with_user(user).with_context(**company).has_access("read")
        )

    def _get_bench_names(self):
        """Return the names of those who may decide, delegates with the name of whom they stand in for."""
        sitting = self._get_bench()
        users = self.env["res.users"].sudo()  # sudo: names of colleagues
        names = []
        for user in users.browse(sitting.users):
            seat = sitting.seats_of(user.id)[0]
            names.append(self._get_seat_name(user, users.browse(seat.principal)))
        return names

    @api.model
    def _get_seat_name(self, user, principal):
        """Return "B" or "B for A"."""
        if user == principal:
            return user.name
        return self.env._("%(delegate)s for %(principal)s", delegate=user.name, principal=principal.name)

    def _get_votes(self):
        """Return the seats that said yes."""
        self.ensure_one()
        return {
            Seat(vote.user_id.id, vote.principal_id.id)
            for vote in self.decision_ids
            if vote.action == "approved"
        }

    def _get_open_seats(self, user):
        """Return the seats that a user can still use: in a step for all, each he sits in; else one.

        :rtype: tuple of core Seat
        """
        self.ensure_one()
        votes = self._get_votes()
        mine = [seat for seat in self._get_bench().seats_of(user.id) if seat not in votes]
        if self.quorum == "all":
            return tuple(mine)
        return () if user.id in {vote.user for vote in votes} else tuple(mine[:1])

    def _is_met(self):
        """Whether the step has the approvals it needs."""
        self.ensure_one()
        return is_met(self._get_votes(), self._get_bench(), **self._quorum())

    def _start(self):
        """Make it the turn of these steps."""
        now = fields.Datetime.now()
        for step in self:
            step.write({"state": "current", "started_on": now, "deadline": step._get_deadline(now)})
            if step.is_fallback or step._get_bench().fallback:
                step.request_id._log("fallback", step=step, comment=step.fallback_group_id.name)

    def _get_deadline(self, start):
        """Return when the step is overdue, counted in the working hours of the company; False without a deadline."""
        self.ensure_one()
        if not self.sla_hours:
            return False
        # sudo: a customer who signs starts steps, too
        calendar = self.company_id.sudo().resource_calendar_id
        planned = calendar and calendar.plan_hours(self.sla_hours, start, compute_leaves=True)
        return planned or start + timedelta(hours=self.sla_hours)  # nobody is ever at work: by the clock

    def _escalate(self):
        """Ask those above as well: the deadline has passed."""
        for step in self:
            step.escalated_on = fields.Datetime.now()
            step.request_id._log(
                "escalated", step=step, comment=", ".join(step.escalate_user_ids.mapped("name"))
            )
            step.request_id._get_document()._sync_ar_approval_activities()

    @api.model
    def _cron_escalate(self):
        """Escalate overdue steps, one a transaction; one that somebody is deciding on is left to the next run."""
        overdue = self.search(
            [
                ("state", "=", "current"),
                ("deadline", "<", fields.Datetime.now()),
                ("escalated_on", "=", False),
            ],
            order="deadline, id",
        )
        self.env["ar.cron.batch"]._each(overdue, lambda step: step._escalate_overdue())

    def _escalate_overdue(self):
        """Escalate, unless somebody decides just now or was faster."""
        self.ensure_one()
        if self.request_id.try_lock_for_update():
            self.invalidate_recordset()
            if self.state == "current" and not self.escalated_on:
                self._escalate()
