from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..core.binding import may_decide

ACTIVITY = "ar_credit_control.mail_activity_type_credit_hold"


class ArCreditHoldDecision(models.AbstractModel):
    """The part of `ar.credit.hold` that decides: who may, and what follows."""

    _name = "ar.credit.hold.decision"
    _description = "Decision on a credit hold"

    # === ACTIONS === #

    def action_approve(self, comment=None):
        """Approve the holds and confirm their orders.

        :raise AccessError: the user is no credit manager, or not independent of the order.
        :raise UserError: decided already, or the order has changed since.
        """
        for hold in self:
            hold._check_can_decide()
            hold._decide("approved", comment)
            hold._confirm_order()
        return True

    def action_reject(self, comment=None):
        """Reject the holds; their orders stay quotations.

        :raise AccessError, UserError: as `action_approve`.
        """
        for hold in self:
            hold._check_can_decide()
            hold._decide("rejected", comment)
            hold._tell_salesperson()
        return True

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

    # === BUSINESS === #

    def _get_deciders(self):
        """Return the users who may decide: credit managers of the company, independent of the order."""
        self.ensure_one()
        users = self.env["res.users"].sudo()  # sudo: the seller may know who can help
        managers = users.search(
            [
                ("all_group_ids", "in", self.env.ref("ar_credit_control.group_manager").ids),
                ("company_ids", "in", self.company_id.ids),
                ("share", "=", False),
            ]
        )
        return managers.filtered(self._is_independent).sudo(self.env.su)  # sudo: back to the caller's rights

    def _is_independent(self, user):
        """Whether a user had no part in the order: author, salesperson (then and now), last editor of its lines."""
        hold = self.sudo()  # sudo: independence is judged on the whole order
        order = hold.order_id
        return may_decide(
            user.id,
            authors=(order.create_uid | order.order_line.create_uid | order.order_line.write_uid).ids,
            salespeople=(order.user_id | hold.salesperson_id).ids,
            requester=hold.requested_by.id,
        )

    def _check_can_decide(self):
        """Refuse a decision that the user may not take.

        :raise AccessError, UserError: see `action_approve`.
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_manager"):
            raise AccessError(self.env._("Only credit managers decide on credit holds."))
        if not self._is_independent(self.env.user):
            raise AccessError(
                self.env._("Whoever wrote, sells or asked for an order can't decide on its credit hold.")
            )
        if self.state != "pending":
            raise UserError(self.env._("%(hold)s has been decided already.", hold=self.name))
        if self.sudo()._get_lapses():  # sudo: a credit manager need not see sales orders
            raise UserError(
                self.env._(
                    "%(order)s has changed since it was held. It has to be confirmed again, which files a new hold.",
                    order=self.sudo()._get_document().display_name,  # sudo: as above
                )
            )

    def _decide(self, state, comment):
        """Record the decision; a second manager at the same moment conflicts on this row and starts again."""
        # sudo: nobody may write holds; the decider was checked
        self.sudo().write(
            {
                "state": state,
                "decided_by": self.env.uid,
                "decided_on": fields.Datetime.now(),
                "decision_comment": comment or False,
            }
        )
        body = {
            "approved": self.env._("Approved: %(comment)s", comment=comment or "-"),
            "rejected": self.env._("Rejected: %(comment)s", comment=comment or "-"),
        }[state]
        self.sudo()._message_log(body=body)  # sudo: as above
        self._close_activities()

    def _confirm_order(self):
        """Confirm the order of an approved hold."""
        self.ensure_one()
        context = {"lang": self.env.lang, "tz": self.env.user.tz, "send_email": self.notify_customer}
        # Superuser, as deciding on credit needs no sales rights; and nothing of the caller's context gets through.
        order = self.order_id.with_env(self.env(context=context, su=True))
        order.with_company(order.company_id).action_confirm()

    def _release(self):
        """Mark approvals as used up: their orders went through."""
        self.sudo().write({"state": "released"})  # sudo: nobody may write holds

    def _supersede(self):
        """Close holds that are of no more use: the order changed or was cancelled."""
        stale = self.filtered(lambda hold: hold.state in ("pending", "approved"))
        if stale:
            stale.sudo().write({"state": "superseded"})  # sudo: nobody may write holds
            stale._close_activities()

    def _notify_deciders(self):
        """Give each possible decider an activity; say so in the log if there is nobody."""
        for hold in self.sudo():  # sudo: sellers can't plan for managers
            deciders = hold._get_deciders()
            for user in deciders:
                hold.activity_schedule(ACTIVITY, user_id=user.id)
            if not deciders:
                hold._message_log(body=hold._get_banner())

    def _close_activities(self):
        """Remove the requests for a decision."""
        self.sudo().activity_unlink([ACTIVITY])  # sudo: those of other managers too

    def _tell_salesperson(self):
        """Tell the salesperson what became of the order, where he did not press the button himself."""
        for hold in self.sudo():  # sudo: the customer's signature or payment may have brought us here
            document = hold._get_document()
            partners = document._get_ar_credit_salesperson().partner_id
            document.message_post(
                body=hold._get_news(),
                author_id=self.env.ref("base.partner_root").id,
                partner_ids=partners.ids,
                subtype_xmlid="mail.mt_note",
            )

    def _get_news(self):
        """Return what the salesperson is told of the hold as it stands."""
        if self.state == "rejected":
            return self._get_rejection()
        if self.state in ("approved", "released"):
            return self.env._("%(hold)s: released, the document can go on.", hold=self.name)
        return self._get_banner()

    def _get_rejection(self):
        """Return the sentence that tells of a rejection."""
        self.ensure_one()
        return self.env._(
            "%(hold)s was rejected by %(user)s: %(comment)s",
            hold=self.name,
            user=self.decided_by.name,
            comment=self.decision_comment or "-",
        )
