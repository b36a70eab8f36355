"""The aged receivables as a workbook: one sheet by customer and currency, one with every item."""

import io

import xlsxwriter

from odoo.tools import groupby

AMOUNT_FIELDS = (
    "amount_not_due",
    "amount_1_30",
    "amount_31_60",
    "amount_61_90",
    "amount_over_90",
    "amount_unapplied",
    "amount_residual",
)
_HEADER_ROW = 6
_FIRST_ROW = _HEADER_ROW + 1


class AgedReceivablesWorkbook:
    """Writes a computed `ar.receivable.report` into an .xlsx file.

    Text goes in by `write_string` only and formulas are never made from data, so a customer called
    `=HYPERLINK(...)` stays a name (CSV/formula injection, OWASP).
    """

    def __init__(self, report):
        self.report = report
        self.env = report.env
        self.lines = self.env["ar.receivable.report.line"].search([("report_id", "=", report.id)])
        self.labels = {
            name: values["string"]
            for name, values in self.lines.fields_get(
                [*AMOUNT_FIELDS, "partner_id", "currency_id", "move_id", "invoice_date", "date_due",
                 "days_overdue", "user_id", "amount_residual_currency"],
                ["string"],
            ).items()
        }  # fmt: skip

    def content(self):
        """Return the workbook as bytes."""
        stream = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(stream, options)
        self._add_formats()
        self._write_summary()
        self._write_items()
        self.book.close()
        return stream.getvalue()

    def _add_formats(self):
        decimals = self.report.currency_id.decimal_places
        number = "#,##0" + ("." + "0" * decimals if decimals else "")
        add = self.book.add_format
        self.title = add({"bold": True, "font_size": 14})
        self.head = add({"bold": True, "bg_color": "#EDEDF4", "bottom": 1, "text_wrap": True})
        self.amount = add({"num_format": number})
        self.foreign = add({"num_format": "#,##0.00##"})
        self.total = add({"num_format": number, "bold": True, "top": 1})
        self.date = add({"num_format": "yyyy-mm-dd"})

    def _sheet(self, name, columns, widths):
        """Add a sheet with the heading every sheet has: company, date, total, ledger, difference."""
        report = self.report
        sheet = self.book.add_worksheet(name[:31])
        sheet.write_string(0, 0, self.env._("Aged Receivables"), self.title)
        sheet.write_string(1, 0, report.company_id.name)
        rows = (
            (2, self.env._("As of"), None),
            (3, self.env._("Open Items"), report.total),
            (4, self.env._("General Ledger"), report.ledger_balance),
            (5, self.env._("Difference"), report.difference),
        )
        for row, label, value in rows:
            sheet.write_string(row, 0, label)
            if value is None:
                sheet.write_datetime(row, 1, report.as_of, self.date)
            else:
                sheet.write_number(row, 1, value, self.amount)
        sheet.write_string(3, 2, report.currency_id.name)
        for column, (label, width) in enumerate(zip(columns, widths, strict=True)):
            sheet.write_string(_HEADER_ROW, column, label, self.head)
            sheet.set_column(column, column, width)
        sheet.freeze_panes(_FIRST_ROW, 1)
        return sheet

    def _write_summary(self):
        labels = [self.labels[name] for name in ("partner_id", "currency_id", *AMOUNT_FIELDS)]
        sheet = self._sheet(self.env._("By customer"), labels, [36, 10] + [16] * len(AMOUNT_FIELDS))

        def by_customer(line):
            return line.partner_id.display_name or "", line.currency_id.name

        row = _FIRST_ROW
        for (partner, currency), lines in groupby(self.lines.sorted(by_customer), by_customer):
            sheet.write_string(row, 0, partner)
            sheet.write_string(row, 1, currency)
            for column, name in enumerate(AMOUNT_FIELDS, 2):
                sheet.write_number(row, column, self._sum(lines, name), self.amount)
            row += 1
        self._write_totals(sheet, row, 2)

    def _write_items(self):
        names = (
            "partner_id",
            "move_id",
            "invoice_date",
            "date_due",
            "days_overdue",
            "user_id",
            "currency_id",
        )
        labels = [self.labels[name] for name in (*names, "amount_residual_currency", *AMOUNT_FIELDS)]
        sheet = self._sheet(
            self.env._("Items"), labels, [36, 22, 12, 12, 10, 20, 10, 16] + [16] * len(AMOUNT_FIELDS)
        )
        row = _FIRST_ROW
        for row, line in enumerate(self.lines, _FIRST_ROW):
            sheet.write_string(row, 0, line.partner_id.display_name or "")
            sheet.write_string(row, 1, line.move_id.name or "/")
            sheet.write_datetime(row, 2, line.invoice_date, self.date)
            sheet.write_datetime(row, 3, line.date_due, self.date)
            sheet.write_number(row, 4, line.days_overdue)
            sheet.write_string(row, 5, line.user_id.name or "")
            sheet.write_string(row, 6, line.currency_id.name)
            sheet.write_number(row, 7, line.amount_residual_currency, self.foreign)
            for column, name in enumerate(AMOUNT_FIELDS, 8):
                sheet.write_number(row, column, line[name], self.amount)
        self._write_totals(sheet, row + 1 if self.lines else row, 8)

    def _write_totals(self, sheet, row, first_column):
        sheet.write_string(row, 0, self.env._("Total"), self.total)
        for column, name in enumerate(AMOUNT_FIELDS, first_column):
            sheet.write_number(row, column, self._sum(self.lines, name), self.total)

    def _sum(self, lines, name):
        return self.report.currency_id.round(sum(line[name] for line in lines))
