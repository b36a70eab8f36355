"""Refusals of the credit check."""

from odoo.exceptions import UserError


class CreditExceededError(UserError):
    """A change would take a customer over the limit; nothing was done.

    :param message: translated sentence with the numbers.
    :param decisions: dict of `sale.order` id -> `core.credit_check.Decision` that did not pass.
    """

    def __init__(self, message, decisions):
        super().__init__(message)
        self.decisions = decisions


class CreditHoldError(CreditExceededError):
    """Orders were refused at their confirmation, so they can be held for a decision."""
