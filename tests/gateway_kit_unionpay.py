"""UnionPay, as tests/gateway_kits.py has the others."""

from tests.simulators import unionpay_keys
from tests.simulators.alipay_keys import private_pem
from tests.simulators.unionpay import UnionpayKnobs, UnionpaySimulator

UNIONPAY_MERCHANT = unionpay_keys.Merchant.new()
PAST = "20200101000000"


class UnionpayKit:
    """UnionPay."""

    code = "unionpay"
    journal = ("UPY", "UnionPay")
    make_knobs = UnionpayKnobs
    accepted = (200, "ok")
    refused = (500, "fail")
    foreign = ({"merId": "777290058167152"}, {"txnTime": PAST})
    other_identity = {"unionpay_mer_id": "777290058167152"}
    unknown_order = {"orderId": "AR20990101000000ABCDEFGHJK"}
    refund_troubles = ("drop_response_after_commit", "unsigned", "http_500")
    refusal = "36"
    codes_wait_for_a_scan = False
    refunds_take_time = True
    closes = False

    def __init__(self):
        self.merchant = UNIONPAY_MERCHANT
        self.simulator = UnionpaySimulator(self.merchant)
        self.address = self.simulator.base_url
        self.credentials = {
            "unionpay_mer_id": self.merchant.mer_id,
            "unionpay_private_key": private_pem(self.merchant.merchant_key),
            "unionpay_certificate": unionpay_keys.pem(self.merchant.merchant_certificate),
            "unionpay_root_certificate": unionpay_keys.pem(self.merchant.root),
            "unionpay_middle_certificate": unionpay_keys.pem(self.merchant.middle),
        }

    def reset(self):
        """Behave, and forget what was said. Refunds are carried out by `finish_refunds` only."""
        self.simulator.knobs = self.make_knobs(hold_refunds=True)
        for said in (self.simulator.requests, self.simulator.refusals, self.simulator.notifications):
            said.clear()

    @property
    def knobs(self):
        return self.simulator.knobs

    @property
    def execution(self):
        """See AlipayKit."""
        return self.simulator, "execute"

    # --- what it was asked ---

    def calls(self, kind=None):
        """See AlipayKit. There is no closing at UnionPay."""
        found = [(self._kind(what, content), content) for what, content in self.simulator.requests]
        return [content for each, content in found if each == kind] if kind else found

    @staticmethod
    def _kind(what, content):
        if what == "0000":
            return "refund query" if content["orderId"].startswith("RF") else "query"
        return {"0107": "create", "0101": "create", "0400": "refund", "3100": "refund"}.get(what, what)

    def number_of(self, content):
        if "origQryId" not in content:
            return content["orderId"]
        orders = self.simulator.orders.by_key.values()
        return next(order.number for order in orders if order.query_id == content["origQryId"])

    def amount_of(self, content):
        return int(content["txnAmt"])

    def refund_number_of(self, content):
        return content["orderId"]

    # --- what happens there ---

    def order(self, number):
        return self.simulator.orders.by_number(number)

    def pay(self, number):
        self.simulator.pay(number)

    def scan(self, number):
        """A scan changes nothing at UnionPay."""

    def genuine(self, number):
        """See AlipayKit; the fields, which are sent as a form."""
        self.pay_quietly(number)
        return self.simulator.notification(self.order(number)), {}

    def end(self, number):
        """The time that an order can be paid is over."""
        self.order(number).fields["payTimeout"] = PAST

    def ledger(self):
        return self.simulator.ledger()

    def is_closed(self, number):
        return self.order(number).is_over(self.simulator.now())

    def pay_quietly(self, number):
        self.simulator.orders.pay(self.order(number))

    def refunded(self, number):
        """All that goes back of an order, paid out or not yet."""
        return sum(each.amount for each in self.simulator.orders.refunds_of(self.order(number)))

    def finish_refunds(self):
        """UnionPay carries out what it has accepted."""
        for each in list(self.simulator.orders.by_key.values()):
            if each.original and not each.done:
                self.simulator.finish_refund(each.number)

    def refuse_refunds(self):
        self.knobs.business_error = "36"

    def allow_refunds(self):
        self.knobs.business_error = ""
