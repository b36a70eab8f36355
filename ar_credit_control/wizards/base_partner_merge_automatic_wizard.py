from odoo import models
from odoo.exceptions import AccessError, UserError


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Merging customers moves debts, and drops one of their limits."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Merge contacts; customers under credit control only for credit managers, and with one limit a company.

        :raise AccessError: somebody else merges such customers.
        :raise UserError: each of them has a credit account.
        """
        debtors = self.env["res.partner"].browse(partner_ids).exists().commercial_partner_id
        # sudo: accounts of all companies count
        accounts = self.env["ar.credit.account"].sudo().search([("partner_id", "in", debtors.ids)])
        if accounts and len(debtors) > 1:
            if not self.env.su and not self.env.user.has_group("ar_credit_control.group_manager"):
                raise AccessError(
                    self.env._("These customers have credit accounts. Ask a credit manager to merge them.")
                )
            if len(accounts) > len(accounts.company_id):
                raise UserError(
                    self.env._(
                        "Each of these customers has a credit account with a history of its own, so they can't be"
                        " merged."
                    )
                )
        return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
