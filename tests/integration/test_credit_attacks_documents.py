"""Ways round the credit gate through documents and decisions that were found by attacking it; each is closed."""

from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from tests.integration.test_credit_attacks import CreditAttackCase


class TestCreditInvoiceAttacks(CreditAttackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("ar_credit_control.rule_invoice").active = True
        cls.clerk = cls._new_user("credit_clerk", "account.group_account_invoice")

    def _bill(self, amount, **vals):
        invoice = self.init_invoice("out_invoice", partner=self.customer, amounts=[amount], taxes=[])
        invoice.write(vals)
        return invoice.with_user(self.clerk)

    def test_negative_draft_frees_no_credit(self):
        self._bill(-1000)
        self.assert_exposure(0)
        draft = self._bill(50)
        self.assert_exposure(50)
        draft.write(
            {"invoice_line_ids": [Command.create({"name": "less", "price_unit": -80, "tax_ids": False})]}
        )
        self.assert_exposure(0)

    def test_line_linked_to_a_small_order_hides_no_big_invoice(self):
        order = self._confirmed(1)
        invoice = self._bill(1000)
        invoice.invoice_line_ids.sale_line_ids = order.order_line
        self._refused(invoice.action_post, CreditHoldError)

    def test_status_written_is_asked_as_well(self):
        invoice = self._bill(101)
        self._refused(lambda: invoice.write({"state": "posted"}), CreditHoldError)
        invoice.button_cancel()
        self._refused(lambda: invoice.write({"state": "posted"}), CreditHoldError)
        self._refused(
            lambda: (
                self.env["account.move"]
                .with_user(self.clerk)
                .browse(invoice.id)
                .web_save({"state": "posted"}, {})
            ),
            CreditHoldError,
        )
        self.assertEqual(invoice.state, "cancel")

    def test_hours_above_the_order_are_asked_about_when_invoiced(self):
        """What is logged grows the order without a write that a check could see."""
        order = self._order(10, product=self.service)
        order.order_line.write({"product_uom_qty": 10, "price_unit": 10})
        order.action_confirm()
        line = order.sudo().order_line
        self.env.flush_all()
        line.qty_delivered_method = "analytic"
        plan = self.env["account.analytic.plan"].sudo().create({"name": "Jobs"})
        account = self.env["account.analytic.account"].sudo().create({"name": "Job", "plan_id": plan.id})
        hours = {"name": "Hours", "account_id": account.id, "so_line": line.id}
        hours["product_uom_id"] = line.product_uom_id.id
        self.env["account.analytic.line"].sudo().create({**hours, "unit_amount": 4, "amount": -4})
        self.assertEqual((line.qty_delivered, order.sudo().ar_credit_open), (4, 100))
        with self.env.cr.savepoint() as savepoint:
            self.assertEqual(self._invoice(order).state, "posted", "as ordered")
            savepoint.rollback()
        self.env.invalidate_all()
        self.env["account.analytic.line"].sudo().create({**hours, "unit_amount": 96, "amount": -96})
        self.assertEqual((line.qty_delivered, order.sudo().ar_credit_open), (100, 1000))
        self._refused(lambda: self._invoice(order), CreditHoldError)

    def test_dearer_invoice_of_an_order(self):
        order = self._confirmed(60)
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids.price_unit = 101
        self._refused(invoice.with_user(self.clerk).action_post, CreditHoldError)
        invoice.invoice_line_ids.price_unit = 100
        invoice.with_user(self.clerk).action_post()
        self.assertEqual(invoice.state, "posted")

    def test_invoice_moved_to_another_debtor(self):
        order = self._confirmed(500, partner=self.partner_a)
        invoice = self._invoice(order, post=False)
        invoice.partner_id = self.customer
        self._refused(invoice.with_user(self.clerk).action_post, CreditHoldError)

    def test_discount_of_an_order_left_out_of_its_invoice(self):
        order = self._order(1000)
        order.write(
            {
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "price_unit": -900,
                            "product_uom_qty": 1,
                            "sequence": 99,
                        }
                    )
                ]
            }
        )
        order.action_confirm()
        invoice = self._invoice(order.sudo(), post=False)
        invoice.invoice_line_ids.filtered(lambda line: line.price_unit < 0).unlink()
        self._refused(invoice.with_user(self.clerk).action_post, CreditHoldError)

    def test_receipt_is_an_invoice(self):
        receipt = self.init_invoice("out_receipt", partner=self.customer, amounts=[101], taxes=[])
        self.assert_exposure(101)
        self._refused(receipt.with_user(self.clerk).action_post, CreditHoldError)

    def test_abandoned_online_payment_can_not_be_called_done(self):
        provider = self.env["payment.provider"].sudo().create({"name": "Fake", "code": "none"})
        method = self.env["payment.method"].sudo().search([], limit=1)
        order = self._order(150)
        values = {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "reference": "abandoned",
            "amount": 150,
            "currency_id": self.company.currency_id.id,
            "partner_id": self.customer.id,
            "sale_order_ids": [Command.set(order.ids)],
        }
        abandoned = self.env["payment.transaction"].sudo().create(values).with_user(self.clerk)
        self._refused(lambda: abandoned.write({"state": "done"}))
        self._refused(lambda: abandoned.create({**values, "reference": "other", "state": "done"}))
        self._refused(order.action_confirm, CreditHoldError)


