from odoo import fields, models

NEWS = "ar_credit_control.mail_activity_type_credit_news"


class ArCreditHoldTelling(models.AbstractModel):
    """The part of `ar.credit.hold` that tells the salesperson what became of his document, once."""

    _name = "ar.credit.hold.telling"
    _description = "Telling about credit holds"

    told_state = fields.Char(
        string="Told Status", readonly=True, copy=False, help="What the salesperson was told last."
    )

    def _tell_salesperson(self, again=False):
        """Tell the salesperson what became of the document, where he did not press the button himself.

        A note in its log, and something to do as long as the hold keeps it, for who may see the hold.

        :param bool again: also what he was told before, as something new happened.
        """
        for hold in self.sudo():  # sudo: the customer's signature or payment may have brought us here
            if hold.told_state == hold.state and not again:
                continue
            hold.told_state = hold.state
            document = hold._get_document()
            partners = document._get_ar_credit_salesperson().partner_id
            document.message_post(
                body=hold._get_news(),
                author_id=self.env.ref("base.partner_root").id,
                partner_ids=partners.ids,
                subtype_xmlid="mail.mt_note",
            )
            hold._schedule_news()

    def _keep_news(self):
        """Leave the salesperson something to do, and no other message, about holds that stand for those he knows of."""
        for hold in self.sudo().filtered(lambda hold: not hold.told_state):  # sudo: as in _tell_salesperson
            hold.told_state = hold.state
            hold._schedule_news()

    def _schedule_news(self):
        """Give the salesperson an activity about a hold that keeps his document, instead of the last one."""
        self._close_news()
        user = self.salesperson_id
        partial = self.state == "approved" and self.granted_amount
        if (not partial and self.state not in ("pending", "rejected", "blocked")) or not user.active:
            return
        if self.with_user(user).has_access("read"):
            # Stored as text, so in his language.
            hold = self._with_plain_context().with_context(lang=user.lang)
            summary = hold.env._("Your document is held")
            if self.state == "rejected":
                summary = hold.env._("Credit was rejected: change the document or ask again")
            if partial:
                summary = hold.env._("Credit was released in part: lower the quantities")
            hold.activity_schedule(NEWS, user_id=user.id, summary=summary, note=hold._get_news())

    def _close_news(self):
        """Take away what told the salesperson about holds that keep nothing any more."""
        told = self.filtered("told_state")
        if told and self.env.ref(NEWS, raise_if_not_found=False):
            told._with_plain_context().activity_unlink([NEWS])

    def _get_news(self):
        """Return what the salesperson is told of the hold as it stands."""
        if self.state == "rejected":
            return self._get_rejection()
        if self.state == "approved" and self.granted_amount:
            return self._get_grant_text()
        if self.state in ("approved", "released"):
            return self.env._("%(hold)s: released, the document can go on.", hold=self.name)
        return self._get_banner()

    def _get_rejection(self):
        """Return the sentence that tells of a rejection, or of a release of less than was asked for."""
        self.ensure_one()
        if self.granted_amount:
            return self._get_grant_text()
        return self.env._(
            "%(hold)s was rejected by %(user)s: %(comment)s",
            hold=self.name,
            user=self.decided_by.name,
            comment=self.decision_comment or "-",
        )
