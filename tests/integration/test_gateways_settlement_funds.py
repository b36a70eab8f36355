"""Fund flows beside trade bills: what moved the account, each movement once."""

from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.ar_payment_gateways.core.settlement_read import read_bill
from odoo.addons.ar_payment_gateways.models.payment_provider_settlement import PaymentProviderSettlement

from tests.simulators.gateway import CHINA
from tests.test_gateways_settlement_common import SettlementCase
from tests.wechat_ledger import bills_of


class FundsCase(SettlementCase):
    """WeChat's bills for a provider that was never switched on."""

    def setUp(self):
        super().setUp()
        # Its bills are of today, which is not over.
        self.startPatcher(patch.object(PaymentProviderSettlement, "_ar_is_day_over", lambda *a: True))
        self.wechat_journal = self.env["account.journal"].create(
            {"name": "WeChat", "code": "WXP", "type": "bank", "company_id": self.company.id}
        )
        template = self.env.ref("ar_payment_gateways.payment_provider_wechatpay").sudo()
        self.wechat = template.copy({"company_id": self.company.id, "wechatpay_mchid": "1900000109"})
        self.wechat.journal_id = self.wechat_journal
        self.wechat.ar_fee_account_id = self.fee_account
        self.bills = self.wechat_bills([(10_000, [2_500]), (4_999, [])])

    @staticmethod
    def wechat_bills(ledger):
        noon = datetime.now(CHINA).replace(hour=12, minute=0, second=0, microsecond=0)
        return bills_of(ledger, noon, "货款")


