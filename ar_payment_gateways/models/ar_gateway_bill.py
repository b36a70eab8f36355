from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import const
from ..core.settlement_bill import Kind, Problem
from ..core.settlement_read import BillKind


class ArGatewayBill(models.Model):
    """A gateway's settlement bill: one provider, one day, one kind. It is there whole or not at all, and once.

    A bill that is waited for has no rows yet; a bill with rows never changes. What follows from it is in its rows
    (booked as statement lines of the provider's journal) and in the differences from our books.
    """

    _name = "ar.gateway.bill"
    _description = "Gateway Bill"
    _inherit = [
        "mail.thread",
        "ar.gateway.bill.matching",
        "ar.gateway.bill.flow",
        "ar.gateway.bill.completing",
        "ar.gateway.bill.booking",
        "ar.gateway.bill.fetching",
    ]
    _order = "day desc, provider_id, kind desc"
    _rec_names_search = ["provider_id.name"]
    _mail_post_access = "read"

    provider_id = fields.Many2one("payment.provider", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    journal_id = fields.Many2one("account.journal", readonly=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    day = fields.Date(required=True, readonly=True, index=True)
    kind = fields.Selection(
        [("trade", "Trades"), ("fund", "Fund Flow")],
        "Kind of Bill",
        required=True,
        readonly=True,
        default="trade",
    )
    state = fields.Selection(
        [("waiting", "Expected"), ("imported", "Imported"), ("booked", "Booked")],
        "Status",
        required=True,
        readonly=True,
        default="imported",
        index=True,
        tracking=True,
    )
    gateway = fields.Char(readonly=True, help="Whose format it has.")
    origin = fields.Selection(
        [("upload", "Uploaded"), ("fetch", "Fetched")], required=True, readonly=True, default="upload"
    )
    digest = fields.Char("Hash", readonly=True, help="SHA-256 of what the bill says.")
    account = fields.Char("Merchant", readonly=True)
    imported_at = fields.Datetime(readonly=True)
    imported_by = fields.Many2one("res.users", readonly=True)
    problem = fields.Char(readonly=True, help="Why it could not be fetched or booked yet.")

    line_ids = fields.One2many("ar.gateway.bill.line", "bill_id", string="Rows", readonly=True)
    difference_ids = fields.One2many("ar.gateway.difference", "bill_id", string="Differences", readonly=True)
    open_difference_count = fields.Integer("Open Differences", compute="_compute_open_difference_count")
    line_count = fields.Integer("Number of Rows", readonly=True)
    booked_count = fields.Integer("Booked Rows", readonly=True, aggregator=None)
    amount_gross = fields.Monetary("Gross", readonly=True)
    amount_refund = fields.Monetary("Refunded", readonly=True)
    amount_fee = fields.Monetary("Fees", readonly=True)
    amount_net = fields.Monetary("Net", readonly=True)
    amount_payout = fields.Monetary("Paid Out", readonly=True)
    unknown_fee_count = fields.Integer("Rows Without Fee", readonly=True)
    fee_rate = fields.Float("Effective Rate (%)", compute="_compute_fee_rate", digits=(16, 3))
    balance_end = fields.Monetary("Balance in the Bill", readonly=True, aggregator=None)
    has_balance = fields.Boolean(readonly=True)
    ledger_balance = fields.Monetary("Balance in the Ledger", compute="_compute_ledger_balance")
    attempt_count = fields.Integer("Attempts", readonly=True)
    next_fetch_at = fields.Datetime("Next Attempt", readonly=True, index="btree_not_null")

    _day_unique = models.Constraint(
        "UNIQUE(provider_id, day, kind)", "The bill of this day has been imported already."
    )

    # === COMPUTE === #

    @api.depends("provider_id", "day", "kind")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for bill in self:
            # sudo: a name; accountants may not read providers.
            bill.display_name = (
                f"{bill.provider_id.sudo().name} {bill.day} {kinds.get(bill.kind, '')}".strip()
            )

    @api.depends("difference_ids.state")
    def _compute_open_difference_count(self):
        groups = self.env["ar.gateway.difference"]._read_group(
            [("bill_id", "in", self.ids), ("state", "!=", "resolved")], ["bill_id"], ["__count"]
        )
        counts = {bill.id: count for bill, count in groups}
        for bill in self:
            bill.open_difference_count = counts.get(bill.id, 0)

    @api.depends("amount_fee", "amount_gross")
    def _compute_fee_rate(self):
        for bill in self:
            bill.fee_rate = 100 * bill.amount_fee / bill.amount_gross if bill.amount_gross else 0.0

    @api.depends("state", "booked_count")
    def _compute_ledger_balance(self):
        """What the journal's own account holds at the end of the bill's day, in its currency."""
        for bill in self:
            account = bill.sudo().journal_id.default_account_id  # sudo: for those who may read bills only
            # sudo: for those who may read bills only
            items = self.env["account.move.line"].sudo()
            [(total,)] = items._read_group(
                [
                    ("account_id", "=", account.id),
                    ("company_id", "=", bill.company_id.id),
                    ("parent_state", "=", "posted"),
                    ("date", "<=", bill.day),
                ],
                [],
                ["amount_currency:sum"],
            )
            bill.ledger_balance = total or 0.0

    # === IMPORT === #

    @api.model
    def _import(self, provider, read, *, content=b"", filename="", origin="upload"):
        """Store a bill, match its rows with our orders and refunds and note what differs. The same again does nothing;
        the same with more rows completes it.

        Of two imports at once the second meets the unique constraint, which undoes it.

        :param provider: payment.provider, in sudo; the caller has checked that the user may import for its company.
        :param core.settlement_read.ReadBill read: its totals checked by its parser.
        :param bytes content: the file, kept with the bill.
        :return: (the bill, whether it is new)
        :raise UserError: if it is another merchant's, or the day has another bill already.
        """
        provider._ar_check_bill(read)
        bill = self.search(
            [("provider_id", "=", provider.id), ("day", "=", read.day), ("kind", "=", read.kind.value)]
        )
        if bill and bill.state != "waiting":
            if bill.digest == read.digest():
                return bill, False
            bill._complete(provider, read, origin)
        else:
            bill = self._take_whole(provider, read, origin, bill)
        if content:
            bill._keep_file(content, filename)
        bill._compare_flow()
        return bill, True

    @api.model
    def _take_whole(self, provider, read, origin, waiting):
        """Store a bill of which nothing is there, in the record that waits for it if there is one."""
        self._check_empty(provider, read)
        values = self._values(provider, read, origin)
        bill = waiting or self.create(values)
        if waiting:
            bill.write(values)
        bill._store_rows(read)
        if read.kind is BillKind.TRADE:
            bill._match(read)
        return bill

    @api.model
    def _values(self, provider, read, origin):
        gross, fee = read.total(Kind.PAYMENT), read.total_fee()
        if read.kind is BillKind.FUND:
            fee = -read.total(Kind.FEE)
        refunded, payout = -read.total(Kind.REFUND), -read.total(Kind.PAYOUT)
        return {
            "provider_id": provider.id,
            "company_id": provider.company_id.id,
            "journal_id": provider.journal_id.id,
            "currency_id": (provider.journal_id.currency_id or provider.company_id.currency_id).id,
            "day": read.day,
            "kind": read.kind.value,
            "state": "imported",
            "origin": origin,
            "digest": read.digest(),
            "gateway": read.code or provider.code,
            "account": read.account,
            "imported_at": fields.Datetime.now(),
            "imported_by": self.env.uid,
            "problem": False,
            "next_fetch_at": False,
            "line_count": len(read.rows),
            "unknown_fee_count": read.unknown_fees(),
            "amount_gross": float(gross),
            "amount_refund": float(refunded),
            "amount_fee": float(fee),
            "amount_net": float(gross - refunded - fee),
            "amount_payout": float(payout),
            "has_balance": read.balance_minor is not None,
            "balance_end": (read.balance_minor or 0) / 100,
        }

    def _store_rows(self, read):
        self.ensure_one()
        lines = self.env["ar.gateway.bill.line"]
        taken = lines.search(
            [("provider_id", "=", self.provider_id.id), ("key", "in", [row.key for row in read.rows])],
            limit=1,
        )
        if taken:
            raise UserError(
                self.env._(
                    "Row %(row)s is in the bill of %(day)s already. Nothing was imported.",
                    row=taken.key,
                    day=taken.day,
                )
            )
        lines.create([lines._values(self, row) for row in read.rows])

    def _keep_file(self, content, filename):
        self.env["ir.attachment"].create(
            {
                "name": filename or self.display_name,
                "raw": content,
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    # === WORDS === #

    @api.model
    def _explain(self, error):
        """Return what a BillError means to the person who has the file, with the place.

        :rtype: str
        """
        why = {
            Problem.CHECKSUM: self.env._("The file is not the one that the gateway announced."),
            Problem.ARCHIVE: self.env._("The archive is damaged, too big, or holds no bill."),
            Problem.CHARSET: self.env._(
                "The text is not in the gateway's encoding. Was the file opened and saved?"
            ),
            Problem.COLUMNS: self.env._(
                "The columns are not those of a bill. Was the file opened and saved?"
            ),
            Problem.VALUE: self.env._("A value is not what it should be."),
            Problem.DUPLICATE: self.env._("A row is there twice."),
            Problem.INCOMPLETE: self.env._("The end of the bill is missing."),
            Problem.TOTALS: self.env._("The bill's totals are not the sums of its rows."),
            Problem.UNKNOWN: self.env._("This is no bill of Alipay, WeChat Pay or UnionPay."),
            Problem.DAY: self.env._(
                "A bill is of one day. This one has rows of another, or it does not tell its day: choose it."
            ),
        }[error.problem]
        place = self.env._("line %s", error.line) if error.line else ""
        found = ", ".join(filter(None, (place, error.detail)))
        return self.env._("%(why)s (%(found)s)", why=why, found=found) if found else why

    # === ACTIONS === #

    def action_view_lines(self):
        """Open the rows."""
        return self._open_list("ar.gateway.bill.line", self.env._("Rows"))

    def action_view_differences(self):
        """Open the differences."""
        return self._open_list("ar.gateway.difference", self.env._("Differences"))

    def action_export_xlsx(self):
        """Download the chosen bills, or all of the companies in the switcher, as a workbook.

        :raise UserError: more are chosen than fit into an address.
        """
        if len(self) > const.EXPORT_MAX:
            raise UserError(
                self.env._("Choose %(count)s bills at most, or none to export all.", count=const.EXPORT_MAX)
            )
        companies = ",".join(str(company_id) for company_id in self.env.companies.ids)
        ids = ",".join(str(bill_id) for bill_id in self.ids)
        return {
            "type": "ir.actions.act_url",
            "url": f"/ar_payment_gateways/settlement.xlsx?companies={companies}&ids={ids}",
            "target": "download",
        }

    def _open_list(self, model, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "list,form",
            "domain": [("bill_id", "in", self.ids)],
            "context": {"create": False},
        }
