"""A merchant on the UnionPay simulator: our cores and urllib, without Odoo."""

import urllib.request
from datetime import UTC, datetime, timedelta

from odoo.addons.ar_payment_gateways.core import (
    order_number,
    trade,
    unionpay_certificates,
    unionpay_form,
    unionpay_merchant,
    unionpay_requests,
    unionpay_signing,
    unionpay_trade,
)
from odoo.addons.ar_payment_gateways.core.unionpay_signing import RefusedMessageError

from ..simulators import unionpay_keys


class Client:
    """Sends signed requests, checks answers, keeps notifications that it believes."""

    def __init__(self, simulator):
        self.simulator = simulator
        merchant = simulator.merchant
        unpacked = unionpay_merchant.unpack_pfx(merchant.pfx, merchant.password)
        self.identity = unionpay_merchant.identity(unpacked.private_key, unpacked.certificate)
        self.trust = unionpay_certificates.load_trust(
            unionpay_keys.pem(merchant.root), unionpay_keys.pem(merchant.middle)
        )
        self.notifications, self.refused = [], []
        self.change = {}  # fields changed after signing

    def notified(self, _headers, body):
        fields = unionpay_form.parse_notification(body)
        try:
            unionpay_signing.check_message(fields, self.trust, datetime.now(UTC))
        except RefusedMessageError as error:
            self.refused.append(str(error))
            return 400
        self.notifications.append(fields)
        return 200

    def post(self, path, fields):
        """Return the response to signed fields."""
        signed = {**unionpay_signing.sign_request(fields, self.identity), **self.change}
        return urllib.request.urlopen(self.simulator.base_url + path, unionpay_form.encode(signed), 10)

    def call(self, path, fields):
        """Return the fields of a signed answer."""
        with self.post(path, fields) as response:
            answer = unionpay_form.parse_answer(response.read())
        unionpay_signing.check_message(answer, self.trust, datetime.now(UTC))
        return answer

    def order(self, url, amount_minor=12345):
        now = datetime.now(UTC).replace(microsecond=0)
        return {
            "mer_id": self.simulator.merchant.mer_id,
            "order_number": order_number.new_order_number(now),
            "ordered_at": now,
            "amount_minor": amount_minor,
            "notify_url": url,
            "expires_at": now + timedelta(minutes=30),
        }

    def apply(self, order):
        return self.call(unionpay_requests.BACK_PATH, unionpay_requests.qr_fields(**order))

    def query(self, order):
        names = ("mer_id", "order_number", "ordered_at")
        fields = unionpay_requests.query_fields(**{name: order[name] for name in names})
        return self.call(unionpay_requests.QUERY_PATH, fields)

    def verdict(self, order, report):
        expected = trade.Expected(
            order["order_number"], order["amount_minor"], "", order["mer_id"], ordered_at=order["ordered_at"]
        )
        return unionpay_trade.judge(report, expected).verdict

    def give_back(self, order, number, amount, url, make=unionpay_requests.refund_fields):
        paid = self.simulator.orders.by_number(order["order_number"])
        fields = make(
            mer_id=order["mer_id"], refund_number=number, refunded_at=datetime.now(UTC), amount_minor=amount,
            query_id=paid.query_id, notify_url=url,
        )  # fmt: skip
        return self.call(unionpay_requests.BACK_PATH, fields)
