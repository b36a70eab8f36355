import logging
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core.approval import Facts, Grant, current
from ..core.approval_log import GENESIS
from ..core.binding import Binding, lapses

_logger = logging.getLogger(__name__)

REQUEST_STATES = [
    ("pending", "Pending"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("superseded", "Superseded"),
    ("lapsed", "Lapsed"),
]


class ArApprovalRequest(models.Model):
    """A document put before its approvers: what they see, bound to what they say yes to, and how far it got.

    Nobody has the right to write it. It changes through `_cast` and what follows from it, and each change leaves an
    entry in the log.
    """

    _name = "ar.approval.request"
    _description = "Approval Request"
    _order = "id desc"

    name = fields.Char(string="Document", required=True, readonly=True)
    subject = fields.Selection(
        lambda self: self.env["ar.approval.rule"]._fields["subject"]._description_selection(self.env),
        required=True,
        readonly=True,
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True, index=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    rule_id = fields.Many2one("ar.approval.rule", readonly=True, index=True, ondelete="restrict")
    state = fields.Selection(
        REQUEST_STATES,
        string="Status",
        required=True,
        default="pending",
        readonly=True,
        index=True,
        help="Superseded: put again or not needed before a decision. Lapsed: approved, but no longer in force.",
    )
    facts = fields.Json(required=True, readonly=True, help="The numbers put before the approvers.")
    excess = fields.Monetary(readonly=True)
    amount = fields.Monetary(readonly=True)
    binding = fields.Json(string="Approved Content", required=True, readonly=True)
    binding_hash = fields.Char(string="Fingerprint", required=True, readonly=True)
    requested_by = fields.Many2one("res.users", required=True, readonly=True, index=True, ondelete="restrict")
    requested_on = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    decided_on = fields.Datetime(readonly=True)
    last_day = fields.Date(string="Valid Until", readonly=True)
    tolerance = fields.Float(string="Tolerance (%)", readonly=True)
    step_ids = fields.One2many("ar.approval.request.step", "request_id", string="Steps", readonly=True)
    decision_ids = fields.One2many("ar.approval.decision", "request_id", string="Log", readonly=True)
    log_head = fields.Char(string="Fingerprint of the Log", required=True, readonly=True, default=GENESIS)
    log_count = fields.Integer(string="Log Entries", required=True, readonly=True, default=0)

    _document_idx = models.Index("(res_model, res_id)")

    # === ACTIONS === #

    def action_open_document(self):
        """Open the document."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    def action_verify_log(self):
        """Recompute the chains of the logs, and say which entries are not as they were written.

        :raise AccessError: the user may not read the requests.
        """
        self.check_access("read")
        broken = []
        for request in self:
            number = self.env["ar.approval.decision"]._get_first_broken(request)
            if number:
                broken.append(
                    self.env._("%(document)s: entry %(number)s", document=request.name, number=number)
                )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if broken else "success",
                "sticky": bool(broken),
                "title": self.env._("Changed After It Was Written") if broken else self.env._("Log Intact"),
                "message": "\n".join(broken)
                or self.env._("All entries of %(count)s requests are as they were written.", count=len(self)),
            },
        }

    # === BUSINESS: THE COURSE === #

    def _get_document(self):
        """Return the document, past access rights; empty when it is gone."""
        self.ensure_one()
        # sudo: approval is about the whole document, whoever asks
        return self.env[self.res_model].sudo().browse(self.res_id).exists()

    def _log(self, action, **values):
        """Append to the log; see `ar.approval.decision._append`."""
        self.ensure_one()
        return self.env["ar.approval.decision"]._append(self, action, **values)

    def _get_facts(self):
        """Return the frozen core Facts."""
        self.ensure_one()
        return Facts.from_dict(self.facts)

    def _get_current_steps(self):
        """Return the steps whose turn it is."""
        return self.step_ids.filtered(lambda step: step.state == "current")

    def _advance(self):
        """Close the steps that have what they need; start the next ones; grant when none is left."""
        self.ensure_one()
        for step in self._get_current_steps():
            if step._is_met():
                step.state = "approved"
        open_steps = self.step_ids.filtered(lambda step: step.state in ("waiting", "current"))
        turn = current({step.id: step.sequence for step in open_steps})
        open_steps.filtered(lambda step: step.id in turn and step.state == "waiting")._start()
        if not open_steps:
            company = self.company_id
            self.write(
                {
                    "state": "approved",
                    "decided_on": fields.Datetime.now(),
                    "tolerance": company.ar_credit_tolerance_percent,
                    "last_day": fields.Date.today() + timedelta(days=company.ar_credit_validity_days),
                }
            )

    def _cast(self, approve, comment):
        """Cast the current user's votes in all steps whose turn it is.

        :raise AccessError, UserError: as `_get_turns`.
        """
        self.ensure_one()
        turns = self._get_turns()
        request = self.sudo()  # sudo: nobody may write requests; the decider has a seat
        action = "approved" if approve else "rejected"
        numbers = {"excess": request.facts["excess"], "amount": request.facts["amount"]}
        if approve:
            numbers |= request._get_document()._get_ar_approval_numbers()
        for step, seats in turns:
            for seat in seats if approve else seats[:1]:
                request._log(action, step=step, seat=seat, comment=comment, data=numbers)
        if approve:
            request._advance()
        else:
            for step, _seats in turns:
                step.state = "rejected"
            request._close("rejected")

    def _get_turns(self):
        """Return (step, open seats of the current user) of the steps that he may decide now.

        :raise UserError: decided already, by anybody or by him.
        :raise AccessError: he is not among those who may.
        """
        self.ensure_one()
        request = self.sudo()  # sudo: the steps of the request, which deciders need not see
        if request.state != "pending":
            raise UserError(self.env._("%(document)s has been decided already.", document=request.name))
        steps = request._get_current_steps()
        turns = [(step, seats) for step in steps if (seats := step._get_open_seats(self.env.user))]
        if turns:
            return turns
        if any(self.env.uid in step._get_bench().users for step in steps):
            raise UserError(
                self.env._(
                    "You have approved %(document)s already. It waits for %(names)s.",
                    document=request.name,
                    names=", ".join(request._get_waiting_names()),
                )
            )
        document = request._get_document()
        if self.env.user in document._get_ar_approval_excluded():
            raise AccessError(document._get_ar_approval_exclusion_text())
        raise AccessError(
            self.env._(
                "You are not among those who may decide on %(document)s now: %(names)s.",
                document=request.name,
                names=", ".join(request._get_waiting_names()) or "-",
            )
        )

    def _get_waiting_names(self):
        """Return the names of those whose decision is missing."""
        names = []
        for step in self._get_current_steps():
            voted = {vote.user for vote in step._get_votes()}
            bench = step._get_bench()
            users = self.env["res.users"].sudo()  # sudo: names of colleagues
            for user in users.browse([user for user in bench.users if user not in voted]):
                seat = bench.seats_of(user.id)[0]
                names.append(step._get_seat_name(user, users.browse(seat.principal)))
        return list(dict.fromkeys(names))

    def _close(self, state):
        """End requests: no step waits any more."""
        for request in self:
            request.step_ids.filtered(lambda s: s.state in ("waiting", "current")).write({"state": "closed"})
            request.write({"state": state, "decided_on": fields.Datetime.now()})

    def _supersede(self, comment=None):
        """Close requests that wait, and let approvals lapse: the document changed, was cancelled, or passed."""
        for request in self.filtered(lambda r: r.state in ("pending", "approved")):
            state = "superseded" if request.state == "pending" else "lapsed"
            request._log(state, comment=comment)
            request._close(state)

    # === BUSINESS: WHAT AN APPROVAL IS GOOD FOR === #

    def _get_grant(self):
        """Return what the approval is good for, as core Grant."""
        self.ensure_one()
        limited = self.step_ids.filtered(lambda s: s.authority == "limited" and s.state == "approved")
        caps = [step._as_core().cap for step in limited]
        return Grant(
            self._get_facts(), self._get_tolerance(), self.last_day or None, min(caps) if caps else None
        )

    def _get_tolerance(self):
        """Return the tolerance in per cent: frozen with the approval, until then that of the company."""
        value = self.tolerance if self.state != "pending" else self.company_id.ar_credit_tolerance_percent
        return Decimal(str(value or 0))

    def _get_lapses(self, binding):
        """Return why a document as it stands (core Binding) is not the one that was put; empty when it is."""
        self.ensure_one()
        return lapses(Binding.from_dict(self.binding), binding, self._get_tolerance())

    def _use(self, binding, excess, amount, within=None):
        """Use an approval for a document as it stands, if it covers it, and log that.

        :param binding: core Binding of now.
        :param Decimal excess: over the limit now, company currency.
        :param Decimal amount: of the document now, company currency.
        :param within: whether the content is what was approved, where the document judges that itself.
        :rtype: bool
        """
        self.ensure_one()
        if self.state != "approved" or not (within if within is not None else not self._get_lapses(binding)):
            return False
        grant = self._get_grant()
        if not grant.covers(excess, amount, fields.Date.today()):
            return False
        exact = binding.digest == self.binding_hash and excess <= grant.facts.excess
        numbers = {
            "excess": str(excess),
            "amount": str(amount),
            "approved excess": str(grant.facts.excess),
            "approved amount": str(grant.facts.amount),
        }
        self._log("used" if exact else "tolerated", data=numbers)
        return True

    # === BUSINESS: ATTEMPTS === #

    def _log_attempt(self, reason):
        """Log a refused decision in a transaction of its own, as the one of the attempt is undone by the refusal.

        Where that is not possible (the request is not committed yet, or is being changed right now) the server's log
        has to do.
        """
        self.ensure_one()
        uid, comment = self.env.uid, str(reason)
        _logger.warning("Refused: user %s tried to decide on %s: %s", uid, self.name, comment)
        with self.env.registry.cursor() as cr:
            request = api.Environment(cr, uid, {})["ar.approval.request"].sudo().browse(self.id)  # sudo: log
            if request.try_lock_for_update():
                request._log("refused", comment=comment)
