"""Loads the demo company's books: what XML records can't say because it is relative to today or needs posting.

The masters (company, users, customers, products) are ordinary XML beside this file, the documents are in tables.py,
one line each, dated in days before today. Odoo's own demo of a chart of accounts hangs on the same model
(account/demo/account_demo.py). Nothing here runs without demo data.
"""

from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models

from . import tables

MODULE = "ar_credit_control"
FULL_WIDTH = {ord(" "): "\u3000"} | {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}


class AccountChartTemplate(models.AbstractModel):
    _inherit = "account.chart.template"

    # === MASTERS === #

    @api.model
    def _ar_demo_activate_languages(self):
        """Activate English and Simplified Chinese, with the translations of what is installed."""
        for code in ("en_US", "zh_CN"):
            self.env["res.lang"]._activate_and_install_lang(code)
        # OdooBot makes the demo: what comes with a company is named in the language of who makes it.
        self.env.ref("base.user_root").lang = "en_US"

    @api.model
    def _ar_demo_load_accounting(self, company_id):
        """Give the demo company its chart, taxes, bank journal and exchange rates.

        The Chinese chart where `l10n_cn` is installed, else the generic one with its sales tax set to 13 %.
        """
        company = self.env["res.company"].browse(company_id)
        if company.chart_template:
            return
        chinese = self.env["ir.module.module"]._get("l10n_cn").state == "installed"
        self._load("cn" if chinese else "generic_coa", company, install_demo=False)
        # A chart brings its country's currency along; the generic one thinks of the United States.
        company.currency_id = self.env.ref("base.CNY")
        template = self.with_company(company)
        if not chinese:
            company.account_sale_tax_id.write({"name": "13%", "amount": 13.0})
            # To the generic chart everybody outside the United States is abroad, the Chinese customers too.
            self.env["account.fiscal.position"].search([("company_id", "=", company.id)]).auto_apply = False
        template._ar_demo_load_rates(company)
        template._ar_demo_name({"journal_cny": template.ref("bank")})

    def _ar_demo_load_rates(self, company):
        """One rate a month for the last 13 months, each in CNY for one unit of the foreign currency."""
        first = fields.Date.context_today(self).replace(day=1)
        self.env["res.currency.rate"].create(
            [
                {
                    "name": first - relativedelta(months=int(row["months_ago"])),
                    "currency_id": self.env.ref(f"base.{code}").id,
                    "company_id": company.id,
                    "inverse_company_rate": float(row[code]),
                }
                for row in tables.rows(tables.RATES)
                for code in ("USD", "EUR", "HKD")
            ]
        )

    # === DOCUMENTS === #

    @api.model
    def _ar_demo_load_documents(self, company_id):
        """Twelve months of invoices, credit notes and receipts, then open orders and receipts to match."""
        company = self.env["res.company"].browse(company_id)
        if self._ar_demo_ref("hx1"):
            return
        # Nobody is told by e-mail of what happened in the demo's past.
        loader = self.with_company(company).with_context(
            allowed_company_ids=company.ids,
            tracking_disable=True,
            mail_activity_quick_update=True,
            skip_pdf_attachment_generation=True,
        )
        if "stock.warehouse" in self.env:  # Odoo gives only the first company one
            loader.env["stock.warehouse"].create(
                {"name": company.name, "code": "HR", "company_id": company.id}
            )
        loader._ar_demo_translate()
        loader._ar_demo_load_invoices()
        loader._ar_demo_load_credit_notes()
        loader._ar_demo_load_settlements()
        loader._ar_demo_load_orders()
        loader._ar_demo_load_receipts()

    def _ar_demo_translate(self):
        """Give the masters their Chinese names, also what Odoo made along with the company."""
        chinese = self.with_context(lang="zh_CN")
        for row in tables.rows(tables.CHINESE):
            chinese._ar_demo_ref(row["record"])[row["field"]] = row["text"]
        default = self.env["product.pricelist"].search(
            [("company_id", "=", self.env.company.id), ("name", "=", "Default")]
        )
        default.with_context(lang="zh_CN").name = "默认"

    def _ar_demo_load_invoices(self):
        rows = tables.rows(tables.INVOICES)
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_date": self._ar_demo_day(row["days_ago"]),
                    "currency_id": self._ar_demo_currency(customer).id,
                    "invoice_user_id": customer.user_id.id,
                    "invoice_line_ids": self._ar_demo_lines(row, "quantity"),
                }
                for row in rows
                for customer in self._ar_demo_ref(row["customer"])
            ]
        )
        # Twelve months at once: when each was posted, those before it had been paid, and the limit was not asked.
        with self.env["ar.credit.edge"]._booking():
            moves.action_post()
        self._ar_demo_name({row["document"]: move for row, move in zip(rows, moves, strict=True)})

    def _ar_demo_load_credit_notes(self):
        for row in tables.rows(tables.CREDIT_NOTES):
            invoice = self._ar_demo_ref(row["invoice"])
            note = self.env["account.move"].create(
                {
                    "move_type": "out_refund",
                    "partner_id": invoice.partner_id.id,
                    "invoice_date": invoice.invoice_date + relativedelta(days=int(row["days_after"])),
                    "currency_id": invoice.currency_id.id,
                    "invoice_user_id": invoice.invoice_user_id.id,
                    "reversed_entry_id": invoice.id,
                    "ref": row["reason"],
                    "invoice_line_ids": self._ar_demo_lines(row, "quantity"),
                }
            )
            note.action_post()
            self._ar_demo_name({row["document"]: note})
            self._ar_demo_receivables(invoice | note).reconcile()

    def _ar_demo_load_settlements(self):
        """Book the receipts of the invoices: bank statement lines straight against the receivable, reconciled."""
        plan = [
            (invoice, amount, invoice.invoice_date + relativedelta(days=days))
            for row in tables.rows(tables.INVOICES)
            for invoice in self._ar_demo_ref(row["document"])
            for amount, days in self._ar_demo_shares(invoice, row["receipts"])
        ]
        lines = self.env["account.bank.statement.line"].create(
            [
                {
                    **self._ar_demo_receipt(invoice.currency_id, amount, day),
                    "partner_id": invoice.partner_id.id,
                    "payment_ref": f"货款 {invoice.name}",
                    "counterpart_account_id": self._ar_demo_receivables(invoice).account_id.id,
                }
                for invoice, amount, day in plan
            ]
        )
        for line, (invoice, _amount, _day) in zip(lines, plan, strict=True):
            self._ar_demo_receivables(invoice | line.move_id).reconcile()

    def _ar_demo_load_orders(self):
        """Quotations ready to be confirmed, orders that wait for their invoice, one held for the credit manager."""
        # The salesperson writes the orders: who wrote one can't approve it.
        orders = self.env["sale.order"].with_user(self._ar_demo_ref("user_sales"))
        for row in tables.rows(tables.ORDERS):
            customer = self._ar_demo_ref(row["customer"])
            order = orders.create(
                {
                    "partner_id": customer.id,
                    "date_order": self._ar_demo_day(row["days_ago"]),
                    "order_line": self._ar_demo_lines(row, "product_uom_qty"),
                }
            )
            if row["confirm"]:
                # Over the limit it is not confirmed but held.
                order.action_confirm_or_hold()
            if order.state == "sale":
                order.date_order = self._ar_demo_day(row["days_ago"])
            self._ar_demo_name({row["document"]: order})
        # Approvers see their activities; nobody gets mail from a demonstration.
        self.env["mail.mail"].search(
            [("model", "=", "ar.approval.request"), ("state", "=", "outgoing")]
        ).unlink()

    def _ar_demo_load_receipts(self):
        """Receipts nobody has matched: exact, written in other ways, short of a fee, from an unknown payer."""
        for row in tables.rows(tables.RECEIPTS):
            invoice = self._ar_demo_ref(row["document"]) if row["document"] else self.env["account.move"]
            number = invoice.name or ""
            currency = invoice.currency_id or self.env.company.currency_id
            paid = row["paid"]
            amount = invoice.amount_residual if paid.endswith("%") else invoice.amount_residual + float(paid)
            line = self.env["account.bank.statement.line"].create(
                {
                    **self._ar_demo_receipt(
                        currency, currency.round(amount), self._ar_demo_day(row["days_ago"])
                    ),
                    "partner_name": row["payer"],
                    "payment_ref": row["memo"].format(
                        number=number, wide=number.translate(FULL_WIDTH), spaced=number.replace("/", " ")
                    ),
                }
            )
            self._ar_demo_name({row["receipt"]: line})

    # === HELPERS === #

    def _ar_demo_receipt(self, currency, amount, day):
        """Values of a bank statement line over `amount` in `currency`; without an account in it, CNY is credited."""
        journal = self._ar_demo_ref("journal_usd" if currency.name == "USD" else "journal_cny")
        home = self.env.company.currency_id
        if currency in (home, journal.currency_id):
            return {"journal_id": journal.id, "date": day, "amount": amount}
        return {
            "journal_id": journal.id,
            "date": day,
            "amount": currency._convert(amount, home, self.env.company, day),
            "foreign_currency_id": currency.id,
            "amount_currency": amount,
        }

    def _ar_demo_shares(self, invoice, receipts):
        """Yield the amount and the days after the invoice of each receipt in "30%+2 70%+40".

        The shares are of what the credit notes left; the one that makes it 100 % takes the rounding.
        """
        payable = rest = invoice.amount_residual
        done = 0
        for receipt in receipts.split():
            share, days = map(int, receipt.split("%+"))
            done += share
            amount = rest if done == 100 else invoice.currency_id.round(payable * share / 100)
            rest -= amount
            yield amount, days

    def _ar_demo_lines(self, row, quantity_field):
        """Order or invoice lines of a row's "product*quantity ...", at the prices of product and pricelist."""
        lines = []
        for item in row["lines"].split():
            code, quantity = item.split("*")
            product = self._ar_demo_ref(f"product_{code}")
            lines.append(Command.create({"product_id": product.id, quantity_field: float(quantity)}))
        return lines

    def _ar_demo_receivables(self, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )

    def _ar_demo_currency(self, customer):
        return customer.property_product_pricelist.currency_id or self.env.company.currency_id

    def _ar_demo_day(self, days_ago):
        return fields.Date.context_today(self) - relativedelta(days=int(days_ago))

    def _ar_demo_ref(self, name):
        record = self.env.ref(f"{MODULE}.demo_{name}", raise_if_not_found=False)
        return record.with_env(self.env) if record else record

    def _ar_demo_name(self, records):
        """Give external ids to records: {name: record}."""
        self.env["ir.model.data"]._update_xmlids(
            [
                {"xml_id": f"{MODULE}.demo_{name}", "record": record, "noupdate": True}
                for name, record in records.items()
            ]
        )
