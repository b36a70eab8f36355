from datetime import datetime, time, timedelta

from odoo import fields, models
from odoo.tools import SQL

from ..core.credit_check import Control, Limit

PAYMENTS_COUNTED = [("registered", "When Registered"), ("banked", "When in the Bank")]


class ResCompany(models.Model):
    """What holds for customers without a credit account of their own."""

    _inherit = "res.company"

    ar_credit_default_control = fields.Selection(
        [("none", "Not Controlled"), ("limited", "Limited"), ("no_credit", "No Credit")],
        string="Customers Without Own Limit",
        default="none",
        required=True,
    )
    ar_credit_default_limit = fields.Monetary(string="Default Limit", default=0.0)

    # What counts as exposure
    ar_credit_payments_counted = fields.Selection(
        PAYMENTS_COUNTED,
        string="Payments Count",
        default="registered",
        required=True,
        help="When a customer payment lowers the exposure. A payment method (bills of exchange, cheques) may have its"
        " own rule.",
    )
    ar_credit_net_credits = fields.Boolean(
        string="Deduct Unapplied Credits",
        default=True,
        help="Payments on account and refunds that are not matched with an invoice lower the exposure.",
    )
    ar_credit_grace_days = fields.Integer(
        string="Days of Grace", help="An invoice counts as overdue so many days after its due date."
    )
    ar_credit_horizon_days = fields.Integer(
        string="Order Horizon",
        help="Confirmed orders whose delivery date is further away than this many days are left out. 0: all count.",
    )

    _ar_credit_days_positive = models.Constraint(
        "CHECK(ar_credit_grace_days >= 0 AND ar_credit_horizon_days >= 0)",
        "Days of grace and the order horizon can't be negative.",
    )

    def _get_ar_credit_policy_row(self):
        """Return the row of this company that the exposure statement reads its policy from (see `_measure_query`).

        :rtype: SQL
        """
        self.ensure_one()
        today = fields.Date.today()
        horizon = self.ar_credit_horizon_days and datetime.combine(
            today + timedelta(days=self.ar_credit_horizon_days), time.max
        )
        return SQL(
            "(%s, %s, %s, %s, %s, %s::date, %s::timestamp)",
            self.id,
            self.root_id.id,
            self.currency_id.id,
            self.ar_credit_net_credits,
            self.ar_credit_payments_counted == "banked",
            today - timedelta(days=self.ar_credit_grace_days),
            horizon or None,
        )

    # Approvals: how long, and through which changes, they hold.
    ar_credit_tolerance_percent = fields.Float(string="Approval Tolerance (%)", default=0.0)
    ar_credit_validity_days = fields.Integer(string="Approval Valid For (Days)", default=30)

    _ar_credit_tolerance_range = models.Constraint(
        "CHECK(ar_credit_tolerance_percent >= 0 AND ar_credit_tolerance_percent <= 100)",
        "The tolerance of approvals lies between 0 and 100 per cent.",
    )
    _ar_credit_validity_positive = models.Constraint(
        "CHECK(ar_credit_validity_days >= 0)",
        "Approvals can't be valid for less than the day of the decision.",
    )

    def _get_ar_credit_default(self):
        """Return the limit of customers without one of their own, in company currency.

        :rtype: ar_credit_control.core.credit_check.Limit
        """
        self.ensure_one()
        amount = self.env["ar.credit.exposure"]._to_decimal(self.currency_id, self.ar_credit_default_limit)
        return Limit(Control(self.ar_credit_default_control or "none"), amount)
