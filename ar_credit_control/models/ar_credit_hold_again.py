from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.rule import CheckPoint


class ArCreditHoldAgain(models.AbstractModel):
    """The part of `ar.credit.hold` that lets a rejection stand: what was refused is not put again by pressing a button.

    A document that changed, or a customer who owes less by now, is a new question. The same question is asked again by
    somebody who says why, which the log keeps; whoever decides then sees who refused it before.
    """

    _name = "ar.credit.hold.again"
    _description = "Rejected credit holds"

    rejected_before_id = fields.Many2one(
        "ar.credit.hold",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The last rejection for the same document.",
    )
    rejection_text = fields.Text(
        string="Earlier Rejection", compute="_compute_rejection_text", compute_sudo=True
    )
    asked_again_by = fields.Many2one(
        "res.users", readonly=True, help="Who asked for another decision after the rejection."
    )
    asked_again_note = fields.Text(string="Why Asked Again", readonly=True)

    @api.depends("rejected_before_id")
    @api.depends_context("lang")
    def _compute_rejection_text(self):
        for hold in self:
            before = hold.rejected_before_id
            hold.rejection_text = before._get_rejection() if before else False

    def _get_standing(self, decision, kind, digest):
        """Return the hold among those of a document that answers what the check asks now, or waits for the answer.

        :param decision: core Decision of the check.
        :param dict kind: `state` and `check_point` that a new hold would have.
        :param str digest: of the document as it stands.
        """
        same = self.filtered(
            lambda hold: (hold.binding_hash, hold.check_point) == (digest, kind["check_point"])
        )
        if kind["state"] == "pending" and kind["check_point"] != CheckPoint.AMEND:
            last = same.sorted("id")[-1:]
            if last.state == "rejected" and not last.asked_again_by and not last._is_eased(decision):
                return last
        return same.filtered(
            lambda hold: (
                hold.state == kind["state"] and (hold.state == "blocked" or hold._still_tells(decision))
            )
        )[:1]

    def _is_eased(self, decision):
        """Whether less speaks against the document by now than when it was decided on, in any of the numbers.

        What is held by hand is not held for its numbers; only the limit counts there.

        :param decision: core Decision of the check.
        """
        self.ensure_one()
        exposure = decision.exposure
        now = {"excess": decision.excess}
        if self.check_point != "manual":
            now |= {"order_amount": decision.order_amount, "exposure": exposure.total}
            now |= {"overdue": exposure.overdue}
            if exposure.days_overdue < self.days_overdue:
                return True
        return any(
            self.currency_id.compare_amounts(float(amount), self[name]) < 0 for name, amount in now.items()
        )

    def _prepare_rejection_vals(self):
        """Return what a new hold tells of the last rejection among these holds of its document."""
        last = self.filtered(lambda hold: hold.state == "rejected").sorted("id")[-1:]
        values = {"rejected_before_id": last.id}
        return values | {"request_note": last.asked_again_note} if last.asked_again_note else values

    def _ask_again(self, note):
        """Reopen a rejected question: log who asks for another decision, and why.

        :raise UserError: not rejected, asked again already, or without saying why.
        """
        for hold in self.sudo():  # sudo: nobody may write holds; the caller has checked who asks
            if hold.state != "rejected" or hold.asked_again_by:
                raise UserError(
                    self.env._(
                        "%(hold)s does not end with a rejection, so it can't be reopened.", hold=hold.name
                    )
                )
            if not (note or "").strip():
                raise UserError(self.env._("Say why somebody should decide again."))
            hold.write({"asked_again_by": self.env.uid, "asked_again_note": note})
            hold._get_ar_approval_request()._log("reopened", comment=note)
            hold._message_log(
                body=self.env._(
                    "%(user)s asks for another decision: %(note)s", user=self.env.user.name, note=note
                )
            )
