from odoo.http import Controller, content_disposition, request, route

from ..report.credit_limits_xlsx import CreditLimitsWorkbook


class CreditLimits(Controller):
    """Downloads of credit limits."""

    @route("/ar_credit_control/credit_limits.xlsx", type="http", auth="user", readonly=True)
    def download(self, companies="", ids=""):
        """Return accounts as a workbook, as far as the user's rights and companies reach.

        :param str companies: ids of the companies chosen in the switcher, comma-separated; Odoo refuses foreign ones.
        :param str ids: accounts, comma-separated; all of the companies without.
        """
        company_ids = [int(word) for word in companies.split(",") if word.isdecimal()]
        accounts = request.env["ar.credit.account"]
        if company_ids:
            accounts = accounts.with_context(allowed_company_ids=company_ids)
        accounts.check_access("read")
        wanted = [int(word) for word in ids.split(",") if word.isdecimal()]
        # The domain and the record rules bind ids as well: what is named in vain is left out.
        domain = [("company_id", "in", accounts.env.companies.ids)]
        accounts = accounts.search(domain + ([("id", "in", wanted)] if wanted else []))
        headers = [
            ("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("Content-Disposition", content_disposition(f"{accounts.env._('Credit Limits')}.xlsx")),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(CreditLimitsWorkbook(accounts).content(), headers)
