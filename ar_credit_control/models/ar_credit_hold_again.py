from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.rejection import Told, is_refuted, largest_like, repeats
from ..core.rule import CheckPoint, Fact

APPROVER_GROUPS = (
    "ar_credit_control.group_user,ar_credit_control.group_auditor,sales_team.group_sale_salesman_all_leads"
)


class ArCreditHoldAgain(models.AbstractModel):
    """The part of `ar.credit.hold` that lets a rejection stand: what was refused is not put again by pressing a button.

    Less than what was asked for, or a customer who stands better by now, is a new question (core/rejection.py). The
    same question, also on a copy of the document, is asked again by somebody who says why, which the log keeps;
    whoever decides then sees who refused it before.
    """

    _name = "ar.credit.hold.again"
    _description = "Rejected credit holds"

    rejected_before_id = fields.Many2one(
        "ar.credit.hold",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The last rejection for the same document, or for the one that it is a copy of.",
    )
    rejection_text = fields.Text(
        string="Earlier Rejection", compute="_compute_rejection_text", compute_sudo=True
    )
    similar_rejection_id = fields.Many2one(
        "ar.credit.hold",
        string="Looks Like Rejected",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        groups=APPROVER_GROUPS,
        help="The last rejection of another document of the customer that looks like this one. It decides nothing.",
    )
    similar_rejection_text = fields.Text(
        string="Similar Rejection",
        compute="_compute_similar_rejection_text",
        compute_sudo=True,
        groups=APPROVER_GROUPS,
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

    @api.depends("similar_rejection_id")
    @api.depends_context("lang")
    def _compute_similar_rejection_text(self):
        for hold in self:
            before = hold.similar_rejection_id
            hold.similar_rejection_text = (
                f"{before.document_name}: {before._get_rejection()}" if before else False
            )

    def _get_standing(self, decision, kind, binding, copied):
        """Return the hold among those of a document that answers what the check asks now, or waits for the answer.

        :param decision: core Decision of the check.
        :param dict kind: `state` and `check_point` that a new hold would have.
        :param binding: core Binding of the document as it stands.
        :param copied: the hold of the document that this one is a copy of; also its rejection may be the answer.
        """
        if kind["state"] == "pending" and kind["check_point"] != CheckPoint.AMEND:
            asked = self | copied | copied.rejected_before_id
            rejection = asked._get_rejection_of(kind["check_point"], binding)
            if rejection and not rejection.asked_again_by and not rejection._is_eased(decision):
                return rejection
        return self.filtered(
            lambda hold: (
                (hold.state, hold.check_point) == (kind["state"], kind["check_point"])
                and hold.binding_hash == binding.digest
                and (hold.state == "blocked" or hold._still_tells(decision))
            )
        )[:1]

    def _get_rejection_of(self, check_point, binding):
        """Return the last rejection of the same question, unless as much was approved since then.

        :param str check_point: which step was stopped.
        :param binding: core Binding of the document as it stands.
        """
        asked = self.filtered(lambda hold: hold.check_point == check_point and hold.decided_by).sorted("id")
        last = asked.filtered(
            lambda hold: hold.state == "rejected" and repeats(hold._get_binding(), binding)
        )[-1:]
        since = asked.filtered(lambda hold: hold.state != "rejected" and hold.id > last.id)
        approved = any(repeats(last._get_binding(), hold._get_binding()) for hold in since if last)
        return last.browse() if approved else last

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
            if exposure.days_overdue < self.days_overdue or is_refuted(self._get_told(), decision.verdict):
                return True
        return any(
            self.currency_id.compare_amounts(float(amount), self[name]) < 0 for name, amount in now.items()
        )

    def _get_told(self):
        """Return the reasons of the rejection, as core Told."""
        reasons = self.reason_ids.filtered(lambda reason: reason.outcome == "hold")
        return [
            Told(
                reason.rule_id.id,
                Fact(reason.fact) if reason.fact else None,
                reason._parse(reason.measured) if reason.fact else None,
            )
            for reason in reasons
        ]

    def _prepare_repeated_vals(self):
        """Return what a hold of a copy tells: the same was decided on already, of the document that was copied."""
        self.ensure_one()
        decided = self if self._get_ar_approval_request() else self.rejected_before_id
        return {
            "state": "rejected",
            "rejected_before_id": decided.id,
            "decided_by": decided.decided_by.id,
            "decided_on": decided.decided_on,
            "decision_comment": decided.decision_comment,
            "decision_reason_id": decided.decision_reason_id.id,
        }

    def _prepare_rejection_vals(self, binding):
        """Return what a new hold tells of the last rejection among these holds of its document.

        Where there is none, of the last one of a document that looks like it: it may be that one, typed anew.

        :param binding: core Binding of the document as it stands.
        """
        last = self.filtered(
            lambda hold: hold.state == "rejected" or (hold.granted_amount and hold.asked_again_by)
        ).sorted("id")[-1:]
        if not last:
            return {"similar_rejection_id": self._get_similar_rejection(binding).id}
        values = {"rejected_before_id": last.id}
        return values | {"request_note": last.asked_again_note} if last.asked_again_note else values

    @api.model
    def _get_similar_rejection(self, binding):
        """Return the last rejection for a debtor of no much larger document, as recent as an approval would be good.

        :param binding: core Binding of the document that is asked for now.
        """
        company = self.env["res.company"].browse(binding.company_id)
        since = fields.Datetime.now() - timedelta(days=company.ar_credit_validity_days)
        return self.search(
            [
                ("state", "=", "rejected"),
                ("partner_id", "=", binding.partner_id),
                ("company_id", "=", binding.company_id),
                ("order_currency_id", "=", binding.currency_id),
                ("decided_on", ">=", since),
                ("order_amount_currency", "<=", float(largest_like(binding))),
                ("check_point", "!=", "amend"),
            ],
            order="decided_on desc, id desc",
            limit=1,
        )

    def _ask_again(self, note):
        """Reopen a rejected question: log who asks for another decision, and why.

        :raise UserError: not rejected, asked again already, or without saying why.
        """
        for hold in self.sudo():  # sudo: nobody may write holds; the caller has checked who asks
            ended = hold.state == "rejected" or (
                hold.granted_amount and hold.state in ("approved", "released")
            )
            if not ended or hold.asked_again_by:
                raise UserError(
                    self.env._(
                        "%(hold)s does not end with a rejection, so it can't be reopened.", hold=hold.name
                    )
                )
            if not (note or "").strip():
                raise UserError(self.env._("Say why somebody should decide again."))
            hold.write({"asked_again_by": self.env.uid, "asked_again_note": note})
            # That of a copy was never put before anybody: the log of what was decided goes on.
            request = hold._get_ar_approval_request() or hold.rejected_before_id._get_ar_approval_request()
            request._log("reopened", comment=note)
            hold._message_log(
                body=self.env._(
                    "%(user)s asks for another decision: %(note)s", user=self.env.user.name, note=note
                )
            )
