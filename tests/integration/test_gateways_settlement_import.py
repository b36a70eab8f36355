"""Importing settlement bills: whole or not at all, once, and only one's own."""

import base64
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.ar_payment_gateways import const
from odoo.addons.ar_payment_gateways.core.settlement_read import BillKind, empty_bill

from tests.simulators import alipay_bill
from tests.test_gateways_settlement_common import SettlementCase


class TestImport(SettlementCase):
    def test_a_bill_that_agrees(self):
        bill = self.upload()
        self.assertEqual((bill.provider_id, bill.day, bill.kind), (self.provider, self.today, "trade"))
        self.assertEqual((bill.amount_gross, bill.amount_fee, bill.amount_net), (100.0, 0.6, 99.4))
        self.assertAlmostEqual(bill.fee_rate, 0.6)
        self.assertEqual(bill.line_ids.order_id, self.order)
        self.assertEqual(bill.imported_by, self.importer)
        self.assertFalse(bill.difference_ids)

    def test_the_file_is_kept(self):
        content = self.bill_file()
        bill = self.upload(content)
        kept = self.env["ir.attachment"].search([("res_model", "=", bill._name), ("res_id", "=", bill.id)])
        self.assertEqual(kept.raw, content)

    def test_the_preview_changes_nothing(self):
        self.alipay.knobs.bill_extra = (("2026112322009", "POS1", 700),)
        wizard = self.wizard(self.bill_file())
        before = self.env["ar.gateway.bill"].search_count([])
        wizard.action_check()
        self.assertEqual(
            (wizard.amount_gross, wizard.agreed_count, wizard.surplus_count, wizard.shortage_count),
            (107.0, 1, 1, 0),
        )
        self.assertEqual(wizard.provider_key, str(self.provider.id))
        self.assertEqual(self.env["ar.gateway.bill"].search_count([]), before)

    def test_the_same_again_changes_nothing(self):
        content = self.bill_file()
        bill = self.upload(content)
        lines = self.env["account.bank.statement.line"].search_count([])
        action = self.wizard(content).action_import()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(action["params"]["next"]["res_id"], bill.id)
        self.assertEqual(self.env["account.bank.statement.line"].search_count([]), lines)
        self.assertEqual(
            self.env["ar.gateway.bill"].search_count([("provider_id", "=", self.provider.id)]), 1
        )

    def test_another_bill_of_the_day_is_refused(self):
        bill = self.upload()
        self.alipay.knobs.bill_amount_delta = {self.order.name: 1}
        with self.assertRaisesRegex(UserError, "Another bill of"):
            self.upload()
        self.assertEqual(bill.amount_gross, 100.0)

    def test_a_bill_that_was_cut_is_completed(self):
        """Its rows stay as they are, what was missing is added, and so are its fees."""
        other = self.pay_another()
        self.alipay.knobs.bill_without = (other.name,)
        bill = self.upload()
        before = bill.line_ids
        self.assertEqual(self.differences(bill), {("shortage", other.name, "open")})
        self.alipay.knobs.bill_without = ()
        self.assertEqual(self.upload(), bill)
        self.assertEqual(len(bill.line_ids - before), 1)
        self.assertEqual((bill.state, bill.amount_gross, bill.amount_fee), ("booked", 150.0, 0.9))
        self.assertEqual(self.differences(bill), {("shortage", other.name, "resolved")})
        self.assertEqual(self.balance(self.journal.default_account_id), bill.amount_net)
        self.assertEqual(self.balance(self.fee_account), bill.amount_fee)
        self.alipay.knobs.bill_without = (other.name,)
        with self.assertRaisesRegex(UserError, "Another bill of"):  # never the other way round
            self.upload()

    def test_an_empty_bill_is_not_believed_while_our_books_have_payments(self):
        bills, provider = self.env["ar.gateway.bill"].sudo(), self.provider.sudo()
        for kind in BillKind:
            with self.assertRaisesRegex(UserError, "1 payments"), self.env.cr.savepoint():
                bills._import(provider, empty_bill(self.today, kind), origin="fetch")
        long_ago = self.today - timedelta(days=const.BILL_EMPTY_DAYS + 1)
        self.paid_at(self.order, -const.BILL_EMPTY_DAYS - 1)
        bill, _new = bills._import(provider, empty_bill(long_ago, BillKind.TRADE), origin="fetch")
        self.assertEqual(self.differences(bill), {("shortage", self.order.name, "open")})
        self.assertEqual(self.upload(self.bill_file(long_ago)), bill)  # there was one after all
        self.assertEqual((bill.state, bill.line_count), ("booked", 1))
        self.assertEqual(self.differences(bill), {("shortage", self.order.name, "resolved")})

    def test_a_day_that_is_not_over_has_no_bill_yet(self):
        self.provider.sudo().state = "disabled"
        with self.assertRaisesRegex(UserError, "is not over"):
            self.upload()
        self.paid_at(self.order, -1)
        self.assertEqual(self.upload(self.bill_file(self.today - timedelta(days=1))).line_count, 1)

    def test_the_constraints_hold_without_the_checks(self):
        """What two imports at once meet; the loser is undone whole."""
        bill = self.store()
        for values in ({"kind": "trade"}, {"kind": "fund"}):
            copied = bill._waiting_values(self.provider.sudo(), self.today)
            if values["kind"] == "trade":
                with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                    bill.create({**copied, **values})
                continue
            other = bill.create({**copied, **values})
            row = bill.line_ids.copy_data()[0]
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                bill.line_ids.create({**row, "bill_id": other.id})
                self.env.flush_all()

    def test_a_row_of_another_bill_is_refused(self):
        self.store()
        self.paid_at(self.order, -1)
        with self.assertRaisesRegex(UserError, "is in the bill of"):
            self.store(self.bill_file(self.today - timedelta(days=1)))

    def test_the_bill_of_another_merchant(self):
        rows = [alipay_bill.row("2026112322001", "AR1", "货款", f"{self.today} 12:00:00", 2000)]
        text = alipay_bill.details(rows, (1, 2000, 0, 0), account="20880000000000020156")
        content = alipay_bill.archive(text, account="20880000000000020156")
        with self.assertRaisesRegex(UserError, "merchant 20880000000000020156"):
            self.wizard(content, provider_key=str(self.provider.id)).action_import()
        with self.assertRaisesRegex(UserError, "Which gateway account"):
            self.wizard(content).action_import()
        self.assertFalse(self.env["ar.gateway.bill"].search([("provider_id", "=", self.provider.id)]))

    def test_files_that_are_no_bill(self):
        good = self.bill_file()
        for content, why in (
            (b"%PDF-1.7 something", "no bill of"),
            (good[:-30], "damaged"),
            (alipay_bill.details([], (1, 100, 0, 0)).encode("gbk"), "totals"),
            (alipay_bill.details([], (0, 0, 0, 0)).encode("utf-8"), "no bill of|encoding"),
        ):
            with self.assertRaisesRegex(UserError, why):
                self.wizard(content, provider_key=str(self.provider.id)).action_check()
        self.assertFalse(self.env["ar.gateway.bill"].search([("provider_id", "=", self.provider.id)]))

    def test_a_failure_midway_leaves_nothing(self):
        """Totals are checked first; what breaks later takes everything with it."""
        lines = type(self.env["ar.gateway.bill.line"])
        with (
            patch.object(lines, "_values", side_effect=UserError("broken")),
            self.assertRaisesRegex(UserError, "broken"),
            self.env.cr.savepoint(),
        ):
            self.upload()
        self.assertFalse(self.env["ar.gateway.bill"].search([("provider_id", "=", self.provider.id)]))

    def test_queries_do_not_grow_with_rows(self):
        """10,000 rows take 232 queries, most of them inserts by the thousand."""

        def queries(count, day):
            rows = [
                alipay_bill.row(f"{day:%Y%m%d}{n:08d}", f"POS{n}", "货款", f"{day} 12:00:00", 1000)
                for n in range(count)
            ]
            content = alipay_bill.archive(alipay_bill.details(rows, (count, 1000 * count, 0, 0)))
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.store(content)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(2, self.today - timedelta(days=30))  # what is read once for all
        few = queries(20, self.today - timedelta(days=20))
        many = queries(320, self.today - timedelta(days=10))
        self.assertLess((many - few) / 300, 0.2, f"{few} queries for 20 rows, {many} for 320")

    def test_a_journal_in_another_currency_is_refused(self):
        self.journal.currency_id = self.env.ref("base.USD")
        with self.assertRaisesRegex(UserError, "journal of its own in CNY"):
            self.upload()


