"""A plain salesman, an auditor and outsiders against the credit check; each attack must fail."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from tests.integration.test_credit_common import CreditCase


class TestCreditAttacks(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls._account(100)

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"))
        self.enterContext(mute_logger("odoo.addons.ar_credit_control.exceptions"))
        self.order = self._order(150)

    def _refused(self, attack, error=AccessError):
        with self.assertRaises(error), self.env.cr.savepoint():
            attack()

    def test_state_by_write_and_create(self):
        self._refused(lambda: self.order.write({"state": "sale"}), CreditHoldError)
        self._refused(lambda: self._order(150, state="sale"), CreditExceededError)
        copied = self.order.copy_data()[0]
        self._refused(lambda: self.order.create({**copied, "state": "sale"}), CreditExceededError)
        self.assertEqual(self.order.state, "draft")

    def test_context_keys_open_nothing(self):
        for key in (
            "bypass_risk",
            "ar_credit_checked",
            "install_mode",
            "import_file",
            "tracking_disable",
            "no_check",
        ):
            self._refused(
                lambda key=key: self.order.with_context(**{key: True}).action_confirm(), CreditHoldError
            )
        self._refused(
            lambda: self.order.with_context(
                accrual_entry_date="1900-01-01", tz="Pacific/Kiritimati"
            ).action_confirm(),
            CreditHoldError,
        )

    def test_import(self):
        self.env["ir.model.data"].create(
            {"module": "ar_credit_test", "name": "attacked", "model": "sale.order", "res_id": self.order.id}
        )
        result = self.order.load([".id", "state"], [[str(self.order.id), "Sales Order"]])
        self.assertFalse(result["ids"])
        self.assertEqual(self.order.state, "draft")

    def test_derived_amounts_can_not_be_typed_in(self):
        line = self.order.order_line
        for name in ("ar_credit_open", "price_total", "price_subtotal", "price_tax", "qty_invoiced"):
            self._refused(lambda name=name: line.write({name: 0}))
            self._refused(
                lambda name=name: self.order.write({"order_line": [Command.update(line.id, {name: 0})]})
            )

    def test_what_the_check_reads_of_an_order_can_not_be_typed_in(self):
        for name in ("ar_credit_open", "ar_credit_paid_online", "ar_credit_confirmed_on"):
            self._refused(lambda name=name: self.order.write({name: False}))
            self._refused(lambda name=name: self.order.copy({name: False}))

    def test_invoices_and_payments_of_others_can_not_be_linked(self):
        invoice = self.init_invoice("out_invoice", partner=self.partner_a, amounts=[500], taxes=[], post=True)
        line = self.order.order_line
        self._refused(lambda: line.write({"invoice_lines": [Command.link(invoice.invoice_line_ids.id)]}))
        self._refused(lambda: self.order.write({"transaction_ids": [Command.clear()]}))

    def test_flag_of_down_payment_hides_nothing(self):
        line = self.order.order_line
        self._refused(lambda: line.write({"is_downpayment": True}))
        line.write({"is_downpayment": False})  # as a form may send it
        line.sudo().is_downpayment = True
        self._refused(self.order.action_confirm, CreditHoldError)

    def test_invoiced_line_called_a_down_payment_pays_for_nothing(self):
        order = self._order(90)
        order.action_confirm()
        self._invoice(order.sudo())
        line, label = order.order_line, {"is_downpayment": True, "product_uom_qty": 0}
        self._refused(lambda: line.write(label))
        self._refused(lambda: order.write({"order_line": [Command.update(line.id, label)]}))
        line.sudo().write(label)
        self.env.flush_all()
        values = {"product_id": self.product.id, "product_uom_qty": 1, "price_unit": 11}
        self._refused(
            lambda: order.write({"order_line": [Command.create(values)]}),
            CreditExceededError,
        )

    def test_state_of_the_line_hides_nothing(self):
        order = self._order(90)
        order.action_confirm()
        order.order_line.write({"state": "draft"})
        self.env.flush_all()
        self.assert_exposure(90)
        self._refused(lambda: order.order_line.write({"price_unit": 150}), CreditExceededError)

    def test_holds_can_not_be_written(self):
        self.order.action_confirm_or_hold()
        hold = self.order.ar_credit_hold_ids
        self.assertEqual(hold.state, "pending")
        self._refused(lambda: hold.write({"state": "approved"}))
        self._refused(hold.unlink)
        self._refused(lambda: hold.sudo().unlink(), UserError)
        self._refused(lambda: hold.copy())
        self._refused(lambda: hold.create({"order_id": self.order.id, "state": "approved"}))
        self._refused(
            lambda: self.order.write({"ar_credit_hold_ids": [Command.update(hold.id, {"state": "approved"})]})
        )
        self._refused(hold.action_approve)
        self._refused(hold.action_reject)
        self._refused(
            lambda: (
                self.env["ar.approval.decide"]
                .with_user(self.salesman)
                .create({"res_model": "ar.credit.hold", "res_ids": hold.ids, "decision": "approve"})
            )
        )
        for user in (self.manager, self.auditor):
            self._refused(lambda user=user: hold.with_user(user).write({"state": "approved"}))

    def test_auditor_reads_and_decides_nothing(self):
        self.order.action_confirm_or_hold()
        hold = self.order.ar_credit_hold_ids.with_user(self.auditor)
        self.assertEqual(hold.exposure, 0)
        self._refused(hold.action_approve)
        account = self.account.with_user(self.auditor)
        self.assertEqual(account.available, 100)
        self._refused(lambda: account.write({"credit_limit": 1e9}))

    def test_salesman_sees_his_credit_not_the_ledger(self):
        customer = self.customer.with_user(self.salesman)
        self.assertEqual(customer.ar_credit_available, 100)
        self.assertEqual(self.order.ar_credit_available, 100)
        self._refused(lambda: customer.ar_credit_exposure)
        self._refused(lambda: customer.ar_credit_account_id)
        self._refused(lambda: self.account.with_user(self.salesman).read(["credit_limit"]))
        self._refused(
            lambda: self.env["ar.credit.account"].with_user(self.salesman).create({"partner_id": 1})
        )
        self.order.action_confirm_or_hold()
        hold = self.order.ar_credit_hold_ids
        self.assertEqual(hold.excess, 50)
        self._refused(lambda: hold.receivable)
        self._refused(lambda: hold.current_exposure)
        colleague = self._new_user("credit_colleague", "sales_team.group_sale_salesman")
        self.assertFalse(hold.with_user(colleague).search([("id", "=", hold.id)]))
        self._refused(lambda: hold.with_user(colleague).read(["excess"]))
        outsider = self._new_user("credit_outsider", "base.group_user")
        self._refused(lambda: self.customer.with_user(outsider).ar_credit_available)

    def test_other_companies_stay_closed(self):
        other = self.setup_other_company()["company"]
        self._account(77, company_id=other.id)
        customer = self.customer.with_user(self.salesman)
        self._refused(lambda: customer.with_context(allowed_company_ids=other.ids).ar_credit_available)
        virtual = (
            self.env["sale.order"]
            .with_user(self.salesman)
            .new({"partner_id": self.customer.id, "company_id": other.id})
        )
        self.assertFalse(virtual.ar_credit_available)
        self.assertFalse(virtual.ar_credit_controlled)
        manager = self.env["ar.credit.account"].with_user(self.manager)
        self.assertFalse(manager.search([("company_id", "=", other.id)]))

    def test_settings_of_all_companies_are_not_one_companys_to_change(self):
        other = self.setup_other_company()["company"]
        rule = self.env.ref("ar_credit_control.rule_over_limit").with_user(self.manager)
        reason = self.env.ref("ar_credit_control.reason_review").with_user(self.manager)
        risk = self.env["ar.risk.class"].create({"name": "Z"}).with_user(self.manager)
        own = rule.create({"name": "Ours", "company_id": self.company.id})
        attacks = (
            lambda: rule.write({"active": False}),
            lambda: rule.write({"company_id": self.company.id}),
            lambda: rule.condition_ids.write({"value": 1e9}),
            rule.condition_ids.unlink,
            lambda: rule.write({"condition_ids": [Command.create({"fact": "excess", "value": 1e9})]}),
            lambda: rule.condition_ids.create({"rule_id": rule.id, "value": 1e9}),
            lambda: rule.create({"name": "Everybody passes", "outcome": "exclude"}),
            rule.copy,
            lambda: own.write({"company_id": False}),
            lambda: own.condition_ids.create({"rule_id": own.id}).write({"rule_id": rule.id}),
            lambda: rule.with_context(install_mode=True, default_company_id=self.company.id).write(
                {"sequence": 99}
            ),
            lambda: reason.write({"active": False}),
            lambda: reason.create({"name": "Whatever"}),
            lambda: risk.write({"name": "A"}),
            risk.unlink,
        )
        for number, attack in enumerate(attacks):
            with self.subTest(number):
                self._refused(attack)
        self.assertTrue(rule.active)
        own.write({"name": "Ours, still", "condition_ids": [Command.create({"fact": "excess"})]})
        reason.create({"name": "Of ours", "company_id": self.company.id})
        self.manager.company_ids = self.env["res.company"].search([])
        self.assertIn(other, self.manager.company_ids)
        rule.write({"sequence": 11})

    def test_debtor_can_not_be_moved_under_another(self):
        rich = self.env["res.partner"].create({"name": "Rich Parent", "is_company": True})
        self._account(partner=rich, control="unlimited")
        self.salesman.group_ids |= self.env.ref("base.group_partner_manager")
        child = self.env["res.partner"].create({"name": "Desk", "parent_id": self.customer.id})
        self._refused(
            lambda: self.customer.with_user(self.salesman).write({"is_company": False, "parent_id": rich.id})
        )
        self._refused(lambda: child.with_user(self.salesman).write({"parent_id": rich.id}))
        child.with_user(self.manager).sudo().write({"parent_id": rich.id})

    def test_a_contact_that_owes_nothing_may_join_a_customer(self):
        self.salesman.group_ids |= self.env.ref("base.group_partner_manager")
        free, owing = self.env["res.partner"].create([{"name": "Free"}, {"name": "Owing"}])
        free.with_user(self.salesman).parent_id = self.customer
        self.assertEqual(free.commercial_partner_id, self.customer)
        order = self._order(1, partner=owing)
        order.action_confirm()
        self._refused(lambda: owing.with_user(self.salesman).write({"parent_id": self.customer.id}))
        # Out of control: nothing bounds him alone.
        self._refused(lambda: free.with_user(self.salesman).write({"parent_id": False}))

    def test_lock_version_is_not_ours_to_set(self):
        self.account.with_user(self.manager).write({"lock_version": 99, "note": "x"})
        self.assertEqual(self.account.lock_version, 0)
        self._refused(
            lambda: self.account.with_user(self.manager).write({"partner_id": self.partner_a.id}), UserError
        )

    def test_orders_with_a_decision_stay(self):
        self.order.action_confirm_or_hold()
        self._refused(lambda: self.order.sudo().unlink(), UserError)
