from odoo import models


class ValidateAccountMove(models.TransientModel):
    """Posting many at once holds those that the credit check refuses, and posts the others."""

    _inherit = "validate.account.move"

    def validate_move(self):
        """Post; hold what is refused.

        :return: what Odoo returns, or the message about the holds as a client action.
        """
        self.ensure_one()
        validate = super().validate_move

        def step(moves):
            self.move_ids = moves
            return validate()

        result, passed, holds = self.move_ids._pass_or_hold(step)
        return passed._tell_ar_credit_holds(holds, result)
