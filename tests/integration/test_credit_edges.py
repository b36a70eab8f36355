"""Many documents at once, and machines and customers: what passes goes on, what does not becomes a hold."""

from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tools import mute_logger

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.ar_credit_control.exceptions import CreditHoldError
from odoo.addons.ar_credit_control.models.ar_credit_edge import _as_machine, _confirm_or_hold

from tests.integration.test_credit_common import CreditCase


class EdgeCase(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._account(100)
        cls._account(100, partner=cls.partner_a)
        cls.env.ref("ar_credit_control.rule_invoice").active = True

    def _invoice(self, amount, **vals):
        """Return a draft for one customer who has credit for it, or for another who has not: drafts count."""
        partner = self.customer if amount > 100 else self.partner_a
        move = self.init_invoice("out_invoice", partner=partner, amounts=[amount], taxes=[])
        move.write({"invoice_user_id": self.salesman.id, **vals})
        return move

    def _server_action(self, xmlid, records):
        context = {"active_model": records._name, "active_ids": records.ids, "active_id": records[:1].id}
        return self.env.ref(xmlid).with_context(**context).run()


class TestCreditBatch(EdgeCase):
    def test_posting_a_list_holds_what_does_not_fit(self):
        moves = self._invoice(60) | self._invoice(170) | self._invoice(30) | self._invoice(500)
        action = self._server_action("account.action_validate_account_moves", moves)
        self.assertEqual(moves.mapped("state"), ["posted", "draft", "posted", "draft"])
        self.assertEqual(moves.mapped("ar_credit_hold_ids.state"), ["pending", "pending"])
        message = action["params"]["message"].splitlines()
        self.assertEqual(message[0], "2 of 4 documents went through, 2 did not:")
        self.assertEqual(len(message), 3)

    def test_customers_without_limit_among_others(self):
        """Nobody has measured who no rule concerns."""
        free = self.init_invoice("out_invoice", partner=self.partner_b, amounts=[9000], taxes=[])
        moves = self._invoice(60) | free | self._invoice(500)
        self._server_action("account.action_validate_account_moves", moves)
        self.assertEqual(moves.mapped("state"), ["posted", "posted", "draft"])
        orders = self._order(50) | self._order(9000, partner=self.partner_b)
        self.customer.env["ar.credit.account"].search([]).sudo().credit_limit = 9000
        orders.action_confirm()
        self.assertEqual(orders.mapped("state"), ["sale", "sale"])

    def test_posting_a_list_of_posted_and_refused(self):
        posted = self._invoice(10)
        posted.action_post()
        moves = posted | self._invoice(500)
        self._server_action("account.action_validate_account_moves", moves)
        self.assertEqual(moves.mapped("state"), ["posted", "draft"])
        self.assertEqual(moves.ar_credit_hold_ids.state, "pending")

    def test_wizard(self):
        moves = self._invoice(60) | self._invoice(170) | self._invoice(30)
        future = fields.Date.add(fields.Date.today(), days=3)
        moves.write({"invoice_date": future, "date": future})
        action = self._server_action("account.action_validate_account_moves", moves)
        wizard = self.env["validate.account.move"].browse(action["res_id"])
        wizard.force_post = True
        action = wizard.validate_move()
        self.assertEqual(moves.mapped("state"), ["posted", "draft", "posted"])
        self.assertIn("2 of 3 documents", action["params"]["message"])
        self.assertEqual(moves[1].auto_post, "no", "what the wizard did to it is undone")

    def test_wizard_and_holds_in_one_click(self):
        later = self._invoice(10)
        future = fields.Date.add(fields.Date.today(), days=3)
        later.write({"invoice_date": future, "date": future})
        moves = self._invoice(500) | later
        action = self._server_action("account.action_validate_account_moves", moves)
        self.assertEqual(action["params"]["next"]["res_model"], "validate.account.move")
        self.assertEqual(moves[0].ar_credit_hold_ids.state, "pending")

    def test_button_with_several(self):
        moves = self._invoice(60) | self._invoice(170)
        moves.action_post_or_hold()
        self.assertEqual(moves.mapped("state"), ["posted", "draft"])

    def test_confirming_a_list_of_orders(self):
        orders = self._order(60) | self._order(60) | self._order(40)
        orders[0].action_confirm()
        more = orders | self._order(500)
        action = self._server_action("ar_credit_control.action_confirm_orders", more)
        self.assertEqual(more.mapped("state"), ["sale", "draft", "sale", "draft"])
        self.assertTrue(action["params"]["message"].startswith("1 of 3 documents went through, 2 did not:"))

    def test_message_names_the_first_ones_only(self):
        orders = self.env["sale.order"].concat(*(self._order(500 + number) for number in range(8)))
        lines = orders.action_confirm_or_hold()["params"]["message"].splitlines()
        self.assertEqual((len(lines), lines[-1]), (7, "…"))


class TestCreditMachines(EdgeCase):
    def _cron(self, code, model="sale.order"):
        return (
            self.env["ir.cron"]
            .sudo()
            .create(
                {
                    "name": "Confirm what is due",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "state": "code",
                    "code": code,
                }
            )
        )

    def _run(self, cron):
        """Run a scheduled action as the scheduler does, in the transaction of the test."""
        with (
            patch.object(self.env.cr, "commit"),
            patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *_args, **_values: 1.0),
        ):
            cron.sudo()._callback(cron.sudo().cron_name, cron.sudo().ir_actions_server_id.id)

    def test_scheduled_confirmation_holds(self):
        order = self._order(150)
        self._run(self._cron(f"model.browse({order.id}).action_confirm()"))
        self.assertEqual((order.state, order.sudo().ar_credit_hold_ids.state), ("draft", "pending"))
        self.assertIn(self.salesman.partner_id, order.sudo().message_ids.notified_partner_ids)

    def test_a_users_own_call_gets_the_error(self):
        for user in (self.salesman, self.env.user):
            order = self._order(150)
            with self.assertRaises(CreditHoldError):
                order.with_user(user).action_confirm()
            self.assertFalse(order.sudo().ar_credit_hold_ids)

    def test_customer_on_a_page_that_confirms(self):
        """website_event_sale and website_event_booth_sale call `action_confirm` on the order of the visitor."""
        public = self.env.ref("base.public_user")
        order = self._order(150).with_user(public).sudo()
        order.action_confirm()
        # Not a draft any more: website_sale would take that for his cart, and let him change or pay it again.
        self.assertEqual((order.state, order.ar_credit_hold_ids.state), ("sent", "pending"))
        self.assertTrue(order._is_ar_credit_under_review())

    def test_nothing_of_what_ran_around_ours_survives(self):
        """What addons that Odoo loads after ours do before the check is undone, as nobody else catches it."""
        order = self._order(150)
        owner = self.env.registry["sale.order"]
        wrapped = owner.action_confirm
        self.assertTrue(wrapped.ar_credit_edge, "the outermost method is ours")
        core = wrapped.__wrapped__

        def outer(records):
            records.client_order_ref = (records.client_order_ref or "") + "points "
            return core(records)

        with patch.object(owner, "action_confirm", _confirm_or_hold(outer)):
            with self.env["ar.credit.edge"]._machine():
                order.action_confirm()
            self.assertFalse(order.client_order_ref)
            order.sudo().ar_credit_hold_ids.with_user(self.manager).action_approve()
        self.assertEqual((order.state, order.client_order_ref), ("sale", "points "))

    def test_approval_and_recheck_by_the_scheduled_action_go_on(self):
        account = self.env["ar.credit.account"].search([("partner_id", "=", self.customer.id)])
        order, hold = self._held(150)
        account.sudo().credit_limit = 200
        self._run(self.env.ref("ar_credit_control.ir_cron_credit_recheck"))
        self.assertEqual((order.state, hold.state), ("sale", "released"))

    def test_due_invoices_are_held_and_asked_for_once(self):
        today = fields.Date.today()
        fits, over = self._invoice(50, auto_post="at_date"), self._invoice(500, auto_post="at_date")
        (fits | over).write({"invoice_date": today, "date": today})
        cron = self.env.ref("account.ir_cron_auto_post_draft_entry")
        self._run(cron)
        self.assertEqual((fits.state, over.state), ("posted", "draft"))
        hold = over.ar_credit_hold_ids
        self.assertEqual(hold.state, "pending")
        told = len(over.message_ids)
        self._run(cron)
        self.assertEqual((over.ar_credit_hold_ids, len(over.message_ids)), (hold, told))
        hold.with_user(self.manager).action_reject("no")
        self.assertEqual(over.auto_post, "no")
        self._run(cron)
        self.assertEqual(over.ar_credit_hold_ids, hold)


class TestCreditPaidLater(AccountPaymentCommon, EdgeCase):
    def test_cash_on_delivery_is_held_and_the_payment_stays(self):
        """delivery and website_sale_collect confirm the order in `_post_process`, around ours."""
        order = self._order(150).sudo()
        tx = self._create_transaction(
            "direct",
            amount=150,
            currency_id=order.currency_id.id,
            partner_id=order.partner_id.id,
            sale_order_ids=[Command.set(order.ids)],
            state="pending",
        )
        owner = self.env.registry["payment.transaction"]
        core = owner._post_process.__wrapped__

        def outer(transactions):
            transactions.sale_order_ids.with_context(send_email=True).action_confirm()
            return core(transactions)

        quiet = mute_logger("odoo.addons.sale.models.payment_transaction")
        with patch.object(owner, "_post_process", _as_machine(outer)), quiet:
            tx._post_process()
        self.assertEqual(tx.state, "pending")
        self.assertEqual(order.ar_credit_hold_ids.state, "pending")
        self.assertTrue(order._is_ar_credit_under_review())
