from odoo.http import Controller, content_disposition, request, route

from ..report.aged_receivables_xlsx import AgedReceivablesWorkbook


class AgedReceivables(Controller):
    """Downloads of the aged receivables."""

    @route("/ar_collections/aged_receivables/<int:report_id>.xlsx", type="http", auth="user", readonly=True)
    def download(self, report_id):
        """Return the report as a workbook; the report's own rights decide who gets it."""
        report = request.env["ar.receivable.report"].browse(report_id).exists()
        if not report:
            raise request.not_found()
        report._check_allowed()
        content = AgedReceivablesWorkbook(report).content()
        headers = [
            ("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("Content-Disposition", content_disposition(f"{report.display_name}.xlsx")),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(content, headers)
