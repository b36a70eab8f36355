"""What counts as exposure, on real documents."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command

from odoo.addons.ar_credit_control.core.rule import CheckPoint

from tests.integration.test_credit_common import CreditCase


class TestCreditExposure(CreditCase):
    def test_quotation_is_no_exposure(self):
        self._order(1000)
        self.assert_exposure(0)

    def test_confirmed_order_counts_whatever_the_invoicing_policy(self):
        self._confirmed(1000)
        self.assert_exposure(1000)
        self._confirmed(1000, product=self.service)
        self.assert_exposure(2000)

    def test_delivered_above_ordered_counts(self):
        order = self._confirmed(100, product=self.service)
        order.order_line.qty_delivered = 3
        self.assert_exposure(300)

    def test_what_lowers_the_debt_counts_when_it_will_be_invoiced(self):
        """A discount does at once; a promise to bring goods back, or one that Odoo never invoices, does not."""
        discount = self._create_product(
            name="Discount", taxes_id=False, invoice_policy="order", type="service"
        )
        for product, quantity, price, promised in (
            (self.product, -9, 100, 1000),
            (self.service, 1, -900, 1000),
            (discount, 1, -900, 100),
        ):
            order = self._order(1000)
            values = {"product_id": product.id, "product_uom_qty": quantity, "price_unit": price}
            order.write({"order_line": [Command.create(values)]})
            order.action_confirm()
            order = order.sudo()
            self.assertEqual(order.ar_credit_open, promised)
            order.order_line[0].qty_delivered = 1
            self.assertEqual(order.ar_credit_open, promised)
            order.order_line[1].qty_delivered = quantity
            self.assertEqual((order.ar_credit_open, order.ar_credit_due), (100, 100))

    def test_expense_line_without_ordered_quantity(self):
        order = self._confirmed(100, product=self.service)
        tax = self.percent_tax(10.0)
        order.write(
            {
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.service.id,
                            "product_uom_qty": 0,
                            "qty_delivered": 2,
                            "price_unit": 50,
                            "tax_ids": tax.ids,
                        }
                    )
                ]
            }
        )
        self.assert_exposure(100 + 2 * 55)

    def test_tax_is_part_of_the_debt(self):
        self.product.taxes_id = self.percent_tax(13.0)
        self._confirmed(100)
        self.assert_exposure(113)

    def test_draft_invoice_of_an_order_does_not_lower_exposure(self):
        order = self._confirmed(1000)
        invoice = self._invoice(order, post=False)
        self.assert_exposure(1000)
        invoice.action_post()
        self.assert_exposure(1000)
        self.assertEqual(float(self._exposure().receivable), 1000)
        self._register_payment(invoice)
        self.assert_exposure(0)

    def test_refund_of_an_order_opens_it_again_but_never_above_the_order(self):
        order = self._confirmed(1000)
        invoice = self._invoice(order)
        refund = self._reverse_invoice(invoice, post=True)
        self.assertEqual(refund.state, "posted")
        self.assert_exposure(1000)
        self._reverse_invoice(invoice, post=True)
        self.assertEqual(float(self._exposure().open_orders), 1000)

    def test_down_payment_is_never_counted_twice(self):
        order = self._confirmed(1000)
        down_payment = self._create_down_payment_invoice(order.with_user(self.env.user), "percentage", 50)
        self.assert_exposure(1000)
        down_payment.action_post()
        self.assert_exposure(1000)
        self.assertEqual(float(self._exposure().receivable), 500)
        self._register_payment(down_payment)
        self.assert_exposure(500)
        final = self._invoice(order)
        self.assert_exposure(500)
        self.assertEqual(float(self._exposure().open_orders), 0)
        self._register_payment(final)
        self.assert_exposure(0)

    def test_paid_down_payment_above_the_order_is_no_negative_order(self):
        order = self._confirmed(1000)
        down_payment = self._create_down_payment_invoice(
            order.with_user(self.env.user), "fixed", 1200, post=True
        )
        self._register_payment(down_payment)
        self.assert_exposure(0)

    def test_draft_invoice_without_order_counts(self):
        self.init_invoice("out_invoice", partner=self.customer, amounts=[70], taxes=[])
        self.assertEqual(float(self._exposure().draft_invoices), 70)
        self.assert_exposure(70)

    def test_draft_refund_does_not_lower_exposure(self):
        self._confirmed(100)
        self.init_invoice("out_refund", partner=self.customer, amounts=[70], taxes=[])
        self.assert_exposure(100)

    def test_journal_entry_on_a_child_contact_counts_for_the_company(self):
        receivable = self.company_data["default_account_receivable"]
        self.env["account.move"].create(
            {
                "line_ids": [
                    Command.create(
                        {"account_id": receivable.id, "partner_id": self.contact.id, "debit": 100}
                    ),
                    Command.create(
                        {"account_id": self.company_data["default_account_revenue"].id, "credit": 100}
                    ),
                ]
            }
        ).action_post()
        # A move line takes the commercial partner; an import or a bank entry may leave the contact.
        self.env.cr.execute(
            "UPDATE account_move_line SET partner_id = %s WHERE account_id = %s AND partner_id = %s",
            [self.contact.id, receivable.id, self.customer.id],
        )
        self.assert_exposure(100)
        self.assert_exposure(0, self.partner_a)

    def test_order_of_a_contact_counts_for_the_company(self):
        self._confirmed(80, partner=self.contact)
        self.assert_exposure(80)

    def test_invoiced_partner_owes_not_the_ordering_one(self):
        self._confirmed(80, partner=self.partner_a, partner_invoice_id=self.contact.id)
        self.assert_exposure(80)
        self.assert_exposure(0, self.partner_a)

    def test_foreign_invoice_is_converted_once(self):
        # 1 USD = 0.5 EUR
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.5)])
        self.init_invoice(
            "out_invoice", partner=self.customer, amounts=[100], taxes=[], currency=euro, post=True
        )
        self.assert_exposure(200)
        self.init_invoice("out_invoice", partner=self.customer, amounts=[10], taxes=[], currency=euro)
        self.assert_exposure(220)

    def test_foreign_order_is_converted_at_the_rate_of_today(self):
        today = fields.Date.today()
        euro = self.setup_other_currency(
            "EUR", rates=[("2016-01-01", 0.25), (today - timedelta(days=1), 0.5)]
        )
        pricelist = self.env["product.pricelist"].create({"name": "EUR", "currency_id": euro.id})
        order = self._confirmed(100, pricelist_id=pricelist.id)
        self.assertEqual(order.order_line.ar_credit_open, 100, "stored in order currency")
        self.assert_exposure(200)
        self.assertEqual(
            float(self._exposure().total), euro._convert(100, self.company.currency_id, self.company, today)
        )

    def test_rates_are_those_of_odoo(self):
        currency = self.env["res.currency"].create({"name": "QQQ", "symbol": "Q", "rounding": 0.01})
        today, rates = fields.Date.today(), self.env["res.currency.rate"]
        pricelist = self.env["product.pricelist"].create({"name": "Q", "currency_id": currency.id})
        self._confirmed(100, pricelist_id=pricelist.id)
        self.assert_exposure(100)  # no rate at all
        for days, rate, company in (
            (9, 3, self.company),  # the first of those to come
            (5, 7, self.company),
            (-9, 0.3, self.company),
            (-3, 0.7, self.company),
            (-1, 0.9, self.env["res.company"]),  # for all companies, after the company's own
        ):
            rates.create(
                {
                    "name": today + timedelta(days=days),
                    "rate": rate,
                    "currency_id": currency.id,
                    "company_id": company.id,
                }
            )
            self.assert_exposure(currency._convert(100, self.company.currency_id, self.company, today))
        self.assert_exposure(142.86)

    def test_orders_apart_are_not_in_the_rest(self):
        foreign = self.setup_other_currency("EUR", rates=[("2020-01-01", 3)])
        pricelist = self.env["product.pricelist"].create({"name": "EUR", "currency_id": foreign.id})
        apart = self._confirmed(100, pricelist_id=pricelist.id)
        self._confirmed(0.05, pricelist_id=pricelist.id)
        self._confirmed(7)
        measured = self.env["ar.credit.exposure"]._measure(self.company, self.customer.ids, apart.ids)
        self.assertEqual(str(measured.orders[apart.id]), "33.33")
        self.assertEqual(
            str(measured.exposures[self.customer.id, self.company.id].total), "7.02", "each rounded once"
        )

    def test_unit_of_the_invoice_may_differ(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._order(1)
        order.order_line.write({"product_uom_qty": 24, "price_unit": 10})
        order.action_confirm()
        invoice = self._invoice(order.sudo(), post=False)
        invoice.invoice_line_ids.write({"product_uom_id": dozen.id, "quantity": 1, "price_unit": 120})
        invoice.action_post()
        self.assertEqual(float(self._exposure().open_orders), 120)

    def test_invoice_line_of_two_order_lines_lowers_exposure_once(self):
        first, second = self._confirmed(60), self._confirmed(40)
        invoice = self._invoice(first, post=False)
        invoice.invoice_line_ids.write(
            {"sale_line_ids": [Command.link(second.order_line.id)], "quantity": 1, "price_unit": 60}
        )
        invoice.action_post()
        self.assertEqual(float(self._exposure().open_orders), 30 + 20, "half a piece of each is open")

    def test_whoever_invoices_may_link_from_the_order_line(self):
        order = self._confirmed(60)
        invoice = self._invoice(order)
        biller = self._new_user("biller", "sales_team.group_sale_salesman,account.group_account_invoice")
        copied = order.order_line.copy_data({"invoice_lines": [Command.set(invoice.invoice_line_ids.ids)]})
        quotation = self._order(10, user=biller)
        quotation.write({"order_line": [Command.create(copied[0])]})
        self.assertEqual(quotation.order_line[1].invoice_lines, invoice.invoice_line_ids)

    def test_companies_do_not_mix(self):
        other = self.setup_other_company()["company"]
        self._confirmed(100)
        measured = self.env["ar.credit.exposure"]._measure(self.company | other, [self.customer.id])
        self.assertEqual(float(measured.exposures[self.customer.id, self.company.id].total), 100)
        self.assertEqual(float(measured.exposures[self.customer.id, other.id].total), 0)

    def test_one_statement_for_any_number_of_customers(self):
        partners = self.env["res.partner"].create([{"name": f"Customer {n}"} for n in range(50)])
        for partner in partners[:3]:
            self._confirmed(10, partner=partner)
        gauge = self.env["ar.credit.exposure"]
        self.env.flush_all()
        with self.assertQueryCount(1):
            gauge._measure(self.company, partners[:1].ids)
        with self.assertQueryCount(1):
            measured = gauge._measure(self.company, partners.ids)
        self.assertEqual(sum(float(part.total) for part in measured.exposures.values()), 30)

    def test_account_shows_the_parts(self):
        account = self._account(400)
        order = self._confirmed(100)
        self._invoice(order)
        self._confirmed(200)
        account.invalidate_recordset()
        self.assertEqual(account.receivable, 100)
        self.assertEqual(account.open_orders, 200)
        self.assertEqual(account.exposure, 300)
        self.assertEqual(account.available, 100)
        self.assertEqual(account.usage, 0.75)

    def _queries_of_check(self, number):
        """Return how many statements the gate needs for `number` confirmed orders of as many customers."""
        partners = self.env["res.partner"].create(
            [{"name": f"Checked {n}", "is_company": True} for n in range(number)]
        )
        orders = self.env["sale.order"].browse([self._order(10, partner=partner).id for partner in partners])
        for partner in partners:
            self._account(100, partner=partner)
        orders.action_confirm()
        gate = self.env["ar.credit.gate"]
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        decisions = gate._decide_orders(orders.sudo(), CheckPoint.AMEND)
        self.assertEqual({decision.passed for decision in decisions.values()}, {True})
        return self.env.cr.sql_log_count - before

    def test_a_check_costs_the_same_for_one_and_for_twenty_customers(self):
        one, twenty = self._queries_of_check(1), self._queries_of_check(20)
        self.assertEqual(one, twenty)
        self.assertLessEqual(twenty, 10)
