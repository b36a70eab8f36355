from odoo import api, models
from odoo.exceptions import AccessError


class ArCreditSharedSetting(models.AbstractModel):
    """Settings that bind all companies where they name none: they are for people who answer for all companies.

    A manager of one company may read them, add what is for his own company only, and so be stricter or except himself
    there; but what he takes from the others is not his.
    """

    _name = "ar.credit.shared.setting"
    _description = "Setting shared by companies"

    def _filtered_shared(self):
        """Return the records that are for all companies."""
        return self.filtered(lambda record: not record.company_id)

    def _check_shared(self):
        """Refuse changes of what is for all companies by people who do not work in all of them.

        :raise AccessError: naming the record.
        """
        # sudo: which of the records are shared is no secret of who may change them
        shared = not self.env.su and self.sudo()._filtered_shared()
        if not shared or self.env.user.has_group("base.group_system"):
            return
        # sudo: companies that the user does not work in are what it is about
        companies = self.env["res.company"].sudo()
        if companies.search_count([("id", "not in", self.env.user.company_ids.ids)], limit=1):
            raise AccessError(
                self.env._(
                    "%(name)s is for all companies, and you do not work in all of them. Ask an administrator, or add"
                    " one for your own company.",
                    name=shared[0].display_name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        """Create settings; those for all companies by who works in all of them.

        :raise AccessError: see `_check_shared`.
        """
        records = super().create(vals_list)
        records._check_shared()
        return records

    def write(self, vals):
        """Write settings; see `create`, also for what was or becomes shared.

        :raise AccessError: see `_check_shared`.
        """
        self._check_shared()
        result = super().write(vals)
        if "company_id" in vals or "rule_id" in vals:
            self._check_shared()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_shared(self):
        """Refuse to delete what is for all companies, too.

        :raise AccessError: see `_check_shared`.
        """
        self._check_shared()
