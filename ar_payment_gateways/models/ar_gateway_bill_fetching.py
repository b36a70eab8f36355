from datetime import UTC, datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from ..core.settlement_bill import BillError
from ..core.settlement_read import BillKind, empty_bill, read_bill
from ..core.trade import CHINA

_logger = get_payment_logger(__name__)


class ArGatewayBillFetching(models.AbstractModel):
    """Fetching bills from gateways. What is waited for is on record, so a run that dies loses nothing."""

    _name = "ar.gateway.bill.fetching"
    _description = "Gateway bill: fetching"

    @api.model
    def _cron_fetch(self):
        """Fetch the bills of the days before today that are not there; each is committed on its own."""
        now = datetime.now(UTC).astimezone(CHINA)
        self._expect_bills(now)
        due = self.search(
            [
                ("state", "=", "waiting"),
                ("provider_id.state", "!=", "disabled"),
                ("next_fetch_at", "<=", fields.Datetime.now()),
            ],
            order="next_fetch_at, day, id",
        )
        self.env["ar.gateway.order"]._one_by_one(due, lambda bill: bill._fetch())
        self.env.ref("ar_payment_gateways.ir_cron_book_bills")._trigger()

    @api.model
    def _expect_bills(self, now):
        """Put the bills that should be there by now on record as waited for.

        :param datetime now: in China. Yesterday's bill is expected from const.BILL_HOUR on.
        """
        last = now.date() - timedelta(days=1 if now.hour >= const.BILL_HOUR else 2)
        providers = self.env["payment.provider"].search(
            [("state", "!=", "disabled"), ("ar_bills_from", "!=", False)]
        )
        providers = providers.filtered(
            lambda provider: provider.journal_id and provider._ar_gateway_bill_kinds()
        )
        bills = self.search([("provider_id", "in", providers.ids)])
        there = {(bill.provider_id.id, bill.day, bill.kind) for bill in bills}
        fetched = bills.filtered(lambda bill: bill.origin == "fetch")
        asked_for = {
            provider: set(some.mapped("kind")) for provider, some in fetched.grouped("provider_id").items()
        }
        first = last - timedelta(days=const.BILL_DAYS_MAX - 1)
        missing = [
            (provider, day, kind)
            for provider in providers
            for kind, start in provider._ar_first_bill_days(asked_for.get(provider, ()), now.date()).items()
            for number in range((last - max(first, start)).days + 1)
            if (provider.id, day := last - timedelta(days=number), kind) not in there
        ]
        self.create([self._waiting_values(*bill) for bill in missing])

    @api.model
    def _waiting_values(self, provider, day, kind="trade"):
        return {
            "provider_id": provider.id,
            "company_id": provider.company_id.id,
            "journal_id": provider.journal_id.id,
            "currency_id": (provider.journal_id.currency_id or provider.company_id.currency_id).id,
            "day": day,
            "kind": kind,
            "state": "waiting",
            "origin": "fetch",
            "next_fetch_at": fields.Datetime.now(),
        }

    def _fetch(self):
        """Fetch a bill that is waited for. If there is none yet, or something is wrong with it, note when to ask again.

        Nothing is locked while we wait for the answer.
        """
        self.ensure_one()
        content, problem = None, self.env._("The gateway has not made this bill yet.")
        try:
            content = self.provider_id._ar_gateway_fetch_bill(self.day, self.kind)
        except UserError as error:
            problem = str(error)
        bill = self.try_lock_for_update(allow_referencing=True)
        if bill.state != "waiting":  # uploaded meanwhile, or somebody else is at it
            return
        if content is not None:
            problem = bill._take(content)
        if problem:
            bill._postpone(problem)

    def _take(self, content):
        """Import what was fetched; return what is wrong with it, if anything."""
        try:
            with self.env.cr.savepoint():
                read = read_bill(content, self.day) if content else empty_bill(self.day, BillKind(self.kind))
                self._import(self.provider_id, read, content=content, origin="fetch")
        except BillError as error:
            return self._explain(error)
        except UserError as error:
            return str(error)
        return None

    def _postpone(self, problem):
        waits = const.BILL_RETRY_MINUTES
        wait = waits[min(self.attempt_count, len(waits) - 1)]
        _logger.warning("Bill %s of provider %s: %s", self.day, self.provider_id.id, problem)
        self.write(
            {
                "problem": problem,
                "attempt_count": self.attempt_count + 1,
                "next_fetch_at": fields.Datetime.now() + timedelta(minutes=wait),
            }
        )

    # === ACTIONS === #

    def _check_importer(self):
        """Refuse who may not import bills: the buttons can be called by anybody.

        A file is only what somebody says the gateway has said, and entries are posted from it: this takes somebody who
        may post entries himself, and who keeps the books or manages this area.

        :raise AccessError:
        """
        user = self.env.user
        keeps_books = user.has_group("account.group_account_user") or user.has_group(
            "account.group_account_manager"
        )
        manages = user.has_group("ar_payment_gateways.group_manager")
        if not user.has_group("ar_payment_gateways.group_user") or not (
            keeps_books or (manages and user.has_group("account.group_account_invoice"))
        ):
            raise AccessError(
                self.env._(
                    "Importing and booking a bill posts entries: that is for accountants among the users of Payment"
                    " Gateways, and for its managers with rights on invoicing."
                )
            )
        self.check_access("read")

    def action_fetch(self):
        """Ask for these bills now."""
        self._check_importer()
        # sudo: what is imported is the gateway's own bill, checked as any
        for bill in self.sudo().filtered(lambda bill: bill.state == "waiting"):
            bill._fetch()
            bill._book_or_trigger()
        return True
