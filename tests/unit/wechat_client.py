"""A merchant on the WeChat Pay simulator: our cores and urllib, without Odoo."""

import json
import secrets
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

from odoo.addons.ar_payment_gateways.core import (
    order_number,
    rsa_keys,
    trade,
    wechat_keys,
    wechat_message,
    wechat_requests,
    wechat_signing,
    wechat_trade,
)
from odoo.addons.ar_payment_gateways.core.wechat_signing import RefusedMessageError


class Client:
    """A merchant: sends signed requests, checks answers, keeps notifications that it believes."""

    def __init__(self, simulator):
        self.simulator = simulator
        merchant = simulator.merchant
        self.key = rsa_keys.load_private_key(merchant.merchant_private_pem)
        self.ring = wechat_keys.key_ring(
            [
                wechat_keys.public_key(merchant.key_id, merchant.platform_public_pem),
                wechat_keys.platform_certificate(merchant.platform_certificate),
            ]
        )
        self.apiv3_key = wechat_keys.load_apiv3_key(merchant.apiv3_key)
        self.serial = merchant.key_id
        self.signing = {}
        self.contents, self.refused = [], []

    def notified(self, headers, body):
        try:
            found = wechat_message.read_notification(
                headers, body, self.ring, self.apiv3_key, datetime.now(UTC)
            )
        except RefusedMessageError as error:
            self.refused.append(error.refusal.name)
            return 401
        self.contents.append(found)
        return 204

    def call(self, method, target, content=None):
        """Return (status, what the answer says); the raw bytes of a bill."""
        body = wechat_requests.encode(content) if content else b""
        arguments = {
            "mchid": self.simulator.merchant.mchid,
            "certificate_serial": self.simulator.merchant.merchant_serial,
            "key": self.key,
            "method": method,
            "target": target,
            "timestamp": int(time.time()),
            "nonce": secrets.token_hex(16),
            "body": body,
            **self.signing,
        }
        headers = {
            "Authorization": wechat_signing.authorization(**arguments),
            "Accept": "application/json",
            "Wechatpay-Serial": self.serial,
        }
        if body:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(
            self.simulator.base_url + target, data=body or None, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                raw, answered = response.read(), dict(response.headers.items())
                if response.headers["Content-Type"] == "text/plain":
                    return response.status, raw
                return response.status, wechat_message.read_answer(
                    answered, raw, self.ring, datetime.now(UTC)
                )
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def order(self, url, amount_minor=12345, **changes):
        arguments = {
            "mchid": self.simulator.merchant.mchid,
            "appid": self.simulator.merchant.appid,
            "order_number": order_number.new_order_number(datetime.now(UTC)),
            "amount_minor": amount_minor,
            "description": "深圳货款, INV/2026/00001",
            "notify_url": url,
            "expires_at": datetime.now(UTC) + timedelta(minutes=30),
        }
        return wechat_requests.order_content(**{**arguments, **changes})

    def query(self, order):
        return self.call("GET", wechat_requests.query_target(order["mchid"], order["out_trade_no"]))

    def verdict(self, order, content):
        expected = trade.Expected(
            order["out_trade_no"], order["amount"]["total"], order["appid"], order["mchid"]
        )
        return wechat_trade.judge(wechat_trade.report_of_transaction(content), expected).verdict

    def refund(self, order, number, amount, url):
        content = wechat_requests.refund_content(
            order_number=order["out_trade_no"], refund_number=number, amount_minor=amount,
            total_minor=order["amount"]["total"], reason="退货", notify_url=url,
        )  # fmt: skip
        return self.call("POST", wechat_requests.REFUND_TARGET, content)
