from decimal import Decimal

from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..core import matching


class AccountBankStatementLine(models.Model):
    """Bank receipts: finding the invoices they pay, and booking that.

    The booking follows Odoo's own pattern for a reconciled statement line (`action_undo_reconciliation`, and
    `pay_with_statement_line` of its tests): the suspense line is replaced by counterparts that are
    reconciled with the invoices' receivable lines, at the rate of the bank.
    """

    _inherit = "account.bank.statement.line"

    ar_matched_move_ids = fields.Many2many(
        "account.move", compute="_compute_ar_matched_move_ids", string="Matched with", compute_sudo=False
    )
    ar_open_amount = fields.Monetary(
        "To Match",
        compute="_compute_ar_open_amount",
        currency_field="ar_open_currency_id",
        help="What is still on the suspense account.",
    )
    ar_open_currency_id = fields.Many2one(
        "res.currency", "Currency to Match", compute="_compute_ar_open_amount"
    )

    # === COMPUTE === #

    @api.depends("line_ids.matched_debit_ids", "line_ids.matched_credit_ids")
    def _compute_ar_matched_move_ids(self):
        for line in self:
            items = line.line_ids
            others = items.matched_debit_ids.debit_move_id | items.matched_credit_ids.credit_move_id
            exchange = items.matched_debit_ids.exchange_move_id | items.matched_credit_ids.exchange_move_id
            line.ar_matched_move_ids = others.move_id - exchange - line.move_id

    @api.depends("line_ids.account_id", "line_ids.amount_currency", "is_reconciled")
    def _compute_ar_open_amount(self):
        for line in self:
            _liquidity, suspense, _other = line._seek_for_lines()
            line.ar_open_amount = -sum(suspense.mapped("amount_currency"))
            line.ar_open_currency_id = (
                suspense.currency_id[:1] or line.foreign_currency_id or line.currency_id
            )

    # === ACTIONS === #

    def action_ar_match(self):
        """Open the proposals for this receipt."""
        self.ensure_one()
        self._ar_check_user()
        if self.is_reconciled:
            raise UserError(self.env._("This receipt is matched already."))
        wizard = self.env["ar.match.wizard"]._create_for(self)
        return wizard._get_records_action(
            name=self.env._("Match Receipt"), target="new", context={"dialog_size": "extra-large"}
        )

    def action_ar_undo(self):
        """Undo the matching: the invoices are open again, the receipt is back on the suspense account."""
        self._ar_check_user()
        for line in self:
            line._ar_lock(self.env["account.move.line"])
            names = ", ".join(line.ar_matched_move_ids.mapped("name"))
            # sudo: billing rights do not include writing bank lines; `_ar_check_user` is the guard
            line.sudo().action_undo_reconciliation()
            # sudo: as above
            line.move_id.sudo().message_post(body=self.env._("Matching undone: %s", names))
        return True

    # === BUSINESS: PROPOSALS === #

    def _ar_check_user(self):
        """Whoever matches or undoes needs the group and access to the bank lines of the company."""
        if not self.env.user.has_group("ar_collections.group_user"):
            raise AccessError(self.env._("Only users of collections can match receipts."))
        self.check_access("write")

    def _ar_direction(self):
        """Return 1 for money received (it pays receivables), -1 for money paid back (it settles credits)."""
        self.ensure_one()
        return 1 if self.amount >= 0 else -1

    def _ar_receipt(self):
        """Return the bank line as the matcher takes it."""
        self.ensure_one()
        texts = (("payment_ref", self.payment_ref or ""), ("ref", self.ref or ""))
        return matching.Receipt(
            texts=tuple((field, text) for field, text in texts if text),
            currency=self.ar_open_currency_id.name,
            amount=abs(Decimal(str(self.ar_open_amount))),
            partner=self.partner_id.commercial_partner_id.id or None,
            payer_name=self.partner_name or "",
        )

    def _ar_proposals(self):
        """Return the matcher's receipt and its proposals among all open receivable items of the company."""
        self.ensure_one()
        receipt = self._ar_receipt()
        return receipt, matching.propose(receipt, self._ar_open_items())

    def _ar_open_items(self):
        """Return the items this receipt could settle, whatever their date, as the matcher takes them."""
        day = max(self.date, fields.Date.context_today(self))
        sign = self._ar_direction()
        self.env["account.move"].flush_model(["name", "payment_reference", "ref"])
        self.env["res.partner"].flush_model(["name"])
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT item.move_line_id, item.partner_id, item.amount_residual_currency,
                       move.name, move.payment_reference, move.ref, currency.name AS currency,
                       partner.name AS partner_name
                  FROM (%s) item
                  JOIN account_move move ON move.id = item.move_id
                  JOIN res_currency currency ON currency.id = item.currency_id
             LEFT JOIN res_partner partner ON partner.id = item.partner_id
                 WHERE item.amount_residual_currency * %s > 0
                """,
                self.env["ar.open.item"]._query(self.company_id, day),
                sign,
            )
        )
        return [
            matching.OpenItem(
                key=row["move_line_id"],
                references=self._ar_references(row),
                currency=row["currency"],
                amount=abs(Decimal(str(row["amount_residual_currency"]))),
                partner=row["partner_id"],
                partner_name=row["partner_name"] or "",
            )
            for row in rows
        ]

    @api.model
    def _ar_references(self, row):
        """Return the numbers that may name an invoice; the payment reference usually repeats its number."""
        names = {row[field]: field for field in ("ref", "payment_reference", "name") if row[field]}
        return tuple(matching.Reference(field, value) for value, field in names.items())

    # === BUSINESS: BOOKING === #

    def _ar_lock(self, items):
        """Lock the bank line and the items, so that nobody matches them at the same time."""
        self.lock_for_update()
        items.lock_for_update(allow_referencing=True)

    def _ar_book(self, allocations, rest_partner=None):
        """Book this receipt against open items.

        :param allocations: [(move line, amount, item_amount)]: `amount` > 0 of the receipt, in its currency,
            settles
            `item_amount` > 0 of the item, in the item's currency
        :param rest_partner: customer whose receivable takes what is left; None leaves it on the suspense
            account
        :raise UserError: if the receipt or an item is not what it was when the user decided
        """
        self.ensure_one()
        self._ar_check_user()
        items = self.env["account.move.line"].union(*(item for item, _amount, _item_amount in allocations))
        self._ar_lock(items)
        self._ar_check_allocations(allocations)
        # sudo: billing rights do not include writing bank lines; `_ar_check_user` is the guard
        line = self.sudo()
        liquidity, suspense, _other = line._seek_for_lines()
        counterparts = line._ar_counterparts(allocations, suspense, rest_partner)
        partner = line.partner_id or rest_partner or items.partner_id.commercial_partner_id[:1]
        before = line.move_id.line_ids
        line.move_id.with_context(force_delete=True, skip_readonly_check=True, skip_invoice_sync=True).write(
            {
                "partner_id": partner.id,
                "line_ids": [
                    Command.update(liquidity.id, {"partner_id": partner.id}),
                    Command.delete(suspense.id),
                    *(Command.create(values) for values in counterparts),
                ],
            }
        )
        created = (line.move_id.line_ids - before).sorted("id")
        items_sudo = [item.sudo() for item, _amount, _item_amount in allocations]  # sudo: as above
        plan = [created[index] + item for index, item in enumerate(items_sudo)]
        self.env["account.move.line"].sudo()._reconcile_plan(plan)  # sudo: as above

    def _ar_check_allocations(self, allocations):
        """Check against the books as they are now, rows locked."""
        if not allocations:
            raise UserError(self.env._("Tick at least one item."))
        if self.is_reconciled:
            raise UserError(self.env._("Somebody has matched this receipt in the meantime."))
        sign = self._ar_direction()
        for item, amount, item_amount in allocations:
            usable = (
                item.company_id == self.company_id
                and item.parent_state == "posted"
                and item.account_id.account_type == "asset_receivable"
            )
            if not usable or amount <= 0 or item_amount <= 0:
                raise UserError(
                    self.env._("%s can't be matched with this receipt.", item.move_id.display_name)
                )
            if item.currency_id.compare_amounts(item_amount, sign * item.amount_residual_currency) > 0:
                raise UserError(
                    self.env._(
                        "Only %(open)s is open on %(document)s; %(amount)s can't be matched with it.",
                        open=item.currency_id.format(sign * item.amount_residual_currency),
                        document=item.move_id.display_name,
                        amount=item.currency_id.format(item_amount),
                    )
                )
        total = sum(amount for _item, amount, _item_amount in allocations)
        if self.ar_open_currency_id.compare_amounts(total, abs(self.ar_open_amount)) > 0:
            raise UserError(self.env._("The amounts add up to more than the receipt."))

    def _ar_counterparts(self, allocations, suspense, rest_partner):
        """Return the values of the lines that replace the suspense line, those of the allocations first.

        In the receipt's own currency the balance follows the bank's rate. An item in another foreign
        currency keeps its currency and takes the company amount the bank paid for it: what differs from its
        book value becomes an exchange difference when it is reconciled (handbook reconciliation.md 1.5, "USD
        inv / CNY bank 7120").
        """
        sign = self._ar_direction()
        currency, company_currency = suspense.currency_id, self.company_id.currency_id
        values, left, left_balance = [], -suspense.amount_currency, -suspense.balance
        for item, amount, item_amount in allocations:
            balance = self._prepare_counterpart_amounts_using_st_line_rate(currency, None, -sign * amount)[
                "balance"
            ]
            foreign = -sign * item_amount
            values.append(
                {
                    "name": item.move_name,
                    "partner_id": item.partner_id.id,
                    "account_id": item.account_id.id,
                    "currency_id": item.currency_id.id,
                    "amount_currency": balance if item.currency_id == company_currency else foreign,
                    "balance": balance,
                }
            )
            left -= sign * amount
            left_balance += balance
        left, left_balance = currency.round(left), company_currency.round(left_balance)
        if not currency.is_zero(left):
            values.append(self._ar_rest_line(suspense, rest_partner, -left, -left_balance))
        elif not company_currency.is_zero(left_balance):
            values[-1]["balance"] -= left_balance  # a cent of rounding between several lines
            if values[-1]["currency_id"] == company_currency.id:
                values[-1]["amount_currency"] -= left_balance
        return values

    def _ar_rest_line(self, suspense, rest_partner, amount, balance):
        """Return the line of what no item takes: open credit of a customer, or still unexplained."""
        account, name = suspense.account_id, suspense.name
        if rest_partner:
            account = rest_partner.with_company(self.company_id).property_account_receivable_id
            name = self.env._("Received on account")
        return {
            "name": name,
            "partner_id": (rest_partner or suspense.partner_id).id,
            "account_id": account.id,
            "currency_id": suspense.currency_id.id,
            "amount_currency": amount,
            "balance": balance,
        }

    def _ar_log_matching(self, texts):
        """Keep in the chatter of the bank entry who matched it with what, on which evidence."""
        # sudo: see `_ar_book`
        self.move_id.sudo().message_post(
            body=Markup("%s<ul>%s</ul>")
            % (self.env._("Matched:"), Markup().join(Markup("<li>%s</li>") % text for text in texts))
        )
