"""Books and people that the tests of collections share."""

from datetime import date, timedelta

from odoo import Command, fields
from odoo.tests import new_test_user

from tests.common import ARAccountingCase

DAY = date(2026, 3, 10)


class DunningCase(ARAccountingCase):
    """A company with the standard policy and a few customers; invoices are made by days overdue."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("ar_collections.group_manager")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.policy = cls.env.ref("ar_collections.dunning_policy_standard")
        cls.company.write({"ar_dunning_policy_id": cls.policy.id, "email": "ar@example.com"})
        cls.friendly = cls.env.ref("ar_collections.dunning_level_friendly")
        cls.firm = cls.env.ref("ar_collections.dunning_level_firm")
        cls.eur = cls.setup_other_currency("EUR", rates=[("2020-01-01", 0.5)])
        cls.user = new_test_user(
            cls.env,
            "collector",
            groups="ar_collections.group_user",
            email="collector@example.com",
            name="Coco",
        )
        cls.manager = new_test_user(cls.env, "chief", groups="ar_collections.group_manager")
        cls.salesman = new_test_user(cls.env, "salesman", groups="sales_team.group_sale_salesman")
        cls.customer = cls.env["res.partner"].create(
            {"name": "Azure", "email": "azure@example.com", "is_company": True}
        )
        cls.other = cls.env["res.partner"].create({"name": "Beige", "email": "beige@example.com"})
        cls.mute = cls.env["res.partner"].create({"name": "Mute"})
        cls.today = fields.Date.context_today(cls.env.user)

    @classmethod
    def invoice(cls, partner, amount, days_overdue, move_type="out_invoice", currency=None):
        """Post an invoice due `days_overdue` days ago, 30 days after its date."""
        due = cls.today - timedelta(days_overdue)
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": partner.id,
                "invoice_date": due - timedelta(30),
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "currency_id": (currency or cls.company.currency_id).id,
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
            }
        )
        move.action_post()
        return move

    @classmethod
    def pay(cls, invoice, amount):
        """Register a payment of today."""
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        return wizard.create({"amount": amount, "payment_date": cls.today})._create_payments()

    def run_preview(self, **values):
        run = (
            self.env["ar.dunning.run"].with_user(self.user).create({"company_id": self.company.id, **values})
        )
        run.action_preview()
        return run

    def run_sent(self, **values):
        run = self.run_preview(**values)
        run.action_send()
        self.assertEqual(run.state, "sent")
        return run

    def mails(self, run):
        return self.env["mail.mail"].search(
            [("model", "=", "ar.dunning.notice"), ("res_id", "in", run.notice_ids.ids)]
        )


class MatchingCase(ARAccountingCase):
    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("ar_collections.group_user")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.bank = cls.company_data["default_journal_bank"]
        cls.usd = cls.setup_other_currency("EUR", rates=[("2020-01-01", 1 / 7), ("2026-03-01", 1 / 7.2)])
        cls.bank_usd = cls.bank.copy({"name": "Bank EUR", "code": "BNKE", "currency_id": cls.usd.id})
        cls.bank_usd.suspense_account_id = cls.bank.suspense_account_id
        cls.user = new_test_user(cls.env, "collector", "ar_collections.group_user")
        cls.customer, cls.other = cls.env["res.partner"].create([{"name": "上海宏达"}, {"name": "Beige Ltd"}])

    @classmethod
    def invoice(
        cls, amount, partner=None, currency=None, day=date(2026, 1, 15), move_type="out_invoice", **values
    ):
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": (partner or cls.customer).id,
                "invoice_date": date(2026, 1, 15),
                "currency_id": (currency or cls.company.currency_id).id,
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
                **values,
            }
        )
        move.action_post()
        return move

    @classmethod
    def receipt(cls, amount, memo, journal=None, **values):
        line = cls.env["account.bank.statement.line"].create(
            {
                "date": DAY,
                "amount": amount,
                "payment_ref": memo,
                "journal_id": (journal or cls.bank).id,
                **values,
            }
        )
        return line.with_user(cls.user)

    def wizard(self, receipt):
        action = receipt.action_ar_match()
        self.assertEqual((action["res_model"], action["target"]), ("ar.match.wizard", "new"))
        return self.env["ar.match.wizard"].with_user(self.user).browse(action["res_id"])

    def book(self, receipt, **values):
        wizard = self.wizard(receipt)
        wizard.write(values)
        wizard.action_book()
        return wizard

    def counterparts(self, receipt):
        """[(account type, amount in currency, balance)] of all but the bank's own line."""
        liquidity, _suspense, _other = receipt.sudo()._seek_for_lines()
        return [
            (line.account_id.account_type, line.amount_currency, line.balance)
            for line in (receipt.sudo().move_id.line_ids - liquidity).sorted("id")
        ]

    def suspense(self, receipt):
        return -sum(receipt.sudo()._seek_for_lines()[1].mapped("balance"))
