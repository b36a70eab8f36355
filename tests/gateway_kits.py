"""What tests need to know of a gateway, in one shape for all: its simulator, and the words it has for the same things.

A test that holds for every gateway talks to `self.kit` only and is run for each (tests/gateway_scenarios*.py).
"""

from tests.simulators import alipay_keys, wechat_keys
from tests.simulators.alipay import AlipaySimulator
from tests.simulators.alipay import Knobs as AlipayKnobs
from tests.simulators.wechat import WechatKnobs, WechatSimulator

ALIPAY_MERCHANT = alipay_keys.Merchant.new()
WECHAT_MERCHANT = wechat_keys.Merchant()


class AlipayKit:
    """Alipay."""

    code = "alipay"
    journal = ("ALI", "Alipay")
    method = "alipay"
    make_knobs = AlipayKnobs
    accepted = (200, "success")
    refused = (200, "fail")
    foreign = ({"app_id": "2021999999999999"}, {"seller_id": "2088999999999999"})
    other_identity = {"alipay_app_id": "2021999999999999", "alipay_seller_id": "2088999999999999"}
    unknown_order = {"out_trade_no": "AR20990101000000ABCDEFGHJK"}
    refund_troubles = ("drop_response_after_commit", "unsigned", "refund_unsure")
    refusal = "卖家余额不足"
    refund_call = "alipay.trade.refund"
    codes_wait_for_a_scan = True
    refunds_take_time = False
    closes = True
    calls_by_method = {
        "alipay.trade.precreate": "create",
        "alipay.trade.page.pay": "create",
        "alipay.trade.wap.pay": "create",
        "alipay.trade.query": "query",
        "alipay.trade.close": "close",
        "alipay.trade.refund": "refund",
        "alipay.trade.fastpay.refund.query": "refund query",
    }

    def __init__(self):
        self.merchant = ALIPAY_MERCHANT
        self.simulator = AlipaySimulator(self.merchant)
        self.address = self.simulator.url
        self.credentials = {
            "alipay_app_id": self.merchant.app_id,
            "alipay_seller_id": self.merchant.seller_id,
            "alipay_private_key": alipay_keys.private_pem(self.merchant.merchant_key),
            "alipay_public_key": alipay_keys.public_pem(self.merchant.alipay_key),
        }

    def reset(self):
        """Behave, and forget what was said."""
        self.simulator.knobs = self.make_knobs()
        self.simulator.trades.balance_minor = None
        for said in (self.simulator.requests, self.simulator.refusals, self.simulator.notifications):
            said.clear()

    @property
    def knobs(self):
        return self.simulator.knobs

    @property
    def execution(self):
        """The object and the name of its method that carries out a call."""
        return self.simulator, "_execute"

    # --- what it was asked ---

    def calls(self, kind=None):
        """The contents of what it was asked, or ("create", content) and so on of all."""
        found = [(self.calls_by_method[method], content) for method, content in self.simulator.requests]
        return [content for each, content in found if each == kind] if kind else found

    def number_of(self, content):
        return content["out_trade_no"]

    def amount_of(self, content):
        yuan, _dot, cents = content.get("total_amount", content.get("refund_amount")).partition(".")
        return 100 * int(yuan) + int(cents)

    def refund_number_of(self, content):
        return content["out_request_no"]

    # --- what happens there ---

    def pay(self, number):
        """The buyer pays, the notification arrives (unless knob no_notify)."""
        self.simulator.pay(number)

    def scan(self, number):
        self.simulator.scan(number)

    def genuine(self, number):
        """A genuine notification of a payment that takes place now, not sent: (body, headers)."""
        trade = self.simulator.trades.by_number[number]
        self.simulator.trades.pay(trade)
        return self.simulator.notification(trade), {}

    def end(self, number):
        """The time that an order can be paid is over: the gateway waits to be told."""

    def ledger(self):
        """{order number: (fen paid, fen given back)} of all orders that money came for."""
        trades = self.simulator.trades.by_number
        return {n: (t.amount_minor, sum(t.refunds.values())) for n, t in trades.items() if t.paid}

    def is_closed(self, number):
        return self.simulator.trades.by_number[number].status == "TRADE_CLOSED"

    def before_closing(self, work):
        """Do `work` in the moment before the next order is closed there; return what undoes this."""
        close = self.simulator.trades.close

        def late(content):
            work()
            return close(content)

        self.simulator.trades.close = late
        return lambda: self.simulator.trades.__dict__.pop("close")

    def pay_quietly(self, number):
        self.simulator.trades.pay(self.simulator.trades.by_number[number])

    def refunds(self, number):
        """The amounts that went back of an order, in fen, sorted."""
        return sorted(self.simulator.trades.by_number[number].refunds.values())

    def refunded(self, number):
        return sum(self.refunds(number))

    def finish_refunds(self):
        """Nothing is left to do: refunds are paid out at once."""

    def refuse_refunds(self):
        self.simulator.trades.balance_minor = 5_00

    def allow_refunds(self):
        self.simulator.trades.balance_minor = None


