from odoo.api import Environment
from odoo.tools import SQL

from . import controllers
from . import models
from . import report
from . import wizards
from . import demo


def uninstall_hook(env: Environment) -> None:
    """Take the steps of approvals away first: they keep the groups that they name from being deleted."""
    env.execute_query(SQL("DELETE FROM ar_approval_decision RETURNING id"))
    env.execute_query(SQL("DELETE FROM ar_approval_request_step RETURNING id"))
    env.execute_query(SQL("DELETE FROM ar_approval_step RETURNING id"))
