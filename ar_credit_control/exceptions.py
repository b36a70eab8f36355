"""Refusals of the credit check."""

from odoo.exceptions import UserError


class CreditExceededError(UserError):
    """A change would take a customer where the rules do not let him; nothing was done.

    :param message: translated sentence with the numbers.
    :param decisions: dict of id -> `core.credit_check.Decision` that did not pass; ids of `sale.order`, or of
        `account.move` at the check point INVOICE.
    :param check_point: `core.rule.CheckPoint`.
    """

    def __init__(self, message, decisions, check_point=None):
        super().__init__(message)
        self.decisions = decisions
        self.check_point = check_point


class CreditHoldError(CreditExceededError):
    """Documents were refused at a step that an edge can take back, so they can be held for a decision."""
