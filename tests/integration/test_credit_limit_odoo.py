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

    def test_it_is_the_tightest_limit_of_group_and_company_default_too(self):
        account = self._account(1000)
        group = self.env["ar.credit.group"].create({"name": "Yiwu Holding"})
        self._applied(account, change_type="group", new_group_id=group.id)
        customer, other = (one.with_company(self.company) for one in (self.customer, self.partner_a))
        for vals, expected in (
            ({"new_limit": 300}, 300),
            ({"new_limit": 5000}, 1000),
            ({"change_type": "temporary", "new_limit": 200, "date_to": self._in(9)}, 200),
        ):
            change = self._applied(group, **vals)
            self.assertEqual((change.state, customer.credit_limit), ("applied", expected))
        self.company.write({"ar_credit_default_control": "limited", "ar_credit_default_limit": 80})
        self.assertEqual((other.credit_limit, other.use_partner_credit_limit), (80, False))
        self._applied(account, change_type="control", new_control="default")
        self.assertEqual(customer.credit_limit, 80)
        self.company.ar_credit_default_control = "none"
        self.assertEqual((other.credit_limit, customer.credit_limit), (0, 200))
