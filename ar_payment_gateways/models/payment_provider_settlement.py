from datetime import UTC, datetime, time, timedelta

import requests

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import const
from ..core import schedule
from ..core.settlement_download import download_address
from ..core.settlement_read import is_bill_of
from ..core.trade import CHINA


class PaymentProviderSettlement(models.AbstractModel):
    """How a provider's settlement bills are booked, and where they come from."""

    _name = "payment.provider.settlement"
    _description = "Payment gateway: settlement"

    ar_fee_account_id = fields.Many2one(
        "account.account",
        "Fee Account",
        copy=False,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost', 'expense_other'))]",
        check_company=True,
        help="Where the gateway's fees are booked. Without it they stay on the journal's suspense account.",
    )
    ar_bill_account = fields.Char(
        "Merchant in Bills",
        copy=False,
        help="The merchant's number as the gateway writes it in its bills. Leave it empty if it is the number of the"
        " credentials. A bill of another merchant is refused.",
    )
    ar_bills_from = fields.Date(
        "Fetch Bills From",
        copy=False,
        help="The first day whose bill is fetched from the gateway every morning. Empty: bills are uploaded.",
    )
    # {kind of bill: first day}; empty until bills are fetched.
    ar_bill_starts = fields.Json("First Days of Bills", copy=False, groups="base.group_system")

    # === HOOKS OF THE ADAPTERS === #

    def _ar_gateway_bill_kinds(self):
        """Return which kinds of this gateway's bills can be fetched (`_ar_gateway_fetch_bill`), as `kind` of
        ar.gateway.bill."""
        return ()

    def _ar_gateway_fetch_bill(self, day, kind="trade"):
        """Return a bill of a day as the gateway gives it out.

        :param date day: in China, before today.
        :param str kind: one of `_ar_gateway_bill_kinds`.
        :return: bytes that core.settlement_read.read_bill understands; b"" if nothing happened on that day; None if
            the gateway has not made the bill yet.
        :raise ValidationError: if there is no answer, or it was refused.
        """
        return

    # === SHARED === #

    def write(self, vals):
        """Start all kinds of bills on the day that somebody enters."""
        result = super().write(vals)
        if vals.get("ar_bills_from"):
            for provider in self:
                day = str(provider.ar_bills_from)
                provider.ar_bill_starts = dict.fromkeys(provider._ar_gateway_bill_kinds(), day)
        return result

    def _ar_first_bill_days(self, asked_for, today):
        """Return the first day whose bill is fetched, by kind (core.schedule.first_bill_days), and note it.

        :param set asked_for: the kinds of bills that are on record as fetched or waited for.
        :param date today: in China.
        """
        self.ensure_one()
        noted = self.ar_bill_starts or {}
        days = schedule.first_bill_days(
            self._ar_gateway_bill_kinds(),
            self.ar_bills_from,
            {kind: fields.Date.to_date(day) for kind, day in noted.items()},
            asked_for,
            today,
        )
        kept = {kind: str(day) for kind, day in days.items()}
        if kept != noted:
            self.ar_bill_starts = kept
        return days

    @api.model
    def _ar_no_bill(self, day):
        """Return what it means that there is no bill of a day, at a gateway that says the same of a bill not made yet
        and of a day without trades: they are made by the morning, so after two days it is the latter.
        """
        made_at = datetime.combine(day + timedelta(days=2), time(const.BILL_HOUR), CHINA)
        return b"" if datetime.now(UTC) >= made_at else None

    def _ar_download_bill(self, url, hosts, headers=None):
        """Download a bill from the address that the gateway has named.

        :param str url: from the gateway's signed answer. Never logged: it is good for whoever has it.
        :param tuple hosts: the ends of the names of the gateway's own hosts, with their dot.
        :param dict headers: of the request, for gateways whose downloads are signed.
        :raise ValidationError: if it is no address of the gateway, or nothing came, or too much.
        """
        self.ensure_one()
        simulator = self._ar_gateway_simulator_url()
        address = download_address(url, hosts, simulator or "")
        if not address:
            raise ValidationError(
                self.env._("The gateway named an address for the bill that is not its own.")
            )
        content = bytearray()
        try:
            # Redirects could lead anywhere.
            with requests.get(
                address, headers=headers, timeout=const.DOWNLOAD_SECONDS, allow_redirects=False, stream=True
            ) as response:
                for chunk in response.iter_content(65536) if response.status_code == 200 else ():
                    content += chunk
                    if len(content) > const.DOWNLOAD_MAX_BYTES:
                        break
        except requests.exceptions.RequestException as error:
            raise ValidationError(self.env._("The bill could not be downloaded.")) from error
        if not 0 < len(content) <= const.DOWNLOAD_MAX_BYTES:
            raise ValidationError(self.env._("The bill could not be downloaded."))
        return bytes(content)

    def _ar_bill_merchant(self):
        """Return the merchant's number that bills of this provider must bear; '' if nobody has told us."""
        self.ensure_one()
        if self.ar_bill_account:
            return self.ar_bill_account.strip()
        return (self._ar_gateway_merchant() or "") if self.code in const.AR_GATEWAYS else ""

    def _ar_check_bill(self, bill):
        """Refuse a bill that cannot be this provider's.

        :param core.settlement_read.ReadBill bill:
        :raise UserError:
        """
        self.ensure_one()
        names = self._ar_bill_code_names()
        if not self._ar_is_day_over(bill.day):
            raise UserError(
                self.env._("The day %s is not over: more may follow. Import its bill tomorrow.", bill.day)
            )
        if bill.code and self.code in names and bill.code != self.code:
            raise UserError(
                self.env._(
                    "This is a bill of %(gateway)s, and %(provider)s is not.",
                    gateway=names.get(bill.code, bill.code),
                    provider=self.name,
                )
            )
        merchant = self._ar_bill_merchant()
        if bill.account and not is_bill_of(bill.account, merchant):
            raise UserError(
                self.env._(
                    "This is the bill of merchant %(found)s, and %(provider)s is merchant %(ours)s. Nothing was"
                    " imported.",
                    found=bill.account,
                    provider=self.name,
                    ours=merchant or "?",
                )
            )
        currency = self.journal_id.currency_id or self.company_id.currency_id
        if not self.journal_id or currency.name != const.BILL_CURRENCY:
            raise UserError(
                self.env._(
                    "%(provider)s needs a bank journal of its own in %(currency)s: its bills are booked there.",
                    provider=self.name,
                    currency=const.BILL_CURRENCY,
                )
            )

    def _ar_is_day_over(self, day):
        """Tell whether a day is over in China; a provider in test mode need not wait for that."""
        return self.state == "test" or day < datetime.now(CHINA).date()

    def _ar_bill_code_names(self):
        return {
            "alipay": self.env._("Alipay"),
            "wechatpay": self.env._("WeChat Pay"),
            "unionpay": self.env._("UnionPay"),
        }
