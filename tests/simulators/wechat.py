"""A gateway that behaves like WeChat Pay's APIv3, on 127.0.0.1.

It verifies our request signature byte for byte, refuses what the real gateway refuses, signs its answers, lets a
person pay on a cashier page and sends sealed and signed notifications. It imports nothing of Odoo or of our addons.
One thing is not as at WeChat's: `code_url` is the address of the cashier page, so that any telephone can open it.

In tests:

    with WechatSimulator() as wechat:
        wechat.base_url, wechat.merchant ...      configure the provider
        wechat.pay(order_number)                  scan, pay, notify (waits for the notification's answer)

For the demo: `python -m tests.simulators.wechat --port 18070 --state-dir DIR`; see wechat_keys.Merchant.in_folder for
what it leaves in DIR. It prints `ready http://127.0.0.1:18070` and serves until it is stopped. Orders are in memory.
"""

import base64
import json
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import wechat_keys as keys
from .alipay_keys import new_key, sign, verifies
from .command import serve
from .gateway import Gateway, Knobs
from .wechat_bills import Bills
from .wechat_http import WechatHandler
from .wechat_orders import Orders, RefusalError

REFUND_STATUSES = ("SUCCESS", "ABNORMAL", "CLOSED")


@dataclass
class WechatKnobs(Knobs):
    """More ways to misbehave."""

    by_certificate: bool = False  # sign with the platform certificate, whatever was asked for
    signtest: bool = False  # sign like the probes that a merchant must refuse
    wrong_apiv3_key: bool = False
    no_certificates: bool = False  # as for merchants that began with a public key
    unsigned_products: tuple = ()  # that the merchant has no contract for: "native", "h5", "jsapi"
    refund_status: str = "SUCCESS"


class WechatSimulator(Gateway):
    """The server and what tests see of it."""

    handler = WechatHandler

    def __init__(self, merchant=None, port=0):
        super().__init__(port)
        self.knobs = WechatKnobs()
        self.merchant = merchant or keys.Merchant()
        self.orders = Orders(self)
        self.bills = Bills(self)
        self.other_key = None
        self.codes = {}  # code of the official account: openid

    def clear(self):
        """Forget what was said."""
        for said in (self.requests, self.refusals, self.notifications, self.held):
            said.clear()

    def new_code(self):
        """A visitor of WeChat's browser passes the official account."""
        code = secrets.token_hex(16)
        self.codes[code] = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
        return code

    def by_cashier_id(self, cashier_id):
        with self.lock:
            return next((o for o in self.orders.by_number.values() if o.cashier_id == cashier_id), None)

    def ledger(self):
        """Return {order number: (fen paid, fen refunded)} of all orders that money came for."""
        return {
            order.number: (
                order.total,
                sum(r.amount for r in order.refunds.values() if r.status == "SUCCESS"),
            )
            for order in self.orders.by_number.values()
            if order.paid
        }

    # --- signing ---

    def sign(self, body, wanted=None, is_notification=False):
        """Return the headers of a signature over `body`; `wanted` is the serial that the merchant asked for."""
        merchant, knobs = self.merchant, self.knobs
        by_certificate = knobs.by_certificate or wanted == merchant.platform_serial
        key = merchant.certificate_key if by_certificate else merchant.platform_key
        if is_notification and knobs.notify_other_key:
            key = self.other_key = self.other_key or new_key()
        timestamp, nonce = str(int(self.now().timestamp())), secrets.token_hex(16)
        signature = sign(f"{timestamp}\n{nonce}\n".encode() + body + b"\n", key)
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": merchant.platform_serial if by_certificate else merchant.key_id,
            "Wechatpay-Signature": f"WECHATPAY/SIGNTEST/{signature}" if knobs.signtest else signature,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    def seal(self, plain, associated_data):
        key = b"x" * 32 if self.knobs.wrong_apiv3_key else self.merchant.apiv3_key.encode()
        nonce = secrets.token_hex(6)
        sealed = AESGCM(key).encrypt(nonce.encode(), plain, associated_data.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": associated_data,
            "nonce": nonce,
        }

    def certificates(self):
        """Answer GET /v3/certificates."""
        if self.knobs.no_certificates:
            raise RefusalError(404, "RESOURCE_NOT_EXISTS", "无可用的平台证书")
        sealed = self.seal(self.merchant.platform_certificate.encode(), "certificate")
        return {"data": [{"serial_no": self.merchant.platform_serial, "encrypt_certificate": sealed}]}

    # --- notifications ---

    def envelope(self, event_type, original_type, content):
        """Return a notification freshly signed: (headers, body)."""
        content = {**content, **self.knobs.notify_change}
        resource = self.seal(json.dumps(content, ensure_ascii=False).encode(), original_type)
        body = json.dumps(
            {
                "id": f"EV-{secrets.token_hex(10)}",
                "create_time": self.now().replace(microsecond=0).isoformat(),
                "resource_type": "encrypt-resource",
                "event_type": event_type,
                "summary": "支付成功",
                "resource": {"original_type": original_type, **resource},
            },
            ensure_ascii=False,
        ).encode()
        headers = {**self.sign(body, is_notification=True), "Content-Type": "application/json"}
        return headers, body.replace(b"EV-", b"EV=") if self.knobs.notify_tamper else body

    def notify_payment(self, order, until_acknowledged=False):
        def make():
            return self.envelope("TRANSACTION.SUCCESS", "transaction", self.orders.transaction(order))

        deliver = self.notify_until_acknowledged if until_acknowledged else self.notify
        return deliver(order.number, order.content["notify_url"], make)

    # --- the buyer, and time ---

    def pay(self, number):
        """The buyer scans and pays; returns when the notification was sent (once, without retries)."""
        order = self.orders.by_number[number]
        if not self.orders.pay(order):
            raise ValueError("not payable")
        return self.notify_payment(order)

    def jsapi_pay(self, parameters):
        """WeChat's browser was handed these parameters: True if they were signed right and the order is paid."""
        package = parameters["package"]
        names = ("appId", "timeStamp", "nonceStr", "package")
        message = "".join(f"{parameters[name]}\n" for name in names).encode()
        signed = parameters["signType"] == "RSA" and parameters["appId"] == self.merchant.appid
        if not signed or not verifies(message, parameters["paySign"], self.merchant.merchant_key):
            return False
        orders = {f"prepay_id={order.prepay_id}": order for order in self.orders.by_number.values()}
        if package not in orders or not self.orders.pay(orders[package]):
            return False
        self.notify_payment(orders[package])
        return True

    def finish_refund(self, number):
        """The refund is paid out (or not: knob refund_status), and the merchant told."""
        order, refund = self.orders.find_refund(number)
        with self.lock:
            if refund.status != "PROCESSING":
                return None
            refund.status = self.knobs.refund_status
            refund.finished = self.now() if refund.status == "SUCCESS" else None
        if "notify_url" not in refund.content:
            return None
        content = {**self.orders.refund_answer(order, refund), "mchid": self.merchant.mchid}
        content["refund_status"] = content.pop("status")

        def make():
            return self.envelope(f"REFUND.{refund.status}", "refund", content)

        return self.notify(order.number, refund.content["notify_url"], make)


if __name__ == "__main__":
    serve("WeChat Pay", 18070, lambda folder, port: WechatSimulator(keys.Merchant.in_folder(folder), port))
