"""Refusals of the credit check."""

import logging

from odoo.exceptions import AccessError, UserError

_logger = logging.getLogger(__name__)


def refused(records, error, what="write", level=logging.WARNING):
    """Log that somebody was refused, and return the error to raise.

    Odoo itself logs nothing of a call from outside (XML-RPC) that ends so: the caller alone would know.

    :param records: what was to be changed.
    :param error: exception that tells the user why.
    :param str what: step that was refused.
    """
    _logger.log(
        level,
        "Refused: user %s (%s), %s on %s %s: %s",
        records.env.uid,
        records.env.user.login,
        what,
        records._name,
        records.ids,
        " ".join(str(error).split()),  # names in it start no line of their own
    )
    return error


def denied(records, message, what="write"):
    """Return the AccessError with a message, logged; see `refused`."""
    return refused(records, AccessError(message), what)


class CreditExceededError(UserError):
    """A change would take a customer where the rules do not let him; nothing was done.

    :param message: translated sentence with the numbers.
    :param decisions: dict of id -> `core.credit_check.Decision` that did not pass.
    :param check_point: `core.rule.CheckPoint`.
    :param model: name of the model of the ids.
    """

    def __init__(self, message, decisions, check_point=None, model="sale.order"):
        super().__init__(message)
        self.decisions = decisions
        self.check_point = check_point
        self.model = model


class CreditHoldError(CreditExceededError):
    """Documents were refused at a step that an edge can take back, so they can be held for a decision."""