class TestWechatFunds(FundsCase):
    """Uploaded: trades, fund flow, payout to the bank."""

    def payout(self, content, fen):
        """A fund flow with a payout of `fen` at its end."""
        return self.spent(content, fen, "提现", "50300806962021020105978994968", "TX1")

    def spent(self, content, fen, word, number, voucher):
        """A fund flow with one movement more, of `-fen`."""
        lines = content.decode().removeprefix("\ufeff").split("\r\n")
        *rows, head, totals, _end = lines
        balance = read_bill(content).balance_minor - fen
        moment = rows[-1][1:20]
        rows.append(
            f"`{moment},`{number},`4200000920202101197964319284,`{word},`{word},`支出,"
            f"`{fen / 100:.2f},`{balance / 100:.2f},`1900000109API,`,`{voucher}"
        )
        count, came, come, gone, going = (value.strip("`") for value in totals.split(","))
        totals = f"`{int(count) + 1},`{came},`{come},`{int(gone) + 1},`{float(going) + fen / 100:.2f}"
        return ("\ufeff" + "\r\n".join([*rows, head, totals, ""])).encode()

    def both(self, fund_content):
        """Import the day's bills, the fund flow last; return them."""
        trade = self.upload(self.bills.trade_bill(self.today))
        return trade, self.upload(fund_content, provider_key=str(self.wechat.id))

    def test_the_ledger_has_the_balance_of_the_bill(self):
        trade = self.upload(self.bills.trade_bill(self.today))
        self.assertEqual((trade.provider_id, trade.amount_gross), (self.wechat, 149.99))
        self.assertEqual({found.kind for found in trade.difference_ids}, {"surplus"})
        fund = self.upload(self.bills.fund_bill(self.today), provider_key=str(self.wechat.id))
        self.assertEqual((fund.kind, fund.state), ("fund", "booked"))
        self.assertEqual(self.balance(self.wechat_journal.default_account_id), fund.balance_end)
        self.assertEqual(fund.ledger_balance, fund.balance_end)

    def test_whose_fund_flow_it_is(self):
        """The merchant's programs tell; where they do not, a person has to."""
        content = self.bills.fund_bill(self.today)
        self.assertEqual(read_bill(content).account, "1900000109")
        foreign = content.replace(b"1900000109API", b"1900000208API")
        with self.assertRaisesRegex(UserError, "merchant 1900000208"):
            self.wizard(foreign, provider_key=str(self.wechat.id)).action_import()
        with self.assertRaisesRegex(UserError, "Which gateway account"):
            self.wizard(content.replace(b"1900000109API", b"system")).action_check()
        self.assertEqual(self.upload(content).provider_id, self.wechat)

    def test_the_order_of_the_two_bills_does_not_matter(self):
        fund = self.upload(self.bills.fund_bill(self.today), provider_key=str(self.wechat.id))
        self.upload(self.bills.trade_bill(self.today))
        self.assertEqual(self.balance(self.wechat_journal.default_account_id), fund.balance_end)

    def test_a_payment_that_never_came_is_no_rounding(self):
        """A fen is within half a fen for each of four rows, and is missing all the same."""
        self.bills = self.wechat_bills([(10_000, [2_500]), (4_999, []), (1, [])])
        self.bills.gateway.knobs.bill_without = (f"AR{2:020d}",)
        fund_content = self.bills.fund_bill(self.today)
        self.bills.gateway.knobs.bill_without = ()
        trade, fund = self.both(fund_content)
        [gap] = trade.difference_ids.filtered(lambda found: found.kind == "flow")
        self.assertEqual((gap.number, gap.amount_bill, gap.amount_books), (f"AR{2:020d}", 0.0, 0.01))
        self.assertEqual(gap.line_id.order_number, f"AR{2:020d}")
        self.assertEqual(self.balance(self.fee_account), trade.amount_fee)
        self.assertEqual(trade.ledger_balance, round(fund.balance_end + 0.01, 2))
        gap.sudo()._accept(self.fee_account, "never came")
        self.assertEqual((gap.state, gap.resolution), ("resolved", "accepted"))
        fund.invalidate_recordset()
        self.assertEqual(fund.ledger_balance, fund.balance_end)

    def test_what_is_in_no_trade_bill_is_booked(self):
        """The fee of a payout, and a payment of which the trade bill says nothing."""
        fund_content = self.spent(self.bills.fund_bill(self.today), 100, "提现手续费", "503W", "TX1")
        self.bills.gateway.knobs.bill_without = (f"AR{1:020d}",)
        trade, fund = self.both(fund_content)
        self.assertEqual(fund.ledger_balance, fund.balance_end)
        self.assertEqual(self.balance(self.fee_account), trade.amount_fee + 1.0 + 0.3)
        [surplus] = fund.difference_ids
        self.assertEqual((surplus.kind, surplus.amount_bill), ("surplus", 49.99))
        self.assertEqual(surplus.line_id.statement_line_id.amount, 49.99)

    def test_another_balance_is_told_once_and_by_its_amount(self):
        """As where the account held money before its first bill."""
        content = self.bills.fund_bill(self.today)
        balance = read_bill(content).balance_minor / 100
        content = content.replace(b"`%.2f,`1900" % balance, b"`%.2f,`1900" % (balance + 500))
        _trade, fund = self.both(content)
        [found] = fund.difference_ids
        self.assertEqual((found.kind, found.amount_gap), ("balance", 500.0))
        self.assertEqual(found.amount_bill, fund.balance_end)
        fund.sudo()._check_balance()
        self.assertEqual(fund.difference_ids, found)
        found.sudo()._accept(self.fee_account, "opening balance")
        fund.invalidate_recordset()
        self.assertEqual(fund.ledger_balance, fund.balance_end)
        fund.sudo()._check_balance()
        self.assertEqual(fund.difference_ids, found)

    def test_what_is_in_no_trade_bill_waits_for_the_trade_bill(self):
        fund_content = self.spent(self.bills.fund_bill(self.today), 100, "提现手续费", "503W", "TX1")
        fund = self.upload(fund_content, provider_key=str(self.wechat.id))
        self.assertEqual(self.balance(self.wechat_journal.default_account_id), 0.0)
        self.upload(self.bills.trade_bill(self.today))
        fund.sudo()._book_on()
        self.assertEqual(fund.state, "booked")
        self.assertEqual(self.balance(self.wechat_journal.default_account_id), fund.balance_end)

    def test_a_movement_of_the_next_day_settles_what_was_missing(self):
        self.bills.gateway.knobs.bill_without = (f"AR{1:020d}",)
        fund_content = self.bills.fund_bill(self.today)
        self.bills.gateway.knobs.bill_without = ()
        trade, _fund = self.both(fund_content)
        [gap] = trade.difference_ids.filtered(lambda found: found.kind == "flow")
        # The next day: a payment of its own, and the movement that was missing.
        order = self.bills.gateway.orders.by_number[f"AR{1:020d}"]
        order.paid += timedelta(days=1)
        tomorrow = self.today + timedelta(days=1)
        # and what others get of a payment of the day before, which was complete
        late = self.spent(self.bills.fund_bill(tomorrow), 500, "交易分账", "5030X", f"AR{0:020d}")
        other = self.wechat_bills([(700, [])])
        [order] = other.gateway.orders.by_number.values()
        order.content["out_trade_no"], order.transaction_id = "AR9", "42009"
        order.paid += timedelta(days=1)
        other.gateway.orders.by_number = {"AR9": order}
        self.upload(other.trade_bill(tomorrow), provider_key=str(self.wechat.id))
        next_fund = self.upload(late, provider_key=str(self.wechat.id))
        self.assertEqual((gap.state, gap.resolution), ("resolved", "found"))
        self.assertEqual(next_fund.line_ids.statement_line_id.mapped("amount"), [-5.0])
        surplus = next_fund.difference_ids.filtered(lambda found: found.kind == "surplus")
        self.assertEqual(surplus.mapped("amount_gap"), [-5.0])

    def arrival(self, amount, label, days=1):
        bank = self.company_data["default_journal_bank"]
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": bank.id,
                "date": self.today + timedelta(days=days),
                "payment_ref": label,
                "amount": amount,
            }
        )

    def test_a_payout_meets_its_arrival(self):
        arrival = self.arrival(100.0, "财付通支付科技有限公司 提现")
        other = self.arrival(100.0, "某某公司货款")
        self.upload(self.bills.trade_bill(self.today))
        content = self.payout(self.bills.fund_bill(self.today), 10_000)
        fund = self.upload(content, provider_key=str(self.wechat.id))
        self.assertEqual(fund.amount_payout, 100.0)
        self.assertTrue(arrival.is_reconciled)
        self.assertFalse(other.is_reconciled)
        self.assertEqual(self.balance(self.company.transfer_account_id), 0.0)
        self.assertEqual(self.balance(self.wechat_journal.default_account_id), fund.balance_end)

    def test_a_customers_own_transfer_is_no_payout(self):
        """Whoever pays may write a gateway's name into his text."""
        invoice = self.invoice(100.0, taxes=self.env["account.tax"])
        named = self.arrival(100.0, f"财付通 {invoice.name}")
        self.partner_a.customer_rank = 1
        theirs = self.arrival(100.0, "财付通 货款")
        theirs.partner_id = self.partner_a
        bank = self.arrival(100.0, "财付通 货款")
        bank.partner_name = "某某贸易有限公司"
        content = self.payout(self.bills.fund_bill(self.today), 10_000)
        fund = self.upload(content, provider_key=str(self.wechat.id))
        lines = named + theirs + bank
        self.assertEqual(lines.mapped("is_reconciled"), [False] * 3)
        arrival = self.arrival(100.0, "提现")
        arrival.partner_name = "财付通支付科技有限公司"
        fund.sudo()._match_payouts(self.company)
        self.assertTrue(arrival.is_reconciled)

    def test_a_payout_that_arrives_later(self):
        content = self.payout(self.bills.fund_bill(self.today), 10_000)
        fund = self.upload(content, provider_key=str(self.wechat.id))
        self.assertEqual(self.balance(self.company.transfer_account_id), 100.0)
        arrival = self.arrival(100.0, "TENPAY")
        fund.sudo()._match_payouts(self.company)
        self.assertTrue(arrival.is_reconciled)
        self.assertEqual(self.balance(self.company.transfer_account_id), 0.0)

    def test_two_possible_arrivals_are_left_to_a_person(self):
        self.arrival(100.0, "财付通")
        self.arrival(100.0, "财付通", days=2)
        content = self.payout(self.bills.fund_bill(self.today), 10_000)
        self.upload(content, provider_key=str(self.wechat.id))
        self.assertEqual(self.balance(self.company.transfer_account_id), 100.0)
