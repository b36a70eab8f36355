"""A gateway that behaves like Alipay's, on 127.0.0.1.

It verifies our RSA2 signature byte for byte, refuses what the real gateway refuses, lets a person pay on a cashier
page and sends the signed notification until it hears `success`. It imports nothing of Odoo or of our addons.

In tests:

    with AlipaySimulator() as alipay:
        alipay.url, alipay.merchant ...       configure the provider
        alipay.pay(order_number)              scan, pay, notify (waits for the notification's answer)

For the demo:

    python -m tests.simulators.alipay --port 18069 --state-dir DIR

makes or loads in DIR merchant_private.pem, merchant_public.pem, alipay_private.pem, alipay_public.pem and
merchant.json ({"app_id", "seller_id"}), prints `ready http://127.0.0.1:18069/gateway.do` and serves until it is
stopped. The provider in Odoo gets app_id, seller_id, merchant_private.pem and alipay_public.pem, state `test`, and
the system parameter `ar_payment_gateways.alipay_test_url` the printed address. Trades are kept in memory only.
"""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import ThreadingHTTPServer

from . import alipay_keys as keys
from .alipay_bill import BILL_METHOD, Bills
from .alipay_certificates import DOWNLOAD_METHOD
from .alipay_http import Handler
from .alipay_knobs import Knobs
from .alipay_page import METHODS as PAGE_METHODS
from .alipay_page import Pages
from .alipay_requests import BadRequestError, check, check_notify_url
from .alipay_trades import NUMBER, TIME_FORMAT, RefusalError, Trades, now, yuan
from .command import serve


