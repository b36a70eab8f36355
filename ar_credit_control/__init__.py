from odoo.api import Environment
from odoo.tools import SQL

from . import controllers
from . import models
from . import report
from . import wizards
from . import demo


def uninstall_hook(env: Environment) -> None:
    """Remove what Odoo does not know of, and the steps of approvals: they keep the groups that they name."""
    for name in ("ar_credit_check", "ar_credit_lock", "ar_credit_measure", "ar_credit_terms"):
        env.cr.execute(SQL("DROP FUNCTION IF EXISTS %s", SQL.identifier(name)))
    for kept in env["ar.credit.sum"]._get_sums():
        name = SQL.identifier(kept.table)  # of the function as well, and its trigger goes with it
        env.cr.execute(SQL("DROP FUNCTION IF EXISTS %s CASCADE", name))
        env.cr.execute(SQL("DROP TABLE IF EXISTS %s", name))
    env.execute_query(SQL("DELETE FROM ar_approval_decision RETURNING id"))
    env.execute_query(SQL("DELETE FROM ar_approval_request_step RETURNING id"))
    env.execute_query(SQL("DELETE FROM ar_approval_step RETURNING id"))
