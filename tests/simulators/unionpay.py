"""A gateway that behaves like UnionPay's ACP 5.1.0, on 127.0.0.1.

It verifies our signature byte for byte (both hashes), refuses what the real gateway refuses, signs its answers and
notifications with a certificate of its own chain, and lets a person pay on a cashier page. It imports nothing of Odoo
or of our addons. One thing is not as at UnionPay's: `qrCode` is the address of the cashier page.

In tests:

    with UnionpaySimulator() as unionpay:
        unionpay.base_url, unionpay.merchant ...   configure the provider
        unionpay.pay(order_number)                 scan, pay, notify (waits for the notification's answer)

For the demo: `python -m tests.simulators.unionpay --port 18071 --state-dir DIR`; see unionpay_keys.Merchant.in_folder
for what it leaves in DIR. It prints `ready http://127.0.0.1:18071` and serves until it is stopped.
"""

import hashlib
import urllib.parse

from . import unionpay_keys as keys
from .alipay_keys import new_key, sign, verifies
from .command import serve
from .gateway import Gateway, Knobs
from .unionpay_files import settlement_file
from .unionpay_http import UnionpayHandler
from .unionpay_orders import Orders, RefusalError

MESSAGES = {"00": "成功[0000000]", "05": "交易已受理，请稍后查询交易结果[6154037]"}
ECHO = ("accessType", "bizType", "encoding", "merId", "orderId", "signMethod", "txnSubType", "txnTime", "txnType",
        "version", "txnAmt", "origQryId")  # fmt: skip


class UnionpayKnobs(Knobs):
    """More ways to misbehave."""

    self_signed = False  # sign with a stranger's certificate that has UnionPay's name
    as_merchant = False  # sign with the merchant's own certificate, of the same chain
    not_signed_for = ()  # kinds, as "0107", that the merchant has no contract for


