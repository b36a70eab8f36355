import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..core.approval_log import entry_hash, first_broken

_logger = logging.getLogger(__name__)
# Key of the cursor's cache, which no caller reaches: the very list that is being appended.
_APPENDING = "ar_approval_decision.appending"

ACTIONS = [
    ("requested", "Requested"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("fallback", "Stand-Ins Asked"),
    ("escalated", "Escalated"),
    ("superseded", "Superseded"),
    ("used", "Approval Used"),
    ("tolerated", "Used Within Tolerance"),
    ("lapsed", "Lapsed"),
    ("refused", "Refused Attempt"),
    ("reopened", "Reopened"),
]


class ArApprovalDecision(models.Model):
    """The log of approvals: who did what for whom, chained by hashes. It only ever grows.

    Not even the superuser creates, writes or deletes entries through the ORM; `_append` is the one way in, and no RPC
    call reaches it.
    """

    _name = "ar.approval.decision"
    _description = "Approval Log"
    _order = "id desc"
    _rec_name = "number"

    request_id = fields.Many2one(
        "ar.approval.request", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    number = fields.Integer(string="Entry", required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True, index=True)
    user_id = fields.Many2one("res.users", required=True, readonly=True, index=True, ondelete="restrict")
    principal_id = fields.Many2one(
        "res.users", string="On Behalf Of", readonly=True, index=True, ondelete="restrict"
    )
    who = fields.Char(string="By", compute="_compute_who", compute_sudo=True)
    step_id = fields.Many2one("ar.approval.request.step", readonly=True, index=True, ondelete="restrict")
    step_name = fields.Char(readonly=True)
    comment = fields.Text(readonly=True)
    data = fields.Json(string="Numbers", readonly=True, help="Amounts in company currency, as text.")
    details = fields.Char(compute="_compute_details")
    previous_hash = fields.Char(required=True, readonly=True)
    hash = fields.Char(string="Fingerprint", required=True, readonly=True)
    res_model = fields.Char(related="request_id.res_model")
    document_name = fields.Char(related="request_id.name", string="Document", store=True, index=True)

    _number_uniq = models.UniqueIndex("(request_id, number)", "The log has this entry already.")

    @api.depends("user_id", "principal_id")
    def _compute_who(self):
        for entry in self:
            entry.who = self.env["ar.approval.request.step"]._get_seat_name(
                entry.user_id, entry.principal_id or entry.user_id
            )

    @api.depends("data")
    @api.depends_context("lang")
    def _compute_details(self):
        labels = {
            "amount": self.env._("amount"),
            "excess": self.env._("excess"),
            "approved amount": self.env._("approved amount"),
            "approved excess": self.env._("approved excess"),
        }
        for entry in self:
            numbers = (f"{labels.get(name, name)}: {value}" for name, value in (entry.data or {}).items())
            entry.details = ", ".join(numbers)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse all but the list that `_append` is adding right now, whoever calls."""
        if vals_list and vals_list is not self.env.cr.cache.get(_APPENDING):
            raise self._refusal("create")
        return super().create(vals_list)

    def write(self, vals):
        """Refuse, whoever calls."""
        if self:
            raise self._refusal("write")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """Refuse, whoever calls."""
        raise self._refusal("delete")

    def _refusal(self, operation):
        _logger.warning("Refused: user %s tried to %s the approval log %s", self.env.uid, operation, self.ids)
        return AccessError(self.env._("The approval log can't be changed."))

    # === ACTIONS === #

    def action_verify(self):
        """Check the chains that these entries belong to, and say what is wrong with them.

        :raise AccessError: the user may not read the log.
        """
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_auditor") and not self.env.user.has_group(
            "ar_credit_control.group_manager"
        ):
            raise AccessError(self.env._("Auditors and credit managers verify the log."))
        return self.request_id.action_verify_log()

    def action_open_document(self):
        """Open what the entry is about."""
        self.ensure_one()
        return self.request_id.action_open_document()

    # === BUSINESS === #

    @api.model
    def _append(self, request, action, *, step=None, seat=None, comment=None, data=None):
        """Add an entry to the log of a request.

        A second transaction that adds one at the same time waits here for the first and then has to start again.

        :param seat: core Seat of the decider; the user himself where left out.
        :param dict data: plain JSON without floats.
        :return: the entry.
        """
        # sudo: nobody may write the log or the request
        log, request = self.sudo(), request.sudo()
        values = {
            "request_id": request.id,
            "company_id": request.company_id.id,
            "number": request.log_count + 1,
            "date": fields.Datetime.now(),
            "action": action,
            "user_id": seat.user if seat else self.env.uid,
            "principal_id": seat.principal if seat else self.env.uid,
            "step_id": step.id if step else False,
            "step_name": step.name if step else False,
            "comment": comment or False,
            "data": data or {},
            "previous_hash": request.log_head,
        }
        values["hash"] = entry_hash(request.log_head, self._canonical(values))
        # The request's row first: on it a second transaction conflicts with 40001, which Odoo runs again.
        request.write({"log_count": values["number"], "log_head": values["hash"]})
        request.flush_recordset()
        cache = self.env.cr.cache
        cache[_APPENDING] = [values]
        try:
            return log.create(cache[_APPENDING])
        finally:
            del cache[_APPENDING]

    @api.model
    def _canonical(self, values):
        """Return what the hash of an entry covers, as plain JSON.

        :param values: dict, or an entry read with `load=None`.
        """
        names = ("request_id", "company_id", "number", "action", "user_id", "principal_id", "step_id")
        texts = ("step_name", "comment", "data")
        return {
            **{name: values[name] or 0 for name in names},
            **{name: values[name] or "" for name in texts},
            "date": fields.Datetime.to_string(values["date"]),
        }

    def _get_first_broken(self, request):
        """Return the number of the first entry of a request that is not as it was written, or None."""
        # sudo: the chain is judged as a whole
        entries = self.sudo().search([("request_id", "=", request.id)], order="number, id")
        names = ["request_id", "company_id", "number", "date", "action", "user_id", "principal_id", "step_id"]
        rows = entries.read([*names, "step_name", "comment", "data", "previous_hash", "hash"], load=None)
        request = request.sudo()  # sudo: as above
        return first_broken(
            ((self._canonical(row), row["previous_hash"], row["hash"]) for row in rows),
            request.log_head,
            request.log_count,
        )
