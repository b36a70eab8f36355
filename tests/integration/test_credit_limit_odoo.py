"""Odoo's own credit limit, which other addons read, follows ours."""

from .test_credit_limit_change import LimitCase


class TestLimitOfOdoo(LimitCase):
    def test_odoos_own_limit_follows(self):
        accountant = self._new_user(
            "credit_accountant", "account.group_account_invoice,base.group_partner_manager"
        )
        account = self._account(100)
        customer = self.customer.with_company(self.company)
        self.assertEqual(customer.credit_limit, 100)
        self._applied(account, new_limit=250)
        self.assertEqual(customer.credit_limit, 250)
        self.assertTrue(customer.use_partner_credit_limit)
        customer.with_user(accountant).write({"credit_limit": 9999, "comment": "x"})
        self.assertEqual((customer.credit_limit, self._limit(account)), (250, 250))
        customer.with_user(accountant).write({"use_partner_credit_limit": False})
        self.assertEqual(customer.credit_limit, 250)
        self._applied(account, change_type="control", new_control="default")
        self.assertFalse(customer.use_partner_credit_limit)
        customer.with_user(accountant).write({"credit_limit": 77})
        self.assertEqual(customer.credit_limit, 77)
