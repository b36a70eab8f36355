from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Print statements one by one: Debian's wkhtmltopdf can't print several documents in one call."""
        report = self._get_report(report_ref)
        ids = res_ids or ()
        alone = len(ids) < 2 or len(set(ids)) < len(ids)  # Odoo merges doubles in its own way
        if report.report_name != "ar_collections.customer_statement" or alone:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids)
        streams = {}
        for res_id in res_ids:
            streams |= super()._render_qweb_pdf_prepare_streams(report_ref, data, [res_id])
        return streams
