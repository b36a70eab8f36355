from odoo import models
from odoo.exceptions import UserError

EXPORT_MAX = 500


class ArCreditAccountScreen(models.AbstractModel):
    """The buttons of `ar.credit.account`."""

    _name = "ar.credit.account.screen"
    _description = "Buttons of a credit account"

    # === ACTIONS === #

    def action_change_limit(self):
        """Open a new limit change of the account."""
        self.ensure_one()
        return self.env["ar.credit.limit.change"]._get_form_action({"default_account_id": self.id})

    def action_open_changes(self):
        """Open the history of the limit."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ar_credit_control.ar_credit_limit_change_action"
        )
        context = {"default_account_id": self.id, "search_default_applied": 1, "fill_temporal": False}
        return action | {"domain": [("account_id", "=", self.id)], "context": context}

    def action_open_holds(self):
        """Open the holds of this customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.ar_credit_hold_action")
        domain = [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        return action | {"domain": domain, "context": {}}

    def action_export_xlsx(self):
        """Download the chosen accounts, or all of the companies in the switcher, as a workbook.

        :raise UserError: more are chosen than fit into an address.
        """
        if len(self) > EXPORT_MAX:
            raise UserError(
                self.env._("Choose %(count)s accounts at most, or none to export all.", count=EXPORT_MAX)
            )
        companies = ",".join(str(company_id) for company_id in self.env.companies.ids)
        ids = ",".join(str(account_id) for account_id in self.ids)
        return {
            "type": "ir.actions.act_url",
            "url": f"/ar_credit_control/credit_limits.xlsx?companies={companies}&ids={ids}",
            "target": "download",
        }
