from odoo import models

from ..exceptions import denied


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Merging customers moves debts, and leaves one limit for all of them."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Merge contacts; customers under credit control only by credit managers, with the tightest limit.

        :raise AccessError: somebody else merges such customers.
        """
        partners = self.env["res.partner"].browse(partner_ids).exists()
        debtors = partners.commercial_partner_id
        # sudo: accounts of all companies count
        accounts = self.env["ar.credit.account"].sudo().search([("partner_id", "in", debtors.ids)])
        if not accounts or len(debtors) < 2:
            return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
        if not self.env.su and not self.env.user.has_group("ar_credit_control.group_manager"):
            raise denied(
                self,
                self.env._("These customers have credit accounts. Ask a credit manager to merge them."),
            )
        target = dst_partner if dst_partner in partners else self._get_ordered_partner(partners.ids)[-1]
        owner = target.commercial_partner_id
        strangers = self._get_ar_credit_strangers(accounts, debtors & (partners | owner))
        if owner not in partners:
            # Odoo would leave debts and accounts with the contact; this way both go to its company first.
            customers = partners.filtered(lambda one: one == one.commercial_partner_id)
            customers.write({"parent_id": owner.id, "is_company": False})
            accounts = accounts.exists()
        kept = self._merge_ar_credit_accounts(
            accounts.filtered(lambda account: account.partner_id in partners | owner), owner, strangers
        )
        result = super()._merge(partner_ids, dst_partner=target, extra_checks=extra_checks)
        self.env.invalidate_all()
        kept._sync_odoo_limits()
        return result

    def _get_ar_credit_strangers(self, accounts, debtors):
        """Return who of the debtors has no account where others have: company -> partners."""
        return {
            company: debtors.filtered(
                lambda one, company=company, same=same: (
                    one not in same.partner_id and one.company_id <= company
                )
            )
            for company, same in accounts.grouped("company_id").items()
        }

    def _merge_ar_credit_accounts(self, accounts, owner, strangers):
        """Leave one credit account a company, that of the owner where he has one; return those.

        :param dict strangers: see `_get_ar_credit_strangers`.
        """
        kept = accounts.browse()
        for company, same in accounts.grouped("company_id").items():
            one = same.filtered(lambda account: account.partner_id == owner) or same.sorted("id")[0]
            if same - one or (strangers[company] and one._is_wider_than_default()):
                (same - one)._merge_into(one, strangers[company])
            kept |= one
        return kept
