"""Refusals of the credit check."""

from odoo.exceptions import UserError


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
