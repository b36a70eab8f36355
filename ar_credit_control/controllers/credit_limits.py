from odoo.http import Controller, content_disposition, request, route

from ..report.credit_holds_xlsx import CreditHoldsWorkbook
from ..report.credit_limits_xlsx import CreditLimitsWorkbook


class CreditLimits(Controller):
    """Downloads of credit limits and holds, as far as the user's rights and companies reach."""

    @route("/ar_credit_control/credit_limits.xlsx", type="http", auth="user", readonly=True)
    def download(self, companies="", ids=""):
        """Return accounts as a workbook, with their groups and covers.

        :param str companies: ids of the companies chosen in the switcher, comma-separated; Odoo refuses foreign ones.
        :param str ids: accounts, comma-separated; all of the companies without, and all groups.
        """
        accounts = self._read("ar.credit.account", companies, ids, [])
        chosen = [("account_ids", "in", accounts.ids)] if ids else []
        groups = accounts.env["ar.credit.group"].search(
            [("company_ids", "in", accounts.env.companies.ids), *chosen]
        )
        return self._respond(CreditLimitsWorkbook(accounts, groups), accounts.env._("Credit Limits"))

    @route("/ar_credit_control/credit_holds.xlsx", type="http", auth="user", readonly=True)
    def download_holds(self, companies="", ids=""):
        """Return holds as a workbook.

        :param str companies: as for limits.
        :param str ids: holds, comma-separated; all that wait for a decision without.
        """
        holds = self._read("ar.credit.hold", companies, ids, [("state", "=", "pending")])
        return self._respond(CreditHoldsWorkbook(holds), holds.env._("Credit Holds"))

    def _read(self, model, companies, ids, default):
        """Return the records asked for, or those of the domain `default`."""
        company_ids = [int(word) for word in companies.split(",") if word.isdecimal()]
        records = request.env[model]
        if company_ids:
            records = records.with_context(allowed_company_ids=company_ids)
        records.check_access("read")
        wanted = [int(word) for word in ids.split(",") if word.isdecimal()]
        # The domain and the record rules bind ids as well: what is named in vain is left out.
        domain = [("company_id", "in", records.env.companies.ids)]
        return records.search(domain + ([("id", "in", wanted)] if wanted else default))

    def _respond(self, workbook, name):
        headers = [
            ("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("Content-Disposition", content_disposition(f"{name}.xlsx")),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(workbook.content(), headers)
