from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..core.credit_check import Control, Limit
from ..core.limit import Cover, Effect, Expiry, InForce, Temporary, Terms, Window, limit_in_force

NO_SHARED_LIMIT = Limit(Control.NONE)


@dataclass(frozen=True)
class AccountTerms:
    """The terms of one account, in company currency, and the group it belongs to (0: none); `blocked`: by hand."""

    account_id: int
    group_id: int
    terms: Terms
    blocked: bool = False


@dataclass(frozen=True)
class GroupTerms:
    """The terms of one group, in its currency. `members`: its (commercial partner id, company id) pairs."""

    currency_id: int
    terms: Terms
    members: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Loaded:
    """What `_load` found; `accounts` has the members of the groups as well."""

    accounts: dict[tuple[int, int], AccountTerms] = field(default_factory=dict)
    groups: dict[int, GroupTerms] = field(default_factory=dict)
    defaults: dict[int, Limit] = field(default_factory=dict)

    def in_force(self, pair, day) -> InForce:
        """Return the own limit in force of a (commercial partner id, company id) pair."""
        account = self.accounts.get(pair)
        return limit_in_force(account.terms if account else Terms(), self.defaults[pair[1]], day)

    def group_of(self, pair) -> int:
        """Return the id of the group of a pair, or 0."""
        account = self.accounts.get(pair)
        return account.group_id if account else 0

    def is_blocked(self, pair) -> bool:
        """Whether somebody blocked the customer, who need not have a limit for that."""
        account = self.accounts.get(pair)
        return bool(account and account.blocked)

    def is_checked(self, pair, day) -> bool:
        """Whether orders of a pair are checked at all, by its own limit or by that of its group."""
        group = self.groups.get(self.group_of(pair))
        shared = group and limit_in_force(group.terms, NO_SHARED_LIMIT, day).limit
        return self.in_force(pair, day).limit.is_checked or bool(shared and shared.is_checked)


