from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models

from ..core.credit_check import Control
from ..core.limit import Effect, Expiry, Temporary, Terms, Window, limit_in_force
from ..core.limit_rise import added_room, never_raises
from .ar_credit_terms import NO_SHARED_LIMIT

SNAPSHOT = {
    "old_limit": "credit_limit",
    "old_control": "control",
    "old_valid_until": "valid_until",
    "old_expiry_rule": "expiry_rule",
}


class ArCreditLimitChangeApply(models.Model):
    """What a limit change means for its target, and what it does to it."""

    _inherit = "ar.credit.limit.change"

    # === MEANING === #

    def _get_snapshot(self):
        """Return the values of the target as they are, for the fields `old_*`."""
        holder = self.account_id or self.group_id
        old = {old: holder[name] for old, name in SNAPSHOT.items()}
        old["old_group_id"] = self.account_id.group_id.id
        if self.change_type == "terms":
            old["old_term_id"] = self.account_id._get_agreed_term().id
        return old

    def _is_stale(self):
        """Whether the target is not what the change was judged against. Temporary limits stand beside it."""
        change = self.sudo()  # sudo: compares the journal with its target, shows nothing
        if change.is_temporary:
            return False
        return any(
            change[name].id != value if name in ("old_group_id", "old_term_id") else change[name] != value
            for name, value in change._get_snapshot().items()
        )

    def _get_terms(self):
        """Return (core Terms of the target, the default that stands behind them)."""
        terms_model = self.env["ar.credit.terms"]
        if self.group_id:
            return terms_model._load(group_ids=self.group_id.ids).groups[
                self.group_id.id
            ].terms, NO_SHARED_LIMIT
        pair = self.account_id._get_pair()
        loaded = terms_model._load({pair})
        account = loaded.accounts.get(pair)
        return (account.terms if account else Terms()), loaded.defaults[pair[1]]

    def _get_terms_after(self, terms):
        """Return the terms that the change would make of `terms`, as if it applied today."""
        currency, kind = self.currency_id, self.change_type
        amount = self.env["ar.credit.exposure"]._to_decimal(currency, self.new_limit)
        if self.is_temporary:
            window = Window(self.date_from, self.date_to)
            added = Temporary(amount, window, Effect(self.temporary_mode), self._origin.id)
            return replace(terms, temporaries=(*terms.temporaries, added))
        if kind == "cover":
            cover = self.cover_id._get_core_cover()
            others = tuple(known for known in terms.covers if known.reference != cover.reference)
            return replace(terms, covers=(*others, cover) if self.cover_action == "start" else others)
        if kind in ("permanent", "mass"):
            terms = replace(terms, control=Control.LIMITED, amount=amount)
        elif kind == "control":
            new = self.new_control
            terms = replace(terms, control=None if new == "default" else Control(new))
        if self.set_validity and kind in ("permanent", "control"):
            rule = self.new_expiry_rule or "company"
            if rule == "company":
                rule = "zero" if self.group_id else self.company_id._get_ar_credit_expiry_rule()
            terms = replace(terms, valid_until=self.new_valid_until or None, expiry=Expiry(rule))
        return terms

    def _raises_nothing(self):
        """Whether the change allows on no day more than what holds now. To leave a group is a raise."""
        if self.change_type == "group":
            return not self.account_id.group_id or self.account_id.group_id == self.new_group_id
        if self.change_type == "terms":
            days = self.env["ar.credit.facts"]._get_term_days
            return days(self.new_term_id) <= days(self.account_id._get_agreed_term())
        terms, default = self._get_terms()
        after, today = self._get_terms_after(terms), fields.Date.today()
        return never_raises(terms, after, default, today) and not added_room(terms, after, today)

    # === APPLY === #

    def _apply_or_schedule(self):
        """Apply, or wait for the first day. A temporary limit waits by its own window."""
        self.ensure_one()
        if self.date_from > fields.Date.today() and not self.is_temporary:
            self._close("scheduled")
        else:
            self._apply()

    def _apply(self):
        """Make the change effective and write down what was before. Serialises with every check of the customer."""
        for change in self.sudo():  # sudo: the journal alone moves limits; who may decide was checked
            change._lock_target()
            holder = change.account_id or change.group_id
            change.write(change._get_snapshot())
            vals = change._get_effect()
            if vals:
                holder.write(vals)
            if change.change_type == "cover":
                change.cover_id._set_state("active" if change.cover_action == "start" else "ended")
            change.write({"state": "applied", "applied_on": fields.Datetime.now()})
            change._end_what_was_raised()
            change._close_ar_approval_activities()
            change.limit_after = change._measure_limit_after()
            accounts = change.account_id | change.group_id.account_ids
            accounts._sync_odoo_limits()
            change.env["ar.credit.hold"]._trigger_recheck(accounts.partner_id)

    def _lock_target(self):
        """Take the lock that checks take: of the account and its group, or of the group."""
        if self.account_id:
            self.env["ar.credit.account"]._lock({self.account_id._get_pair()})
        (self.group_id | self.new_group_id)._lock()

    def _get_effect(self):
        """Return what the change writes to its target."""
        kind = self.change_type
        if kind == "group":
            return {"group_id": self.new_group_id.id}
        if kind == "terms":
            return {"terms_agreed": True, "agreed_term_id": self.new_term_id.id}
        if self.is_temporary or kind == "cover":
            return {}
        vals = {"control": "limited", "credit_limit": self.new_limit}
        if kind == "control":
            vals = {"control": self.new_control}
        if self.set_validity and kind != "mass":
            rule = self.new_expiry_rule or "company"
            # Members of a group may have companies of different rules, so a group has its own.
            rule = "zero" if self.group_id and rule == "company" else rule
            vals |= {"valid_until": self.new_valid_until, "expiry_rule": rule}
        return vals

    def _measure_limit_after(self):
        """Return the limit in force now, of the target alone; zero where there is no amount."""
        self.env.flush_all()
        terms, default = self._get_terms()
        return float(limit_in_force(terms, default, fields.Date.today()).limit.ceiling or 0)

    # === CRON === #

    @api.model
    def _cron_apply_scheduled(self, limit=500):
        """Apply the changes whose day has come, a transaction each; and let Odoo's own field follow the date.

        A change whose target has moved since it was submitted goes back to its approvers: it was not judged so.
        """
        today = fields.Date.today()
        due = self.search(
            [("state", "=", "scheduled"), ("date_from", "<=", today)], order="date_from, id", limit=limit
        )
        if self.env["ar.cron.batch"]._each(due, lambda change: change._apply_scheduled()):
            self._sync_turning_accounts(today)

    def _apply_scheduled(self):
        self.ensure_one()
        if self.state != "scheduled":
            return
        if self._is_stale():
            change = self.sudo()  # sudo: the journal writes itself
            change.write(
                {**change._get_snapshot(), "is_decrease": change._raises_nothing(), "state": "pending"}
            )
            change._supersede_ar_approval()
            change._request_ar_approval()
        else:
            self._apply()

    @api.model
    def _sync_turning_accounts(self, today):
        """Bring Odoo's field in step where a window or validity began or ended in the last days."""
        lately = [today - timedelta(days=days) for days in range(8)]
        temporaries = self.search(
            [
                ("is_temporary", "=", True),
                ("state", "=", "applied"),
                "|",
                ("date_from", "in", lately),
                ("date_to", "in", lately),
            ]
        )
        covers = self.env["ar.credit.cover"].search(
            [("state", "=", "active"), "|", ("date_from", "in", lately), ("date_to", "in", lately)]
        )
        expired = self.env["ar.credit.account"].search([("valid_until", "in", lately)])
        groups = self.env["ar.credit.group"].search([("valid_until", "in", lately)]) | temporaries.group_id
        accounts = temporaries.account_id | covers.account_id | expired | groups.account_ids
        accounts._sync_odoo_limits()

    # === READ === #

    @api.model
    def _get_recent_raisers(self, partner_id, company_id):
        """Return who had a part in raising a customer's limit, or that of its group, in the last days.

        The number of days is the company's (`ar_credit_raiser_days`).

        :param int partner_id: commercial partner.
        :rtype: res.users
        """
        # sudo: whoever asks has to hear of all of them
        journal = self.sudo()
        days = journal.env["res.company"].browse(company_id).ar_credit_raiser_days
        since = fields.Datetime.now() - timedelta(days=days)
        account = journal.env["ar.credit.account"]._search_pairs({(partner_id, company_id)})
        raised = journal.search(
            [
                "|",
                ("account_id", "in", account.ids),
                ("group_id", "in", account.group_id.ids),
                ("state", "in", ("scheduled", "applied")),
                ("is_decrease", "=", False),
                "|",
                ("applied_on", ">=", since),
                ("decided_on", ">=", since),
            ]
        )
        users = raised.requested_by | raised.decided_by | raised.editor_ids
        return users.sudo(self.env.su)  # sudo: back to the caller's rights
