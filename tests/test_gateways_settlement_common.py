"""What the tests of settlement share: paid orders, the bills the simulator makes of them, importing and booking."""

import base64
from datetime import datetime, timedelta

from odoo.tests import new_test_user

from odoo.addons.ar_payment_gateways.core.settlement_read import read_bill

from .gateway_kits import AlipayKit
from .simulators.alipay_trades import CHINA
from .test_gateways_refund_common import RefundCase


class SettlementCase(RefundCase):
    """`self.order` (100.00) is paid today; the provider has a journal, a fee account, and a user of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = datetime.now(CHINA).date()
        cls.fee_account = cls.company_data["default_account_expense"].copy({"name": "Gateway fees"})
        cls.provider.ar_fee_account_id = cls.fee_account
        cls.importer, cls.resolver, cls.auditor = (
            new_test_user(
                cls.env,
                login=f"settlement {role}",
                groups=f"base.group_user,ar_payment_gateways.group_{role},{accounting}",
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for role, accounting in (
                ("user", "account.group_account_manager"),
                ("manager", "account.group_account_invoice"),
                ("auditor", "account.group_account_readonly"),
            )
        )

    def setUp(self):
        super().setUp()
        if self.gateway is not AlipayKit:
            return
        # The trades of other tests are not in this one's books.
        for number in set(self.alipay.trades.by_number) - {self.order.name}:
            del self.alipay.trades.by_number[number]

    def bill_file(self, day=None):
        return self.alipay.bills.of_day(day or self.today)

    def wizard(self, content, user=None, **values):
        return (
            self.env["ar.gateway.bill.import"]
            .with_user(user or self.importer)
            .create({"file": base64.b64encode(content), "filename": "bill.zip", **values})
        )

    def upload(self, content=None, user=None, **values):
        """Upload a bill as a user does; return it."""
        wizard = self.wizard(content or self.bill_file(), user, **values)
        wizard.action_check()
        action = wizard.action_import()
        action = action.get("params", {}).get("next", action)
        return self.env["ar.gateway.bill"].browse(action["res_id"])

    def store(self, content=None):
        """Import a bill without booking it."""
        read = read_bill(content or self.bill_file())
        bill, _new = self.env["ar.gateway.bill"].sudo()._import(self.provider.sudo(), read)
        return bill

    def pay_another(self, amount=50.0):
        return self.paid_order(self.invoice(amount, taxes=self.env["account.tax"]))

    def paid_at(self, order, days):
        """Move a payment to another day: in our books, and at the gateway."""
        trade = self.alipay.trades.by_number[order.name]
        trade.paid += timedelta(days=days)
        order.sudo().paid_at += timedelta(days=days)
        self.env.flush_all()

    def differences(self, bill):
        return {(found.kind, found.number, found.state) for found in bill.difference_ids}

    def balance(self, account, journal=None):
        """What an account holds, posted, in its currency."""
        domain = [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        [(total,)] = self.env["account.move.line"]._read_group(domain, [], ["amount_currency:sum"])
        return round(total or 0.0, 2)

    def outstanding(self, order):
        """The open item of an order's payment."""
        payment = order.transaction_id.payment_id
        return payment._seek_for_lines()[0]
