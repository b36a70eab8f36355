"""All credit limits as a workbook: a sheet of accounts, of groups, of covers, and of the changes behind them."""

import io

import xlsxwriter

from odoo import fields

_FIELDS = (
    "partner_id", "company_id", "currency_id", "control", "credit_limit", "valid_until", "group_id",
    "effective_control", "effective_limit", "receivable", "overdue", "unapplied_credits", "payments_in_process",
    "open_orders", "draft_invoices", "exposure", "covered", "available", "usage", "risk_class_id", "status",
    "review_date",
)  # fmt: skip
_GROUP_FIELDS = (
    "name", "company_ids", "currency_id", "control", "credit_limit", "valid_until", "expiry_rule", "effective_control",
    "effective_limit", "exposure", "available", "usage", "member_count",
)  # fmt: skip
_COVER_FIELDS = (
    "partner_id", "company_id", "kind", "provider_id", "number", "state", "currency_id", "amount", "percent", "value",
    "mode", "date_from", "date_to", "buyer_ids", "payment_term_ids", "max_credit_days", "settlement_method",
    "special_conditions",
)  # fmt: skip
_CHANGE_FIELDS = (
    "name", "partner_id", "group_id", "company_id", "currency_id", "change_type", "temporary_mode", "cover_id",
    "cover_action", "state", "old_control", "old_limit", "new_control", "new_limit", "date_from", "date_to",
    "is_decrease", "requested_by", "decided_by", "applied_on", "batch", "reason",
)  # fmt: skip
# Percentages that are stored as numbers like 90; others are ratios like 0.9.
_OF_HUNDRED = {"percent"}
_HEADER_ROW = 3


class CreditLimitsWorkbook:
    """Writes credit accounts into an .xlsx file, with the rights of whoever asks.

    Text goes in by `write_string` only and formulas are never made from data, so a customer called
    `=HYPERLINK(...)` stays a name (CSV/formula injection, OWASP).

    :param records: ar.credit.account records that the user may read.
    :param groups: ar.credit.group records that belong to them.
    """

    def __init__(self, records, groups=()):
        self.records = records
        self.groups = groups
        self.env = records.env

    def content(self):
        """Return the workbook as bytes."""
        stream = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(stream, options)
        add = self.book.add_format
        self.title = add({"bold": True, "font_size": 14})
        self.head = add({"bold": True, "bg_color": "#EDEDF4", "bottom": 1, "text_wrap": True})
        self.date = add({"num_format": "yyyy-mm-dd"})
        self.percent = add({"num_format": "0.0%"})
        self.money = {}
        self._write_sheets()
        self.book.close()
        return stream.getvalue()

    def _write_sheets(self):
        of_accounts = [("account_id", "in", self.records.ids)]
        covers = self.env["ar.credit.cover"].search(of_accounts)
        changes = self.env["ar.credit.limit.change"].search(
            ["|", ("group_id", "in", self.groups.ids), *of_accounts]
        )
        self._write_sheet(self.env._("Credit Limits"), self.records, _FIELDS)
        self._write_sheet(self.env._("Credit Groups"), self.groups, _GROUP_FIELDS)
        self._write_sheet(self.env._("Covers"), covers, _COVER_FIELDS)
        self._write_sheet(self.env._("Limit Changes"), changes, _CHANGE_FIELDS)

    def _write_sheet(self, name, records, names):
        sheet = self.book.add_worksheet(name[:31])
        labels = records.fields_get(list(names), ["string"])
        sheet.write_string(0, 0, name, self.title)
        sheet.write_string(1, 0, ", ".join(self.env.companies.mapped("name")))
        sheet.write_datetime(1, 2, fields.Date.context_today(records), self.date)
        for column, field_name in enumerate(names):
            sheet.write_string(_HEADER_ROW, column, labels[field_name]["string"], self.head)
            sheet.set_column(column, column, 32 if column == 0 else 15)
        for row, record in enumerate(records, _HEADER_ROW + 1):
            for column, field_name in enumerate(names):
                self._write_value(sheet, row, column, record, field_name)
        sheet.freeze_panes(_HEADER_ROW + 1, 1)
        sheet.autofilter(_HEADER_ROW, 0, _HEADER_ROW + max(1, len(records)), len(names) - 1)

    def _write_value(self, sheet, row, column, record, name):
        field, value = record._fields[name], record[name]
        if field.type == "monetary":
            sheet.write_number(row, column, value, self._money_format(record.currency_id))
        elif field.type == "integer":
            sheet.write_number(row, column, value)
        elif field.type == "float":
            sheet.write_number(row, column, value / 100 if name in _OF_HUNDRED else value, self.percent)
        elif field.type == "boolean":
            sheet.write_boolean(row, column, value)
        elif field.type in ("date", "datetime") and value:
            sheet.write_datetime(row, column, value, self.date)
        elif field.type in ("many2one", "many2many"):
            sheet.write_string(row, column, ", ".join(value.mapped("display_name")))
        elif field.type == "selection":
            sheet.write_string(row, column, dict(field._description_selection(self.env)).get(value, ""))
        else:
            sheet.write_string(row, column, value or "")

    def _money_format(self, currency):
        decimals = currency.decimal_places
        if decimals not in self.money:
            number = "#,##0" + ("." + "0" * decimals if decimals else "")
            self.money[decimals] = self.book.add_format({"num_format": number})
        return self.money[decimals]