class TestImportRights(SettlementCase):
    def test_who_may_import(self):
        content = self.bill_file()
        wizard = self.wizard(content)
        for user in (self.auditor, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                self.wizard(content, user)
            with self.assertRaises(AccessError):
                wizard.with_user(user).action_import()

    def test_only_for_own_companies(self):
        other = self.env["res.company"].create({"name": "Somebody else"})
        self.provider.sudo().copy({"company_id": other.id})
        names = dict(self.env["ar.gateway.bill.import"].with_user(self.importer)._selection_provider())
        self.assertEqual(list(names), [str(self.provider.id)])

    def test_the_list_of_accounts_changes_nothing(self):
        """Reading `journal_id` of an enabled provider makes its payment method."""
        lines = self.env["account.payment.method.line"].sudo()
        mine = [("payment_provider_id", "=", self.provider.id), ("journal_id", "!=", False)]
        lines.search(mine).write({"journal_id": False})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.env["ar.gateway.bill.import"].with_user(self.importer)._selection_provider())
        self.assertFalse(lines.search(mine))

    def test_who_posts_entries_from_a_file(self):
        """Whoever makes links, or invoices, posts nothing from a table he may have written himself."""
        bill, area = self.store(), "base.group_user,ar_payment_gateways.group_"
        for number, groups in enumerate((f"{area}user", f"{area}manager", "account.group_account_manager",
                                         f"{area}user,account.group_account_invoice")):  # fmt: skip
            user = new_test_user(self.env, f"bill {number}", groups, company_id=self.company.id)
            wizards = self.env["ar.gateway.bill.import"].sudo().create({"file": base64.b64encode(b"x")})
            for work in (
                wizards.with_user(user).sudo(False).action_check,
                wizards.with_user(user).sudo(False).action_import,
                bill.with_user(user).action_book,
                bill.with_user(user).action_fetch,
            ):
                with self.assertRaises(AccessError, msg=groups):
                    work()
        manager = self.resolver  # with rights on invoicing
        self.assertEqual(self.upload(user=manager), bill)

    def test_nobody_writes_bills(self):
        bill = self.upload()
        for user in (self.importer, self.resolver, self.auditor):
            for record in (bill, bill.line_ids):
                with self.assertRaises(AccessError):
                    record.with_user(user).write({"currency_id": self.cny.id})
                with self.assertRaises(AccessError):
                    record.with_user(user).unlink()