class ArCreditTerms(models.AbstractModel):
    """Reads what was decided about limits, as terms for `core.limit`: one statement for any number of customers."""

    _name = "ar.credit.terms"
    _description = "Terms of credit limits"

    def init(self):
        """Keep the statement as a function of the database, as `ar.credit.exposure.query` does and for its reasons."""
        self.env["ar.credit.exposure"]._keep_function(
            "ar_credit_terms",
            SQL("partners int[], companies int[], groups int[], since date"),
            SQL(
                """
                id int, partner_id int, company_id int, control varchar, credit_limit numeric, valid_until date,
                expiry_rule varchar, group_id int, temporaries jsonb, covers jsonb, group_control varchar,
                group_limit numeric, group_currency_id int, group_valid_until date, group_expiry_rule varchar,
                group_temporaries jsonb, status varchar
                """
            ),
            self._get_statement(),
        )

    def _load(self, pairs=(), group_ids=(), since=None):
        """Read the terms of accounts, of their groups, and of the other members of those.

        Reads past access rights: whoever sells is bound by the limit, also without the right to see it.

        :param pairs: (commercial partner id, company id).
        :param group_ids: groups wanted, also where no pair belongs to them.
        :param date since: with temporary limits and covers that ended on this day or later (default: today).
        :rtype: Loaded
        """
        loaded = Loaded()
        if pairs or group_ids:
            self.env.flush_all()
            rows = self.env.execute_query_dict(
                SQL(
                    "SELECT * FROM ar_credit_terms(%s::int[], %s::int[], %s::int[], %s::date)",
                    [partner_id for partner_id, _company_id in pairs],
                    [company_id for _partner_id, company_id in pairs],
                    list(group_ids),
                    since or fields.Date.today(),
                )
            )
            self._add_groups(loaded, rows)
            self._add_accounts(loaded, rows)
        companies = self.env["res.company"].browse(
            {company for _partner, company in (*pairs, *loaded.accounts)}
        )
        # sudo: the policy of the company is not a secret of its settings page
        loaded.defaults.update({company.id: company._get_ar_credit_default() for company in companies.sudo()})
        return loaded

    def _get_statement(self):
        """Return the statement of `_load`: a row per account, and one per group without members."""
        return SQL(
            """
            WITH wanted (partner_id, company_id) AS (SELECT * FROM UNNEST(partners, companies)),
            asked AS (
                SELECT id, group_id FROM ar_credit_account JOIN wanted USING (partner_id, company_id)
            ),
            asked_group AS (
                SELECT group_id AS id FROM asked WHERE group_id IS NOT NULL
                 UNION
                SELECT id FROM ar_credit_group WHERE id = ANY(groups)
            ),
            found AS (
                SELECT id AS account_id, group_id FROM asked
                 UNION
                SELECT account.id, asked_group.id
                  FROM asked_group LEFT JOIN ar_credit_account account ON account.group_id = asked_group.id
            ),
            temporary AS (%(temporaries)s),
            cover AS (%(covers)s)
            SELECT account.id, account.partner_id, account.company_id, account.control, account.credit_limit,
                   account.valid_until, account.expiry_rule, found.group_id,
                   own.parts AS temporaries, cover.parts AS covers,
                   grp.control AS group_control, grp.credit_limit AS group_limit, grp.currency_id AS group_currency_id,
                   grp.valid_until AS group_valid_until, grp.expiry_rule AS group_expiry_rule,
                   shared.parts AS group_temporaries, account.status
              FROM found
              LEFT JOIN ar_credit_account account ON account.id = found.account_id
              LEFT JOIN temporary own ON own.account_id = account.id
              LEFT JOIN cover ON cover.account_id = account.id
              LEFT JOIN ar_credit_group grp ON grp.id = found.group_id
              LEFT JOIN temporary shared ON shared.group_id = grp.id
            """,
            temporaries=self._temporary_query(),
            covers=self._cover_query(),
        )

    def _temporary_query(self):
        """Return the temporary limits per account and group, in the order in which they were applied."""
        return SQL(
            """
            SELECT change.account_id, change.group_id,
                   jsonb_agg(jsonb_build_array(change.new_limit, change.date_from, change.date_to,
                             change.temporary_mode, change.id, change.is_decrease)
                             ORDER BY change.applied_on, change.id) AS parts
              FROM ar_credit_limit_change change
             WHERE change.state = 'applied' AND change.is_temporary AND change.date_to >= since
               AND (
                       change.account_id IN (SELECT account_id FROM found)
                       OR change.group_id IN (SELECT group_id FROM found)
                   )
             GROUP BY change.account_id, change.group_id
            """
        )

    def _cover_query(self):
        """Return the covers per account."""
        return SQL(
            """
            SELECT cover.account_id,
                   jsonb_agg(jsonb_build_array(cover.amount * cover.percent / 100, cover.date_from, cover.date_to,
                             cover.mode, cover.id, cover.currency_id) ORDER BY cover.id) AS parts
              FROM ar_credit_cover cover
             WHERE cover.state = 'active' AND (cover.date_to IS NULL OR cover.date_to >= since)
               AND cover.account_id IN (SELECT account_id FROM found)
             GROUP BY cover.account_id
            """
        )

    def _add_groups(self, loaded, rows):
        by_group = defaultdict(list)
        for row in rows:
            if row["group_id"]:
                by_group[row["group_id"]].append(row)
        for group_id, members in by_group.items():
            row = members[0]
            currency = self.env["res.currency"].browse(row["group_currency_id"])
            rule = row["group_expiry_rule"]
            terms = Terms(
                Control(row["group_control"]),
                self._to_decimal(currency, row["group_limit"]),
                row["group_valid_until"],
                # Its members may belong to companies of different rules, so the group says for itself or ends.
                Expiry.NO_CREDIT if rule == "company" else Expiry(rule),
                self._get_temporaries(currency, row["group_temporaries"]),
            )
            pairs = tuple((member["partner_id"], member["company_id"]) for member in members if member["id"])
            loaded.groups[group_id] = GroupTerms(currency.id, terms, pairs)

    def _add_accounts(self, loaded, rows):
        for row in rows:
            if not row["id"]:
                continue
            # sudo: as in _load
            company = self.env["res.company"].sudo().browse(row["company_id"])
            currency = company.currency_id
            rule = row["expiry_rule"]
            terms = Terms(
                None if row["control"] == "default" else Control(row["control"]),
                self._to_decimal(currency, row["credit_limit"]),
                row["valid_until"],
                Expiry(company._get_ar_credit_expiry_rule() if rule in (None, "company") else rule),
                self._get_temporaries(currency, row["temporaries"]),
                tuple(self._get_cover(company, part) for part in row["covers"] or ()),
            )
            pair = row["partner_id"], row["company_id"]
            loaded.accounts[pair] = AccountTerms(
                row["id"], row["group_id"] or 0, terms, row["status"] == "blocked"
            )

    def _get_temporaries(self, currency, parts):
        return tuple(
            Temporary(
                self._to_decimal(currency, amount),
                self._window(start, end),
                Effect(mode),
                reference,
                # What raised nothing was judged so against the limit of that day, which may be cut since.
                only_lowers=bool(is_decrease),
            )
            for amount, start, end, mode, reference, is_decrease in parts or ()
        )

    def _get_cover(self, company, part):
        amount, start, end, mode, reference, currency_id = part
        rate = self._get_rate(self.env["res.currency"].browse(currency_id), company.currency_id, company)
        value = self._to_decimal(company.currency_id, amount * float(rate))
        return Cover(value, self._window(start, end), Effect(mode), reference)

    @staticmethod
    def _window(start, end):
        return Window(fields.Date.to_date(start), fields.Date.to_date(end))

    def _get_rate(self, source, target, company):
        """Return what one unit of `source` is in `target` today by the company's rates, to 12 digits.

        :rtype: Decimal
        """
        if source == target:
            return Decimal(1)
        rate = self.env["res.currency"]._get_conversion_rate(source, target, company, fields.Date.today())
        return Decimal(f"{rate:.12g}")

    def _to_decimal(self, currency, amount):
        """Return an amount of the database as Decimal, rounded to the currency."""
        return self.env["ar.credit.exposure"]._to_decimal(currency, amount)
