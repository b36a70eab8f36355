"""Payment terms that the credit side agreed to, against those that a seller writes on the customer."""

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command

from odoo.addons.ar_credit_control.exceptions import CreditExceededError, CreditHoldError

from tests.integration.test_credit_common import CreditCase


class TestAgreedTerms(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesman.group_ids |= cls.env.ref("base.group_partner_manager")
        cls.account = cls._account(1e6)
        cls.rule = cls.env.ref("ar_credit_control.rule_payment_term")
        cls.rule.active = True
        cls.term30, cls.term60, cls.term90 = (
            cls.env["account.payment.term"].create(
                {"name": f"{days}", "line_ids": [Command.create({"value_amount": 100, "nb_days": days})]}
            )
            for days in (30, 60, 90)
        )
        cls.customer.property_payment_term_id = cls.term30

    def _confirms(self, term, partner=None):
        """Whether an order on a term is confirmed."""
        order = self._order(1, partner=partner, payment_term_id=term.id)
        try:
            with self.env.cr.savepoint():
                order.action_confirm()
        except CreditHoldError:
            return False
        return True

    def test_terms_that_a_seller_writes_are_not_agreed(self):
        self.assertTrue(self._confirms(self.term30))
        self.customer.with_user(self.salesman).property_payment_term_id = self.term60
        self.assertFalse(self._confirms(self.term60))
        self.customer.with_user(self.salesman).property_payment_term_id = self.term90
        self.assertTrue(self._confirms(self.term30))
        self.assertRecordValues(self.account, [{"terms_agreed": True, "agreed_term_id": self.term30.id}])
        self.assertIn("credit_salesman", "".join(self.account.message_ids.mapped("body")))
        self._account(1e6, partner=self.partner_a)
        self.partner_a.property_payment_term_id = False
        mine = self.partner_a.with_user(self.salesman)
        mine.web_save({"property_payment_term_id": self.term60.id}, {"id": {}})
        mine.load([".id", "property_payment_term_id/.id"], [[str(mine.id), str(self.term90.id)]])
        self.assertEqual(self.partner_a.property_payment_term_id, self.term90)
        self.assertFalse(self._confirms(self.term30, self.partner_a))

    def test_a_new_customer_comes_without_agreed_terms(self):
        self.company.write({"ar_credit_default_control": "limited", "ar_credit_default_limit": 1e6})
        values = {"name": "New", "is_company": True, "property_payment_term_id": self.term90.id}
        partners = self.env["res.partner"]
        mine = partners.with_user(self.salesman).create(values)
        self.assertFalse(self._confirms(self.term90, mine))
        self.assertTrue(self._confirms(self.term90, partners.create(values)))
        plain = partners.with_user(self.salesman).create({"name": "Plain"})
        self.assertFalse(self.env["ar.credit.account"].search([("partner_id", "=", plain.id)]))

    def test_a_contact_that_becomes_a_customer_brings_no_agreed_terms(self):
        self.company.write({"ar_credit_default_control": "limited", "ar_credit_default_limit": 1e6})
        partners = self.env["res.partner"]
        far = partners.create({"name": "Far", "is_company": True, "property_payment_term_id": self.term90.id})
        near = partners.create({"name": "Near", "is_company": True})

        def child(parent, **values):
            mine = partners.with_user(self.salesman)
            return mine.create({"name": "Child", "parent_id": parent.id, **values})

        ways = {
            "a company of its own": (
                near,
                {},
                {"is_company": True, "property_payment_term_id": self.term90.id},
            ),
            "detached with its own": (
                near,
                {"property_payment_term_id": self.term90.id},
                {"parent_id": False},
            ),
            "detached with the company's": (far, {}, {"parent_id": False}),
        }
        for name, (parent, values, change) in ways.items():
            with self.subTest(name):
                contact = child(parent, **values)
                contact.write(change)
                self.assertEqual(contact.commercial_partner_id, contact)
                contact.property_payment_term_id = self.term90
                self.assertFalse(self._confirms(self.term90, contact))
        plain = child(near)
        plain.write({"parent_id": False})
        self.assertFalse(self.env["ar.credit.account"].search([("partner_id", "=", plain.id)]))

    def test_only_a_limit_change_moves_what_is_agreed(self):
        for user in (self.salesman, self.manager):
            for values in ({"agreed_term_id": self.term90.id}, {"terms_agreed": True}):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    self.account.with_user(user).write(values)
        self.company.ar_credit_decrease_free = True
        asker = self._new_user("credit_asker", "ar_credit_control.group_user")
        changes = self.env["ar.credit.limit.change"].with_user(asker)
        values = {"account_id": self.account.id, "change_type": "terms", "reason": "season"}
        longer = changes.create({**values, "new_term_id": self.term60.id})
        longer.action_submit()
        self.assertEqual((longer.state, longer.old_term_id), ("pending", self.term30))
        self.assertFalse(self._confirms(self.term60))
        longer.with_user(self.manager).action_approve()
        self.assertTrue(self._confirms(self.term60))
        self.assertFalse(self._confirms(self.term90))
        shorter = changes.create({**values, "new_term_id": self.term30.id})
        shorter.action_submit()
        self.assertEqual((shorter.state, shorter.old_term_id), ("applied", self.term60))
        self.assertFalse(self._confirms(self.term60))
        self.assertEqual(self.account.credit_limit, 1e6)

    def test_longer_terms_after_the_confirmation_are_a_change_of_the_order(self):
        order = self._order(1, payment_term_id=self.term30.id)
        order.action_confirm()
        with self.assertRaises(CreditExceededError), self.env.cr.savepoint():
            order.payment_term_id = self.term60
        order.payment_term_id = False
        order.payment_term_id = self.term30

    def test_due_date_typed_on_an_invoice(self):
        self.rule.at_invoice = True
        invoice = self.init_invoice("out_invoice", partner=self.customer, amounts=[10], taxes=[])
        today = fields.Date.today()
        invoice.write(
            {
                "invoice_payment_term_id": False,
                "invoice_date": today,
                "invoice_date_due": fields.Date.add(today, days=31),
            }
        )
        with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
            invoice.action_post()
        invoice.invoice_date_due = fields.Date.add(today, days=30)
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")
