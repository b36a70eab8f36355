from odoo import api, fields, models
from odoo.tools import SQL

from ..core.credit_check import Bound, Control, Limit, Position
from ..core.exposure import ZERO, Exposure
from ..core.limit import limit_in_force, pooled
from .ar_credit_terms import NO_SHARED_LIMIT


class ArCreditAccountPosition(models.AbstractModel):
    """The part of `ar.credit.account` that the check uses: limits in force, positions, the lock.

    A pair is (id of a commercial partner, company id). The number of SQL statements does not depend on how many
    pairs are asked for.
    """

    _name = "ar.credit.account.position"
    _description = "Position of a credit account"

    def init(self):
        """Keep the lock as a function of the database, as `ar.credit.exposure.query` does and for its reasons."""
        self.env["ar.credit.exposure"]._keep_function(
            "ar_credit_lock",
            SQL("partners int[], companies int[]"),
            SQL("partner_id int, company_id int"),
            self._get_lock_statement(),
            writes=True,
        )

    @api.model
    def _get_checked_pairs(self, pairs):
        """Return those of the pairs whose orders are checked at all, by their own limit or by that of their group.

        :rtype: set
        """
        loaded, today = self.env["ar.credit.terms"]._load(pairs), fields.Date.today()
        return {pair for pair in pairs if loaded.is_checked(pair, today)}

    @api.model
    def _get_positions(self, pairs, order_ids=(), loaded=None, locked=None):
        """Measure what bounds customers and what counts against it, leaving out some of their orders.

        :param pairs: (commercial partner id, company id).
        :param order_ids: sale.order ids whose amounts are wanted apart.
        :param loaded: the terms of the pairs (`ar.credit.terms`), where they were read in this transaction already.
        :param locked: those of the pairs to lock before, as `_lock` does, without a statement more. None: only look.
        :return: (dict of pair -> core Position without those orders, dict of order id -> Decimal amount in company
            currency, zero where nothing of it is open)
        """
        if loaded is None:
            loaded = self.env["ar.credit.terms"]._load(pairs)
        if locked and (missing := set(locked) - loaded.accounts.keys()):
            self._create_missing(missing)
        exposures, amounts = self._measure_pairs({*pairs, *loaded.accounts}, order_ids, locked)
        positions = {}
        for pair in pairs:
            own = loaded.in_force(pair, fields.Date.today())
            bounds = (Bound(f"own {pair}", own.widened(), exposures[pair]),)
            group = loaded.groups.get(loaded.group_of(pair))
            if group:
                bounds += (self._get_group_bound(loaded, group, pair, exposures),)
            positions[pair] = Position(bounds)
        return positions, amounts

    @api.model
    def _get_empty_position(self, company):
        """Return the position of a customer that is not saved yet."""
        # sudo: the policy of the company is not a secret of its settings page
        default = company.sudo()._get_ar_credit_default()
        return Position((Bound("own", default, Exposure()),))

    @api.model
    def _measure_pairs(self, pairs, order_ids=(), locked=None):
        """Return (dict of pair -> core Exposure without the orders, dict of order id -> amount), company currency.

        :param locked: see `_get_positions`.
        """
        companies = self.env["res.company"].browse(sorted({company_id for _partner_id, company_id in pairs}))
        partner_ids = sorted({partner_id for partner_id, _company_id in pairs})
        # sudo: exposure is about all documents of the customer, whoever asks
        gauge, companies = self.env["ar.credit.exposure"].sudo(), companies.sudo()
        measured = gauge._measure(companies, partner_ids, order_ids, locked)
        if locked:
            self.env["ar.credit.account"].invalidate_model(["lock_version"], flush=False)
        return {pair: measured.exposures[pair] for pair in pairs}, measured.orders

    @api.model
    def _get_group_bound(self, loaded, group, pair, exposures):
        """Return the bound that the group sets to one member, in the currency of that member's company.

        What covers secure of the other members' debts does not count; the member's own covers make room for him.
        """
        today = fields.Date.today()
        company = self.env["res.company"].sudo().browse(pair[1])  # sudo: its currency only
        rates = self._get_group_rates(group)

        def rounded(amount):
            return self.env["ar.credit.exposure"]._to_decimal(company.currency_id, float(amount))

        in_force = limit_in_force(group.terms, NO_SHARED_LIMIT, today)
        others = [(member, rates[member[1]] / rates[pair[1]]) for member in group.members if member != pair]
        secured = loaded.in_force(pair, today).deduction + sum(
            rounded(loaded.in_force(member, today).secured(exposures[member]) * rate)
            for member, rate in others
        )
        shared = in_force.limit
        if shared.control is Control.LIMITED:
            shared = Limit(Control.LIMITED, rounded(shared.amount / rates[pair[1]]))
        if shared.is_checked and secured > 0:
            shared = Limit(Control.LIMITED, (shared.ceiling or ZERO) + secured)
        exposure = pooled(exposures[pair], [(exposures[member], rate) for member, rate in others], rounded)
        return Bound(f"group {loaded.group_of(pair)}", shared, exposure, rates[pair[1]])

    @api.model
    def _get_group_rates(self, group):
        """Return what one unit of each member company's currency is in the currency of the group.

        :rtype: dict
        """
        currency = self.env["res.currency"].browse(group.currency_id)
        company_ids = {company_id for _partner, company_id in group.members}
        # sudo: the currencies of companies that the user does not work in
        companies = self.env["res.company"].sudo().browse(company_ids)
        terms = self.env["ar.credit.terms"]
        return {company.id: terms._get_rate(company.currency_id, currency, company) for company in companies}

    @api.model
    def _get_group_positions(self, group_ids):
        """Return what bounds groups as a whole, in their own currencies.

        :return: dict of group id -> (core InForce, core Bound, members as pairs)
        """
        loaded, today = self.env["ar.credit.terms"]._load(group_ids=group_ids), fields.Date.today()
        exposures, _amounts = self._measure_pairs(set(loaded.accounts))
        found = {}
        for group_id, group in loaded.groups.items():
            rates = self._get_group_rates(group)
            currency = self.env["res.currency"].browse(group.currency_id)

            def rounded(amount, currency=currency):
                return self.env["ar.credit.exposure"]._to_decimal(currency, float(amount))

            parts = [(exposures[member], rates[member[1]]) for member in group.members]
            secured = sum(
                (
                    rounded(loaded.in_force(m, today).secured(exposures[m]) * rates[m[1]])
                    for m in group.members
                ),
                ZERO,
            )
            in_force = limit_in_force(group.terms, NO_SHARED_LIMIT, today)
            bound = Bound(f"group {group_id}", in_force.widened(secured), pooled(Exposure(), parts, rounded))
            found[group_id] = in_force, bound, group.members
        return found

    @api.model
    def _search_pairs(self, pairs):
        """Return the accounts of pairs, past access rights."""
        partner_ids = [partner_id for partner_id, _company_id in pairs]
        company_ids = [company_id for _partner_id, company_id in pairs]
        # sudo: whoever sells is bound by the limit, also without the right to see it
        accounts = self.sudo().search([("partner_id", "in", partner_ids), ("company_id", "in", company_ids)])
        return accounts.filtered(lambda account: (account.partner_id.id, account.company_id.id) in pairs)

    def _get_tightest_ceiling(self, loaded):
        """Return what this customer may owe at most today, by its own limit and by that of its group.

        :param loaded: the terms of the account (`ar.credit.terms`).
        :return: Decimal in company currency, or None: no limit
        """
        self.ensure_one()
        pair, today = self._get_pair(), fields.Date.today()
        ceilings = [loaded.in_force(pair, today).limit.ceiling]
        group = loaded.groups.get(loaded.group_of(pair))
        shared = group and limit_in_force(group.terms, NO_SHARED_LIMIT, today).limit.ceiling
        if shared is not None:
            rate = self._get_group_rates(group)[pair[1]]
            ceilings.append(
                self.env["ar.credit.exposure"]._to_decimal(self.currency_id, float(shared / rate))
            )
        return min((ceiling for ceiling in ceilings if ceiling is not None), default=None)

    # === LOCK === #

    @api.model
    def _lock(self, pairs):
        """Make this transaction the only one that checks these customers and the groups they belong to.

        Creates what accounts are missing. Waits for a transaction that holds one of the rows. If that one commits,
        PostgreSQL answers 40001 here and Odoo runs the request again, which then sees its effects. Accounts are taken
        in the order of their ids, then groups in the order of theirs, so two checks can't deadlock. Must run before
        the exposure is read.

        :param pairs: (commercial partner id, company id) of customers under control.
        """
        if not pairs:
            return
        self.env.flush_all()
        missing = set(pairs) - self._bump(pairs)
        if missing:
            self._create_missing(missing)
            self._bump(missing)
        self.env["ar.credit.account"].invalidate_model(["lock_version"], flush=False)

    @api.model
    def _bump(self, pairs):
        """Raise the version of the accounts of pairs and of their groups; return the pairs that have an account."""
        return set(self.env.execute_query(SQL("SELECT * FROM ar_credit_lock(%s)", self._get_columns(pairs))))

    @api.model
    def _get_columns(self, pairs):
        """Return pairs as two arrays of SQL: partners, companies."""
        pairs = sorted(pairs)
        return SQL(
            "%s::int[], %s::int[]", [partner for partner, _company in pairs], [c for _partner, c in pairs]
        )

    def _get_lock_statement(self):
        """Return the statement of `_bump`."""
        return SQL(
            """
            WITH wanted (partner_id, company_id) AS (SELECT * FROM UNNEST(partners, companies)),
            locked AS (
                SELECT account.id, account.group_id, account.partner_id, account.company_id
                  FROM ar_credit_account account
                  JOIN wanted USING (partner_id, company_id)
                 ORDER BY account.id
                   FOR NO KEY UPDATE OF account
            ),
            bumped AS (
                UPDATE ar_credit_account account
                   SET lock_version = account.lock_version + 1
                  FROM locked
                 WHERE locked.id = account.id
             RETURNING locked.partner_id, locked.company_id, locked.group_id
            ),
            locked_group AS (
                SELECT id FROM ar_credit_group
                 WHERE id IN (SELECT group_id FROM bumped)
                 ORDER BY id
                   FOR NO KEY UPDATE
            ),
            bumped_group AS (
                UPDATE ar_credit_group grp
                   SET lock_version = grp.lock_version + 1
                  FROM locked_group
                 WHERE locked_group.id = grp.id
            )
            SELECT partner_id, company_id FROM bumped
            """
        )

    @api.model
    def _create_missing(self, pairs):
        """Create the accounts that are missing, following the company default.

        In SQL, because a transaction that does the same at the same time must lead to a conflict (and so to a
        retry), not to an error about a duplicate.
        """
        rows = SQL(", ").join(
            SQL(
                "(%s, %s, 'default', 0, 'company', 'active', 0, %s, %s)",
                partner_id,
                company_id,
                self.env.uid,
                self.env.uid,
            )
            for partner_id, company_id in sorted(pairs)
        )
        self.env.execute_query(
            SQL(
                """
                INSERT INTO ar_credit_account
                       (partner_id, company_id, control, credit_limit, expiry_rule, status, lock_version, create_uid,
                        write_uid, create_date, write_date)
                SELECT wanted.*, NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC'
                  FROM (VALUES %s) AS wanted (partner_id, company_id)
                 WHERE NOT EXISTS (
                           SELECT FROM ar_credit_account known
                            WHERE known.partner_id = wanted.partner_id AND known.company_id = wanted.company_id
                       )
                    ON CONFLICT (partner_id, company_id) DO NOTHING
                """,
                rows,
            )
        )
