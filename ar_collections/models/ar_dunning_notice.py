from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize

from ..core import aging, dunning

#: What may still change on a notice that went out: its cancellation and what the mail system reports.
_OPEN_AFTER_SENDING = {"state", "cancelled_by_id", "cancelled_on", "mail_mail_id", "payment_link_id"}


class ArDunningNotice(models.Model):
    """One message to one customer about one currency: computed, sent, then immutable; cancelling is
    recorded.
    """

    _name = "ar.dunning.notice"
    _description = "Dunning Notice"
    _inherit = ["mail.thread", "ar.dunning.notice.sending"]
    _order = "run_id desc, partner_id, currency_id, id"
    _check_company_auto = True
    _mail_post_access = "read"

    run_id = fields.Many2one("ar.dunning.run", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    policy_id = fields.Many2one(related="run_id.policy_id", store=True)
    user_id = fields.Many2one(related="run_id.user_id", string="Sender")
    as_of = fields.Date(related="run_id.as_of", store=True)
    partner_id = fields.Many2one("res.partner", "Customer", required=True, readonly=True, index=True)
    contact_id = fields.Many2one("res.partner", "Addressee", readonly=True)
    email = fields.Char("Sent to", readonly=True)
    lang = fields.Char("Language", readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    level_id = fields.Many2one("ar.dunning.level", readonly=True, ondelete="restrict", index=True)
    state = fields.Selection(
        [
            ("draft", "To Send"),
            ("excluded", "Left Out"),
            ("no_email", "No E-mail Address"),
            ("sent", "Sent"),
            ("dropped", "No Longer Due"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
    )
    drop_reason = fields.Selection(
        [
            ("nothing_overdue", "Paid or no longer overdue"),
            ("covered_by_credits", "Covered by credits"),
            ("no_new_level", "Already reminded at this level"),
            ("too_soon", "Reminded recently"),
        ],
        "Why Not",
        readonly=True,
    )
    line_ids = fields.One2many("ar.dunning.notice.line", "notice_id", "Items", readonly=True)
    overdue = fields.Monetary(readonly=True)
    credits = fields.Monetary(readonly=True, help="What is in the customer's favour and not matched yet.")
    amount_due = fields.Monetary(readonly=True, help="Overdue less credits.")
    days_overdue = fields.Integer("Oldest, Days", readonly=True, aggregator="max")
    contact_date = fields.Date("Sent On", readonly=True)
    payment_link_id = fields.Many2one("ar.payment.link", readonly=True)
    mail_mail_id = fields.Many2one(
        "mail.mail", "Outgoing E-mail", readonly=True, ondelete="set null", groups="base.group_system"
    )
    delivery_state = fields.Selection(related="mail_mail_id.state", string="E-mail Delivery")
    delivery_failure = fields.Text(related="mail_mail_id.failure_reason")
    cancelled_by_id = fields.Many2one("res.users", readonly=True)
    cancelled_on = fields.Datetime(readonly=True)

    _one_per_customer = models.UniqueIndex("(run_id, partner_id, currency_id)")

    # === COMPUTE === #

    @api.depends("partner_id", "level_id", "currency_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for notice in self:
            notice.display_name = self.env._(
                "%(level)s: %(customer)s (%(currency)s)",
                level=notice.level_id.name or "",
                customer=notice.partner_id.name or "",
                currency=notice.currency_id.name or "",
            )

    # === CRUD === #

    def write(self, vals):
        """Notices are written by their run only; once issued, only their cancellation and delivery are
        recorded.
        """
        if not self.env.su:
            raise AccessError(self.env._("Dunning notices are made by their run and can't be edited."))
        own = {name for name in vals if name in self._fields and not self._is_accessory(name)}
        if own - _OPEN_AFTER_SENDING or vals.get("state") not in (None, False, "cancelled"):
            self._check_not_issued()
        return super().write(vals)

    def _is_accessory(self, name):
        """Chatter and activities go on after sending; fields that follow the run are not the notice's own."""
        return name.startswith(("message_", "activity_")) or self._fields[name].related

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        self._check_not_issued()

    def _check_not_issued(self):
        if any(notice.contact_date for notice in self):
            raise UserError(self.env._("A notice that went out can't be changed any more, only cancelled."))

    # === ACTIONS === #

    def action_exclude(self):
        """Leave customers out of this run."""
        self._set_preview_state("draft", "excluded", also=("no_email",))
        return True

    def action_include(self):
        """Take customers back in that were left out by hand."""
        self._set_preview_state("excluded", "draft")
        return True

    def _set_preview_state(self, old, new, also=()):
        self.run_id._check_user()
        if any(notice.state not in (old, *also) or notice.run_id.state != "preview" for notice in self):
            raise UserError(
                self.env._("Customers can be left out or taken in only while the run is in preview.")
            )
        self.run_id._lock()
        # sudo: users have no write access to notices; the check above is the guard
        self.sudo().write({"state": new})

    def action_view_payment_link(self):
        """Open the payment link of the notice."""
        self.ensure_one()
        return self.payment_link_id._get_records_action()

    # === BUSINESS: MAKING === #

    @api.model
    def _create_from(self, run, decisions):
        """Create the notices of a run.

        :param decisions: {(partner id, currency id): (dunning.Decision, {move line id: row})}
        """
        send = {key: value for key, value in decisions.items() if value[0].outcome is dunning.Outcome.SEND}
        rows = [row for _decision, items in send.values() for row in items.values()]
        # one read for all the numbers
        moves = self.env["account.move"].browse({row["move_id"] for row in rows})
        moves.fetch(["name"])
        ladder = run.policy_id.level_ids.sorted()
        notices = self.create(
            [
                {
                    "run_id": run.id,
                    "partner_id": partner_id,
                    "currency_id": currency_id,
                    "line_ids": [
                        fields.Command.create(self._line_vals(step, items[step.item.key], ladder, run.as_of))
                        for step in decision.steps
                    ],
                    **self._decision_vals(decision, ladder, run.as_of),
                }
                for (partner_id, currency_id), (decision, items) in send.items()
            ]
        )
        for notice in notices:
            notice._set_addressee()
        return notices

    @api.model
    def _decision_vals(self, decision, ladder, as_of):
        """Return the amounts and the level of a decision as field values."""
        oldest = min(step.item.due for step in decision.steps)
        return {
            "level_id": ladder[decision.level - 1].id,
            "overdue": float(decision.overdue),
            "credits": float(decision.credits),
            "amount_due": float(decision.amount_due),
            "days_overdue": aging.days_overdue(as_of, oldest),
        }

    @api.model
    def _line_vals(self, step, row, ladder, as_of):
        return {
            "move_line_id": step.item.key,
            "move_id": row["move_id"],
            "name": self.env["account.move"].browse(row["move_id"]).name or "/",
            "invoice_date": row["invoice_date"],
            "date_due": step.item.due,
            "days_overdue": aging.days_overdue(as_of, step.item.due),
            "amount": float(step.item.amount),
            "level_id": ladder[step.level - 1].id,
        }

    def _set_addressee(self):
        """Find whom to write to: the invoice address if it has an e-mail, else the company itself."""
        self.ensure_one()
        partner = self.partner_id
        contact = partner.browse(partner.address_get(["invoice"])["invoice"]) or partner
        if not email_normalize(contact.email or ""):
            contact = partner
        email = email_normalize(contact.email or "")
        values = {
            "contact_id": contact.id,
            "email": email,
            "lang": contact.lang or partner.lang or self.env.lang,
        }
        if self.state == "draft" and not email:
            values["state"] = "no_email"
        self.write(values)

    # === BUSINESS: CANCELLING === #

    def _cancel(self, user):
        """Cancel the notices; what was sent no longer counts, and its e-mail is stopped if still in the
        queue.
        """
        self.mail_mail_id.filtered(lambda mail: mail.state == "outgoing").cancel()
        self.filtered(lambda notice: notice.state != "dropped").write(
            {"state": "cancelled", "cancelled_by_id": user.id, "cancelled_on": fields.Datetime.now()}
        )
