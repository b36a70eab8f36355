from odoo import api, fields, models
from odoo.exceptions import AccessError

READERS = (
    "sales_team.group_sale_salesman,account.group_account_invoice,account.group_account_readonly,"
    "ar_credit_control.group_user,ar_credit_control.group_auditor"
)
CREDIT_GROUPS = "ar_credit_control.group_user,ar_credit_control.group_auditor"


class ResPartner(models.Model):
    """Credit of the customer, of the current company; contacts show their company's."""

    _inherit = "res.partner"

    ar_credit_account_id = fields.Many2one(
        "ar.credit.account", string="Credit Account", compute="_compute_ar_credit", groups=CREDIT_GROUPS
    )
    ar_credit_control = fields.Selection(
        [
            ("none", "Not Controlled"),
            ("limited", "Limited"),
            ("no_credit", "No Credit"),
            ("unlimited", "Unlimited"),
        ],
        string="Credit Control",
        compute="_compute_ar_credit",
        groups=READERS,
    )
    ar_credit_limit = fields.Monetary(string="Limit in Force", compute="_compute_ar_credit", groups=READERS)
    ar_credit_exposure = fields.Monetary(
        string="Credit Exposure", compute="_compute_ar_credit", groups=CREDIT_GROUPS
    )
    ar_credit_available = fields.Monetary(
        string="Available Credit", compute="_compute_ar_credit", groups=READERS
    )
    ar_credit_usage = fields.Float(string="Credit Use", compute="_compute_ar_credit", groups=READERS)

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_ar_credit(self):
        # The company is taken before any sudo: as superuser it would not be checked against the user's companies.
        company = self.env.company
        accounts_model = self.env["ar.credit.account"]
        pairs = {(partner.id, company.id) for partner in self.commercial_partner_id._origin}
        accounts = {account.partner_id.id: account for account in accounts_model._search_pairs(pairs)}
        limits = accounts_model._get_limits(pairs)
        # sudo: the number is about all documents of the customer; the groups on the fields guard the reader
        measured = self.env["ar.credit.exposure"].sudo()._measure(company, [pair[0] for pair in pairs])
        for partner in self:
            key = partner.commercial_partner_id._origin.id, company.id
            limit = limits.get(key) or company.sudo()._get_ar_credit_default()  # sudo: as in _get_limits
            exposure = measured.exposures[key]
            partner.ar_credit_account_id = accounts.get(key[0], accounts_model)
            partner.ar_credit_control = limit.control.value
            partner.ar_credit_limit = float(limit.ceiling or 0)
            partner.ar_credit_exposure = float(exposure.total)
            partner.ar_credit_available = float(limit.available(exposure) or 0)
            partner.ar_credit_usage = float(exposure.total / limit.ceiling) if limit.ceiling else 0.0

    def write(self, vals):
        """Refuse to carry debts over to another debtor: whose credit it is, is a credit manager's decision.

        :raise AccessError: a partner under credit control would change its commercial partner.
        """
        if self.env.su or not {"parent_id", "is_company"} & set(vals):
            return super().write(vals)
        before = {partner.id: partner.commercial_partner_id.id for partner in self}
        result = super().write(vals)
        moved = {
            debtor_id
            for partner in self
            if partner.commercial_partner_id.id != before[partner.id]
            for debtor_id in (partner.commercial_partner_id.id, before[partner.id])
        }
        if not moved or self.env.user.has_group("ar_credit_control.group_manager"):
            return result
        # sudo: the guard looks at accounts of all companies
        if self.env["ar.credit.account"].sudo().search_count([("partner_id", "in", list(moved))], limit=1):
            raise AccessError(
                self.env._("This customer has a credit account. Ask a credit manager to change its company.")
            )
        return result

    def action_open_ar_credit_account(self):
        """Open the credit account of the customer in the current company, or a new one."""
        self.ensure_one()
        partner = self.commercial_partner_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit Account"),
            "res_model": "ar.credit.account",
            "res_id": partner.ar_credit_account_id.id,
            "view_mode": "form",
            "context": {"default_partner_id": partner.id, "default_company_id": self.env.company.id},
        }
