"""The whole road of a receivable in Chromium: three colleagues and a customer, in English and in Chinese."""

from odoo.tests import new_test_user

from tests.test_gateways_common import GatewaysHttpCase
from tests.tours.visitor import visit

CUSTOMER = "深圳市腾飞贸易有限公司"
PRODUCT = "Road connector"


class RoadCase(GatewaysHttpCase):
    """Quotation → hold → approval → order → invoice with QR → paid on a phone → reminder → receipt matched."""

    lang = "en_US"
    words = {"over": "goes over the limit by", "pay": "Pay with Alipay", "paid": "Payment received"}
    approve = ".o_statusbar_buttons .btn-primary"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.seller = cls.colleague("road_seller", "sales_team.group_sale_salesman")
        cls.credit_manager = cls.colleague(
            "road_credit", "sales_team.group_sale_salesman_all_leads,ar_credit_control.group_manager"
        )
        cls.accountant = cls.colleague(
            "road_accountant",
            "account.group_account_invoice,sales_team.group_sale_salesman_all_leads,"
            "ar_payment_gateways.group_user,ar_collections.group_user",
        )
        cls.customer = cls.env["res.partner"].create(
            {
                "name": CUSTOMER,
                "email": "ap@tengfei.example.com",
                "lang": cls.lang,
                "is_company": True,
            }
        )
        cls.product = cls.env["product.product"].create(
            {"name": PRODUCT, "list_price": 1000.0, "type": "service", "invoice_policy": "order",
             "taxes_id": [], "company_id": False}
        )  # fmt: skip
        cls.env["ar.credit.account"].sudo().create(
            {
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "control": "limited",
                "credit_limit": 500,
            }
        )

    @classmethod
    def colleague(cls, login, groups):
        return new_test_user(
            cls.env,
            login,
            groups="base.group_user," + groups,
            lang=cls.lang,
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
            email=f"{login}@hengrui.example.com",
        )

    def walk(self):
        """Walk it; each step starts from what the one before left in the database."""
        self.the_salesperson_is_held()
        self.the_credit_manager_approves()
        self.the_accountant_invoices()
        self.the_customer_pays_by_phone()
        self.the_accountant_sends_reminders()
        self.the_accountant_matches_a_receipt()
        self.the_accountant_reads_the_aging()

    def the_salesperson_is_held(self):
        with visit(self, "road_seller") as seller:
            seller.open("/odoo/sales")
            seller.click(".o_list_button_add")
            seller.pick("[name=partner_id] input", CUSTOMER)
            # What the choice of a customer changes draws the form anew, and a click before that is lost.
            seller.see("[name=ar_credit_available]")
            seller.click("[name=order_line] .o_field_x2many_list_row_add a")
            seller.pick("[name=product_template_id] input", PRODUCT)
            seller.see("[name=amount_untaxed], [name=tax_totals]", "1,000.00")
            seller.see(".alert-warning", self.words["over"])
            seller.click("button[name=action_confirm]")
            seller.see(".alert-warning button[name=action_open_ar_credit_holds]")
            seller.screenshot("1-held")
        self.order = self.env["sale.order"].sudo().search([("partner_id", "=", self.customer.id)], limit=1)
        self.assertEqual(self.order.state, "draft")
        self.hold = self.order.ar_credit_hold_id
        self.assertEqual((self.hold.state, self.hold.excess), ("pending", 500.0))

    def the_credit_manager_approves(self):
        name = self.hold.name
        with visit(self, "road_credit") as manager:
            manager.open("/odoo/sales")
            manager.choose_menu("sale.sale_order_menu", "ar_credit_control.menu_credit_holds")
            self.look_at_the_list(manager)
            manager.click(".o_data_row .o_data_cell", name)
            manager.see(".o-mail-Activity .o_ar_approve")
            manager.screenshot("2-hold")
            manager.click(self.approve)
            manager.type(".modal [name=comment] textarea", "Long-standing customer")
            manager.click(".modal-footer .btn-primary")
            manager.see(".o_arrow_button_current[data-value=released]")
            manager.screenshot("3-approved")
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(self.hold.decided_by, self.credit_manager)

    def look_at_the_list(self, manager):
        """Decide on nothing yet."""

    def the_accountant_invoices(self):
        path = f"/odoo/sales/{self.order.id}"
        with visit(self, "road_accountant") as accountant:
            accountant.open(path)
            accountant.click("#create_invoice, button[id^=create_invoice]")
            accountant.click(".modal button[name=create_invoices]")
            accountant.click("button[name=action_post]")
            accountant.see("[name=ar_payment_qr] svg")
            accountant.screenshot("4-invoice")
        self.invoice_ = self.order.invoice_ids.sudo(False)
        self.assertEqual((self.invoice_.state, self.invoice_.amount_residual), ("posted", 1000.0))

    def the_customer_pays_by_phone(self):
        path = f"/pay/{self.invoice_._get_ar_payment_link().sudo().token}"
        with visit(self, phone=True, lang=self.lang.replace("_", "-")) as customer:
            customer.open(path)
            customer.see(".amount", "1,000.00")
            customer.screenshot("5-landing")
            customer.click("button.alipay", self.words["pay"])
            customer.see(".code svg")
            customer.screenshot("6-code")
            shop = customer.url
            customer.open(customer.attribute("a.alipay", "href"))
            customer.screenshot("7-cashier")
            customer.click("button")
            customer.see("h2", "✓")
            customer.open(shop)
            customer.see("h1", self.words["paid"])
            customer.screenshot("8-receipt")
        self.odoos_cron_books_the_payment()
        self.assertEqual((self.invoice_.payment_state, self.invoice_.amount_residual), ("paid", 0.0))

    def odoos_cron_books_the_payment(self):
        """The notification woke Odoo's cron up; here, where none runs, do what it would do."""
        cron = self.env.ref("payment.cron_post_process_payment_tx").sudo()
        self.assertTrue(self.env["ir.cron.trigger"].sudo().search([("cron_id", "=", cron.id)]))
        self.invoice_.sudo().transaction_ids.filtered(lambda tx: tx.state == "done")._post_process()

    def the_accountant_sends_reminders(self):
        """An older invoice of the customer was not paid; he is reminded by e-mail, with the link to pay it."""
        self.late = self.init_invoice(
            "out_invoice",
            partner=self.customer,
            invoice_date="2026-01-15",
            amounts=[300.0],
            currency=self.cny,
        )
        self.late.invoice_date_due = "2026-02-14"
        self.late.action_post()
        with visit(self, "road_accountant") as accountant:
            accountant.open("/odoo/customer-payments")
            accountant.choose_menu("account.menu_finance_receivables", "ar_collections.ar_dunning_run_menu")
            accountant.click(".o_list_button_add")
            accountant.click("button[name=action_preview]")
            accountant.see(".o_data_row", CUSTOMER)
            accountant.screenshot("9-preview")
            accountant.click("button[name=action_send]")
            accountant.click(".modal-footer .btn-primary")
            accountant.see(".o_arrow_button_current[data-value=sent]")
            accountant.screenshot("10-sent")
        mail = (
            self.env["mail.mail"].sudo().search([("email_to", "ilike", "tengfei")], order="id desc", limit=1)
        )
        mail = mail or self.env["mail.mail"].sudo().search(
            [("recipient_ids", "in", self.customer.ids)], limit=1
        )
        self.assertIn(self.late._get_ar_payment_link().url, mail.body_html)
        self.assertIn("300.00", mail.body_html)

    def the_accountant_matches_a_receipt(self):
        number = self.late.name
        with visit(self, "road_accountant") as accountant:
            accountant.open("/odoo/customer-payments")
            accountant.choose_menu("account.menu_finance_receivables", "ar_collections.bank_receipt_menu")
            accountant.click(".o_list_button_add")
            accountant.type("[name=payment_ref] input", f"货款 {number} 谢谢")
            accountant.type("[name=amount] input", "300")
            accountant.click("[name=partner_name] input")
            accountant.click(".o_form_button_save")
            accountant.click("button[name=action_ar_match]")
            accountant.see(".modal [name=line_ids] .o_data_row", number)
            accountant.screenshot("11-evidence")
            accountant.click(".modal button[name=action_book]")
            accountant.see(".ribbon")
            accountant.screenshot("12-matched")
        self.assertEqual((self.late.payment_state, self.late.amount_residual), ("paid", 0.0))

    def the_accountant_reads_the_aging(self):
        self.invoice(400.0, partner=self.customer)
        with visit(self, "road_accountant") as accountant:
            accountant.open("/odoo/customer-payments")
            accountant.choose_menu("account.menu_finance_reports", "ar_collections.ar_receivable_report_menu")
            accountant.click(".modal button[name=action_open]")
            accountant.see(".o_list_view .o_list_footer, .o_list_view tfoot", "400.00")
            accountant.screenshot("13-aging")


class TestRoadEnglish(RoadCase):
    """Who has only the activity approves there; from the list the same window opens."""

    approve = ".o-mail-Activity .o_ar_approve"

    def look_at_the_list(self, manager):
        manager.click(".o_data_row .o_list_record_selector input")
        manager.click(".o_control_panel button", "Approve")
        manager.see(".modal [name=comment] textarea")
        manager.click(".modal-footer .btn-secondary")
        manager.see(".o_searchview")  # which comes back when nothing is chosen any more

    def test_road(self):
        self.walk()


class TestRoadChinese(RoadCase):
    lang = "zh_CN"
    words = {"over": "信用", "pay": "支付宝", "paid": "付款成功"}

    def test_road(self):
        self.walk()