class WechatKit:
    """WeChat Pay."""

    code = "wechatpay"
    journal = ("WXP", "WeChat Pay")
    method = "wechat_pay"
    make_knobs = WechatKnobs
    accepted = (204, "")
    refused = (500, '{"code":"FAIL","message":"FAIL"}')
    foreign = ({"appid": "wx0000000000000000"}, {"mchid": "1900009999"})
    other_identity = {"wechatpay_appid": "wx0000000000000000", "wechatpay_mchid": "1900009999"}
    unknown_order = {"out_trade_no": "AR20990101000000ABCDEFGHJK"}
    refund_troubles = ("drop_response_after_commit", "unsigned", "http_500")
    refusal = "INVALID_REQUEST"
    refund_call = "POST /v3/refund/domestic/refunds"
    codes_wait_for_a_scan = False
    refunds_take_time = True
    closes = True

    def __init__(self):
        self.merchant = WECHAT_MERCHANT
        self.simulator = WechatSimulator(self.merchant)
        self.address = self.simulator.base_url
        self.credentials = {
            "wechatpay_mchid": self.merchant.mchid,
            "wechatpay_appid": self.merchant.appid,
            "wechatpay_private_key": self.merchant.merchant_private_pem,
            "wechatpay_certificate_serial": self.merchant.merchant_serial,
            "wechatpay_apiv3_key": self.merchant.apiv3_key,
            "wechatpay_public_key_id": self.merchant.key_id,
            "wechatpay_public_key": self.merchant.platform_public_pem,
        }

    def reset(self):
        """Behave, and forget what was said. Refunds are paid out by `finish_refunds` only."""
        self.simulator.knobs = self.make_knobs(hold_refunds=True)
        self.simulator.clear()

    @property
    def knobs(self):
        return self.simulator.knobs

    @property
    def execution(self):
        """See AlipayKit."""
        return self.simulator.server.RequestHandlerClass, "_execute"

    def calls(self, kind=None):
        """See AlipayKit."""
        found = [(self._kind(what), content) for what, content in self.simulator.requests]
        return [content for each, content in found if each == kind] if kind else found

    @staticmethod
    def _kind(what):
        method, path = what.split(" ")
        if path.endswith("/close"):
            return "close"
        if path.startswith("/v3/refund/"):
            return "refund" if method == "POST" else "refund query"
        if path.startswith("/v3/pay/transactions/"):
            return "create" if method == "POST" else "query"
        return path

    def number_of(self, content):
        return content["out_trade_no"]

    def amount_of(self, content):
        return content["amount"].get("refund", content["amount"]["total"])

    def refund_number_of(self, content):
        return content["out_refund_no"]

    def pay(self, number):
        self.simulator.pay(number)

    def scan(self, number):
        """A scan changes nothing at WeChat."""

    def genuine(self, number):
        """See AlipayKit."""
        order = self.simulator.orders.by_number[number]
        self.simulator.orders.pay(order)
        headers, body = self.simulator.envelope(
            "TRANSACTION.SUCCESS", "transaction", self.simulator.orders.transaction(order)
        )
        return body, headers

    def end(self, number):
        """See AlipayKit."""

    def ledger(self):
        return self.simulator.ledger()

    def is_closed(self, number):
        return self.simulator.orders.by_number[number].state == "CLOSED"

    def before_closing(self, work):
        """See AlipayKit."""
        close = self.simulator.orders.close

        def late(number, content):
            work()
            return close(number, content)

        self.simulator.orders.close = late
        return lambda: self.simulator.orders.__dict__.pop("close")

    def pay_quietly(self, number):
        self.simulator.orders.pay(self.simulator.orders.by_number[number])

    def refunds(self, number):
        """The amounts that go back of an order, paid out or not yet."""
        refunds = self.simulator.orders.by_number[number].refunds.values()
        return sorted(refund.amount for refund in refunds if refund.status in ("SUCCESS", "PROCESSING"))

    def refunded(self, number):
        return sum(self.refunds(number))

    def finish_refunds(self):
        """WeChat pays out what it has accepted."""
        for order in list(self.simulator.orders.by_number.values()):
            for number in order.refunds:
                self.simulator.finish_refund(number)

    def refuse_refunds(self):
        self.knobs.business_error = "INVALID_REQUEST"

    def allow_refunds(self):
        self.knobs.business_error = ""
