from odoo import fields, models
from odoo.exceptions import UserError


class ArApprovalChoice(models.AbstractModel):
    """The part of `ar.approval.mixin` that a decider meets: approve or reject, with a reason and a comment."""

    _name = "ar.approval.choice"
    _description = "Decision on a document with approval"

    decision_reason_id = fields.Many2one(
        "ar.credit.reason.code", string="Reason of the Decision", readonly=True, copy=False
    )

    # === ACTIONS === #

    def action_ar_approve(self, comment=None, reason_code_id=None, amount=None):
        """Approve, as far as it is the user's turn; what was approved by all takes effect.

        :param str comment: kept with the decision.
        :param int reason_code_id: ar.credit.reason.code, for statistics; its name goes into the log as well.
        :param float amount: approve one document up to that much only, in its currency.
        :raise AccessError: not the user's to decide; the attempt is logged.
        :raise UserError: decided already, or changed since; or no amount that can be approved.
        """
        return self._decide_ar_approvals(True, comment, reason_code_id, amount)

    def action_ar_reject(self, comment=None, reason_code_id=None):
        """Reject; one rejection ends the request.

        :raise AccessError, UserError: as `action_ar_approve`.
        """
        return self._decide_ar_approvals(False, comment, reason_code_id)

    def action_open_ar_decision(self, decision):
        """Open the window that asks for reason and comment of a decision.

        :param str decision: "approve" or "reject".
        """
        decision = "reject" if decision == "reject" else "approve"
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"ar_credit_control.ar_approval_decide_action_{decision}"
        )
        context = {
            "default_decision": decision,
            "default_res_model": self._name,
            "default_res_ids": self.ids,
        }
        return action | {"context": context}

    # === BUSINESS === #

    def _decide_ar_approvals(self, approve, comment, reason_code_id=None, amount=None):
        """Decide on the documents one by one.

        :return: True, or the action that tells of those that were put again instead.
        """
        reason = self.env["ar.credit.reason.code"].browse(reason_code_id or ())
        reason.check_access("read")
        part = None if amount is None else self._limit_ar_approval(amount)
        comment = ": ".join(filter(None, (reason.name, part, comment))) or None
        answers = [document._decide_ar_approval(approve, comment) for document in self]
        if reason:
            # sudo: nobody may write the documents; each has checked the decider
            self.sudo().decision_reason_id = reason
        return next((answer for answer in answers if answer is not True), True)

    def _get_ar_approval_whole(self):
        """Return (currency, amount) of what may be approved in part; None, as by default, where that can't be."""
        return

    def _limit_ar_approval(self, amount):
        """Bind the approval that follows to an amount, and return the words for the log.

        :raise UserError: the document can't be approved in part, as by default.
        """
        raise UserError(self.env._("This can be approved or rejected, but not in part."))

    def _get_ar_approval_numbers(self):
        """Return more numbers, as text, that the log keeps of an approval; none by default."""
        return {}

    def _get_ar_approval_effect(self, approve):
        """Return the sentence that tells a decider what his decision does; none by default."""
        return ""
