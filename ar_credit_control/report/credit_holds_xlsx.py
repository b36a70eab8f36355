"""The queue of credit holds as a workbook, a row per hold."""

from .credit_limits_xlsx import CreditLimitsWorkbook

# What everybody who sees a hold may see of it.
_FIELDS = (
    "name", "requested_on", "document_name", "partner_id", "company_id", "check_point", "state", "reason_text",
    "salesperson_id", "requested_by", "control", "order_amount", "exposure", "credit_limit", "excess", "overdue",
    "days_overdue", "risk_class_id", "reason_code_id", "request_note", "decided_by", "decided_on", "decision_reason_id",
    "decision_comment",
)  # fmt: skip


class CreditHoldsWorkbook(CreditLimitsWorkbook):
    """Writes credit holds into an .xlsx file.

    :param holds: ar.credit.hold records that the user may read.
    """

    def _write_sheets(self):
        self._write_sheet(self.env._("Credit Holds"), self.records, _FIELDS)
