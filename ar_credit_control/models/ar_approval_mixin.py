from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.misc import clean_context


class ArApprovalMixin(models.AbstractModel):
    """Documents that need approval.

    The document says what is to be approved (`_get_ar_approval_facts`, `_get_ar_approval_binding`), who had a part in
    it (`_get_ar_approval_excluded`), and what follows (`_on_ar_approval_granted`, `_on_ar_approval_rejected`). It has
    a `company_id` and a chatter with activities.
    """

    _name = "ar.approval.mixin"
    _inherit = ["ar.approval.choice"]
    _description = "Document with approval"

    _ar_approval_subject = None
    _ar_approval_activity = "ar_credit_control.mail_activity_type_approval"
    # Fields that name what the document is about, for the mail to its approvers.
    _ar_approval_mailed = ()

    ar_approval_request_ids = fields.One2many(
        "ar.approval.request",
        "res_id",
        string="Approvals",
        domain=lambda self: [("res_model", "=", self._name)],
        bypass_search_access=True,
        readonly=True,
        copy=False,
        groups="ar_credit_control.group_user,ar_credit_control.group_auditor",
    )
    ar_approval_step_ids = fields.One2many(
        "ar.approval.request.step",
        string="Approval Steps",
        compute="_compute_ar_approval_step_ids",
        groups="ar_credit_control.group_user,ar_credit_control.group_auditor",
    )
    ar_approval_log_count = fields.Integer(
        string="Log Entries", compute="_compute_ar_approval_log_count", compute_sudo=True
    )
    can_decide = fields.Boolean(compute="_compute_can_decide")
    helper_names = fields.Char(string="Deciders", compute="_compute_helper_names", compute_sudo=True)

    # === COMPUTE === #

    @api.depends("ar_approval_request_ids")
    def _compute_ar_approval_step_ids(self):
        for document in self:
            document.ar_approval_step_ids = document._get_ar_approval_request().step_ids

    @api.depends("ar_approval_request_ids.log_count")
    def _compute_ar_approval_log_count(self):
        for document in self:
            document.ar_approval_log_count = sum(document.ar_approval_request_ids.mapped("log_count"))

    @api.depends("ar_approval_request_ids.state", "ar_approval_request_ids.log_count")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for document in self:
            request = document._get_ar_approval_request()
            steps = request._get_current_steps() if request.state == "pending" else []
            document.can_decide = any(step._get_open_seats(self.env.user) for step in steps)

    @api.depends("ar_approval_request_ids.state", "ar_approval_request_ids.log_count")
    def _compute_helper_names(self):
        for document in self:
            request = document._get_ar_approval_request()
            names = request._get_waiting_names() if request.state == "pending" else []
            document.helper_names = ", ".join(names)

    # === TO BE IMPLEMENTED BY THE DOCUMENT === #

    def _get_ar_approval_facts(self):
        """Return the numbers to be approved, as core.approval.Facts."""
        raise NotImplementedError

    def _get_ar_approval_binding(self):
        """Return what an approval binds to, as the document stands now, as core.binding.Binding."""
        raise NotImplementedError

    def _get_ar_approval_excluded(self):
        """Return the users who had a part in the document, who therefore can't decide."""
        raise NotImplementedError

    def _on_ar_approval_granted(self, request):
        """Do what was approved."""
        raise NotImplementedError

    def _on_ar_approval_rejected(self, request):
        """Do what follows a rejection."""
        raise NotImplementedError

    def _get_ar_approval_team_leader(self):
        """Return the leader of the document's sales team; none by default."""
        return self.env["res.users"]

    def _get_ar_approval_exclusion_text(self):
        """Return why somebody with a part in the document can't decide."""
        return self.env._(
            "Whoever wrote, sells, priced or asked for something, or raised the customer's limit lately, can't"
            " decide on it."
        )

    # === ACTIONS === #

    def action_open_ar_approval_log(self):
        """Open the log of the document's approvals."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ar_credit_control.ar_approval_decision_action"
        )
        requests = self._get_ar_approval_requests()
        return action | {"domain": [("request_id", "in", requests.ids)], "context": {}}

    # === BUSINESS === #

    def _get_ar_approval_requests(self):
        """Return all requests of the document, the latest first, past access rights."""
        # sudo: those who may see the document may know how far its approval is
        return (
            self.env["ar.approval.request"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        )

    def _get_ar_approval_request(self):
        """Return the latest request of the document, past access rights."""
        self.ensure_one()
        return self._get_ar_approval_requests()[:1]

    def _request_ar_approval(self):
        """Put the documents before their approvers: choose the rule, freeze steps, numbers and content, and ask.

        :return: the requests.
        """
        # Odoo would take missing values, also the status, from the context (`default_state`).
        # sudo: whoever makes the document asks for approval
        plain = self.with_env(self.env(context=clean_context(self.env.context), su=True))
        requests = plain.env["ar.approval.request"]
        for document in plain:
            facts = document._get_ar_approval_facts()
            binding = document._get_ar_approval_binding()
            subject = document._ar_approval_subject
            rule = requests.env["ar.approval.rule"]._choose(subject, facts)
            request = requests.create(
                {
                    "name": document.display_name,
                    "subject": subject,
                    "res_model": document._name,
                    "res_id": document.id,
                    "company_id": document.company_id.id,
                    "rule_id": rule.id,
                    "facts": facts.as_dict(),
                    "excess": float(facts.excess),
                    "amount": float(facts.amount),
                    "binding": binding.as_dict(),
                    "binding_hash": binding.digest,
                    "requested_by": self.env.uid,
                    "step_ids": [
                        fields.Command.create(values) for values in rule._prepare_request_steps(facts)
                    ],
                }
            )
            request._log("requested", data={"excess": str(facts.excess), "amount": str(facts.amount)})
            request._advance()
            requests |= request
            document._sync_ar_approval_activities()
        return requests

    def _supersede_ar_approval(self, comment=None):
        """Close what waits and let lapse what was approved; `comment` tells the log why."""
        self._get_ar_approval_requests()._supersede(comment)
        self._close_ar_approval_activities()

    def _check_ar_approval(self):
        """Refuse a decision that the user may not take, and log the attempt.

        :raise AccessError, UserError: see `action_ar_approve`.
        """
        self.ensure_one()
        self.check_access("read")
        request = self._get_ar_approval_request().sudo(self.env.su)  # sudo: back to the rights of the user
        try:
            request._get_turns()
        except AccessError as refusal:
            request.sudo()._log_attempt(refusal)  # sudo: whoever tried
            raise
        return request

    def _decide_ar_approval(self, approve, comment):
        """Take the user's decision on one document.

        :raise AccessError, UserError: see `action_ar_approve`.
        """
        request = self._check_ar_approval()
        request._cast(approve, comment)
        document = self.sudo()  # sudo: nobody may write the document; the decider has a seat
        state = request.sudo().state  # sudo: as above
        if state == "pending":
            document._on_ar_approval_advanced(request, comment)
            document._sync_ar_approval_activities()
            return True
        document._close_ar_approval_activities()
        if state == "approved":
            document._on_ar_approval_granted(request.sudo())  # sudo: as above
        else:
            document._on_ar_approval_rejected(request.sudo())  # sudo: as above
        return True

    def _on_ar_approval_advanced(self, request, comment):
        """Tell in the chatter that one of several approvals was given."""
        self._message_log(
            body=self.env._(
                "Approved: %(comment)s. It waits for %(names)s.",
                comment=comment or "-",
                names=", ".join(request.sudo()._get_waiting_names()) or "-",  # sudo: as the callers
            )
        )

    # === ACTIVITIES === #

    def _with_plain_context(self):
        """Return the documents in sudo without the caller's context: its keys could silence activities."""
        context = {"lang": self.env.lang, "tz": self.env.user.tz, "mail_activity_quick_update": True}
        return self.with_env(self.env(context=context, su=True))

    def _sync_ar_approval_activities(self):
        """Give each possible decider of the current steps an activity and a mail, and take it from all others."""
        for document in self._with_plain_context():
            waiting = document._get_ar_approval_waiting()
            known = document.activity_search([self._ar_approval_activity])
            added = waiting - known.user_id
            (known - known.filtered_domain([("user_id", "in", waiting.ids)])).unlink()
            for user in added:
                # The summary is stored as text: in the language of who reads it.
                spoken = document.with_context(lang=user.lang)
                spoken.activity_schedule(self._ar_approval_activity, user_id=user.id)
            document._mail_ar_approvers(added)
            if not waiting and document._get_ar_approval_request().state == "pending":
                document._message_log(body=document._get_ar_approval_dead_end())

    def _get_ar_approval_waiting(self):
        """Return the users whose decision the current steps wait for, delegates included."""
        self.ensure_one()
        waiting = self.env["res.users"]
        for step in self._get_ar_approval_request()._get_current_steps():
            votes = {vote.user for vote in step._get_votes()}
            waiting |= waiting.browse([user for user in step._get_bench().users if user not in votes])
        return waiting

    def _get_ar_approval_dead_end(self):
        """Return the sentence for a document that nobody may decide on."""
        return self.env._("Nobody independent may decide. Ask your administrator for another credit manager.")

    def _close_ar_approval_activities(self):
        """Remove the requests for a decision, those of others too."""
        self._with_plain_context().activity_unlink([self._ar_approval_activity])

    def _mail_ar_approvers(self, users):
        """Queue a mail with a link to the document, which needs a login, to each approver in his language."""
        template = self.env.ref("ar_credit_control.mail_template_approval", raise_if_not_found=False)
        request = self._get_ar_approval_request()
        for user in users.filtered("email") if template else ():
            spoken = {
                "lang": user.lang,
                "ar_approval_url": self._get_ar_approval_url(),
                "ar_approval_rows": self.with_context(lang=user.lang)._get_ar_approval_rows(),
            }
            template.with_context(**spoken).send_mail(
                request.id, email_values={"recipient_ids": [fields.Command.set(user.partner_id.ids)]}
            )

    def _get_ar_approval_rows(self):
        """Return (label, name) of what the document is about: whom, what, who sells."""
        self.ensure_one()
        document = self.sudo()  # sudo: approvers may read the document; names only
        return [
            (self._fields[name]._description_string(self.env), document[name].display_name)
            for name in self._ar_approval_mailed
            if document[name]
        ]

    def _get_ar_approval_url(self):
        """Return the address of the document's form; the web client asks for a login first."""
        self.ensure_one()
        return f"{self.get_base_url()}/odoo/{self._name}/{self.id}"
