import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.settlement_bill import BillError, Kind
from ..core.settlement_read import BillKind, is_bill_of, read_bill

MAX_BYTES = 50 * 1024 * 1024
"""Of an uploaded file: a bill of a million rows, packed."""


class ArGatewayBillImport(models.TransientModel):
    """Uploading a bill: choose the file, look at what it says and how it differs from our books, import it."""

    _name = "ar.gateway.bill.import"
    _description = "Import Gateway Bill"

    file = fields.Binary(required=True, attachment=False)
    filename = fields.Char()
    day = fields.Date(help="Only UnionPay's files do not tell it.")
    provider_key = fields.Selection(
        "_selection_provider", "Gateway Account", help="Found by the merchant's number in the bill."
    )
    state = fields.Selection(
        [("file", "File"), ("checked", "Checked")], required=True, default="file", readonly=True
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    merchant = fields.Char(readonly=True)
    kind = fields.Selection([("trade", "Trades"), ("fund", "Fund Flow")], "Kind of Bill", readonly=True)
    line_count = fields.Integer("Number of Rows", readonly=True)
    amount_gross = fields.Monetary("Gross", readonly=True)
    amount_refund = fields.Monetary("Refunded", readonly=True)
    amount_fee = fields.Monetary("Fees", readonly=True)
    amount_payout = fields.Monetary("Paid Out", readonly=True)
    agreed_count = fields.Integer("Rows That Agree", readonly=True)
    surplus_count = fields.Integer("Not in Our Books", readonly=True)
    shortage_count = fields.Integer("Not in the Bill", readonly=True)
    amount_count = fields.Integer("Other Amount", readonly=True)
    status_count = fields.Integer("Other State", readonly=True)
    cross_day_count = fields.Integer("Other Day", readonly=True)
    unknown_fee_count = fields.Integer("Rows Without Fee", readonly=True)

    @api.model
    def _selection_provider(self):
        """The gateway accounts of the companies at work, by name."""
        return [(str(provider.id), provider.display_name) for provider in self._providers()]

    @api.model
    def _providers(self):
        # sudo: importers may not read providers, which hold keys; they see names, and only of their companies.
        providers = self.env["payment.provider"].sudo()
        providers = providers.search([("company_id", "in", self.env.companies.ids)])
        # Not by their `journal_id`: reading that makes the payment methods that are missing in a journal.
        lines = providers.env["account.payment.method.line"].search_fetch(
            [("payment_provider_id", "in", providers.ids), ("journal_id", "!=", False)],
            ["payment_provider_id"],
        )
        return providers & lines.payment_provider_id

    @api.onchange("file", "day", "provider_key")
    def _onchange_file(self):
        self.state = "file"

    # === ACTIONS === #

    def action_check(self):
        """Read the file and show what it says; nothing is imported."""
        self.env["ar.gateway.bill"]._check_importer()
        read, provider = self._read()
        matching = self.env["ar.gateway.bill"].sudo()._matching(provider, read)  # sudo: counted only
        kinds = [match.difference.value for match in matching.matches if match.difference]
        is_trade = read.kind is BillKind.TRADE
        self.write(
            {
                "state": "checked",
                "provider_key": str(provider.id),
                "currency_id": (provider.journal_id.currency_id or provider.company_id.currency_id).id,
                "day": read.day,
                "merchant": read.account,
                "kind": read.kind.value,
                "line_count": len(read.rows),
                "amount_gross": float(read.total(Kind.PAYMENT)),
                "amount_refund": float(-read.total(Kind.REFUND)),
                "amount_fee": float(read.total_fee() if is_trade else -read.total(Kind.FEE)),
                "amount_payout": float(-read.total(Kind.PAYOUT)),
                "unknown_fee_count": read.unknown_fees(),
                "agreed_count": len(read.rows) - len(kinds) if is_trade else 0,
                "shortage_count": len(matching.missing) if is_trade else 0,
                **{
                    f"{kind}_count": kinds.count(kind) if is_trade else 0
                    for kind in ("surplus", "amount", "status", "cross_day")
                },
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import Bill"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_import(self):
        """Import the bill and begin to book it; the same bill again opens what is there."""
        self.env["ar.gateway.bill"]._check_importer()
        read, provider = self._read()
        bills = self.env["ar.gateway.bill"].sudo()  # sudo: bills are written by the machinery
        bill, is_new = bills._import(
            provider, read, content=base64.b64decode(self.file), filename=self.filename or ""
        )
        if is_new:
            bill._book_or_trigger()
        action = {
            "type": "ir.actions.act_window",
            "res_model": "ar.gateway.bill",
            "res_id": bill.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
        if is_new:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "title": self.env._("Imported before"),
                "message": self.env._(
                    "%s is there already, row for row. Nothing was changed.", bill.display_name
                ),
                "next": action,
            },
        }

    # === READING === #

    def _read(self):
        """Return the bill in the file and the provider it is for.

        :raise UserError: if the file is no bill, or it is not clear whose.
        """
        self.ensure_one()
        bills = self.env["ar.gateway.bill"]
        content = self._content()
        try:
            read = read_bill(content, self.day or None)
        except BillError as error:
            raise UserError(bills._explain(error)) from None
        provider = self._provider(read)
        provider._ar_check_bill(read)
        return read, provider

    def _content(self):
        try:
            content = base64.b64decode(self.file or b"", validate=True)
        except binascii.Error:
            content = b""
        if not content or len(content) > MAX_BYTES:
            raise UserError(self.env._("Choose a file of at most %s MB.", MAX_BYTES // 1024 // 1024))
        return content

    def _provider(self, read):
        providers = self._providers()
        if self.provider_key:
            return providers.filtered(lambda provider: str(provider.id) == self.provider_key)
        found = providers.filtered(
            lambda provider: (
                is_bill_of(read.account, provider._ar_bill_merchant())
                if read.account
                # Movements of nobody knows whose account: a person has to say whose.
                else provider.code == read.code and not read.rows
            )
        )
        if len(found) != 1:
            raise UserError(
                self.env._(
                    "Which gateway account is the bill of (merchant %s)? Choose it. If it is not in the list, its"
                    " provider has no journal, or belongs to another company.",
                    read.account or "?",
                )
            )
        return found
