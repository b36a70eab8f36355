from decimal import Decimal

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..core.approval import Facts
from ..core.rule import CheckPoint
from ..exceptions import CreditHoldError

ACTIVITY = "ar_credit_control.mail_activity_type_credit_hold"

# Holds of these keep a document whatever the rules say, until somebody has decided; those for what has happened, also
# until the order fits again.
FORCING = {"manual", "event"}

# Holds of which check points are good for a check, once approved.
GOOD_FOR = {
    CheckPoint.CONFIRM: {"confirm", *FORCING},
    # A delivery of more than ordered, or of what was far ahead, is a change of the order as well.
    CheckPoint.AMEND: {"confirm", "amend", "delivery", *FORCING},
    CheckPoint.DELIVERY: {"delivery", *FORCING},
    CheckPoint.INVOICE: {"invoice", *FORCING},
}


class ArCreditHoldDecision(models.AbstractModel):
    """The part of `ar.credit.hold` that is decided: what is put before the approvers, and what follows."""

    _name = "ar.credit.hold.decision"
    _inherit = ["ar.credit.hold.partial", "ar.approval.mixin", "ar.credit.hold.telling"]
    _description = "Decision on a credit hold"

    _ar_approval_subject = "credit_hold"
    _ar_approval_activity = ACTIVITY
    _ar_approval_mailed = ("partner_id", "order_id", "move_id", "salesperson_id")

    # === ACTIONS === #

    def action_approve(self, comment=None):
        """Approve the holds, as far as it is the user's turn, and confirm their orders once all have approved.

        :raise AccessError: the user is not among the approvers, or not independent of the order.
        :raise UserError: decided already, or the order has changed since.
        :return: True, or a message about orders that were put again because the customer's debt has grown.
        """
        return self.action_ar_approve(comment)

    def action_reject(self, comment=None):
        """Reject the holds; their orders stay quotations.

        :raise AccessError, UserError: as `action_approve`.
        """
        return self.action_ar_reject(comment)

    def action_open_order(self):
        """Open the order, or the invoice."""
        self.ensure_one()
        document = self._get_document()
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "view_mode": "form",
        }

    def _filtered_forcing(self):
        """Return those that keep their documents whatever the rules say: set by hand, or for what has happened."""
        return self.filtered(lambda hold: hold.check_point in FORCING)

    # === APPROVAL: WHAT IS PUT === #

    def _get_ar_approval_facts(self):
        """Return the frozen numbers of the hold, as core Facts in company currency."""
        self.ensure_one()

        def amount(value):
            return self.env["ar.credit.exposure"]._to_decimal(self.currency_id, value)

        return Facts(
            company_id=self.company_id.id,
            excess=amount(self.excess),
            limit=amount(self.credit_limit),
            amount=amount(self.order_amount),
            days_overdue=self.days_overdue,
            risk_class_id=self.risk_class_id.id or 0,
        )

    def _get_ar_approval_binding(self):
        """Return what an approval binds to: the order or invoice as it stands."""
        self.ensure_one()
        return self._get_document()._get_ar_credit_binding()

    def _get_ar_approval_excluded(self):
        """Return who wrote, sells (then and now), priced or asked for the order, or raised the limit lately."""
        self.ensure_one()
        hold = self.sudo()  # sudo: independence is judged on the whole order
        order, lines = hold.order_id, hold.order_id.order_line
        users = (
            order.create_uid
            | lines.create_uid
            | lines.ar_priced_by_id
            | order.ar_priced_by_ids
            | order.user_id
        )
        move = hold.move_id
        users |= (
            move.create_uid | move.invoice_user_id | move.invoice_line_ids.create_uid | move.ar_priced_by_ids
        )
        users |= hold.salesperson_id | hold.requested_by
        return users | self.env["ar.credit.limit.change"]._get_recent_raisers(
            hold.partner_id.id, hold.company_id.id
        )

    def _get_ar_approval_effect(self, approve):
        """Return the sentence that tells a decider what his decision does."""
        if approve:
            return self.env._("What was held goes on: a quotation is confirmed, an invoice posted.")
        return self.env._("It stays held, and its salesperson is told.")

    def _get_ar_approval_team_leader(self):
        """Return the leader of the sales team of the order or invoice."""
        return self._get_document().team_id.user_id

    def _get_ar_approval_dead_end(self):
        """Return the sentence for a hold that nobody may decide on."""
        return self._get_banner()

    # === APPROVAL: WHAT FOLLOWS === #

    def _check_ar_approval(self):
        """Refuse also to decide on an order that is not the one that was put.

        :raise AccessError, UserError: see `action_approve`.
        """
        self.check_access("read")
        if self.state == "blocked":
            raise UserError(
                self.env._("%(hold)s: a rule blocks this, and no approval lifts it.", hold=self.name)
            )
        request = super()._check_ar_approval()
        if self.sudo()._get_lapses():  # sudo: a credit manager need not see sales orders
            raise UserError(
                self.env._(
                    "%(order)s has changed since it was held. It has to be confirmed again, which files a new hold.",
                    order=self.sudo()._get_document().display_name,  # sudo: as above
                )
            )
        return request

    def _decide_ar_approval(self, approve, comment):
        """Decide; where the customer's debt has outgrown what was put, put the hold again with the numbers of now.

        The last approval confirms the order, which measures anew. If more than the approvers saw would be over the
        limit (slices of a big order held one by one, an invoice posted meanwhile), they have not approved that, and
        it may be above their authority.
        """
        try:
            with self.env.cr.savepoint():
                return super()._decide_ar_approval(approve, comment)
        except CreditHoldError as refusal:
            return self._put_again(refusal)

    def _put_again(self, refusal):
        """Supersede the hold by one with the numbers of now, on behalf of who asked first.

        :param CreditHoldError refusal: of the check that the last approval led to.
        :return: client action that tells so.
        """
        self.ensure_one()
        excess = max(decision.excess for decision in refusal.decisions.values())
        amount = format_amount(self.env, float(excess), self.currency_id)
        self._supersede(self.env._("Over the limit by %(excess)s now.", excess=amount))
        requester = self.sudo().requested_by  # sudo: the name of a colleague
        # sudo: holds are written by the credit control only
        filing = self.with_user(requester).sudo()
        holds = filing._file_refusal(refusal, self.notify_customer)
        names = ", ".join(holds.mapped("name"))
        # sudo: nobody may write holds
        self.sudo()._message_log(body=self.env._("Put again with the numbers of now: %(holds)s", holds=names))
        # sudo: back to the user who decides
        action = holds.with_user(self.env.user).sudo()._get_notification()
        action["params"]["title"] = self.env._("More is over the limit now than was put before you")
        return action

    def _on_ar_approval_granted(self, request):
        """Record the approval and confirm the order; where less was released, once it is no more than that."""
        self._decide("approved", request)
        if self.granted_amount:
            self._keep_delivered()
        if self._is_for_goods() or self._is_within_grant(self._get_ar_approval_binding()):
            self._confirm_order()
        else:
            self._tell_salesperson()

    def _on_ar_approval_rejected(self, request):
        """Record the rejection and tell the salesperson."""
        self._decide("rejected", request)
        # sudo: deciding on credit needs no rights on invoices; else it would be posted, and held, every night anew
        self.sudo().move_id.filtered(lambda move: move.auto_post != "no").auto_post = "no"
        self._tell_salesperson()

    def _decide(self, state, request):
        """Record what was decided, by whom."""
        self.ensure_one()
        votes = request.decision_ids.filtered(lambda entry: entry.action == state).sorted("number")
        vote = votes[-1:]
        # In a step for all, one click may have been for several.
        last = votes.filtered(lambda entry: entry.user_id == vote.user_id and entry.step_id == vote.step_id)
        who = ", ".join(last.mapped("who"))
        # sudo: nobody may write holds; the decider was checked
        self.sudo().write(
            {
                "state": state,
                "decided_by": vote.user_id.id,
                "decided_on": fields.Datetime.now(),
                "decision_comment": vote.comment,
            }
        )
        body = {
            "approved": self.env._("Approved by %(who)s: %(comment)s", who=who, comment=vote.comment or "-"),
            "rejected": self.env._("Rejected by %(who)s: %(comment)s", who=who, comment=vote.comment or "-"),
        }[state]
        self.sudo()._message_log(body=body)  # sudo: as above

    def _confirm_order(self):
        """Confirm the order of an approved hold."""
        self.ensure_one()
        context = {"lang": self.env.lang, "tz": self.env.user.tz, "send_email": self.notify_customer}
        # Superuser, as deciding on credit needs no sales rights; and nothing of the caller's context gets through.
        order = self.order_id.with_env(self.env(context=context, su=True))
        edge = self.env["ar.credit.edge"]
        with edge._caught(), edge._granted():  # the decision, and the recheck, catch a refusal
            order.with_company(order.company_id).action_confirm()
        paid = order.transaction_ids.with_user(SUPERUSER_ID)  # not in the name of who decides
        paid.with_company(order.company_id)._invoice_ar_credit_released()

    def _use_approval(self, decision, check_point):
        """Return whether an approval covers the document, as it stands and measured by the check, and log its use.

        An approval stays in force after the order went through, so that a change within the company's tolerance
        passes; it lapses when the order is cancelled.

        :param decision: core Decision of the credit check.
        :param check_point: core CheckPoint that asks.
        """
        for hold in self.filtered(
            lambda hold: hold.state in ("approved", "released") and hold.check_point in GOOD_FOR[check_point]
        ):
            request, binding = hold._get_ar_approval_request(), hold._get_ar_approval_binding()
            within = hold._covers_amendment(binding) if hold.check_point == "amend" else None
            told = hold._tells_reasons(decision) and hold._is_within_grant(binding, decision)
            if told and request._use(binding, decision.excess, decision.order_amount, within):
                hold.filtered(lambda one: one.state == "approved")._release()
                return True
        return False

    def _release(self):
        """Mark holds as done: their orders went through."""
        self.sudo().write({"state": "released"})  # sudo: nobody may write holds
        self._close_news()

    def _release_unneeded(self, check_point=None):
        """Release pending holds (of one check point) whose documents went through, and ask nobody any more."""
        for hold in self.filtered(lambda hold: hold.state == "pending"):
            if check_point and hold.check_point != check_point:
                continue
            hold._release()
            hold._supersede_ar_approval()

    def _supersede(self, comment=None):
        """Close holds that are of no more use, and let approvals lapse: the order changed or was cancelled."""
        stale = self.filtered(lambda hold: hold.state in ("pending", "approved"))
        stale.sudo().write({"state": "superseded"})  # sudo: nobody may write holds
        self._supersede_ar_approval(comment)
        self._close_news()

    def _still_tells(self, decision):
        """Whether a waiting hold still tells what the check (core Decision) found, so that it need not be put again."""
        self.ensure_one()
        if not self._tells_reasons(decision):
            return False
        grant = self._get_ar_approval_request()._get_grant()
        return Decimal(decision.excess) <= grant.ceiling(decision.order_amount)