class AlipaySimulator:
    """The server and what tests see of it."""

    def __init__(self, merchant=None, port=0):
        self.merchant = merchant or keys.Merchant.new()
        self.trades = Trades(self.merchant)
        self.knobs = Knobs()
        self.other_key = None
        self.bills = Bills(self)
        self.pages = Pages(self)
        self.certificates = None  # alipay_certificates.Certificates of an app that signs by certificates
        self.requests = []  # (method, biz_content) of every request with a valid signature
        self.refusals = []  # sub_codes answered
        self.notifications = []  # (fields, answer) in the order they were sent
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", port), type("Handler", (Handler,), {"simulator": self})
        )
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"
        self.url = f"{self.base_url}/gateway.do"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    @property
    def alipay_key(self):
        """What Alipay signs with."""
        if self.knobs.notify_other_key:
            self.other_key = self.other_key or keys.new_key()
            return self.other_key
        return self.merchant.alipay_key

    @property
    def charset(self):
        return "gbk" if self.knobs.gbk else "utf-8"

    # --- the gateway ---

    def handle(self, params):
        """Return (name of the node, its content) for the decoded form of a request."""
        method = params.get("method", "")
        name = f"{method.replace('.', '_')}_response"
        try:
            content = check(self, params)
            if self.knobs.call_limited:
                self.knobs.call_limited -= 1
                return name, {"code": "40005", "msg": "Call Limited", "sub_code": "isv.app-call-limited"}
            self.requests.append((method, content))
            answer = self._execute(method, content, params)
            return name, {"code": "10000", "msg": "Success", **answer}
        except BadRequestError as error:
            self.refusals.append(str(error))
            return "error_response", {"code": "40002", "msg": "Invalid Arguments", "sub_code": str(error)}
        except RefusalError as error:
            self.refusals.append(error.sub_code)
            return name, {
                "code": "40004", "msg": "Business Failed", "sub_code": error.sub_code, "sub_msg": error.sub_msg,
            }  # fmt: skip

    def _execute(self, method, content, params):
        if method == BILL_METHOD:
            return self.bills.ask(content)
        if method == DOWNLOAD_METHOD and self.certificates:
            return self.certificates.download(content)
        if not NUMBER.fullmatch(str(content.get("out_trade_no", ""))):
            raise RefusalError("ACQ.INVALID_PARAMETER", "out_trade_no")
        if method == "alipay.trade.precreate" or method in PAGE_METHODS:
            check_notify_url(params)
        work = {
            "alipay.trade.precreate": lambda: self._precreate(content, params),
            **dict.fromkeys(PAGE_METHODS, lambda: self.pages.execute(method, content, params)),
            "alipay.trade.query": lambda: self._query(content),
            "alipay.trade.close": lambda: self.trades.close(content),
            "alipay.trade.refund": lambda: self._refund(content),
            "alipay.trade.fastpay.refund.query": lambda: self.trades.refund_query(content),
        }.get(method)
        if not work:
            raise BadRequestError("isv.invalid-method")
        return work()

    def _precreate(self, content, params):
        trade = self.trades.precreate(content, params["notify_url"])
        return {"out_trade_no": trade.number, "qr_code": f"{self.base_url}/cashier/{trade.cashier_id}"}

    def _query(self, content):
        answer = self.trades.query(content)
        if self.knobs.amount_delta and answer["trade_status"] == "TRADE_SUCCESS":
            trade = self.trades.by_number[content["out_trade_no"]]
            answer["total_amount"] = yuan(trade.amount_minor + self.knobs.amount_delta)
        return answer

    def _refund(self, content):
        answer = self.trades.refund(content)
        if answer["fund_change"] == "Y" and not self.knobs.no_notify:
            threading.Thread(
                target=self.notify_refund,
                args=(content["out_trade_no"], content["out_request_no"]),
                daemon=True,
            ).start()
        if self.knobs.refund_unsure:
            self.knobs.refund_unsure -= 1
            raise RefusalError("ACQ.SYSTEM_ERROR", "系统错误")
        return answer

    def sign_answer(self, name, content):
        """Return the body of an answer, signed over the node's exact bytes."""
        charset = self.charset
        node = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(charset)
        signature = keys.sign(node, self.merchant.alipay_key)
        if self.knobs.tamper_answer:
            node = node.replace(b"10000", b"10000 ")
        if self.knobs.unsigned:
            self.knobs.unsigned -= 1
            return b'{"%s":%s}' % (name.encode(), node)
        named = (
            b',"alipay_cert_sn":"%s"' % self.certificates.signer_name.encode() if self.certificates else b""
        )
        return b'{"%s":%s%s,"sign":"%s"}' % (name.encode(), node, named, signature.encode())

    # --- the buyer ---

    def scan(self, number):  # without paying
        self.trades.scan(self.trades.by_number[number])

    def pay(self, number):
        """The buyer scans and pays; returns when the notification was sent (once, without retries)."""
        trade = self.trades.by_number[number]
        if not self.trades.pay(trade):
            raise ValueError("not payable")
        if not self.knobs.no_notify:
            self.notify(trade)

    def console_refund(self, number, amount):
        """Somebody refunds `amount` ('1.00') in Alipay's own console; returns when the notification was sent."""
        request_no = f"{now():%Y%m%d%H%M%S}{len(self.trades.by_number[number].refunds):06d}"
        self.trades.refund({"out_trade_no": number, "refund_amount": amount, "out_request_no": request_no})
        if not self.knobs.no_notify:
            self.notify_refund(number, request_no)

    def notify_refund(self, number, request_no):
        """Send the notification of a refund: the trade's, with the sum of all refunds and this one's number."""
        trade = self.trades.by_number[number]
        return self.notify(trade, self.refund_fields(trade, request_no))

    @staticmethod
    def refund_fields(trade, request_no):
        """Return what a notification of a refund has more than one of a payment."""
        return {
            "refund_fee": yuan(sum(trade.refunds.values())),
            "gmt_refund": f"{now():%Y-%m-%d %H:%M:%S}.000",
            "out_biz_no": request_no,
        }

    def notification(self, trade, extra=None):
        """Return the signed form fields of a notification about `trade`."""
        knobs = self.knobs
        amount = yuan(trade.amount_minor + knobs.amount_delta)
        fields = {
            "gmt_create": trade.created.strftime(TIME_FORMAT),
            "charset": self.charset,
            "gmt_payment": trade.paid.strftime(TIME_FORMAT),
            "notify_time": now().strftime(TIME_FORMAT),
            "subject": trade.content["subject"],
            "buyer_id": "2088000000009999",
            "version": "1.0",
            "notify_id": f"{now():%Y%m%d}{trade.cashier_id}",
            "fund_bill_list": json.dumps([{"amount": amount, "fundChannel": "ALIPAYACCOUNT"}]),
            "notify_type": "trade_status_sync",
            "out_trade_no": trade.number,
            "total_amount": amount,
            "receipt_amount": amount,
            "buyer_pay_amount": amount,
            "trade_status": trade.status,
            "trade_no": trade.trade_no,
            "auth_app_id": self.merchant.app_id,
            "app_id": self.merchant.app_id,
            "seller_id": self.merchant.seller_id,
            **(extra or {}),
            **knobs.notify_change,
        }
        text = "&".join(f"{k}={v}" for k, v in sorted(fields.items()) if v != "")
        fields.update(sign_type="RSA2", sign=keys.sign(text.encode(self.charset), self.alipay_key))
        return {**fields, **knobs.notify_tamper}

    def notify(self, trade, extra=None):
        """Send a notification `notify_count` times; return the answers."""
        fields = self.notification(trade, extra)
        return [self.send(trade.notify_url, fields) for _ in range(self.knobs.notify_count)]

    def send(self, url, fields):
        """POST form fields as a notification; return the answer's text, '' if there was none."""
        request = urllib.request.Request(
            url, data=urllib.parse.urlencode(fields, encoding=self.charset).encode(), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answer = response.read().decode()
        except (urllib.error.URLError, OSError) as error:
            answer = f"error {getattr(error, 'code', error)}"
        self.notifications.append((fields, answer))
        return answer

    def notify_until_success(self, trade):
        """What the cashier does in the background: repeat until the merchant says `success`."""
        for seconds in self.knobs.retry_seconds:
            if not self.knobs.no_notify and "success" in self.notify(trade):
                return
            threading.Event().wait(seconds)


if __name__ == "__main__":
    serve("Alipay", 18069, lambda folder, port: AlipaySimulator(keys.Merchant.in_folder(folder), port))
