import logging
from dataclasses import dataclass

from odoo import models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# So many rows of a customer beyond twice what is needed are worth to be replaced.
PILED_UP = 100


@dataclass(frozen=True)
class Sum:
    """What of a table is summed up, by what. Expressions are SQL about the columns of the source.

    table: where the sums are.
    source: the table whose rows are summed up; reads: those of its columns that the expressions name.
    is_open: condition on the rows that count.
    keys: column -> (type, expression), partner_id and company_id among them; index: those that are looked for.
    amounts: column -> expression.
    """

    table: str
    source: str
    reads: str
    is_open: str
    keys: dict[str, tuple[str, str]]
    index: str
    amounts: dict[str, str]


class ArCreditSum(models.AbstractModel):
    """Running sums of open items and open orders, so that a check costs the same however many of them there are.

    Triggers of the database keep them, whoever writes: each change of a row appends what it changes, in its own
    transaction. No row is ever updated, so nobody waits for anybody and no two writers conflict. A scheduled action
    replaces what has piled up by what the documents say; it sees both as of one moment, what others commit meanwhile
    is in neither. That also mends what was written past the triggers (`session_replication_role`, TRUNCATE), or while
    they were made: Odoo's transaction does not see what others committed since it began.

    The tables are no models: nothing but the measurement reads them (ar_credit_exposure_query.py), and nobody writes.
    """

    _name = "ar.credit.sum"
    _description = "Running sums of the credit exposure"

    def _get_sums(self):
        """Return the sums that are kept.

        :rtype: tuple[Sum, ...]
        """
        return (
            Sum(
                table="ar_credit_item_sum",
                source="account_move_line",
                reads="partner_id company_id account_id date_maturity date amount_residual parent_state",
                is_open="parent_state = 'posted' AND amount_residual <> 0 AND partner_id IS NOT NULL",
                keys={
                    "partner_id": ("int", "partner_id"),
                    "company_id": ("int", "company_id"),
                    "account_id": ("int", "account_id"),
                    # an item without a due date is due on its date
                    "due": ("date", "COALESCE(date_maturity, date)"),
                    "is_credit": ("boolean", "amount_residual < 0"),
                },
                index="partner_id, company_id, account_id",
                amounts={"amount": "amount_residual"},
            ),
            Sum(
                table="ar_credit_order_sum",
                source="sale_order",
                reads="partner_invoice_id company_id currency_id commitment_date ar_credit_open ar_credit_due",
                is_open="ar_credit_open > 0",
                keys={
                    "partner_id": ("int", "partner_invoice_id"),
                    "company_id": ("int", "company_id"),
                    "currency_id": ("int", "currency_id"),
                    "promised": ("date", "commitment_date::date"),  # UTC, as the horizon
                },
                index="partner_id, company_id",
                amounts={"amount": "ar_credit_open", "due": "COALESCE(ar_credit_due, 0)"},
            ),
        )

    # === MAKING === #

    def _keep_sum(self, source):
        """Have the sums of a table kept, if they are not yet; `uninstall_hook` drops them.

        :param str source: a table that has its columns by now.
        """
        kept = next(kept for kept in self._get_sums() if kept.source == source)
        known = SQL(
            "SELECT FROM pg_trigger WHERE tgname = %s AND tgrelid = %s::regclass", kept.table, kept.source
        )
        exists = bool(self.env.execute_query(known))
        definitions = self._get_definitions(kept)
        # Each module that extends the source comes here again: a trigger that is there is left, as nobody could read
        # the source until the end of that.
        for statement in definitions[:3] if exists else definitions:
            self.env.cr.execute(statement)

    def _get_definitions(self, kept):
        """Return the statements that make index and function of a sum, then its trigger and the first sums."""
        reads = kept.reads.split()
        columns = [f"{name} {kind}" for name, (kind, _expression) in kept.keys.items()]
        columns += [f"{name} numeric NOT NULL" for name in kept.amounts]
        signed = ", ".join(f"sign * ({expression})" for expression in kept.amounts.values())
        parts = {
            "name": SQL.identifier(kept.table),
            # Whoever writes documents may look for tables elsewhere.
            "table": SQL.identifier(*self.env.execute_query(SQL("SELECT current_schema()"))[0], kept.table),
            "source": SQL.identifier(kept.source),
            "lookup": SQL(kept.index),
            "documents": self._get_documents(kept),
            "index": SQL.identifier(f"{kept.table}_idx"),
            "columns": SQL(", ".join(columns)),
            "old": SQL(", ".join(f"OLD.{name}" for name in reads)),
            "new": SQL(", ".join(f"NEW.{name}" for name in reads)),
            "reads": SQL(", ".join(reads)),
            "keys": self._get_keys(kept),
            "signed": SQL(signed),
            "is_open": SQL(kept.is_open),
        }
        return [
            SQL(code, **parts)
            for code in (
                "CREATE TABLE IF NOT EXISTS %(table)s (%(columns)s)",
                "CREATE INDEX IF NOT EXISTS %(index)s ON %(table)s (%(lookup)s)",
                # no `UPDATE OF`, no `WHEN`: these would forbid Odoo to change the type of a column
                """
                CREATE OR REPLACE FUNCTION %(table)s() RETURNS trigger LANGUAGE plpgsql AS $function$
                BEGIN
                    IF (%(old)s) IS DISTINCT FROM (%(new)s) THEN
                        INSERT INTO %(table)s
                        SELECT %(keys)s, %(signed)s
                          FROM (VALUES (-1, %(old)s), (1, %(new)s)) AS changed (sign, %(reads)s)
                         WHERE %(is_open)s;
                    END IF;
                    RETURN NULL;
                END
                $function$
                """,
                "ALTER TABLE %(table)s REPLICA IDENTITY FULL",  # where it is published, rows can be deleted
                """
                CREATE TRIGGER %(name)s AFTER INSERT OR UPDATE OR DELETE ON %(source)s
                   FOR EACH ROW EXECUTE FUNCTION %(table)s()
                """,
                "TRUNCATE %(table)s",
                "INSERT INTO %(table)s %(documents)s",
            )
        ]

    def _get_keys(self, kept):
        return SQL(", ".join(expression for _kind, expression in kept.keys.values()))

    def _get_documents(self, kept, insert=SQL(), where=SQL()):  # noqa: B008  # immutable
        """Return the statement that sums up what the documents say now."""
        amounts = ", ".join(f"SUM({expression})" for expression in kept.amounts.values())
        grouped = ", ".join(str(n + 1) for n in range(len(kept.keys)))
        return SQL(
            "%s SELECT %s, %s FROM %s WHERE %s %s GROUP BY %s",
            insert,
            self._get_keys(kept),
            SQL(amounts),
            SQL.identifier(kept.source),
            SQL(kept.is_open),
            where,
            SQL(grouped),
        )

    # === KEEPING === #

    def _cron_replace(self):
        """Replace what has piled up, and what is wrong, by what the documents say."""
        for kept in self._get_sums():
            wrong = self._find_wrong(kept)
            if wrong:
                _logger.error(
                    "%s differs from the documents of %s and is replaced", kept.table, sorted(wrong)
                )
            self._replace(kept, wrong | self._find_piled_up(kept))

    def _find_wrong(self, kept):
        """Return whose sums are not what the documents say: a set of (partner id, company id)."""
        self.env.flush_all()
        names = [SQL.identifier(name) for name in kept.amounts]
        return set(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT partner_id, company_id
                      FROM (
                           SELECT %(keys)s, %(sums)s FROM %(table)s GROUP BY %(keys)s
                            UNION ALL
                           SELECT %(keys)s, %(negative)s FROM (%(documents)s) AS document (%(keys)s, %(amounts)s)
                           ) AS side (%(keys)s, %(amounts)s)
                     GROUP BY %(keys)s
                    HAVING (%(sums)s) IS DISTINCT FROM (%(zeros)s)
                    """,
                    keys=SQL(", ").join(map(SQL.identifier, kept.keys)),
                    amounts=SQL(", ").join(names),
                    sums=SQL(", ").join(SQL("SUM(%s)", name) for name in names),
                    negative=SQL(", ").join(SQL("-%s", name) for name in names),
                    zeros=SQL(", ").join(SQL("0.0") for _name in names),
                    table=SQL.identifier(kept.table),
                    documents=self._get_documents(kept),
                )
            )
        )

    def _find_piled_up(self, kept):
        """Return whose sums have many more rows than they need: a set of (partner id, company id)."""
        keys = SQL(", ").join(map(SQL.identifier, kept.keys))
        sums = SQL(", ").join(SQL("SUM(%s)", SQL.identifier(name)) for name in kept.amounts)
        return set(
            self.env.execute_query(
                SQL(
                    """
                    SELECT partner_id, company_id
                      FROM (
                           SELECT partner_id, company_id, COUNT(*) AS there,
                                  ((%(sums)s) IS DISTINCT FROM (%(zeros)s))::int AS needed
                             FROM %(table)s
                            GROUP BY %(keys)s
                           ) AS key
                     GROUP BY partner_id, company_id
                    HAVING SUM(there) > %(piled_up)s + 2 * SUM(needed)
                    """,
                    table=SQL.identifier(kept.table),
                    keys=keys,
                    sums=sums,
                    zeros=SQL(", ").join(SQL("0.0") for _name in kept.amounts),
                    piled_up=PILED_UP,
                )
            )
        )

    def _replace(self, kept, pairs):
        """Replace the sums of (partner id, company id) by what the documents say, both as of one moment."""
        if not pairs:
            return
        pairs = SQL("SELECT * FROM UNNEST(%s)", self.env["ar.credit.account"]._get_columns(pairs))
        source_pair = SQL(f"{kept.keys['partner_id'][1]}, {kept.keys['company_id'][1]}")
        self.env.cr.execute(
            SQL(
                "WITH gone AS (DELETE FROM %s WHERE (partner_id, company_id) IN (%s)) %s",
                SQL.identifier(kept.table),
                pairs,
                self._get_documents(
                    kept,
                    SQL("INSERT INTO %s", SQL.identifier(kept.table)),
                    SQL("AND (%s) IN (%s)", source_pair, pairs),
                ),
            )
        )
