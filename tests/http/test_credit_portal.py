"""What the customer sees of an order that he signed or paid and that waits for a credit decision."""

import base64

from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.account_payment.tests.common import AccountPaymentCommon

from tests.common import ARHttpCase

PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
).decode()
NOTICE = {"en": "Your order is under review.", "zh_CN": "您的订单正在审核中。"}
OFFERS = ("#modalaccept", "#modaldecline", "o_sale_portal_paynow", "js_accept_json", "o_payment_form")
CONTRADICTIONS = {
    "en": ("Thank You!", "has been signed", "needs to be paid", "Accept", "Pay Now", "This offer expired"),
    "zh_CN": ("订单已签字", "订单已经签字", "立即付款", "该订单已过期"),
}


class TestCreditPortal(AccountPaymentCommon, ARHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesman = new_test_user(
            cls.env,
            login="portal_salesman",
            groups="sales_team.group_sale_salesman",
            company_id=cls.env.company.id,
        )
        new_test_user(
            cls.env,
            login="portal_credit_manager",
            groups="ar_credit_control.group_manager",
            company_id=cls.env.company.id,
        )
        cls.customer = cls.env["res.partner"].create({"name": "Yiwu Lantern Export", "is_company": True})
        cls.product = cls.env["product.product"].create(
            {"name": "Lantern", "type": "service", "taxes_id": False}
        )
        cls.account = (
            cls.env["ar.credit.account"]
            .sudo()
            .create({"partner_id": cls.customer.id, "control": "limited", "credit_limit": 100})
        )

    def _order(self, amount=150, **vals):
        line = {"product_id": self.product.id, "price_unit": amount, "tax_ids": False}
        values = {
            "partner_id": self.customer.id,
            "user_id": self.salesman.id,
            "order_line": [Command.create(line)],
            "require_signature": False,
            "require_payment": False,
            **vals,
        }
        order = self.env["sale.order"].with_user(self.salesman).create(values).sudo()
        order.action_quotation_sent()
        order._portal_ensure_token()
        return order

    def _page(self, order, query="", language="en"):
        response = self.url_open(f"/{language}/my/orders/{order.id}?access_token={order.access_token}{query}")
        self.assertEqual(response.status_code, 200)
        return response.text

    def _sign(self, order):
        with mute_logger("odoo.addons.base.models.ir_actions_report"):
            answer = self.url_open(
                f"/my/orders/{order.id}/accept?access_token={order.access_token}",
                json={"jsonrpc": "2.0", "params": {"name": "Mei Lin", "signature": PIXEL}},
            ).json()
        self.env.invalidate_all()
        return answer

    def _pay(self, order, amount):
        tx = self._create_transaction(
            "direct",
            amount=amount,
            currency_id=order.currency_id.id,
            partner_id=order.partner_id.id,
            sale_order_ids=[Command.set(order.ids)],
            state="done",
        )
        with mute_logger("odoo.addons.sale.models.payment_transaction"):
            tx._post_process()
        return tx

    def _assert_only_under_review(self, order, query=""):
        for language, notice in NOTICE.items():
            page = self._page(order, query, language)
            self.assertTrue(notice in page, language)
            for word in (*OFFERS, *CONTRADICTIONS[language]):
                self.assertFalse(word in page, (language, word))

    def test_signed_and_held(self):
        order = self._order(require_signature=True)
        self.assertTrue("Accept & Sign" in self._page(order))
        answer = self._sign(order)
        self.assertIn("redirect_url", answer["result"])
        self.assertEqual((order.state, order.ar_credit_hold_ids.state), ("sent", "pending"))
        self._assert_only_under_review(order, "&message=sign_ok")
        self.assertIn("error", self._sign(order)["result"], "signed once is enough")
        mails = self.env["mail.mail"].search([("subject", "like", order.ar_credit_hold_ids.name)])
        self.assertTrue(mails)
        self.assertNotIn("requested by", "".join(mails.mapped("body_html")))  # by no colleague

    def test_paid_and_held(self):
        order = self._order(500, require_payment=True, prepayment_percent=0.1)
        self.assertIn("Down payment", self._page(order))
        tx = self._pay(order, 50)
        self.assertTrue(tx.payment_id)
        self.assertEqual((order.state, order.ar_credit_hold_ids.state), ("sent", "pending"))
        self._assert_only_under_review(order)
        self._assert_only_under_review(order, "&payment_amount=450")

    def test_held_before_the_customer_signed(self):
        order = self._order(require_signature=True)
        order.with_user(self.salesman).action_confirm_or_hold()
        self.assertTrue("Accept & Sign" in self._page(order), "he has not done his part yet")
        self._sign(order)
        self.assertEqual(len(order.ar_credit_hold_ids), 1)
        self._assert_only_under_review(order, "&message=sign_ok")

    def test_expired_while_we_think(self):
        order = self._order(require_signature=True)
        self._sign(order)
        order.validity_date = "2020-01-01"
        self.assertTrue(order.is_expired)
        self._assert_only_under_review(order)

    def test_within_the_limit_nothing_changes(self):
        order = self._order(50, require_signature=True)
        self._sign(order)
        self.assertEqual(order.state, "sale")
        page = self._page(order, "&message=sign_ok")
        self.assertIn("Your order has been confirmed.", page)
        self.assertNotIn(NOTICE["en"], page)

    def test_list_of_quotations(self):
        portal = new_test_user(self.env, login="credit_portal_buyer", groups="base.group_portal")
        portal.partner_id.sudo().parent_id = self.customer
        order = self._order(require_signature=True)
        order.message_subscribe(portal.partner_id.ids)
        self.authenticate(portal.login, portal.login)
        self.assertNotIn("Under Review", self.url_open("/my/quotes").text)
        self._sign(order)
        self.assertIn("Under Review", self.url_open("/my/quotes").text)
