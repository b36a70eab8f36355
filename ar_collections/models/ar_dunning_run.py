from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

#: Notices prepared and queued in one transaction.
BATCH = 50


class ArDunningRun(models.Model):
    """One round of reminders of one company under one policy: computed, looked at, sent, possibly cancelled.

    Nothing goes out that was not in the preview. Between preview and sending everything is read again, so a
    payment in between takes its notice back. Sending is a queue: each batch marks its notices sent and hands
    their e-mails to Odoo's outgoing queue in the same transaction, so a crash or a second click never sends
    twice.
    """

    _name = "ar.dunning.run"
    _description = "Dunning Run"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "as_of desc, id desc"
    _check_company_auto = True

    name = fields.Char(default="/", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    policy_id = fields.Many2one(
        "ar.dunning.policy",
        required=True,
        check_company=True,
        domain="[('company_id', 'in', [company_id, False])]",
        compute="_compute_policy_id",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    as_of = fields.Date(
        "As of",
        required=True,
        default=fields.Date.context_today,
        copy=False,
        tracking=True,
        help="Items are overdue or not as seen on this day.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Sender",
        required=True,
        default=lambda self: self.env.user,
        tracking=True,
        help="The reminders go out in this person's name, and answers come to them.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("preview", "Preview"),
            ("sending", "Sending"),
            ("sent", "Sent"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    notice_ids = fields.One2many("ar.dunning.notice", "run_id", "Notices", readonly=True, copy=False)
    notice_count = fields.Integer("Number of Notices", compute="_compute_counts")
    to_send_count = fields.Integer("Notices to Send", compute="_compute_counts")
    sent_count = fields.Integer("Reminders Sent", compute="_compute_counts")
    no_email_count = fields.Integer("Without E-mail", compute="_compute_counts")
    dropped_count = fields.Integer("Dropped", compute="_compute_counts")
    progress = fields.Float(
        compute="_compute_counts", help="Share of the notices that are dealt with, in percent."
    )

    # Two open runs would each preview the same customers.
    _one_open_run = models.UniqueIndex(
        "(company_id, policy_id) WHERE state IN ('preview', 'sending')",
        "There is a run of this policy in preview or being sent. Send or cancel that one first.",
    )

    # === COMPUTE === #

    @api.depends("company_id")
    def _compute_policy_id(self):
        for run in self:
            if not run.policy_id or run.policy_id.company_id not in (run.company_id, run.env["res.company"]):
                run.policy_id = run.company_id.ar_dunning_policy_id

    @api.depends("notice_ids.state")
    def _compute_counts(self):
        counts = {
            (run, state): count
            for run, state, count in self.env["ar.dunning.notice"]._read_group(
                [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
            )
        }
        for run in self:
            run.to_send_count = counts.get((run, "draft"), 0)
            run.sent_count = counts.get((run, "sent"), 0)
            run.no_email_count = counts.get((run, "no_email"), 0)
            run.dropped_count = counts.get((run, "dropped"), 0)
            run.notice_count = sum(count for (owner, _state), count in counts.items() if owner == run)
            done = run.notice_count - run.to_send_count
            run.progress = 100.0 * done / run.notice_count if run.notice_count else 0.0

    @api.constrains("as_of")
    def _check_as_of(self):
        for run in self:
            if run.as_of > fields.Date.context_today(run):
                raise UserError(self.env._("A dunning run can't look into the future."))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Number the runs; every run starts as a draft, whatever the caller or the context says."""
        for vals in vals_list:
            company = self.env["res.company"].browse(vals.get("company_id") or self.env.company.id)
            vals["name"] = self.env["ir.sequence"].with_company(company).next_by_code("ar.dunning.run") or "/"
            vals["state"] = "draft"
            vals["notice_ids"] = []
        return super().create(vals_list)

    def write(self, vals):
        """Only the actions change the state, and only a draft can be changed otherwise."""
        self.check_access("write")
        if not self.env.su and vals.keys() & {"state", "notice_ids", "name"}:
            raise AccessError(self.env._("Use the buttons of the dunning run to change its state."))
        frozen = vals.keys() & {"company_id", "policy_id", "as_of", "user_id"}
        if frozen and any(run.state != "draft" for run in self):
            raise UserError(self.env._("Set the run back to draft before changing what it is about."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if any(notice.contact_date for notice in self.notice_ids) or "sending" in self.mapped("state"):
            raise UserError(self.env._("Reminders that went out stay on record. Cancel the run instead."))

    # === ACTIONS === #

    def action_preview(self):
        """Compute who would be reminded of what; may be repeated until the run is sent."""
        self._check_user()
        for run in self:
            if run.state not in ("draft", "preview"):
                raise UserError(self.env._("Only a draft or a preview can be computed."))
            run._lock()
            # sudo: users have no write access to notices; this method is the only way they come about
            run.sudo()._compute_notices()
        return True

    def action_draft(self):
        """Throw the preview away to change the date or the policy."""
        self._check_user()
        for run in self:
            if run.state not in ("preview", "cancelled") or run.sent_count:
                raise UserError(self.env._("Only a preview can be set back to draft."))
            run._lock()
            # sudo: see action_preview
            run_sudo = run.sudo()
            run_sudo.notice_ids.unlink()
            run_sudo.state = "draft"
        return True

    def action_send(self):
        """Send what the preview shows, as far as it is still due; large runs go on in the background."""
        self._check_user()
        for run in self:
            if run.state not in ("preview", "sent") or (run.state == "sent" and not run.no_email_count):
                raise UserError(self.env._("This run is not waiting to be sent."))
            run._lock()
            # sudo: see action_preview
            run_sudo = run.sudo()
            run_sudo.state = "sending"
            run_sudo.notice_ids.filtered(lambda notice: notice.state == "no_email").state = "draft"
            if not run_sudo._send_batch():
                self.env.ref("ar_collections.ir_cron_dunning_send")._trigger()
        return True

    def action_cancel(self):
        """Cancel the run. Reminders already sent no longer count: their items fall back to the level
        before.
        """
        self._check_user()
        for run in self:
            if run.state == "cancelled":
                continue
            if run.sent_count and not self.env.user.has_group("ar_collections.group_manager"):
                raise AccessError(
                    self.env._(
                        "Some reminders went out already. Only a manager of collections can undo them."
                    )
                )
            run._lock()
            # sudo: see action_preview
            run_sudo = run.sudo()
            run_sudo.notice_ids._cancel(self.env.user)
            run_sudo.state = "cancelled"
        return True

    def action_view_notices(self):
        """Open the notices of the run."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("ar_collections.ar_dunning_notice_action")
        return {**action, "domain": [("run_id", "=", self.id)], "context": {"search_default_group_state": 1}}

    # === BUSINESS === #

    def _check_user(self):
        """Whoever calls an action needs the group and the rights, however they got at the method."""
        if not self.env.user.has_group("ar_collections.group_user"):
            raise AccessError(self.env._("Only users of collections can run reminders."))
        self.check_access("write")

    def _lock(self):
        """Make a second click or worker wait, then fail and retry with the state the first one left."""
        self.lock_for_update()

    def _policy_partners(self, partner_ids):
        """Return which commercial partners follow the policy of this run and want reminders at all."""
        self.ensure_one()
        partners = self.env["res.partner"].with_company(self.company_id).browse(partner_ids)
        default = self.company_id.ar_dunning_policy_id
        return partners.filtered(
            lambda partner: (
                not partner.ar_no_reminders and (partner.ar_dunning_policy_id or default) == self.policy_id
            )
        )

    def _compute_notices(self):
        """Replace the notices by what is due on `as_of`."""
        self.ensure_one()
        if not self.policy_id.level_ids:
            raise UserError(self.env._("The policy %s has no levels yet.", self.policy_id.name))
        self.notice_ids.unlink()
        gather = self.env["ar.dunning.gather"]
        rows = gather._open_rows(self.company_id, self.as_of)
        wanted = set(self._policy_partners(list({row["partner_id"] for row in rows})).ids)
        rows = [row for row in rows if row["partner_id"] in wanted]
        decisions = gather._decide(rows, self.policy_id, self.company_id, self.as_of)
        self.env["ar.dunning.notice"]._create_from(self, decisions)
        self.state = "preview"

    def _send_batch(self):
        """Deal with the next notices; return True when the run is through."""
        self.ensure_one()
        notices = self.env["ar.dunning.notice"].search(
            [("run_id", "=", self.id), ("state", "=", "draft")], limit=BATCH
        )
        notices._send()
        if self.env["ar.dunning.notice"].search_count(
            [("run_id", "=", self.id), ("state", "=", "draft")], limit=1
        ):
            return False
        self.state = "sent"
        self._log_result()
        return True

    def _log_result(self):
        """Say in the chatter what came of the run, so that nobody without e-mail is forgotten."""
        self.ensure_one()
        self.message_post(
            body=self.env._(
                "%(sent)s reminders sent as of %(date)s, %(dropped)s no longer needed,"
                " %(missing)s customers without an e-mail address.",
                sent=self.sent_count,
                date=format_date(self.env, self.as_of),
                dropped=self.dropped_count,
                missing=self.no_email_count,
            )
        )

    # === CRON === #

    @api.model
    def _cron_send(self):
        """Go on with the runs being sent, a transaction per batch."""
        runs = self.search([("state", "=", "sending")], order="id")
        remaining = sum(runs.mapped("to_send_count"))
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        for run in runs:
            while run.try_lock_for_update() and run.state == "sending":
                before = run.to_send_count
                through = run.with_company(run.company_id)._send_batch()
                done = before - run.to_send_count
                if not self.env["ir.cron"]._commit_progress(done) or (not done and not through):
                    return
                if through:
                    break