class TestCreditClosed(CreditAttackCase):
    def test_only_an_independent_manager_closes_what_was_credited(self):
        """Delivered, invoiced and credited without a return counts until a manager says that nobody invoices it."""
        groups = "sales_team.group_sale_salesman_all_leads,ar_credit_control.group_manager"
        manager, other = self._new_user("credit_closer", groups), self._new_user("credit_closer_2", groups)
        order = self._order(50, product=self.service)
        order.action_confirm()
        order = order.sudo()
        order.order_line.qty_delivered = 1
        self._refused(order.sudo(False).with_user(manager).action_ar_credit_close, UserError)
        invoice = self._invoice(order)
        self.assertEqual(order.ar_credit_closable, 0)
        credit_note = self._reverse_invoice(invoice, post=True)
        self.assert_exposure(50)
        self.assertEqual(order.ar_credit_closable, 50)
        line = order.order_line.with_user(self.salesman).sudo(False)
        self._refused(order.with_user(self.salesman).sudo(False).action_ar_credit_close)
        self._refused(lambda: line.write({"ar_credit_closed_qty": 1}))
        self._refused(lambda: line.with_user(manager).write({"ar_credit_closed_qty": 1}))
        order.ar_priced_by_ids = other
        self._refused(order.with_user(other).sudo(False).action_ar_credit_close)
        self.assert_exposure(50)
        order.with_user(manager).sudo(False).action_ar_credit_close()
        self.assert_exposure(0)
        self.assertIn("Closed for credit by credit_closer", order.message_ids[:1].body)
        line.write({"product_uom_qty": 2, "price_unit": 50})
        self.assert_exposure(50)
        self._refused(lambda: line.write({"product_uom_qty": 4, "price_unit": 50}), CreditExceededError)
        order.order_line.qty_delivered = 2
        self.assert_exposure(50)
        credit_note.button_draft()
        credit_note.button_cancel()  # without it the first is owed on its invoice, the second as delivered
        self.assert_exposure(100)


class TestCreditHorizon(CreditAttackCase):
    def test_goods_delivered_of_a_far_order_are_owed(self):
        self.company.ar_credit_horizon_days = 30
        order = self._order(1000, product=self.service, commitment_date="2099-01-01 00:00:00")
        order.action_confirm()
        self.assert_exposure(0)
        self._refused(lambda: order.order_line.write({"qty_delivered": 1}), CreditExceededError)
        order.sudo().order_line.qty_delivered = 0.05
        self.assert_exposure(50)

    def test_invoice_of_a_far_order_is_asked(self):
        self.env.ref("ar_credit_control.rule_invoice").active = True
        self.company.ar_credit_horizon_days = 30
        order = self._confirmed(1000, commitment_date="2099-01-01 00:00:00")
        self._refused(lambda: self._invoice(order), CreditHoldError)


