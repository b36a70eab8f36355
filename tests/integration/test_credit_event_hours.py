"""Hours and costs above what was ordered: booked, held, let go when they fit again, billed as decided."""

from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.core.rule import CheckPoint
from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from tests.integration.test_credit_event import EventCase


class TestCreditHours(EventCase):
    """Hours above what was ordered; sale_timesheet, where it is installed, books them in the same way."""

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.addons.ar_credit_control.exceptions"))
        self._account(100)
        self.company.ar_credit_tolerance_percent = 10
        order = self._order(10, product=self.service)
        order.order_line.write({"product_uom_qty": 9, "price_unit": 10})
        order.action_confirm()
        self.order, self.line = order.sudo(), order.sudo().order_line
        self.env.flush_all()
        self.line.qty_delivered_method = "analytic"
        plan = self.env["account.analytic.plan"].sudo().create({"name": "Jobs"})
        self.job = self.env["account.analytic.account"].sudo().create({"name": "Job", "plan_id": plan.id})
        self.worker = self._new_user("credit_worker", "base.group_user,analytic.group_analytic_accounting")

    def _book(self, hours):
        values = {"name": "Hours", "account_id": self.job.id, "so_line": self.line.id}
        values |= {"product_uom_id": self.line.product_uom_id.id, "unit_amount": hours, "amount": -abs(hours)}
        return self.env["account.analytic.line"].with_user(self.worker).create(values)

    def _pending_hold(self):
        return self.order.ar_credit_hold_ids.filtered(lambda hold: hold.state == "pending")

    def _invoice_part(self, hours):
        """Post an invoice of some of what was delivered, past the rules for invoices."""
        self.env.ref("ar_credit_control.rule_invoice").active = False
        invoice = self._invoice(self.order, post=False)
        invoice.invoice_line_ids.quantity = hours
        invoice.action_post()
        return invoice

    def test_hours_are_booked_and_the_order_is_held(self):
        self._book(10)
        self.assertFalse(self.order.ar_credit_hold_ids, "more than ordered, and within the limit")
        self._book(5)
        self.assertEqual((self.line.qty_delivered, self.order.ar_credit_open), (15, 150))
        hold = self._assert_kept(self.order, excess=50, order_amount=150)
        self.assertEqual(hold.requested_by, self.worker)
        self._book(3)
        self.assertEqual(hold.state, "superseded")
        self.assert_exposure(180)
        more = self._assert_kept(self.order, excess=80)
        more.with_user(self.manager).action_approve("goes on their next invoice")
        self.assertTrue(self._passes(self.order))
        self._book(0.1)
        self.assertFalse(self.order.ar_credit_hold_ids.filtered(lambda one: one.state == "pending"))

    def test_each_entry_replaces_the_hold_and_tells_once(self):
        self.salesman.group_ids |= self.env.ref("ar_credit_control.group_user")
        self._book(15)
        before = len(self.order.message_ids)
        for hours in (2, 3, 4):
            self._book(hours)
        hold = self._assert_kept(self.order, excess=140)
        self.assertEqual(self.order.ar_credit_hold_ids.mapped("state").count("pending"), 1)
        holds = self.env["mail.activity"].sudo().search([("res_model", "=", "ar.credit.hold")])
        mine = holds.filtered(lambda activity: activity.user_id == self.salesman)
        self.assertEqual(mine.mapped("res_id"), hold.ids, "one thing to do, about the last")
        told = self.order.message_ids[: len(self.order.message_ids) - before]
        self.assertFalse(told.filtered(lambda message: self.salesman.partner_id in message.partner_ids))

    def test_what_was_approved_their_invoice_does_not_ask_again(self):
        self._book(20)
        for decide in (None, "action_reject"):
            with self.subTest(decide), self.env.cr.savepoint() as savepoint:
                if decide:
                    getattr(self.order.ar_credit_hold_ids.with_user(self.manager), decide)("no")
                with self.assertRaises(CreditHoldError):
                    self._invoice(self.order)
                savepoint.rollback()
                self.env.invalidate_all()
        self.order.ar_credit_hold_ids.with_user(self.manager).action_approve("so be it")
        with self.env.cr.savepoint() as savepoint:
            invoice = self._invoice(self.order)
            self.assertEqual((invoice.state, invoice.amount_total), ("posted", 200))
            savepoint.rollback()
            self.env.invalidate_all()
        with self.env.cr.savepoint() as savepoint:
            invoice = self._invoice(self.order, post=False)
            invoice.invoice_line_ids.price_unit = 11
            with self.assertRaises(CreditHoldError):
                invoice.action_post()
            savepoint.rollback()
            self.env.invalidate_all()
        self._book(5)
        with self.assertRaises(CreditHoldError):
            self._invoice(self.order)

    def test_within_the_tolerance_of_what_was_approved_their_invoice_asks_nothing(self):
        self._book(20)
        self._pending_hold().with_user(self.manager).action_approve("so be it")
        self._book(0.5)
        self.assertFalse(self._pending_hold())
        invoice = self._invoice(self.order, post=False)
        invoice.invoice_line_ids.quantity = 8
        invoice.action_post()
        rest = self._invoice(self.order)
        self.assertEqual((invoice.amount_total, rest.amount_total, rest.state), (80, 125, "posted"))

    def test_what_was_approved_and_billed_is_not_approved_again(self):
        self._book(20)
        self._pending_hold().with_user(self.manager).action_approve("so be it")
        self.assertEqual(self._invoice(self.order).amount_total, 200)
        self._book(20)
        self.assertTrue(self._pending_hold())
        with self.assertRaises(CreditHoldError):
            self._invoice(self.order)

    def test_ordering_the_hours_afterwards_is_asked_about(self):
        """What counts stays the same, and none of it would be above the order when it is invoiced."""
        self._book(20)
        for decide in (None, "action_reject"):
            if decide:
                self._pending_hold().with_user(self.manager).action_reject("no")
            line = self.line.with_user(self.salesman).sudo(False)
            with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
                line.write({"product_uom_qty": 20, "price_unit": 10})
            self.env.invalidate_all()
        self.assertEqual(self.order.ar_credit_open, 200)

    def test_several_orders_at_once(self):
        """One is held by hand; nothing of that is told of the other."""
        other = self.order.copy()
        other.with_user(self.salesman).sudo(False).order_line.write({"product_uom_qty": 1, "price_unit": 10})
        other.action_confirm()
        other.order_line.qty_delivered_method = "analytic"
        reason = self.env.ref("ar_credit_control.reason_dispute")
        values = {"order_ids": self.order.ids, "note": "a secret", "reason_code_id": reason.id}
        self.env["ar.credit.hold.force"].create(values).action_hold()
        hours = {"name": "Hours", "account_id": self.job.id, "unit_amount": 30, "amount": -30}
        hours["product_uom_id"] = self.line.product_uom_id.id
        lines = self.line | other.order_line
        self.env["account.analytic.line"].with_user(self.worker).create(
            [{**hours, "so_line": line.id} for line in lines]
        )
        hold = other.ar_credit_hold_ids
        self.assertEqual((hold.check_point, hold.requested_by), ("event", self.worker))
        self.assertFalse(hold.reason_code_id)
        self.assertNotIn("secret", hold.request_note)
        self.assertEqual(self._pending_hold().reason_code_id, reason)

    def test_a_down_payment_lets_go(self):
        self._book(20)
        hold = self._pending_hold()
        down_payment = self._create_down_payment_invoice(self.order, "fixed", 100, post=True)
        self._let_go()
        self.assertEqual(hold.state, "pending")
        self._register_payment(down_payment)
        self._let_go()
        self.assertEqual(hold.state, "released")

    def test_hours_that_nobody_booked_on_the_order_are_asked_about_by_the_invoice(self):
        """Odoo computes anew which line they are for, as where a project gets another order: no write of the hours."""
        booked = self._book(20)
        self.order.ar_credit_hold_ids._supersede()
        booked.so_line = False
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_analytic_line SET so_line = %s", [self.line.id])
        self.env.invalidate_all()
        booked.sudo().modified(["so_line"])
        self.assertEqual(self.line.qty_delivered, 20)
        self.assertFalse(self._pending_hold())
        with self.assertRaises(CreditHoldError):
            self._invoice(self.order)

    def test_let_go_when_the_money_comes(self):
        self._book(20)
        hold = self._assert_kept(self.order, excess=100)
        self.company.ar_credit_payments_counted = "registered"
        self.env.ref("ar_credit_control.rule_invoice").active = False
        invoice = self._invoice(self.order)
        self._let_go()
        self.assertEqual(hold.state, "pending", "billed and not paid")
        self._register_payment(invoice, amount=99)
        self._let_go()
        self.assertEqual(hold.state, "pending", "1 over the limit")
        self._register_payment(invoice, amount=1)
        self._let_go()
        self.assertEqual((hold.state, hold.told_state), ("released", "released"))
        self.assertTrue(self._passes(self.order))

    def test_what_is_billed_and_not_paid_counts_on(self):
        """Of two rules, one looks at the amount of the order: a part of it on an invoice makes it no smaller."""
        self._book(20)
        hold = self._assert_kept(self.order, excess=100)
        self._invoice_part(8)
        account = self.env["ar.credit.account"]._search_pairs({(self.customer.id, self.company.id)})
        account.credit_limit = 190
        self._let_go()
        self.assertEqual(hold.state, "pending")
        account.credit_limit = 200
        self._let_go()
        self.assertEqual(hold.state, "released")

    def test_made_smaller_it_waits_for_a_decision(self):
        self._book(20)
        hold = self.order.ar_credit_hold_ids
        self.env["ar.credit.account"]._search_pairs(
            {(self.customer.id, self.company.id)}
        ).credit_limit = 10000
        self.line.write({"product_uom_qty": 1, "price_unit": 10})
        self._let_go()
        self.assertEqual(hold.state, "pending")
        with self.assertRaises(CreditExceededError):
            self.line.write({"product_uom_qty": 9, "price_unit": 10})

    def test_hours_that_come_with_the_money_conflict_with_letting_go(self):
        """Who books what changes nothing of the hold writes its row, so who lets it go meanwhile has to look again."""
        self._book(20)
        hold = self.order.ar_credit_hold_ids
        self.env.flush_all()
        self.env.cr.execute("SELECT xmin, cmin FROM ar_credit_hold WHERE id = %s", [hold.id])
        before = self.env.cr.fetchone()
        gate = self.env["ar.credit.gate"].sudo()
        gate._hold_grown(self.order, CheckPoint.AMEND, "the same again")
        self.env.cr.execute("SELECT xmin, cmin FROM ar_credit_hold WHERE id = %s", [hold.id])
        self.assertEqual(self.env.cr.fetchone(), before, "a payment does not conflict")
        self._book(0.01)
        self.assertEqual(self._pending_hold(), hold)
        self.env.cr.execute("SELECT xmin, cmin FROM ar_credit_hold WHERE id = %s", [hold.id])
        self.assertNotEqual(self.env.cr.fetchone(), before)

    def test_a_hold_by_hand_stays_one_when_hours_are_booked(self):
        values = {"order_ids": self.order.ids, "note": "wait"}
        reason = self.env.ref("ar_credit_control.reason_dispute")
        self.env["ar.credit.hold.force"].create({**values, "reason_code_id": reason.id}).action_hold()
        first = self.order.ar_credit_hold_ids
        self._book(20)
        hold = self._pending_hold()
        self.assertNotEqual(hold, first)
        self.assertEqual((hold.check_point, hold.reason_code_id), ("manual", reason))
        self.assertEqual(hold.requested_by, first.requested_by)
        self.assertIn("wait", hold.request_note)
        self.assertIn("Hours", hold.request_note)

    def test_a_hold_by_hand_takes_the_place_of_one_for_hours_and_stays(self):
        self._book(20)
        values = {"order_ids": self.order.ids, "note": "wait"}
        values["reason_code_id"] = self.env.ref("ar_credit_control.reason_dispute").id
        self.env["ar.credit.hold.force"].create(values).action_hold()
        self.env["ar.credit.account"]._search_pairs({(self.customer.id, self.company.id)}).credit_limit = 1000
        self._let_go()
        self.assertEqual(
            self.order.ar_credit_hold_ids.sorted("id").mapped("state"), ["superseded", "pending"]
        )
        self.assertFalse(self._passes(self.order))

    def test_fewer_hours_ask_nothing(self):
        booked = self._book(20)
        self.order.ar_credit_hold_ids._supersede()
        booked.write({"unit_amount": 19})
        back = self._book(-2)
        booked.write({"name": "Work"})
        self.assertEqual(self.line.qty_delivered, 17)
        self.assertEqual(self.order.ar_credit_hold_ids.mapped("state"), ["superseded"])
        back.unlink()
        self._assert_kept(self.order, excess=90)

    def test_hours_moved_to_the_order_are_asked_about(self):
        booked = self._book(20)
        self.order.ar_credit_hold_ids._supersede()
        booked.so_line = False
        self.assertEqual(self.line.qty_delivered, 0)
        booked.so_line = self.line
        self._assert_kept(self.order, excess=100)
