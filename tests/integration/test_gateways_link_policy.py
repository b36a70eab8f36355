"""What a company decides about its links: parts, expiry, one payment only; and the log of who opened them."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests.common import new_test_user

from odoo.addons.ar_payment_gateways.core.visitor import Visitor

from tests.test_gateways_link_common import KindsCase

PHONE = "Mozilla/5.0 (Linux; Android 15) Mobile Safari/537.36"


class TestParts(KindsCase):
    def setUp(self):
        super().setUp()
        self.company.write(
            {"ar_link_partial": True, "ar_link_partial_percent": 10, "ar_link_partial_minimum": 0}
        )

    def test_a_part_pays_what_was_due_first(self):
        newest, oldest, middle = self.bill(50.0, days=9), self.bill(30.0, days=-9), self.bill(40.0, days=1)
        link = self.links._for_moves(newest + oldest + middle)
        order = self.pay(link, amount="45.00")
        self.assertEqual(order.amount, 45.0)
        self.assertEqual(order.transaction_id.payment_id.amount, 45.0)
        self.assertEqual((oldest + middle + newest).mapped("amount_residual"), [0.0, 25.0, 50.0])
        self.assertEqual((link.amount_due, link.state), (75.0, "active"))
        self.assertFalse(order.activity_ids)
        self.pay(link, amount="75")
        self.assertEqual((link.amount_due, link.state), (0.0, "paid"))

    def test_a_part_of_what_credit_notes_leave(self):
        newest, oldest, note = self.bill(50.0, days=9), self.bill(70.0, days=-9), self.credit(30.0)
        link = self.everything()
        for amount in ("8.99", "90.01"):
            with self.assertRaises(UserError, msg=amount):
                self.start(link, amount=amount)
        self.pay(link, amount="9")
        self.assertEqual((oldest + newest + note).mapped("amount_residual"), [31.0, 50.0, 0.0])
        link.invalidate_recordset(["amount_due"])
        self.assertEqual(link.amount_due, 81.0)

    def test_a_part_of_an_instalment(self):
        invoice = self.in_thirds()
        link = self.links._for_moves(invoice, kind="instalment")
        self.pay(link, amount="10")
        self.assertEqual((link.amount_due, invoice.amount_residual), (20.0, 80.0))

    def test_amounts_that_are_refused(self):
        link = self.links._for_moves(self.bill(100.0))
        for amount in ("9.99", "100.01", "0", "-20", "1e2", "", "20.001", "all"):
            with self.assertRaises(UserError, msg=amount):
                self.start(link, amount=amount)
        self.assertFalse(link.order_ids)
        self.assertEqual(self.start(link, amount="10").amount, 10.0)
        self.assertEqual(self.start(link).amount, 100.0)

    def test_where_parts_are_not_allowed_the_amount_of_a_form_counts_for_nothing(self):
        whole = self.links._for_moves(self.bill(100.0))
        once = self.links.create({"move_ids": [Command.set(self.bill(100.0).ids)], "single_use": True})
        sale = self.links.create({"kind": "order", "sale_order_id": self.sale(100.0).id})
        self.assertEqual(self.start(once, amount="20").amount, 100.0)
        self.assertEqual(self.start(sale, amount="20").amount, 100.0)
        self.company.ar_link_partial = False
        self.assertEqual(self.start(whole, amount="20").amount, 100.0)

    def test_the_minimum_is_in_company_currency(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.company.ar_link_partial_minimum = 140.0
        self.env["res.currency.rate"].create(
            {"currency_id": dollar.id, "company_id": self.company.id, "rate": 0.14, "name": "2020-01-01"}
        )
        invoice = self.init_invoice(
            "out_invoice", amounts=[100.0], currency=dollar, taxes=self.env["account.tax"], post=True
        )
        link = self.links._for_moves(invoice)
        due = link._open_items()[link][0].amount
        expected = self.company.currency_id._convert(140.0, dollar, self.company)
        self.assertNotEqual(expected, 140.0)
        self.assertEqual(float(link._smallest_part(due)), expected)

    def test_less_than_the_minimum_is_paid_as_a_whole(self):
        self.company.ar_link_partial_minimum = 500.0
        link = self.links._for_moves(self.bill(100.0))
        self.assertIsNone(link._smallest_part(link._open_items()[link][0].amount))

    def test_the_amount_is_judged_by_what_is_open_at_that_moment(self):
        invoice = self.bill(100.0)
        link = self.links._for_moves(invoice)
        self._register_payment(invoice, amount=60.0, payment_difference_handling="open")
        with self.assertRaises(UserError):
            self.start(link, amount="50")

    def test_policies_that_make_no_sense(self):
        for values in (
            {"ar_link_partial_percent": 101},
            {"ar_link_partial_percent": -1},
            {"ar_link_partial_minimum": -1},
            {"ar_link_expiry_days": -1},
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.company.write(values)


class TestLife(KindsCase):
    def test_links_expire_so_many_days_after_the_due_date(self):
        self.company.ar_link_expiry_days = 14
        self.assertEqual(
            self.links._for_moves(self.bill(1.0, days=20)).expiry_date, self.today + timedelta(34)
        )
        self.assertEqual(
            self.links._for_moves(self.bill(1.0, days=-20)).expiry_date, self.today + timedelta(14)
        )
        chosen = self.links.create({"move_ids": [Command.set(self.bill(1.0).ids)], "expiry_date": False})
        self.assertFalse(chosen.expiry_date)

    def test_an_expired_link_is_replaced_where_one_is_needed(self):
        invoice = self.bill(1.0)
        link = invoice._get_ar_payment_link()
        link.sudo().expiry_date = self.today - timedelta(1)
        self.assertNotEqual(invoice._get_ar_payment_link(), link)
        with self.assertRaises(UserError):
            self.start(link)

    def test_one_payment_ends_a_link_for_one(self):
        self.bill(20.0)
        link = self.links.create(
            {
                "kind": "customer",
                "partner_id": self.partner_a.id,
                "currency_id": self.cny.id,
                "company_id": self.company.id,
                "single_use": True,
            }
        )
        self.pay(link)
        self.bill(30.0)
        self.env.invalidate_all()
        self.assertEqual((link.state, link._condition()), ("used", "used"))
        with self.assertRaises(UserError):
            self.start(link)
        for state, found in (("used", link), ("active", self.links)):
            self.assertEqual(self.links.search([("state", "=", state), ("id", "=", link.id)]), found)

    def test_a_link_for_one_payment_is_not_handed_to_others(self):
        invoice = self.bill(1.0)
        invoice._get_ar_payment_link().action_revoke()
        once = self.links.create({"move_ids": [Command.set(invoice.ids)], "single_use": True})
        self.assertNotEqual(invoice._get_ar_payment_link(), once)

    def test_posting_anew_makes_a_link_that_works(self):
        """One that has expired, or is good for one payment only, is none for an invoice that is due later now."""
        for useless in ({"expiry_date": self.today - timedelta(1)}, {"single_use": True}):
            invoice = self.bill(1.0)
            link = invoice._get_ar_payment_link().sudo()
            link.write(useless)
            invoice.button_draft()
            invoice.invoice_date_due = self.today + timedelta(30)
            invoice.action_post()
            self.assertIn("<svg", invoice.ar_payment_qr or "", useless)
            self.assertNotEqual(invoice.ar_payment_url, link.url)

    def test_posting_makes_no_link_where_that_is_switched_off(self):
        self.company.ar_link_on_posting = False
        invoice = self.bill(1.0)
        self.assertFalse(invoice.ar_payment_link_count)
        self.assertTrue(invoice._get_ar_payment_qr_data_uri())
        invoice.invalidate_recordset()
        self.assertEqual(invoice.ar_payment_link_count, 1)

    def test_conditions(self):
        sale = self.sale(10.0)
        link = self.links.create({"kind": "order", "sale_order_id": sale.id}).sudo()
        self.assertEqual(link._condition(), "active")
        sale.validity_date = self.today - timedelta(1)
        self.env.invalidate_all()
        self.assertEqual(link._condition(), "expired")
        invoice = self.bill(1.0)
        invoice_link = self.links._for_moves(invoice)
        invoice.action_toggle_block_payment()
        self.assertEqual(invoice_link._condition(), "disputed")
        with self.assertRaises(UserError):
            invoice_link._number_order(self.provider.sudo())
        invoice.action_toggle_block_payment()
        self.env.cr.execute("UPDATE res_company SET active = FALSE WHERE id = %s", [self.company.id])
        self.env.invalidate_all()
        self.assertEqual(invoice_link._condition(), "closed")
        with self.assertRaises(UserError):
            invoice_link._number_order(self.provider.sudo())


class TestScans(KindsCase):
    def setUp(self):
        super().setUp()
        self.link = self.links._for_moves(self.bill(10.0))
        self.scans = self.env["ar.payment.link.scan"].sudo()

    def note(self, event="opened", link=None, address="203.0.113.7", agent=PHONE):
        self.env.flush_all()
        noted = self.scans._note(event, self.link if link is None else link, Visitor(agent, address))
        self.env.invalidate_all()
        return noted

    def limit(self, **limits):
        target = "odoo.addons.ar_payment_gateways.const.VISIT_LIMITS"
        return patch.dict(target, {event: (10, limit) for event, limit in limits.items()})

    def test_what_is_kept_of_a_visit(self):
        self.note(agent=f"{PHONE} MicroMessenger/8.0", address="203.0.113.7")
        self.note(agent="facebookexternalhit/1.1", address="2001:db8:1:2::3")
        second, first = self.link.scan_ids
        self.assertEqual((first.wallet, first.address, first.event), ("wechatpay", "203.0.113.0", "opened"))
        self.assertEqual((second.wallet, second.address), ("robot", "2001:db8:1::"))
        self.assertEqual(first.company_id, self.company)
        self.assertNotIn("203", first.address_key)
        self.assertEqual((self.link.scan_count, bool(self.link.last_scan)), (2, True))

    def test_starts_are_limited_per_address(self):
        with self.limit(started=2):
            self.assertTrue(self.note("started"))
            self.assertTrue(self.note("started", self.links._for_moves(self.bill(5.0))))
            self.assertFalse(self.note("started"))
            self.assertTrue(self.note("started", address="203.0.113.8"))
            self.scans.search([]).scanned_at = fields.Datetime.now() - timedelta(minutes=11)
            self.assertTrue(self.note("started"))

    def test_a_flood_does_not_fill_the_log(self):
        with self.limit(opened=3):
            self.assertEqual([self.note() for _n in range(5)], [True, True, True, False, False])
        self.assertEqual(self.link.scan_count, 3)

    def test_old_scans_go_and_their_number_stays(self):
        for _n in range(3):
            self.note()
        self.note("started")
        self.note("unknown", self.links.browse())
        old = fields.Datetime.now() - timedelta(days=181)
        self.link.scan_ids[1:].scanned_at = old
        self.scans.search([("link_id", "=", False)]).scanned_at = fields.Datetime.now() - timedelta(days=2)
        self.env.flush_all()
        self.assertEqual(self.scans._gc_scans(), (4, False))
        self.assertEqual(self.scans._gc_scans(), (0, False))
        self.assertEqual(self.link.scan_ids.mapped("event"), ["started"])
        self.assertEqual((self.link.scan_count, self.link.last_scan), (3, old.replace(microsecond=0)))

    def test_never_opened(self):
        other = self.links._for_moves(self.bill(5.0))
        self.note("started", other)
        self.note()
        both = self.link + other
        for domain, found in (([("scan_count", "=", 0)], other), ([("scan_count", "!=", 0)], self.link)):
            self.assertEqual(self.links.search([*domain, ("id", "in", both.ids)]), found)

    def test_the_log_is_written_by_nobody(self):
        self.note()
        user = new_test_user(
            self.env,
            "scan_reader",
            "account.group_account_invoice,ar_payment_gateways.group_manager",
            company_id=self.company.id,
        )
        scan = self.link.scan_ids.with_user(user)
        self.assertTrue(scan.read(["wallet", "address"]))
        for work in (
            lambda: scan.write({"event": "started"}),
            scan.unlink,
            lambda: scan.create({"scanned_at": fields.Datetime.now(), "event": "opened", "wallet": "alipay"}),
            lambda: scan.read(["address_key"]),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                work()
