"""A Chinese company, its Alipay provider, and the simulator the provider talks to."""

from odoo.tests import HttpCase

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.ar_payment_gateways import const

from tests.simulators import alipay_keys
from tests.simulators.alipay import AlipaySimulator, Knobs

MERCHANT = alipay_keys.Merchant.new()


class GatewaysCase(AccountTestInvoicingCommon):
    """Invoices in CNY, the provider in test mode, `self.alipay` the simulator."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("ar_payment_gateways.group_user")

    @classmethod
    @AccountTestInvoicingCommon.setup_country("cn")
    def setUpClass(cls):
        super().setUpClass()
        cls.cny = cls.env.ref("base.CNY")
        cls.company = cls.company_data["company"]
        cls.alipay = AlipaySimulator(MERCHANT)
        cls.alipay.__enter__()
        cls.addClassCleanup(cls.alipay.__exit__)
        cls.journal = cls.env["account.journal"].create(
            {"name": "Alipay", "code": "ALI", "type": "bank", "company_id": cls.company.id}
        )
        template = cls.env.ref("ar_payment_gateways.payment_provider_alipay").sudo()
        cls.provider = template.copy({"company_id": cls.company.id})
        cls.provider.write(
            {
                "alipay_app_id": MERCHANT.app_id,
                "alipay_seller_id": MERCHANT.seller_id,
                "alipay_private_key": alipay_keys.private_pem(MERCHANT.merchant_key),
                "alipay_public_key": alipay_keys.public_pem(MERCHANT.alipay_key),
                "state": "test",
                "is_published": True,
            }
        )
        cls.provider.journal_id = cls.journal
        cls.env["ir.config_parameter"].sudo().set_param(const.TEST_GATEWAY_PARAMETER, cls.alipay.url)

    def setUp(self):
        super().setUp()
        self.alipay.knobs = Knobs()
        self.alipay.requests.clear()
        self.alipay.refusals.clear()
        self.alipay.notifications.clear()

    def invoice(self, amount=100.0, **kwargs):
        """A posted invoice of `amount` before tax, in CNY."""
        kwargs.setdefault("currency", self.cny)
        kwargs.setdefault("partner", self.partner_a)
        return self.init_invoice("out_invoice", amounts=[amount], post=True, **kwargs)


class GatewaysHttpCase(GatewaysCase, HttpCase):
    """The same with a running server that the simulator can call back."""

    def landing(self, link, **headers):
        return self.url_open(f"/pay/{link.sudo().token}", headers=headers)

    def start(self, link):
        """Tap on "Pay with Alipay"; return the response of the page one ends on."""
        return self.url_open(f"/pay/{link.sudo().token}/start", data={"provider_id": self.provider.id})

    def open_order(self, link):
        """Tap, and return the order it made."""
        response = self.start(link)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertIn("/pay/order/", response.url)
        self.env.invalidate_all()
        return self.env["ar.gateway.order"].sudo()._by_access_token(response.url.rsplit("/", 1)[1])

    def pay(self, order):
        """The buyer scans and pays; the notification arrives while this runs."""
        with self.allow_requests(all_requests=True):
            self.alipay.pay(order.name)
        self.env.invalidate_all()

    def notify(self, fields, suffix=""):
        """Send a notification; return the text of the answer."""
        return self.url_open(f"{const.NOTIFY_ROUTE % 'alipay'}/{self.provider.id}{suffix}", data=fields).text

    def poll(self, order):
        response = self.url_open(f"/pay/order/{order.access_token}/status", json={"params": {}})
        self.env.invalidate_all()
        return response.json()["result"]["state"]