class TestCreditByHandAttacks(CreditAttackCase):
    def _force(self, order):
        wizard = self.env["ar.credit.hold.force"]
        reason = self.env.ref("ar_credit_control.reason_dispute")
        wizard.create({"order_ids": order.ids, "reason_code_id": reason.id, "note": "wait"}).action_hold()

    def test_asking_for_more_credit_lifts_no_hold(self):
        order = self._order(50)
        order.action_confirm()
        self._force(order)
        wizard = self.env["ar.credit.hold.more"].with_user(self.salesman)
        wizard = wizard.create({"order_id": order.id, "amount": 500, "note": "more"})
        self._refused(wizard.action_request, UserError)
        hold = order.sudo().ar_credit_hold_ids
        self.assertEqual((hold.check_point, hold.state), ("manual", "pending"))

    def test_a_blocking_rule_lifts_no_hold(self):
        order = self._order(50)
        self._force(order)
        self.env.ref("ar_credit_control.rule_account_blocked").active = True
        self.account.write({"status": "blocked", "block_reason": "x"})
        order.action_confirm_or_hold()
        self.account.status = "active"
        self._refused(order.action_confirm, CreditHoldError)


class TestCreditUnseen(CreditAttackCase):
    def test_a_reason_that_the_approver_did_not_see_is_put_again(self):
        order, hold = self._held(150)
        rule = self.env.ref("ar_credit_control.rule_account_blocked")
        rule.write({"active": True, "outcome": "hold"})
        self.account.write({"status": "blocked", "block_reason": "insolvent"})
        answer = hold.with_user(self.manager).action_approve("fine")
        self.assertIsInstance(answer, dict)
        again = order.sudo().ar_credit_hold_id
        self.assertEqual((order.state, hold.state, again.state), ("draft", "superseded", "pending"))
        self.assertIn(rule, again.reason_ids.rule_id)
        again.with_user(self.manager).action_approve("they pay in advance now")
        self.assertEqual(order.state, "sale")


class TestCreditControlAttacks(CreditAttackCase):
    def test_out_of_control_needs_approval(self):
        user = self._new_user("credit_clerk_2", "ar_credit_control.group_user")
        account = self._account(partner=self.partner_b, control="unlimited")
        change = (
            self.env["ar.credit.limit.change"]
            .with_user(user)
            .create(
                {
                    "account_id": account.id,
                    "change_type": "control",
                    "new_control": "none",
                    "reason": "nobody should look",
                }
            )
        )
        change.action_submit()
        self.assertEqual((change.state, account.control), ("pending", "unlimited"))


class TestCreditReopened(CreditAttackCase):
    """Goods are with the customer, and the order is cancelled and reopened."""

    def setUp(self):
        super().setUp()
        self.order = self._order(30, product=self.service)
        self.order.order_line.write({"product_uom_qty": 3, "price_unit": 30})
        self.order.action_confirm()
        self.order.order_line.qty_delivered = 2
        self.order._action_cancel()
        self.order.action_draft()
        self.assert_exposure(60)

    def test_what_was_delivered_stays(self):
        self._refused(self.order.order_line.unlink, UserError)
        self._refused(self.order.sudo().unlink, UserError)
        self.assert_exposure(60)

    def test_the_debt_moves_to_nobody_else(self):
        self._refused(lambda: self.order.write({"partner_invoice_id": self.partner_a.id}))
        self._account(50, partner=self.partner_b)
        self._refused(
            lambda: self.order.write({"partner_invoice_id": self.partner_b.id}), CreditExceededError
        )

    def test_it_is_checked_when_confirmed_again(self):
        self.order.order_line.write({"product_uom_qty": 2, "price_unit": 30})
        self.account.sudo().credit_limit = 50
        self._refused(self.order.action_confirm, CreditHoldError)
