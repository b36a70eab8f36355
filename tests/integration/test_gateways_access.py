"""Who may do what with links and gateway orders, also by RPC."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests.common import new_test_user

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
