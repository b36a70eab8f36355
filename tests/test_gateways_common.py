"""A Chinese company, its provider of one gateway, and the simulator the provider talks to."""

from odoo.tests import HttpCase

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.ar_payment_gateways import const

from tests.gateway_kits import ALIPAY_MERCHANT, AlipayKit

MERCHANT = ALIPAY_MERCHANT


class GatewaysCase(AccountTestInvoicingCommon):
    """Invoices in CNY, the provider in test mode, `self.kit` the gateway; `self.alipay` Alipay's simulator."""

    gateway = AlipayKit

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("ar_payment_gateways.group_user")

    @classmethod
    @AccountTestInvoicingCommon.setup_country("cn")
    def setUpClass(cls):
        super().setUpClass()
        cls.cny = cls.env.ref("base.CNY")
        cls.company = cls.company_data["company"]
        cls.kit = cls.gateway()
        cls.kit.simulator.__enter__()
        cls.addClassCleanup(cls.kit.simulator.__exit__)
        if cls.gateway is AlipayKit:
            cls.alipay = cls.kit.simulator
        code, name = cls.kit.journal
        cls.journal = cls.env["account.journal"].create(
            {"name": name, "code": code, "type": "bank", "company_id": cls.company.id}
        )
        template = cls.env.ref(f"ar_payment_gateways.payment_provider_{cls.kit.code}").sudo()
        cls.provider = template.copy({"company_id": cls.company.id})
        cls.provider.write({**cls.kit.credentials, "state": "test", "is_published": True})
        cls.provider.journal_id = cls.journal
        parameter = const.AR_GATEWAYS[cls.kit.code].test_parameter
        cls.env["ir.config_parameter"].sudo().set_param(parameter, cls.kit.address)

    def setUp(self):
        super().setUp()
        self.kit.reset()

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
        """Tap on "Pay with ..."; return the response of the page one ends on."""
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
            self.kit.pay(order.name)
        self.env.invalidate_all()

    def notify(self, body, headers=None, suffix="", provider_id=None):
        """Send a notification; return the status and the text of the answer."""
        provider_id = self.provider.id if provider_id is None else provider_id
        path = f"{const.NOTIFY_ROUTE % self.kit.code}/{provider_id}{suffix}"
        response = self.url_open(path, data=body, headers=headers, method="POST")
        return response.status_code, response.text

    def assert_accepted(self, message, **kwargs):
        """The gateway, sending this (body, headers), hears that it need not send it again."""
        self.assertEqual(self.notify(*message, **kwargs), self.kit.accepted)

    def assert_refused(self, message, why=None, **kwargs):
        self.assertEqual(self.notify(*message, **kwargs), self.kit.refused, why)

    def poll(self, order):
        response = self.url_open(f"/pay/order/{order.access_token}/status", json={"params": {}})
        self.env.invalidate_all()
        return response.json()["result"]["state"]
