from odoo import fields, models

from ..core.credit_check import Control
from ..core.limit import Terms
from ..core.limit_merge import tightest
from ..core.limit_rise import never_raises


class ArCreditAccountMerge(models.AbstractModel):
    """The part of `ar.credit.account` that makes one account of several, as their customers became one debtor.

    Their debts add up by themselves; of the limits the tightest counts from now on, on every day to come. Nobody gets
    more credit by merging, so what made them wider (temporary limits, covers that add) ends; all history goes along.
    A customer without an account has the default limit of the company.
    """

    _name = "ar.credit.account.merge"
    _description = "Merging credit accounts"

    def _merge_into(self, kept, strangers=()):
        """Merge these accounts into another one of the same company, and delete them.

        :param kept: the account that goes on.
        :param strangers: partners without an account that become the same debtor.
        """
        # sudo: the journal alone moves limits; the caller checked
        kept, others = kept.sudo(), self.sudo() - kept
        everybody = kept | others
        self.env["ar.credit.account"]._lock({(one.partner_id.id, one.company_id.id) for one in everybody})
        strictest = everybody._get_strictest()
        limits = [(one.partner_id, one._get_limit_text()) for one in everybody]
        limits += [(one, kept._get_default_text()) for one in strangers]
        told = "\n".join(f"{partner.display_name}: {text}" for partner, text in limits)
        terms = everybody._get_merged_terms(with_default=bool(strangers))
        values = everybody._get_merged_values(strictest, terms)
        everybody._end_what_widens(terms)
        journal = kept._prepare_merge_change(values, told)
        for records in (others.change_ids, others.cover_ids):
            records.account_id = kept
        others.message_ids.res_id = kept.id
        others.activity_ids.res_id = kept.id
        self.env.flush_all()
        others.unlink()
        kept.write(values)
        kept.change_ids.create(journal)
        kept._message_log(body=journal["reason"])

    def _get_strictest(self):
        """Return the account with the tightest limit in force today."""
        pairs = {account: (account.partner_id.id, account.company_id.id) for account in self}
        loaded, today = self.env["ar.credit.terms"]._load(set(pairs.values())), fields.Date.today()
        limits = {account: loaded.in_force(pair, today).limit for account, pair in pairs.items()}

        def width(account):
            ceiling = limits[account].ceiling
            return (ceiling is None, ceiling or 0, limits[account].control is Control.NONE)

        return min(self.sorted("id"), key=width)

    def _is_wider_than_default(self):
        """Whether the account allows more, today or later, than the company's default does without an account."""
        self.ensure_one()
        pair = self.partner_id.id, self.company_id.id
        loaded = self.env["ar.credit.terms"]._load({pair})
        default, today = loaded.defaults[self.company_id.id], fields.Date.today()
        return not never_raises(Terms(), loaded.accounts[pair].terms, default, today)

    def _get_merged_terms(self, with_default=False):
        """Return the core Terms that allow no more than any of these accounts, today and later.

        :param bool with_default: nor than the default of the company.
        """
        pairs = [(account.partner_id.id, account.company_id.id) for account in self]
        loaded, today = self.env["ar.credit.terms"]._load(set(pairs)), fields.Date.today()
        sources = [loaded.accounts[pair].terms for pair in pairs] + [Terms()] * with_default
        parts = {part.reference: part for terms in sources for part in terms.temporaries}
        order = self.change_ids.search([("id", "in", list(parts))], order="applied_on, id")
        temporaries = [parts[change.id] for change in order]
        return tightest(sources, temporaries, loaded.defaults[self.company_id.id], today)

    def _get_limit_text(self):
        """Return control and limit as people read them."""
        control = dict(self._fields["control"]._description_selection(self.env))[self.control]
        return (
            f"{control} {self.currency_id.format(self.credit_limit)}"
            if self.control == "limited"
            else control
        )

    def _get_default_text(self):
        """Return the default limit of the company as people read it."""
        company = self.company_id
        control = dict(company._fields["ar_credit_default_control"]._description_selection(self.env))
        text = control[company.ar_credit_default_control or "none"]
        if company.ar_credit_default_control == "limited":
            text = f"{text} {company.currency_id.format(company.ar_credit_default_limit)}"
        return text

    def _get_merged_values(self, strictest, terms):
        """Return what holds for all of them together: of each field the strictest value.

        :param strictest: the account with the tightest limit today.
        :param terms: see `_get_merged_terms`.
        """
        values = {
            "control": terms.control.value if terms.control else "default",
            "credit_limit": float(terms.amount),
            "valid_until": terms.valid_until or False,
            "expiry_rule": terms.expiry.value if terms.valid_until else "company",
        }
        days = self.env["ar.credit.facts"]._get_term_days
        agreed = self.filtered("terms_agreed").sorted(lambda one: days(one.agreed_term_id))[:1]
        if agreed:
            values |= {"terms_agreed": True, "agreed_term_id": agreed.agreed_term_id.id}
        blocked = self.filtered(lambda one: one.status == "blocked")
        reasons = [one.block_reason for one in blocked if one.block_reason]
        return values | {
            "group_id": (strictest.group_id or self.group_id[:1]).id,
            "status": "blocked" if blocked else "active",
            "block_reason": "; ".join(dict.fromkeys(reasons)) or False,
            "risk_class_id": self.risk_class_id.sorted("sequence")[-1:].id,
            "review_date": min(filter(None, self.mapped("review_date")), default=False),
            "note": "\n\n".join(one.note for one in self if one.note) or False,
        }

    def _end_what_widens(self, terms):
        """End temporary limits and covers that add, and cancel changes that were judged by other numbers.

        :param terms: see `_get_merged_terms`; what is part of them goes on.
        """
        kept = {part.reference for part in terms.temporaries}
        self.change_ids.filtered(lambda change: change.can_end and change.id not in kept)._end_each()
        kept = {part.reference for part in terms.covers}
        self.cover_ids.filtered(
            lambda cover: cover.state == "active" and cover.mode == "adds" and cover.id not in kept
        ).state = "ended"
        open_changes = self.change_ids.filtered(lambda one: one.state in ("draft", "pending", "scheduled"))
        for change in open_changes:
            change._close("cancelled")
            change._supersede_ar_approval()

    def _prepare_merge_change(self, values, told):
        """Return the values of the journal's entry about a merge, for the account that goes on.

        :param str told: the limits of all of them, as text.
        """
        return {
            "account_id": self.id,
            "change_type": "control",
            "state": "applied",
            "new_control": values["control"],
            "new_limit": values["credit_limit"],
            "new_valid_until": values["valid_until"],
            "new_expiry_rule": values["expiry_rule"],
            "old_control": self.control,
            "old_limit": self.credit_limit,
            "old_valid_until": self.valid_until,
            "old_expiry_rule": self.expiry_rule,
            "old_group_id": self.group_id.id,
            "is_decrease": True,
            "reason": self.env._(
                "These customers became one; the tightest limit counts:\n%(limits)s", limits=told
            ),
            "requested_by": self.env.uid,
            "requested_on": fields.Datetime.now(),
            "applied_on": fields.Datetime.now(),
        }