class UnionpaySimulator(Gateway):
    """The server and what tests see of it."""

    handler = UnionpayHandler

    def __init__(self, merchant=None, port=0):
        super().__init__(port)
        self.knobs = UnionpayKnobs()
        self.merchant = merchant or keys.Merchant.new()
        self.orders = Orders(self)
        self.stranger_key = None

    def by_cashier_id(self, cashier_id):
        with self.lock:
            return next((o for o in self.orders.by_key.values() if o.cashier_id == cashier_id), None)

    def ledger(self):
        """Return {order number: (fen paid, fen given back)} of all orders that money came for."""
        return {
            order.number: (
                order.amount,
                sum(each.amount for each in self.orders.refunds_of(order) if each.status == "00"),
            )
            for order in self.orders.by_key.values()
            if order.kind == "01" and order.done
        }

    # --- signing ---

    @staticmethod
    def digest(params):
        text = "&".join(f"{k}={v}" for k, v in sorted(params.items()) if k != "signature" and v != "")
        return hashlib.sha256(text.encode()).hexdigest().encode()

    def check_signature(self, params):
        merchant = self.merchant
        if params.get("certId") != str(merchant.merchant_certificate.serial_number):
            raise RefusalError("11", "验证签名失败 certId")
        if not verifies(self.digest(params), params.get("signature", ""), merchant.merchant_key):
            raise RefusalError("11", "验证签名失败")

    def signed(self, fields):
        """Return the fields with a certificate and a signature, by the knobs the wrong ones."""
        merchant, knobs = self.merchant, self.knobs
        key, certificate = merchant.signer_key, merchant.signer
        if knobs.self_signed:
            key = self.stranger_key = self.stranger_key or new_key()
            certificate = keys.issue(keys.SIGNER_CN, key, "Simulator OCA1", key)
        elif knobs.as_merchant:
            key, certificate = merchant.merchant_key, merchant.merchant_certificate
        elif knobs.notify_other_key:
            key = self.stranger_key = self.stranger_key or new_key()
        inline = keys.pem(certificate).strip().replace("\n", "\r\n")
        fields = {**fields, "signPubKeyCert": inline}
        return {**fields, "signature": sign(self.digest(fields), key)}

    def sign_answer(self, answer):
        """Return the body of an answer: k=v&k=v, not percent-encoded."""
        fields = {name: value for name, value in answer.items() if value != "" and name != "cashier"}
        if not self.knobs.take("unsigned"):
            fields = self.signed(fields)
        if self.knobs.tamper_answer:
            fields["respMsg"] += "。"
        return "&".join(f"{name}={value}" for name, value in fields.items()).encode()

    # --- the gateway ---

    def answer_of(self, params, code="00", message=""):
        """Return the fields that every answer has."""
        fields = {name: params[name] for name in ECHO if name in params}
        return {**fields, "respCode": code, "respMsg": message or MESSAGES.get(code, f"失败[{code}00000]")}

    def execute(self, params):
        kind = params["txnType"] + params["txnSubType"]
        if kind in self.knobs.not_signed_for:
            raise RefusalError("32", "无此交易权限")  # of memory: to be confirmed at the gateway
        if kind in ("0107", "0101"):
            order = self.orders.create(params)
            address = f"{self.base_url}/{'qr' if kind == '0107' else 'cashier'}/{order.cashier_id}"
            return {**self.answer_of(params), "qrCode" if kind == "0107" else "cashier": address}
        if kind == "0000":
            return self.query(params)
        if kind == "7601":
            return self.file(params)
        order = self.orders.give_back(params)
        if not self.knobs.hold_refunds:
            self.in_background(self.finish_refund, order.number)
        return {**self.answer_of(params), "queryId": order.query_id}

    def query(self, params):
        order = self.orders.find(params)
        # The answer has the fields of what was asked about, not of the question.
        answer = {**self.answer_of({**params, **order.fields}), "origRespCode": order.status}
        answer["origRespMsg"] = MESSAGES.get(order.status, f"失败[{order.status}00000]")
        return {**answer, **self.result(order)} if order.done else {**answer, "settleAmt": "0"}

    def result(self, order):
        """Return the fields of a finished transaction that queries and notifications share."""
        amount = str(order.amount + self.knobs.amount_delta)
        return {
            "accNo": "6226********0018",
            "currencyCode": "156",
            "queryId": order.query_id,
            "settleAmt": amount,
            "settleCurrencyCode": "156",
            "settleDate": f"{order.done:%m%d}",
            "traceNo": order.trace_no,
            "traceTime": f"{order.done:%m%d%H%M%S}",
            "txnAmt": amount,
        }

    def file(self, params):
        today = f"{self.now():%m%d}"
        if self.knobs.bill_not_ready or (params["settleDate"] == today and not self.knobs.bill_today):
            raise RefusalError("98", "文件不存在")
        found = settlement_file(self, params["settleDate"])
        if found is None:
            raise RefusalError("98", "文件不存在")
        return {**self.answer_of(params), "fileName": found[0], "fileContent": found[1]}

    # --- notifications ---

    def notification(self, order):
        """Return the signed fields of a notification about a finished transaction."""
        fields = {**self.answer_of(order.fields), "exchangeRate": "0", **self.result(order)}
        fields["respCode"] = order.status
        return self.signed({**fields, **self.knobs.notify_change})

    def notify_order(self, order, until_acknowledged=False):
        def make():
            fields = self.notification(order)
            if self.knobs.notify_tamper:
                fields["txnAmt"] += "0"
            body = urllib.parse.urlencode(fields).encode()
            return {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}, body

        deliver = self.notify_until_acknowledged if until_acknowledged else self.notify
        return deliver(order.number, order.fields["backUrl"], make)

    # --- the buyer, and time ---

    def pay(self, number):
        """The buyer scans and pays; returns when the notification was sent (once, without retries)."""
        order = self.orders.by_number(number)
        if not self.orders.pay(order):
            raise ValueError("not payable")
        return self.notify_order(order)

    def finish_refund(self, number, status="00"):
        """A refund or cancellation is carried out, and the merchant told if it was (UnionPay tells successes only)."""
        order = self.orders.by_number(number)
        self.orders.finish_refund(order, status)
        return self.notify_order(order) if status == "00" else None


if __name__ == "__main__":
    serve("UnionPay", 18071, lambda folder, port: UnionpaySimulator(keys.Merchant.in_folder(folder), port))
