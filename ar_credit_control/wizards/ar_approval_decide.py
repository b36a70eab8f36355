from odoo import api, fields, models
from odoo.exceptions import UserError


class ArApprovalDecide(models.TransientModel):
    """Asks for reason and comment of a decision, on one document or many; the documents check who decides."""

    _name = "ar.approval.decide"
    _description = "Decide on Approvals"

    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(string="Documents", required=True, readonly=True)
    document_names = fields.Char(string="Decide on", compute="_compute_documents")
    effect = fields.Char(compute="_compute_documents")
    decision = fields.Selection([("approve", "Approve"), ("reject", "Reject")], required=True)
    reason_code_id = fields.Many2one("ar.credit.reason.code", string="Reason")
    comment = fields.Text()
    currency_id = fields.Many2one("res.currency", compute="_compute_whole")
    whole_amount = fields.Monetary(string="Asked For", compute="_compute_whole")
    amount = fields.Monetary(
        string="Release up to",
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="Less than was asked for: it goes on once it was cut down to that, and goods leave as far as it reaches.",
    )

    @api.depends("res_model", "res_ids", "decision")
    def _compute_documents(self):
        for wizard in self:
            documents = wizard._get_documents()
            wizard.document_names = ", ".join(documents.mapped("display_name"))
            wizard.effect = documents._get_ar_approval_effect(wizard.decision == "approve")

    @api.depends("res_model", "res_ids", "decision")
    def _compute_whole(self):
        for wizard in self:
            whole = wizard._get_documents()._get_ar_approval_whole() if wizard.decision == "approve" else None
            wizard.currency_id, wizard.whole_amount = whole or (False, 0.0)

    @api.depends("whole_amount")
    def _compute_amount(self):
        """Fill in all of it; who wants less lowers it."""
        for wizard in self:
            wizard.amount = wizard.whole_amount

    def action_decide(self):
        """Take the decision on all the documents.

        :raise AccessError, UserError: a document refuses; then none is decided on.
        """
        self.ensure_one()
        documents = self._get_documents()
        if self.decision == "approve":
            # Anything but the whole is looked at, so that an emptied field approves nothing.
            whole = (
                not self.currency_id or self.currency_id.compare_amounts(self.amount, self.whole_amount) == 0
            )
            part = None if whole else self.amount
            answer = documents.action_ar_approve(self.comment, self.reason_code_id.id, part)
        else:
            answer = documents.action_ar_reject(self.comment, self.reason_code_id.id)
        return answer if isinstance(answer, dict) else {"type": "ir.actions.act_window_close"}

    def _get_documents(self):
        """Return the documents, with the rights of the user.

        :raise UserError: what was named needs no approvals.
        """
        documents = self.env.get(self.res_model)
        if documents is None or not isinstance(documents, self.env.registry["ar.approval.mixin"]):
            raise UserError(self.env._("There is nothing to decide on."))
        return documents.browse(self.res_ids or ())
