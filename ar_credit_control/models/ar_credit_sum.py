import logging
from dataclasses import dataclass

from odoo import models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# So many rows of a customer beyond twice what is needed are worth to be replaced.
PILED_UP = 100


def _columns(names):
    return SQL(", ").join(map(SQL.identifier, names))


@dataclass(frozen=True)
class Sum:
    """What of a table is summed up, by what. Expressions are about the columns of the source.

    table: where the sums are.
    source: the table whose rows are summed up; reads: those of its columns that the expressions name.
    is_open: condition on the rows that count.
    keys: column -> (type, expression), partner_id and company_id among them; index: those that are looked for.
    amounts: column -> expression.
    """

    table: str
    source: str
    reads: tuple[str, ...]
    is_open: SQL
    keys: dict[str, tuple[SQL, SQL]]
    index: tuple[str, ...]
    amounts: dict[str, SQL]

    @property
    def key_expressions(self) -> SQL:
        """The keys of a row of the source."""
        return SQL(", ").join(expression for _kind, expression in self.keys.values())


ITEMS = Sum(
    table="ar_credit_item_sum",
    source="account_move_line",
    reads=tuple("partner_id company_id account_id date_maturity date amount_residual parent_state".split()),
    is_open=SQL("parent_state = 'posted' AND amount_residual <> 0 AND partner_id IS NOT NULL"),
    keys={
        "partner_id": (SQL("int"), SQL("partner_id")),
        "company_id": (SQL("int"), SQL("company_id")),
        "account_id": (SQL("int"), SQL("account_id")),
        # an item without a due date is due on its date
        "due": (SQL("date"), SQL("COALESCE(date_maturity, date)")),
        "is_credit": (SQL("boolean"), SQL("amount_residual < 0")),
    },
    index=("partner_id", "company_id", "account_id"),
    amounts={"amount": SQL("amount_residual")},
)
ORDERS = Sum(
    table="ar_credit_order_sum",
    source="sale_order",
    reads=tuple(
        "partner_invoice_id company_id currency_id commitment_date ar_credit_open ar_credit_due".split()
    ),
    is_open=SQL("ar_credit_open > 0"),
    keys={
        "partner_id": (SQL("int"), SQL("partner_invoice_id")),
        "company_id": (SQL("int"), SQL("company_id")),
        "currency_id": (SQL("int"), SQL("currency_id")),
        "promised": (SQL("date"), SQL("commitment_date::date")),  # UTC, as the horizon
    },
    index=("partner_id", "company_id"),
    amounts={"amount": SQL("ar_credit_open"), "due": SQL("COALESCE(ar_credit_due, 0)")},
)


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
        return ITEMS, ORDERS

    # === MAKING === #

    def _keep_sum(self, source):
        """Have the sums of a table kept; `uninstall_hook` drops them.

        Each module that extends the source comes here again. What is there by then is left, as nobody could write the
        source, or even read it, until the end of that; but for the function, which may be another one by now.

        :param str source: a table that has its columns by now.
        """
        kept = next(kept for kept in self._get_sums() if kept.source == source)
        table = SQL.identifier(kept.table)
        known = SQL("SELECT FROM pg_trigger WHERE tgname = %s AND tgrelid = %s::regclass", kept.table, source)
        if self.env.execute_query(known):
            self._make_function(kept)
            return
        columns = [
            SQL("%s %s", SQL.identifier(name), kind) for name, (kind, _expression) in kept.keys.items()
        ]
        columns += [SQL("%s numeric NOT NULL", SQL.identifier(name)) for name in kept.amounts]
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", table))
        self.env.cr.execute(SQL("CREATE TABLE %s (%s)", table, SQL(", ").join(columns)))
        index = SQL.identifier(f"{kept.table}_idx")
        self.env.cr.execute(SQL("CREATE INDEX %s ON %s (%s)", index, table, _columns(kept.index)))
        # where everything is published, rows can still be deleted
        self.env.cr.execute(SQL("ALTER TABLE %s REPLICA IDENTITY FULL", table))
        self._make_function(kept)
        # no `UPDATE OF`, no `WHEN`: these would forbid Odoo to change the type of a column
        self.env.cr.execute(
            SQL(
                """
                CREATE TRIGGER %(name)s AFTER INSERT OR UPDATE OR DELETE ON %(source)s
                   FOR EACH ROW EXECUTE FUNCTION %(name)s()
                """,
                name=table,
                source=SQL.identifier(source),
            )
        )
        self.env.cr.execute(SQL("INSERT INTO %s %s", table, self._get_documents(kept)))

    def _make_function(self, kept):
        """Make the function of the trigger, or another one of it.

        It names the schema, as whoever writes documents may look for tables elsewhere.
        """
        schema = self.env.execute_query(SQL("SELECT current_schema()"))[0][0]
        self.env.cr.execute(
            SQL(
                """
            CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger LANGUAGE plpgsql AS $function$
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
                name=SQL.identifier(kept.table),
                table=SQL.identifier(schema, kept.table),
                old=SQL(", ").join(SQL("OLD.%s", SQL.identifier(name)) for name in kept.reads),
                new=SQL(", ").join(SQL("NEW.%s", SQL.identifier(name)) for name in kept.reads),
                reads=_columns(kept.reads),
                keys=kept.key_expressions,
                signed=SQL(", ").join(SQL("sign * (%s)", expression) for expression in kept.amounts.values()),
                is_open=kept.is_open,
            )
        )

    def _get_documents(self, kept, pairs=None):
        """Return the statement that sums up what the documents say now.

        :param SQL pairs: of (partner id, company id), whose documents are wanted; None: all.
        """
        chosen = SQL()
        if pairs:
            names = SQL(", ").join((kept.keys["partner_id"][1], kept.keys["company_id"][1]))
            chosen = SQL("AND (%s) IN (%s)", names, pairs)
        return SQL(
            "SELECT %s, %s FROM %s WHERE %s %s GROUP BY %s",
            kept.key_expressions,
            SQL(", ").join(SQL("SUM(%s)", expression) for expression in kept.amounts.values()),
            SQL.identifier(kept.source),
            kept.is_open,
            chosen,
            kept.key_expressions,
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
        amounts, sums, zeros = self._get_amounts(kept)
        return set(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT partner_id, company_id
                      FROM (
                           SELECT %(keys)s, %(amounts)s FROM %(table)s
                            UNION ALL
                           SELECT %(keys)s, %(negative)s FROM (%(documents)s) AS document (%(keys)s, %(amounts)s)
                           ) AS side (%(keys)s, %(amounts)s)
                     GROUP BY %(keys)s
                    HAVING (%(sums)s) IS DISTINCT FROM (%(zeros)s)
                    """,
                    keys=_columns(kept.keys),
                    amounts=amounts,
                    sums=sums,
                    zeros=zeros,
                    negative=SQL(", ").join(SQL("-%s", SQL.identifier(name)) for name in kept.amounts),
                    table=SQL.identifier(kept.table),
                    documents=self._get_documents(kept),
                )
            )
        )

    def _find_piled_up(self, kept):
        """Return whose sums have many more rows than they need: a set of (partner id, company id)."""
        _amounts, sums, zeros = self._get_amounts(kept)
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
                    keys=_columns(kept.keys),
                    sums=sums,
                    zeros=zeros,
                    piled_up=PILED_UP,
                )
            )
        )

    def _get_amounts(self, kept):
        """Return the columns of amounts, their sums, and what these are where nothing is open."""
        names = [SQL.identifier(name) for name in kept.amounts]
        return (
            SQL(", ").join(names),
            SQL(", ").join(SQL("SUM(%s)", name) for name in names),
            SQL(", ").join(SQL("0.0") for _name in names),
        )

    def _replace(self, kept, pairs):
        """Replace the sums of (partner id, company id) by what the documents say, both as of one moment."""
        if not pairs:
            return
        pairs = SQL("SELECT * FROM UNNEST(%s)", self.env["ar.credit.account"]._get_columns(pairs))
        table = SQL.identifier(kept.table)
        self.env.cr.execute(
            SQL(
                """
                WITH gone AS (DELETE FROM %s WHERE (partner_id, company_id) IN (%s))
                INSERT INTO %s %s
                """,
                table,
                pairs,
                table,
                self._get_documents(kept, pairs),
            )
        )
