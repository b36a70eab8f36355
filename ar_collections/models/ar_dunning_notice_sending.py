from odoo import fields, models

from ..core import dunning


class ArDunningNoticeSending(models.AbstractModel):
    """Sending of notices: lock, read again, shrink or drop, mark sent, queue the e-mail, in one
    transaction.
    """

    _name = "ar.dunning.notice.sending"
    _description = "Sending of Dunning Notices"

    def _send(self):
        """Send the notices of one run that are still due, within the caller's transaction.

        The rows are locked, everything is read again, the notices are marked sent and their e-mails put into
        the outgoing queue in one transaction: either all of it happens or nothing. Notices whose items are
        just being changed by somebody else stay "To Send".
        """
        notices = self.try_lock_for_update().filtered(lambda notice: notice.state == "draft")
        notices = notices._lock_items()
        if not notices:
            return
        notices.run_id.ensure_one()
        notices._refresh()
        for notice in notices.filtered(lambda notice: notice.state == "draft"):
            notice._set_addressee()
        notices = notices.filtered(lambda notice: notice.state == "draft")
        notices._prepare_links()
        notices.write({"state": "sent", "contact_date": fields.Date.context_today(self)})
        notices._queue_mails()
        notices._log_on_customers()

    def _lock_items(self):
        """Lock the journal items of the notices; return the notices whose items could all be locked."""
        items = self.line_ids.move_line_id
        locked = items.try_lock_for_update(allow_referencing=True)
        busy = items - locked
        return self.filtered(lambda notice: not notice.line_ids.move_line_id & busy)

    def _refresh(self):
        """Read the open items again and shrink or drop the notices accordingly; nothing is added to a
        preview.
        """
        run = self.run_id
        previewed = set(self.line_ids.move_line_id.ids)
        gather = self.env["ar.dunning.gather"]
        today = fields.Date.context_today(self)
        partners = run._policy_partners(self.partner_id.ids)
        rows = [
            row
            for row in gather._open_rows(run.company_id, today, partners.ids)
            if row["move_line_id"] in previewed or row["amount_residual_currency"] < 0
        ]
        decisions = gather._decide(rows, run.policy_id, run.company_id, run.as_of)
        nothing = dunning.Decision(dunning.Outcome.NOTHING_OVERDUE), {}
        ladder = run.policy_id.level_ids.sorted()
        for notice in self:
            decision, items = decisions.get((notice.partner_id.id, notice.currency_id.id), nothing)
            if decision.outcome is dunning.Outcome.SEND:
                notice._apply(decision, items, ladder)
            else:
                notice.write({"state": "dropped", "drop_reason": decision.outcome.value})

    def _apply(self, decision, items, ladder):
        """Write what is still due onto a notice and its lines."""
        self.ensure_one()
        steps = {step.item.key: step for step in decision.steps}
        for line in self.line_ids:
            step = steps.get(line.move_line_id.id)
            if step is None:
                line.unlink()
            else:
                line.write(self._line_vals(step, items[step.item.key], ladder, self.as_of))
        self.write(self._decision_vals(decision, ladder, self.as_of))

    def _prepare_links(self):
        """Give each notice the link that pays exactly its invoices."""
        for notice in self:
            moves = notice.line_ids.move_id.filtered(lambda move: move.move_type == "out_invoice")
            if moves:
                notice.payment_link_id = self.env["ar.payment.link"]._for_moves(moves)

    def _queue_mails(self):
        """Render the e-mails in the customers' languages and put them into Odoo's outgoing queue."""
        for level, notices in self.grouped("level_id").items():
            notices._attach_codes()
            mails = level.mail_template_id.with_company(notices.company_id).send_mail_batch(
                notices.ids,
                email_values={"auto_delete": False},
                email_layout_xmlid="mail.mail_notification_light",
            )
            for mail in mails:
                self.browse(mail.res_id).mail_mail_id = mail
        # At once after the commit, not with the queue's next hourly run.
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _attach_codes(self):
        """Store each notice's QR code where the e-mail shows it from (mail programs show no inline SVG or
        data).
        """
        coded = self.filtered("payment_link_id")
        attachments = self.env["ir.attachment"].create(
            [
                {
                    "name": "payment-qr.png",
                    "raw": notice.payment_link_id._qr_png(),
                    "mimetype": "image/png",
                    "res_model": self._name,
                    "res_id": notice.id,
                }
                for notice in coded
            ]
        )
        attachments.generate_access_token()

    def _qr_url(self):
        """Return the absolute address of the QR image of this notice, or False."""
        self.ensure_one()
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("name", "=", "payment-qr.png")],
            limit=1,
        )
        if not attachment:
            return False
        return f"{self.get_base_url()}/web/image/{attachment.id}?access_token={attachment.access_token}"

    def _render_items(self):
        """Return the table of items, the amounts and the payment button as HTML, in the notice's language.

        Called by the e-mail templates: `<t t-out="object._render_items()"/>`.
        """
        self.ensure_one()
        notice = self.with_context(lang=self.lang)
        return (
            self.env["ir.qweb"]
            .with_context(lang=self.lang)
            ._render(
                "ar_collections.dunning_items",
                {"notice": notice, "link": notice.payment_link_id, "qr_url": notice._qr_url()},
            )
        )

    def _log_on_customers(self):
        """Leave a line in the chatter of each customer."""
        bodies = {}
        for notice in self:
            bodies[notice.partner_id.id] = self.env._(
                "%(level)s sent to %(email)s: %(link)s",
                level=notice.level_id.name,
                email=notice.email,
                link=notice._get_html_link(),
            )
        self.partner_id._message_log_batch(bodies=bodies)
