from datetime import datetime, time, timedelta

from odoo import fields, models

from ..core.credit_check import Control, Limit

PAYMENTS_COUNTED = [("registered", "When Registered"), ("banked", "When in the Bank")]


class ResCompany(models.Model):
    """What holds for customers without a credit account of their own."""

    _inherit = "res.company"

    # None of these is required in the database: Odoo's tests, and SQL, make companies while this addon is not loaded.
    # What is missing means the first choice.

    ar_credit_default_control = fields.Selection(
        [("none", "Not Controlled"), ("limited", "Limited"), ("no_credit", "No Credit")],
        string="Customers Without Own Limit",
        default="none",
    )
    ar_credit_default_limit = fields.Monetary(string="Default Limit", default=0.0)

    # What counts as exposure
    ar_credit_payments_counted = fields.Selection(
        PAYMENTS_COUNTED,
        string="Payments Count",
        default="registered",
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

    # Limits: how they end and who may move them
    ar_credit_expiry_rule = fields.Selection(
        [
            ("keep", "Keep the Limit"),
            ("zero", "No Credit"),
            ("default", "Default of the Company"),
        ],
        string="After Validity",
        default="zero",
        help="What holds after the last day of a limit's validity, unless the limit has a rule of its own.",
    )
    ar_credit_decrease_free = fields.Boolean(
        string="Decreases Need No Approval",
        default=True,
        help="A change that raises the limit on no day applies at once.",
    )
    ar_credit_raiser_days = fields.Integer(
        string="Raiser Stands Back",
        default=30,
        help="Whoever had a part in raising a customer's limit can't decide on that customer's holds for so many days.",
    )

    # Rules and check points
    ar_credit_prepaid_free = fields.Boolean(
        string="Paid Orders Need No Credit",
        default=True,
        help="An order that is paid in full passes every rule, also at its delivery. A prepayment that is only"
        " required or invoiced does not count: it has to be there.",
    )
    ar_credit_recheck_days = fields.Integer(
        string="Days Between Check Points",
        help="An order confirmed or approved less than so many days ago is not held again at its delivery.",
    )
    ar_credit_recheck_tolerance = fields.Float(
        string="Tolerated Growth",
        help="In per cent of the order: if the customer is further over the limit by more than this, the delivery is"
        " checked all the same.",
    )

    _ar_credit_recheck_positive = models.Constraint(
        "CHECK(ar_credit_recheck_days >= 0 AND ar_credit_recheck_tolerance >= 0)",
        "Days between check points and the tolerated growth can't be negative.",
    )
    _ar_credit_days_positive = models.Constraint(
        "CHECK(ar_credit_grace_days >= 0 AND ar_credit_horizon_days >= 0 AND ar_credit_raiser_days >= 0)",
        "Numbers of days can't be negative.",
    )

    def write(self, vals):
        """Write companies; Odoo's own default limit follows ours, and with it whoever has no limit of his own."""
        before = {company: company._get_ar_credit_default() for company in self}
        result = super().write(vals)
        for company, old in before.items():
            new = company._get_ar_credit_default()
            if new != old:
                amount = float(new.ceiling or 0)
                # sudo: who may write the policy of a company decides on this as well
                defaults = self.env["ir.default"].sudo()
                defaults.set("res.partner", "credit_limit", amount, company_id=company.id)
                # sudo: as above
                accounts = self.env["ar.credit.account"].sudo()
                accounts.search(
                    [("company_id", "=", company.id), ("control", "=", "default")]
                )._sync_odoo_limits()
        return result

    def _get_ar_credit_expiry_rule(self):
        """Return what holds after the last day of a limit's validity: a value of `ar_credit_expiry_rule`."""
        return self.ar_credit_expiry_rule or "zero"

    def _get_ar_credit_horizon(self):
        """Return until when orders have to be delivered to count as exposure (naive UTC), or None: all count."""
        self.ensure_one()
        if not self.ar_credit_horizon_days:
            return None
        return datetime.combine(fields.Date.today() + timedelta(days=self.ar_credit_horizon_days), time.max)

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
