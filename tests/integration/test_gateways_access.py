"""Who may do what with links and gateway orders, also by RPC."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import NO_ACCESS, Command
from odoo.tests.common import new_test_user

from tests.simulators import alipay_keys
from tests.test_gateways_common import GatewaysCase


class TestAccess(GatewaysCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def user(login, groups):
            return new_test_user(
                cls.env, login, groups, company_id=cls.company.id, company_ids=[Command.set(cls.company.ids)]
            )

        cls.salesman = user("gw_sales", "sales_team.group_sale_salesman")
        cls.portal = user("gw_portal", "base.group_portal")
        cls.public = cls.env.ref("base.public_user")
        gateways = "ar_payment_gateways.group_"
        cls.user = user("gw_user", f"account.group_account_invoice,{gateways}user")
        cls.auditor = user("gw_auditor", f"account.group_account_readonly,{gateways}auditor")
        cls.manager = user("gw_manager", f"account.group_account_invoice,{gateways}manager")
        cls.inv = cls.init_invoice("out_invoice", amounts=[10.0], post=True, currency=cls.cny)
        cls.link = cls.inv._get_ar_payment_link()
        transaction = cls.link._create_transaction(cls.provider.sudo())
        cls.order = cls.env["ar.gateway.order"].sudo()._prepare(transaction, cls.link)

    def test_outsiders_see_nothing(self):
        for user in (self.salesman, self.portal, self.public):
            for record in (self.link, self.order):
                record = record.with_user(user)
                for work in (
                    lambda record=record: record.read(["company_id"]),
                    lambda record=record: record.search_read([]),
                    lambda record=record: record.write({"company_id": False}),
                    lambda record=record: record.unlink(),
                    lambda record=record: record.create([{}]),
                ):
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        work()
            for method in ("action_revoke", "action_open_page"):
                with self.assertRaises(AccessError):
                    getattr(self.link.with_user(user), method)()
            with self.assertRaises(AccessError):
                self.order.with_user(user).action_query()
            with self.assertRaises(AccessError):
                self.inv.with_user(user).action_ar_payment_link()

    def test_auditor_reads_and_changes_nothing(self):
        link, order = self.link.with_user(self.auditor), self.order.with_user(self.auditor)
        self.assertTrue(link.read(["url", "state", "amount_due"]))
        self.assertTrue(order.read(["name", "state", "amount"]))
        for work in (
            link.action_revoke,
            order.action_query,
            lambda: link.write({"expiry_date": "2030-01-01"}),
            lambda: order.write({"state": "paid"}),
            lambda: link.create([{"move_ids": [Command.set(self.inv.ids)]}]),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                work()

    def test_nobody_writes_what_guards_money(self):
        other = self.invoice(1.0)
        for user in (self.user, self.manager):
            link, order = self.link.with_user(user), self.order.with_user(user)
            for values in (
                {"token": "x" * 22},
                {"token_digest": "x"},
                {"move_ids": [Command.link(other.id)]},
                {"company_id": 1},
                {"currency_id": 1},
                {"scan_count": 9},
                {"revoked_on": False},
            ):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    link.write(values)
            for values in ({"state": "paid"}, {"amount_minor": 1}, {"name": "x"}):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    order.write(values)
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                order.create([{"name": "x"}])
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                link.unlink()
            link.write({"expiry_date": "2030-01-01"})
            link.with_context(tracking_disable=True).write({"expiry_date": False})

    def test_tokens_are_not_readable_by_rpc(self):
        for user in (self.user, self.auditor):
            with self.assertRaises(AccessError):
                self.link.with_user(user).read(["token"])
            with self.assertRaises(AccessError):
                self.order.with_user(user).read(["access_token"])
        with self.assertRaises(AccessError):
            self.provider.with_user(self.user).read(["alipay_private_key"])

    def test_a_link_is_made_only_for_what_one_may_read(self):
        stranger = new_test_user(
            self.env,
            "gw_stranger",
            "base.group_user,ar_payment_gateways.group_user",
            company_id=self.company.id,
        )
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.env["ar.payment.link"].with_user(stranger).create(
                [{"move_ids": [Command.set(self.inv.ids)]}]
            )
        with self.assertRaises(AccessError):
            self.env["ar.payment.link"].with_user(stranger)._for_moves(self.inv.with_user(stranger))

    def test_other_companies_are_invisible(self):
        other = self.setup_other_company()["company"]
        foreigner = new_test_user(
            self.env,
            "gw_foreign",
            "account.group_account_invoice,ar_payment_gateways.group_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for record in (self.link, self.order):
            record = record.with_user(foreigner).with_context(allowed_company_ids=other.ids)
            self.assertFalse(record.search([("id", "=", record.id)]))
            with self.assertRaises(AccessError):
                record.read(["company_id"])

    def test_user_makes_and_revokes(self):
        invoice = self.invoice(3.0)
        action = invoice.with_user(self.user).action_ar_payment_link()
        link = self.env["ar.payment.link"].with_user(self.user).browse(action["res_id"])
        self.assertEqual(link.move_ids, invoice)
        link.action_revoke()
        self.assertEqual(link.state, "revoked")
        self.assertEqual(link.revoked_by_id, self.user)
        action = invoice.with_user(self.user).action_view_ar_payment_links()
        self.assertEqual(action["res_id"], link.id)

    def test_posting_needs_no_rights_on_links(self):
        clerk = new_test_user(
            self.env, "gw_clerk", "account.group_account_invoice", company_id=self.company.id
        )
        invoice = self.init_invoice("out_invoice", amounts=[7.0], currency=self.cny)
        invoice.with_user(clerk).action_post()
        self.assertIn("<svg", invoice.with_user(clerk).ar_payment_qr)
        self.assertEqual(invoice.with_user(clerk).ar_payment_link_count, 1)

    def test_posting_many_makes_their_links_at_once(self):
        invoices = self.env["account.move"].union(
            *(self.init_invoice("out_invoice", amounts=[n + 1.0], currency=self.cny) for n in range(4))
        )
        invoices.action_post()
        self.assertEqual(invoices.mapped("ar_payment_link_count"), [1, 1, 1, 1])
        invoices[0].button_draft()
        invoices[0].action_post()
        self.assertEqual(invoices[0].ar_payment_link_count, 1)


class TestSecrets(GatewaysCase):
    """Keys and secrets are entered and used, and nobody gets to see them: no form, no call, no export, no search."""

    NAMES = ("alipay_private_key", "wechatpay_private_key", "wechatpay_apiv3_key", "wechatpay_app_secret",
             "unionpay_private_key")  # fmt: skip

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = new_test_user(
            cls.env,
            "gw_admin",
            "base.group_system,account.group_account_manager,ar_payment_gateways.group_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.own = cls.provider.with_user(cls.admin)
        cls.secret = cls.provider.alipay_private_key

    def test_every_secret_of_the_table_is_locked(self):
        self.assertEqual(set(self.own._ar_secret_names()), set(self.NAMES))
        for name in self.NAMES:
            self.assertEqual(self.own._fields[name].groups, NO_ACCESS)
            self.assertFalse(self.own._fields[name].copy)

    def test_nobody_reads_a_secret(self):
        own, name = self.own, "alipay_private_key"
        for work in (
            lambda: own.read([name]),
            lambda: own.web_read({name: {}}),
            lambda: own.search_read([("id", "=", own.id)], [name]),
            lambda: own.export_data([name]),
            lambda: own.search([(name, "=like", "%MII%")]),
            lambda: own.search([], order=name),
            lambda: own.formatted_read_group([], [name], ["__count"]),
            lambda: own.onchange({}, [name], {name: {}}),
            lambda: own[name],
            lambda: own.write({name: "x"}),
            lambda: own.copy({name: "x"}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                work()
        self.assertNotIn(name, own.fields_get())
        everything = own.read()[0]
        self.assertFalse(set(self.NAMES) & everything.keys())
        view = own.get_views([[False, "form"]])
        text = str(view)
        for name in self.NAMES:
            self.assertNotIn(f'name="{name}"', text)
            self.assertIn(f'name="{name}_new"', text)
        body = "".join(self.secret.splitlines()[1:-1])
        self.assertNotIn(body[40:80], str(everything))

    def test_what_is_entered_is_kept_used_and_not_sent_back(self):
        key = alipay_keys.new_key()
        pem = alipay_keys.private_pem(key)
        before = self.own.alipay_private_key_kept
        self.assertRegex(before, r"^[0-9a-f]{4}( [0-9a-f]{4}){3}$")
        specification = {"alipay_private_key_new": {}, "alipay_private_key_kept": {}}
        [answer] = self.own.web_save({"alipay_private_key_new": pem}, specification)
        self.assertFalse(answer["alipay_private_key_new"])
        self.assertRegex(answer["alipay_private_key_kept"], r"^[0-9a-f ]{19}$")
        self.assertNotEqual(answer["alipay_private_key_kept"], before)
        self.env.invalidate_all()
        self.assertEqual(self.provider.alipay_private_key, pem.strip())
        self.assertFalse(self.own.alipay_private_key_new)
        # Saving the form without one changes nothing, and a bad one is refused.
        self.own.web_save({"alipay_private_key_new": False, "alipay_seller_id": "2088000000000002"}, {})
        self.assertEqual(self.provider.alipay_private_key, pem.strip())
        with self.assertRaisesRegex(ValidationError, "not the RSA key"), self.env.cr.savepoint():
            self.own.alipay_private_key_new = alipay_keys.public_pem(key)
        with self.assertRaisesRegex(ValidationError, "merchant's own"), self.env.cr.savepoint():
            self.own.alipay_public_key = alipay_keys.public_pem(key)

    def test_an_administrator_can_still_do_what_needs_them(self):
        with self.assertRaisesRegex(UserError, "no app"):
            self.own.alipay_app_id = "2021000000000009"
            self.own.action_ar_test_connection()
        self.own.alipay_app_id = self.kit.merchant.app_id
        self.assertIn("signs with the key", self.own.action_ar_test_connection()["params"]["message"])
        self.own.action_reset_credentials()
        self.assertEqual((self.provider.state, self.provider.alipay_private_key), ("disabled", False))
        with self.assertRaisesRegex(ValidationError, "Private Key of the App"), self.env.cr.savepoint():
            self.own.state = "test"
        clerk = new_test_user(
            self.env, "gw_clerk", "account.group_account_manager", company_id=self.company.id
        )
        for method in ("action_ar_test_connection", "action_reset_credentials"):
            with self.assertRaises(AccessError):
                getattr(self.provider.with_user(clerk), method)()

    def test_other_secrets_tell_only_that_they_are_there(self):
        template = self.env.ref("ar_payment_gateways.payment_provider_wechatpay").sudo()
        provider = template.copy({"company_id": self.company.id}).with_user(self.admin)
        self.assertFalse(provider.wechatpay_apiv3_key_kept)
        provider.write(
            {
                "wechatpay_apiv3_key_new": " 0123456789abcdef0123456789ABCDEF ",
                "wechatpay_app_secret_new": "s3cret",
            }
        )
        self.assertEqual(provider.wechatpay_apiv3_key_kept, "••••••••")
        self.assertEqual(provider.sudo().wechatpay_apiv3_key, "0123456789abcdef0123456789ABCDEF")
        self.assertEqual(provider.sudo().wechatpay_app_secret, "s3cret")
        with self.assertRaises(AccessError):
            provider.with_user(self.env.ref("base.public_user")).action_wechatpay_forget_secret()
        provider.action_wechatpay_forget_secret()
        self.assertFalse(provider.wechatpay_app_secret_kept or provider.sudo().wechatpay_app_secret)
        with self.assertRaisesRegex(ValidationError, "32 characters"):
            provider.wechatpay_apiv3_key_new = "short"
