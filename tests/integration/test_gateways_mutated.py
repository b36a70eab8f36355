"""Genuine notifications with something changed, a thousand a gateway: none is believed, and none leaves a trace."""

import random
from urllib.parse import parse_qsl, urlencode

from odoo.tools import mute_logger

from tests.gateway_kit_unionpay import UnionpayKit
from tests.gateway_kits import WechatKit
from tests.test_gateways_common import GatewaysCase

COUNT = 1000
UNSIGNED = {"sign_type"}
"""Of Alipay's; neither signed nor believed."""
LOGGERS = [
    f"odoo.addons.ar_payment_gateways.models.{module}"
    for module in (
        "ar_gateway_order_query",
        "payment_provider_unionpay_adapter",
        "payment_provider_wechatpay_adapter",
        "payment_provider_wechatpay_requests",
    )
]


def damaged(body, rng):
    """The same with a few bytes changed, lost, doubled or moved."""
    for _times in range(rng.randint(1, 3)):
        at, to = sorted(rng.randrange(len(body)) for _end in range(2))
        piece = body[at : min(to, at + 8) + 1]
        body = rng.choice(
            (
                body[:at] + bytes([body[at] ^ (1 << rng.randrange(8))]) + body[at + 1 :],
                body[:at] + bytes([rng.randrange(256)]) + body[at:],
                body[:at] + body[at + len(piece) :] or b"-",
                body[:at] + piece + body[at:],
                body[:at] + body[to:] + body[at:to],
                body[: at + 1],
            )
        )
    return body


def reworded(fields, rng):
    """The same with a value changed, or a field dropped, doubled or added, each written as a form should be."""
    at, digit = (
        rng.choice([at for at, (name, _value) in enumerate(fields) if name not in UNSIGNED]),
        rng.randrange(10),
    )
    name, value = fields[at]
    instead = rng.choice(
        (
            [(name, f"{value}{digit}")],
            [(name, damaged(value.encode() or b"-", rng).decode("latin-1"))],
            [(name, rng.choice(fields)[1])],
            [],
            [(name, value), (name, digit)],
            [(name, value), (f"extra{digit}", digit)],
        )
    )
    return urlencode([*fields[:at], *instead, *fields[at + 1 :]]).encode()


def meaning(body):
    """What the fields of a form say, however it is written; empty ones say nothing, by both gateways' rules."""
    return sorted(field for field in parse_qsl(body.decode("latin-1")) if field[0] not in UNSIGNED)


class TestMutated(GatewaysCase):
    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.kit.knobs.no_notify = True
        self.inv = self.invoice()
        self.env.flush_all()
        path = self.inv._get_ar_payment_link().sudo()._open_order(self.provider.sudo())
        self.env.invalidate_all()
        self.order = self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])

    def genuine(self):
        message, headers = self.kit.genuine(self.order.name)
        return (message if isinstance(message, bytes) else urlencode(message).encode()), headers

    def mutants(self, body, headers):
        """Endless messages that say something else, or say it with another signature."""
        rng = random.Random(20261130)  # the same ones every time
        while True:
            mutant = (
                damaged(body, rng)
                if rng.random() < 0.4
                else reworded(parse_qsl(body.decode(), keep_blank_values=True), rng)
            )
            if meaning(mutant) != meaning(body):
                yield mutant, headers

    def receive(self, body, headers):
        answer = self.env["ar.gateway.order"]._receive(self.kit.code, self.provider.id, body, headers)
        return answer.status, answer.body

    def test_nothing_changed_is_believed(self):
        body, headers = self.genuine()
        state = self.order.read()
        with mute_logger(*LOGGERS):
            for _number, (mutant, around) in zip(range(COUNT), self.mutants(body, headers), strict=False):
                self.assertEqual(self.receive(mutant, around), self.kit.refused, (mutant, around))
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.order.read(), state)
        self.assertEqual((self.order.state, self.order.transaction_id.state), ("open", "draft"))
        self.assertEqual(set(self.order.exchange_ids.mapped("direction")), {"out"})
        self.assertFalse(self.order.activity_ids or self.order.refund_ids)
        self.assertEqual(self.receive(body, headers), self.kit.accepted)
        self.assertEqual(self.order.state, "paid")


class TestWechatMutated(TestMutated):
    gateway = WechatKit

    def mutants(self, body, headers):
        """The body to the byte, or one of the headers that are signed or say by whom."""
        rng = random.Random(20261130)  # the same ones every time
        names = [name for name in headers if name.startswith("Wechatpay-") and not name.endswith("-Type")]
        self.assertEqual(len(names), 4)
        while True:
            if rng.random() < 0.7:
                yield damaged(body, rng), headers
                continue
            name = rng.choice(names)
            value = damaged(headers[name].encode(), rng).decode("latin-1")
            yield (
                body,
                {**headers, name: value}
                if rng.random() < 0.9
                else {n: headers[n] for n in headers if n != name},
            )


class TestUnionpayMutated(TestMutated):
    gateway = UnionpayKit
