from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

_BOOKING = {"force_delete": True, "skip_readonly_check": True, "skip_invoice_sync": True}
"""As Odoo's own `action_undo_reconciliation` writes the entry of a statement line."""


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    ar_gateway_reference = fields.Char("Gateway Bill Reference", readonly=True, copy=False)

    _ar_gateway_reference_unique = models.UniqueIndex(
        "(ar_gateway_reference) WHERE ar_gateway_reference IS NOT NULL",
        "This row of a gateway's bill has been booked already.",
    )

    def _ar_counterpart(self, account):
        """Return the journal items of a new statement line on the account that it was made with."""
        self.ensure_one()
        return self.move_id.line_ids.filtered(lambda item: item.account_id == account)

    def _ar_settle(self, item=None, account=None, partner=None):
        """Give a statement line its counterpart: a journal item that it settles, an account for the rest, or both.

        :param item: an open account.move.line of the other side, in the statement line's currency.
        :param account: where what `item` does not cover goes; all of it without an item.
        :raise UserError: if the line has its counterpart already, or a rest without an account.
        """
        self.ensure_one()
        liquidity, suspense, other = self._seek_for_lines()
        if len(suspense) != 1 or other:
            raise UserError(self.env._("%s has its counterpart already.", self.display_name))
        currency = suspense.currency_id
        covered = -item.amount_residual_currency if item else 0.0
        rest = currency.round(suspense.amount_currency - covered)
        if not currency.is_zero(rest) and not account:
            raise UserError(self.env._("%s differs in its amount.", self.display_name))
        partner = partner or (item.partner_id if item else self.partner_id)
        first, commands = {"account_id": (item or suspense).account_id.id, "partner_id": partner.id}, []
        if not item:
            first["account_id"] = account.id
        elif not currency.is_zero(rest):
            rated = self._prepare_counterpart_amounts_using_st_line_rate(currency, None, covered)
            first.update(amount_currency=covered, balance=rated["balance"])
            commands = [self._ar_rest(suspense, account, partner, rest, suspense.balance - rated["balance"])]
        self.move_id.with_context(**_BOOKING).write(
            {
                "partner_id": partner.id,
                "line_ids": [
                    Command.update(liquidity.id, {"partner_id": partner.id}),
                    Command.update(suspense.id, first),
                    *commands,
                ],
            }
        )
        if item:
            (suspense + item).reconcile()

    def _ar_rest(self, suspense, account, partner, amount_currency, balance):
        """Return the command that adds what the settled item does not cover."""
        return Command.create(
            {
                "name": suspense.name,
                "account_id": account.id,
                "partner_id": partner.id,
                "currency_id": suspense.currency_id.id,
                "amount_currency": amount_currency,
                "balance": suspense.company_currency_id.round(balance),
            }
        )
