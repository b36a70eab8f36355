from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..core.limit import changed_amount


class ArCreditLimitMass(models.TransientModel):
    """Changes many limits in one go: shows each new limit first, then files one limit change per account."""

    _name = "ar.credit.limit.mass"
    _description = "Mass Change of Credit Limits"

    account_ids = fields.Many2many("ar.credit.account", string="Credit Accounts", required=True)
    operation = fields.Selection(
        [("percent", "By a Percentage"), ("fixed", "By an Amount"), ("set", "To an Amount")],
        string="Change",
        required=True,
        default="percent",
    )
    percent = fields.Float(string="Percentage", default=10.0, help="Negative lowers the limits.")
    amount = fields.Float(
        digits="Product Price", help="In the currency of each account. Negative lowers the limits."
    )
    rounding = fields.Selection(
        [
            ("0", "None"),
            ("10", "10"),
            ("100", "100"),
            ("1000", "1,000"),
            ("10000", "10,000"),
            ("100000", "100,000"),
        ],
        string="Round to",
        required=True,
        default="0",
    )
    date_from = fields.Date(string="From", required=True, default=fields.Date.context_today)
    date_to = fields.Date(
        string="To", help="With a last day the new limits are temporary and replace the own ones."
    )
    end_temporaries = fields.Boolean(
        string="End Temporary Raises Too",
        default=True,
        help="Of customers whose limit is lowered: temporary limits that allow more end with it.",
    )
    reason = fields.Text(required=True)
    line_ids = fields.One2many(
        "ar.credit.limit.mass.line",
        "mass_id",
        string="Preview",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("account_ids", "operation", "percent", "amount", "rounding")
    def _compute_line_ids(self):
        for mass in self:
            mass.line_ids = [
                Command.clear(),
                *(Command.create(mass._prepare_line(account)) for account in mass.account_ids._origin),
            ]

    def _prepare_line(self, account):
        """Return the values of the preview of one account; a customer without an amount can only be set to one."""
        old = account.credit_limit if account.control == "limited" else 0.0
        percent = self.percent if self.operation == "percent" else 0
        fixed = self.amount if self.operation != "percent" else 0
        new = changed_amount(
            Decimal(0) if self.operation == "set" else Decimal(f"{old:.4f}"),
            percent=Decimal(f"{percent:.6f}"),
            fixed=Decimal(f"{fixed:.4f}"),
            step=Decimal(self.rounding or "0"),
        )
        return {
            "account_id": account.id,
            "old_limit": old,
            "new_limit": account.currency_id.round(float(new)),
            "skipped": self.operation != "set" and account.control != "limited",
        }

    def action_apply(self):
        """File the changes shown and submit them.

        :return: the action that lists them.
        :raise UserError: nothing would change.
        """
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: not line.skipped and line._is_change())
        if not lines:
            raise UserError(self.env._("No limit would change."))
        changes = self.env["ar.credit.limit.change"]._create_batch(
            [{"account_id": line.account_id.id, "new_limit": line.new_limit} for line in lines],
            {name: self[name] for name in ("date_from", "date_to", "end_temporaries", "reason")},
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ar_credit_control.ar_credit_limit_change_action"
        )
        return action | {"domain": [("batch", "=", changes[:1].batch)], "context": {}}
