"""Settlement as a workbook: a row for each bill, and what customers paid with, as a table and a chart."""

import io

import xlsxwriter

_BILL_FIELDS = (
    "day",
    "provider_id",
    "kind",
    "line_count",
    "amount_gross",
    "amount_refund",
    "amount_fee",
    "fee_rate",
    "amount_net",
    "amount_payout",
    "open_difference_count",
    "state",
)
_AMOUNTS = ("amount_gross", "amount_refund", "amount_fee", "amount_net", "amount_payout")


class SettlementWorkbook:
    """Writes `ar.gateway.bill` records into an .xlsx file.

    Text goes in by `write_string` only, and nothing from a bill becomes a formula (OWASP: CSV injection).
    """

    def __init__(self, bills):
        self.bills = bills.sorted(lambda bill: (bill.day, bill.id))
        self.env = bills.env

    def content(self):
        """Return the workbook as bytes."""
        stream = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(stream, options)
        add = self.book.add_format
        self.head = add({"bold": True, "bg_color": "#EDEDF4", "bottom": 1, "text_wrap": True})
        self.amount = add({"num_format": "#,##0.00"})
        self.rate = add({"num_format": "0.000"})
        self.date = add({"num_format": "yyyy-mm-dd"})
        self.total = add({"num_format": "#,##0.00", "bold": True, "top": 1})
        self._write_bills()
        self._write_methods()
        self.book.close()
        return stream.getvalue()

    def _sheet(self, name, labels):
        sheet = self.book.add_worksheet(name[:31])
        for column, label in enumerate(labels):
            sheet.write_string(0, column, label, self.head)
        sheet.set_column(0, len(labels) - 1, 15)
        sheet.freeze_panes(1, 0)
        return sheet

    def _write_bills(self):
        described = self.bills.fields_get([*_BILL_FIELDS], ["string", "selection"])
        sheet = self._sheet(self.env._("By Day"), [described[name]["string"] for name in _BILL_FIELDS])
        for row, bill in enumerate(self.bills, 1):
            for column, name in enumerate(_BILL_FIELDS):
                value = bill[name]
                if name == "day":
                    sheet.write_datetime(row, column, value, self.date)
                elif name == "provider_id":
                    # sudo: a name; accountants may not read providers.
                    sheet.write_string(row, column, value.sudo().name)
                elif name in ("kind", "state"):
                    sheet.write_string(row, column, dict(described[name]["selection"])[value])
                elif name in _AMOUNTS:
                    sheet.write_number(row, column, value, self.amount)
                else:
                    sheet.write_number(row, column, value, self.rate if name == "fee_rate" else None)
        # A fund flow repeats the trades of its day: only one kind adds up.
        trades = self.bills.filtered(lambda bill: bill.kind == "trade")
        for name in _AMOUNTS[:-1]:
            total = sum(trades.mapped(name))
            sheet.write_number(len(self.bills) + 1, _BILL_FIELDS.index(name), total, self.total)

    def _write_methods(self):
        name = self.env._("By Payment Method")
        labels = [
            self.env._("Payment Method"),
            self.env._("Provider"),
            self.env._("Number of Payments"),
            self.env._("Gross"),
            self.env._("Fees"),
            self.env._("Effective Rate (%)"),
            self.env._("Share (%)"),
        ]
        sheet = self._sheet(name, labels)
        groups = self.env["ar.gateway.settlement.report"]._read_group(
            [("day", "in", self.bills.mapped("day")), ("provider_id", "in", self.bills.provider_id.ids)],
            ["method", "provider_id"],
            ["payment_count:sum", "amount_gross:sum", "amount_fee:sum", "fee_rate:avg"],
            order="amount_gross:sum DESC",
        )
        whole = sum(gross or 0 for _method, _provider, _count, gross, _fee, _rate in groups)
        for row, (method, provider, count, gross, fee, rate) in enumerate(groups, 1):
            sheet.write_string(row, 0, method or "")
            sheet.write_string(row, 1, provider.sudo().name)  # sudo: as above
            sheet.write_number(row, 2, count)
            sheet.write_number(row, 3, gross, self.amount)
            sheet.write_number(row, 4, fee, self.amount)
            sheet.write_number(row, 5, rate, self.rate)
            sheet.write_number(row, 6, 100 * gross / whole if whole else 0, self.amount)
        if groups:
            chart = self.book.add_chart({"type": "pie"})
            sheet_name = sheet.get_name()
            chart.add_series(
                {
                    "name": labels[3],
                    "categories": [sheet_name, 1, 0, len(groups), 1],
                    "values": [sheet_name, 1, 3, len(groups), 3],
                    "data_labels": {"percentage": True},
                }
            )
            chart.set_title({"name": name})
            sheet.insert_chart(1, len(labels) + 1, chart)
