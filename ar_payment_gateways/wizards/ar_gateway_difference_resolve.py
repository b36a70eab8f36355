from odoo import api, fields, models
from odoo.exceptions import UserError


class ArGatewayDifferenceResolve(models.TransientModel):
    """A manager's decision about differences: into which account, or which payment it is, and why."""

    _name = "ar.gateway.difference.resolve"
    _description = "Resolve Settlement Differences"

    way = fields.Selection(
        [("accept", "Accept into an Account"), ("link", "Link by Hand")], required=True, default="accept"
    )
    difference_ids = fields.Many2many("ar.gateway.difference", string="Differences", readonly=True)
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    account_id = fields.Many2one(
        "account.account",
        domain="[('company_ids', 'parent_of', company_id),"
        " ('account_type', 'not in', ('asset_cash', 'liability_credit_card', 'off_balance'))]",
    )
    payment_id = fields.Many2one(
        "account.payment",
        domain="[('journal_id', '=', journal_id), ('is_matched', '=', False), ('state', 'in', ('in_process', 'paid'))]",
    )
    journal_id = fields.Many2one("account.journal", compute="_compute_company_id")
    reason = fields.Char(required=True)

    @api.depends("difference_ids")
    def _compute_company_id(self):
        for wizard in self:
            bills = wizard.difference_ids.bill_id
            wizard.company_id = bills.company_id[:1]
            wizard.journal_id = bills.journal_id[:1]

    def action_resolve(self):
        """Do what was decided; the differences check who decides."""
        self.ensure_one()
        differences = self.difference_ids
        differences._check_resolver()
        if len(differences.company_id) > 1:
            raise UserError(self.env._("Resolve the differences of one company at a time."))
        # sudo: what is booked is fixed by the differences; `_check_resolver` wants rights on invoicing.
        for difference in differences.sudo():
            if self.way == "link":
                difference._link(self.payment_id.sudo(), self.reason)  # sudo: as above
            elif self._is_allowed(difference):
                difference._accept(self.account_id.sudo(), self.reason)  # sudo: as above
        return True

    def _is_allowed(self, difference):
        account = self.account_id.sudo()  # sudo: looked at only
        companies = account.company_ids
        if not account or account.account_type in ("asset_cash", "liability_credit_card", "off_balance"):
            raise UserError(self.env._("Choose the account for what differs; a bank account is none."))
        if not (difference.company_id | difference.company_id.parent_ids) & companies:
            raise UserError(self.env._("%s is an account of another company.", account.display_name))
        return True
