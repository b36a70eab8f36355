"""The running sums of exposure: short, right whatever is written, and mended where something was written past them.

That they follow every document is checked after each test of credit control (`CreditCase.tearDown`).
"""

import logging
from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from tests.integration.test_credit_committed import CommittedCase
from tests.integration.test_credit_common import CreditCase

LOGGER = "odoo.addons.ar_credit_control.models.ar_credit_sum"


class TestCreditSum(CreditCase):
    """One transaction: what the scheduled action does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sums = cls.env["ar.credit.sum"].sudo()
        cls.items, cls.orders = cls.sums._get_sums()

    def _rows(self, kept):
        query = SQL(
            "SELECT COUNT(*) FROM %s WHERE partner_id = %s", SQL.identifier(kept.table), self.customer.id
        )
        return self.env.execute_query(query)[0][0]

    def test_what_piles_up_is_replaced(self):
        order = self._confirmed(100)
        self.env.flush_all()
        for _time in range(60):
            self.env.cr.execute("UPDATE sale_order SET ar_credit_open = 90 WHERE id = %s", [order.id])
            self.env.cr.execute("UPDATE sale_order SET ar_credit_open = 100 WHERE id = %s", [order.id])
        self.assertGreater(self._rows(self.orders), 240)
        with self.assertNoLogs(LOGGER, logging.WARNING):
            self.sums._cron_replace()
        self.assertEqual(self._rows(self.orders), 1)
        self.assert_exposure(100)

    def test_what_was_settled_is_replaced(self):
        """Paid invoices and invoiced orders leave rows on each of their days that sum up to nothing."""
        self.env.cr.execute(
            "INSERT INTO ar_credit_item_sum SELECT partner, company, account, CURRENT_DATE - day, FALSE, sign"
            " FROM (VALUES (%s, %s, %s)) AS known (partner, company, account), generate_series(1, 200) AS day,"
            " (VALUES (-1), (1)) AS both_signs (sign)",
            [self.customer.id, self.company.id, self.company_data["default_account_receivable"].id],
        )
        self.sums._cron_replace()
        self.assertEqual(self._rows(self.items), 0)

    def test_a_plan_made_while_they_were_short_is_good_when_they_are_long(self):
        """PostgreSQL keeps it per connection, and would rather read a small table as a whole."""
        self._invoice(self._confirmed(100))
        self._confirmed(70)
        self.env.flush_all()
        tables = [self.items.table, self.orders.table]

        def read_whole():
            self.env.cr.execute(
                "SELECT SUM(seq_scan), SUM(idx_scan) FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)",
                [tables],
            )
            return self.env.cr.fetchone()

        self.env.cr.execute("TRUNCATE ar_credit_item_sum, ar_credit_order_sum")  # what other tests left
        for kept in (self.items, self.orders):
            self.sums._replace(kept, self.sums._find_wrong(kept))
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(kept.table)))
        before = read_whole()
        self.assert_exposure(170)
        after = read_whole()
        self.assertEqual(after[0], before[0])
        self.assertGreater(after[1], before[1])

    def test_few_rows_are_left_alone(self):
        self._confirmed(100)
        self._confirmed(50)
        self.env.flush_all()
        before = self._rows(self.orders)
        self.sums._cron_replace()
        self.assertEqual(self._rows(self.orders), before)

    def test_what_was_written_past_the_triggers_is_mended_and_told(self):
        self._invoice(self._confirmed(100))
        self._confirmed(70)
        self.env.flush_all()
        self.env.cr.execute("SELECT set_config('session_replication_role', 'replica', true)")
        for table, field in (("account_move_line", "amount_residual"), ("sale_order", "ar_credit_open")):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s + 5 WHERE partner_id = %s AND %s > 0",
                    SQL.identifier(table),
                    SQL.identifier(field),
                    SQL.identifier(field),
                    self.customer.id,
                    SQL.identifier(field),
                )
            )
        self.env.cr.execute("SELECT set_config('session_replication_role', 'origin', true)")
        self.env.invalidate_all()
        self.assert_exposure(170)
        with self.assertLogs(LOGGER, logging.ERROR) as logs:
            self.sums._cron_replace()
        self.assertEqual(len(logs.output), 2)
        self.assertIn(str((self.customer.id, self.company.id)), logs.output[0])
        self.assert_exposure(180)
        self.assertFalse(self.sums._find_wrong(self.items))

    def test_a_customer_merged_into_another_takes_his_debts_along(self):
        twin = self.env["res.partner"].create({"name": "Yiwu Lantern", "is_company": True})
        self._invoice(self._confirmed(100, partner=twin))
        self._confirmed(70, partner=twin)
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge([twin.id, self.customer.id], self.customer)
        self.assert_exposure(170)

    def test_a_paid_item_is_late_no_more(self):
        """Before its rows are replaced, there are two of them that sum up to nothing."""
        invoice = self._invoice(self._confirmed(100))
        items = invoice.line_ids.filtered("date_maturity")
        items.sudo().date_maturity = fields.Date.today() - timedelta(days=30)
        self.assertEqual((self._exposure().days_overdue, self._exposure().overdue), (30, 100))
        self._register_payment(invoice)
        self.assertEqual((self._exposure().days_overdue, self._exposure().overdue), (0, 0))


class TestCreditSumAtOnce(CommittedCase):
    """Two connections."""

    def test_replaced_while_others_confirm(self):
        """What is committed after the replacing transaction began is in neither of what it takes and puts."""
        self._set_up(1000, [60, 70, 80])

        def confirm(env, number):
            env["sale.order"].browse(self.order_ids[number]).action_confirm()

        self._run(lambda env: confirm(env, 0))
        with self._cursor() as cr:
            sums = self._env(cr)["ar.credit.sum"]
            cr.execute("SELECT 1 FROM sale_order LIMIT 1")  # from here on it sees nothing new
            self._run(lambda env: confirm(env, 1))
            for kept in sums._get_sums():
                sums._replace(kept, {(self.partner_id, self.company_id)})
            self._run(lambda env: confirm(env, 2))
            cr.commit()
        self._run(self._check_sums)

    def _check_sums(self, env):
        gauge, company = env["ar.credit.exposure"], env["res.company"].browse(self.company_id)
        measured = gauge._measure(company, [self.partner_id]).exposures
        self.assertEqual(measured[self.partner_id, self.company_id].open_orders, 210)
        sums = env["ar.credit.sum"]
        for kept in sums._get_sums():
            self.assertFalse(sums._find_wrong(kept))
