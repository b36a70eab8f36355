from odoo import api, models

# What says how much is delivered of which order line; the latter follows task, project and employee (sale_timesheet).
DELIVERED_FIELDS = frozenset(
    "amount employee_id is_so_line_edited product_uom_id project_id so_line task_id unit_amount".split()
)


class AccountAnalyticLine(models.Model):
    """Hours and expenses are booked whatever the rules say; what they add above the order is held for a decision.

    Odoo counts them as delivered without a write of the order (also sale_timesheet, hr_expense), so that no check
    would see it before it is invoiced. What was decided then, the invoice does not ask again.
    """

    _inherit = "account.analytic.line"

    @api.model_create_multi
    def create(self, vals_list):
        """Book lines; see the class."""
        lines = super().create(vals_list)
        lines.filtered(lambda line: line.unit_amount > 0)._get_ar_credit_items()._hold_ar_credit_grown({})
        return lines

    def write(self, vals):
        """Write lines; see the class."""
        if DELIVERED_FIELDS.isdisjoint(vals):
            return super().write(vals)
        items = self._get_ar_credit_items()
        before = items._get_ar_credit_over()
        result = super().write(vals)
        (items | self._get_ar_credit_items())._hold_ar_credit_grown(before)
        return result

    def unlink(self):
        """Delete lines; without one that takes hours back more are delivered."""
        items = self._get_ar_credit_items()
        before = items._get_ar_credit_over()
        result = super().unlink()
        items._hold_ar_credit_grown(before)
        return result

    def _get_ar_credit_items(self):
        """Return the order lines that these are delivered for, past access rights."""
        return self.sudo().so_line  # sudo: whoever books hours need not see sales
