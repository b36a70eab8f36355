from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core.limit_rise import never_raises


class ArCreditLimitChangeEnd(models.AbstractModel):
    """The part of `ar.credit.limit.change` that ends a temporary limit before its last day: by hand, or by a cut."""

    _name = "ar.credit.limit.change.end"
    _description = "Early end of a temporary limit"

    end_temporaries = fields.Boolean(
        string="End Temporary Raises Too",
        default=True,
        help="Where the limit is lowered, temporary limits that allow more end with it, those to come included. Without"
        " it they go on above the new limit.",
    )
    can_end = fields.Boolean(compute="_compute_can_end")
    ended_by = fields.Many2one("res.users", readonly=True, copy=False)
    ended_on = fields.Datetime(readonly=True, copy=False)
    planned_date_to = fields.Date(
        string="Was to End on", readonly=True, copy=False, help="The last day, had it not been ended early."
    )

    @api.depends("state", "is_temporary", "date_to")
    def _compute_can_end(self):
        today = fields.Date.today()
        for change in self:
            change.can_end = bool(
                change.state == "applied"
                and change.is_temporary
                and change.date_to
                and change.date_to >= today
            )

    def action_end(self):
        """End temporary limits now: yesterday becomes their last day. Other changes stay as they are.

        Nobody approves it, as a decrease; so a temporary limit below the one behind it can't be ended this way.

        :raise AccessError: the user may not write changes; a decrease needs approval, and he is no manager.
        :raise UserError: not a temporary limit in force or to come; without it more would be allowed.
        """
        for change in self:
            change.check_access("write")
            change._check_end()
            change._end()
        return True

    def _check_end(self):
        """Refuse what `action_end` refuses."""
        self.ensure_one()
        free = all(self._get_companies().mapped("ar_credit_decrease_free"))
        if not free and not self.env.user.has_group("ar_credit_control.group_manager"):
            raise AccessError(self.env._("Only a credit manager ends a temporary limit early."))
        if not self.can_end:
            raise UserError(self.env._("%(change)s is no temporary limit in force.", change=self.name))
        change = self.sudo()  # sudo: compares the terms, shows nothing
        change._lock_target()
        if not change._is_end_lowering():
            raise UserError(
                self.env._(
                    "Without %(change)s the customer could owe more. Ask for a new limit change instead.",
                    change=self.name,
                )
            )

    def _is_end_lowering(self):
        """Whether the customer could owe no more on any day without this temporary limit."""
        terms, default = self._get_terms()
        others = tuple(known for known in terms.temporaries if known.reference != self.id)
        after = replace(terms, temporaries=others)
        return never_raises(terms, after, default, fields.Date.today())

    def _end_what_was_raised(self):
        """End the temporary limits that allow more than what this change, just applied, decided: it lowers the limit.

        One that holds the customer lower for a while goes on.
        """
        self.ensure_one()
        lowers = self.new_limit < self.old_limit or self.old_control != "limited"
        cuts = self.change_type in ("permanent", "mass") and not self.is_temporary and lowers
        if not (cuts and self.is_decrease and self.end_temporaries):
            return
        self.env.flush_all()
        target = "account_id" if self.account_id else "group_id"
        others = self.search(
            [(target, "=", self[target].id), ("is_temporary", "=", True), ("state", "=", "applied")]
        )
        for other in others.filtered("can_end"):
            if other._is_end_lowering():
                other._end_each()

    def _end_each(self):
        """End each of these at once; the caller has checked that."""
        for change in self:
            change._end()

    def _end(self):
        """Write the new last day, and what was before it."""
        change = self.sudo()  # sudo: the journal is nobody's to write; the user was checked
        planned = change.date_to
        change.write(
            {
                "date_to": fields.Date.today() - timedelta(days=1),
                "planned_date_to": planned,
                "ended_by": self.env.uid,
                "ended_on": fields.Datetime.now(),
            }
        )
        change._message_log(
            body=self.env._(
                "Ended early by %(user)s; it was to last until %(date)s.",
                user=self.env.user.name,
                date=fields.Date.to_string(planned),
            )
        )
        (change.account_id | change.group_id.account_ids)._sync_odoo_limits()
