from odoo.http import Controller, content_disposition, request, route

from ..report.settlement_xlsx import SettlementWorkbook


class Settlement(Controller):
    """Downloads of settlement, as far as the user's rights and companies reach."""

    @route("/ar_payment_gateways/settlement.xlsx", type="http", auth="user", readonly=True)
    def download(self, companies="", ids=""):
        """Return bills as a workbook.

        :param str companies: ids of the companies chosen in the switcher, comma-separated; Odoo refuses foreign ones.
        :param str ids: bills, comma-separated; all that are imported without.
        """
        company_ids = [int(word) for word in companies.split(",") if word.isdecimal()]
        bills = request.env["ar.gateway.bill"]
        if company_ids:
            bills = bills.with_context(allowed_company_ids=company_ids)
        bills.check_access("read")
        wanted = [int(word) for word in ids.split(",") if word.isdecimal()]
        # The domain and the record rules bind ids as well: what is named in vain is left out.
        domain = [("company_id", "in", bills.env.companies.ids), ("state", "!=", "waiting")]
        bills = bills.search(domain + ([("id", "in", wanted)] if wanted else []))
        headers = [
            ("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("Content-Disposition", content_disposition(f"{bills.env._('Gateway Settlement')}.xlsx")),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(SettlementWorkbook(bills).content(), headers)
