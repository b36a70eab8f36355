"""Forged, changed, replayed and strangers' messages of WeChat Pay: none of them is ever believed."""

import json
import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import wechat_message, wechat_signing, wechat_trade
from odoo.addons.ar_payment_gateways.core.trade import Verdict
from odoo.addons.ar_payment_gateways.core.wechat_signing import Refusal, RefusedMessageError

from . import wechat_messages as wire

pytestmark = pytest.mark.no_cover  # thousands of messages: being traced they take half as long again

BODY = wire.envelope(wire.seal(wire.transaction()))
HEADERS = wire.headers(BODY)


def read(headers=HEADERS, body=BODY, keys=wire.RING, apiv3_key=wire.APIV3_KEY, now=wire.NOW):
    return wechat_message.read_notification(headers, body, keys, apiv3_key, now)


def refusal(**message):
    with pytest.raises(RefusedMessageError) as caught:
        read(**message)
    return caught.value.refusal


def test_the_untouched_message_pays():
    content = read().content
    judged = wechat_trade.judge(wechat_trade.report_of_transaction(content), wire.EXPECTED)
    assert judged.verdict is Verdict.PAID


def test_every_single_changed_bit_of_the_body_is_noticed():
    for position in range(len(BODY)):
        for bit in range(8):
            body = bytearray(BODY)
            body[position] ^= 1 << bit
            assert refusal(body=bytes(body)) is Refusal.BAD_SIGNATURE


def test_every_single_changed_bit_of_the_headers_is_noticed():
    for name, value in HEADERS.items():
        for position in range(len(value)):
            for bit in range(7):
                changed = value[:position] + chr(ord(value[position]) ^ 1 << bit) + value[position + 1 :]
                refusal(headers={**HEADERS, name: changed})


def test_every_changed_byte_of_the_seal_is_noticed_even_under_a_good_signature():
    """Whoever has WeChat's key but not ours (another merchant's notification, say) can't make one that opens."""
    resource = wire.seal(wire.transaction())
    randomness = random.Random(4)  # the same bytes every time
    for name in ("ciphertext", "nonce", "associated_data"):
        for position in range(len(resource[name])):
            value = resource[name]
            letter = randomness.choice([c for c in "ABCxyz019" if c != value[position]])
            body = wire.envelope({**resource, name: value[:position] + letter + value[position + 1 :]})
            assert refusal(headers=wire.headers(body), body=body) in (
                Refusal.UNDECIPHERABLE,
                Refusal.MALFORMED,
            )


@settings(max_examples=1500)
@given(st.data())
def test_no_edit_of_the_body_is_believed(data):
    start = data.draw(st.integers(0, len(BODY)))
    end = data.draw(st.integers(start, min(len(BODY), start + 40)))
    body = BODY[:start] + data.draw(st.binary(max_size=40)) + BODY[end:]
    if body != BODY:
        assert refusal(body=body) is Refusal.BAD_SIGNATURE


@settings(max_examples=1000)
@given(
    st.dictionaries(
        st.sampled_from([*HEADERS, *(name.lower() for name in HEADERS), "Wechatpay-Signature-Type"]),
        st.text(max_size=400) | st.sampled_from(list(HEADERS.values())),
        min_size=1,
    )
)
def test_no_edit_of_the_headers_is_believed(changes):
    headers = {**HEADERS, **changes}
    others = {"Wechatpay-Signature-Type"}
    if all(headers[name] == HEADERS.get(name) for name in headers if name not in others):
        read(headers=headers)
    else:
        refusal(headers=headers)


@settings(max_examples=500)
@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=5))
def test_garbage_is_refused_and_nothing_else_happens(body, headers):
    assert refusal(headers=headers, body=body) is Refusal.UNSIGNED
    refusal(headers=HEADERS, body=body)


@settings(max_examples=500)
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: json.dumps({"resource": text}).encode())
)
def test_signed_nonsense_is_refused(body):
    assert refusal(headers=wire.headers(body), body=body) is Refusal.MALFORMED


@settings(max_examples=1000)
@given(st.integers(-(10**7), 10**7))
def test_replays_end_with_the_window(seconds):
    now = wire.NOW + timedelta(seconds=seconds)
    if abs(seconds) <= 300:
        read(now=now)
    else:
        assert refusal(now=now) is Refusal.STALE


def test_a_stale_message_tells_by_how_much():
    with pytest.raises(RefusedMessageError) as caught:
        read(now=wire.NOW + timedelta(seconds=400))
    assert caught.value.skew == timedelta(seconds=-400)


def test_a_strangers_key():
    for serial in (wire.KEY_ID, wire.CERTIFICATE.serial):
        headers = wire.headers(BODY, wire.OTHER_KEY, serial)
        assert refusal(headers=headers) is Refusal.BAD_SIGNATURE
    assert refusal(headers=wire.headers(BODY, wire.OTHER_KEY, "ABCDEF")) is Refusal.UNKNOWN_KEY
    assert refusal(keys={}) is Refusal.UNKNOWN_KEY


def test_probes_must_fail():
    probe = wechat_signing.PROBE_PREFIX + HEADERS["Wechatpay-Signature"]
    assert refusal(headers={**HEADERS, "Wechatpay-Signature": probe}) is Refusal.PROBE


def test_another_merchants_message_sealed_with_his_key():
    body = wire.envelope(wire.seal(wire.transaction(), key=b"f" * 32))
    assert refusal(headers=wire.headers(body), body=body) is Refusal.UNDECIPHERABLE


def test_another_merchants_message_sealed_with_the_same_key_is_foreign():
    """One APIv3 key pasted for two merchants: the message opens, and names the other one."""
    body = wire.envelope(wire.seal(wire.transaction(mchid="1900000001")))
    content = read(headers=wire.headers(body), body=body).content
    report = wechat_trade.report_of_transaction(content)
    assert wechat_trade.judge(report, wire.EXPECTED).verdict is Verdict.FOREIGN


def test_an_answer_is_no_notification():
    """A signed answer to a query of ours, sent back to us as a notification."""
    body = json.dumps(wire.transaction()).encode()
    assert refusal(headers=wire.headers(body), body=body) is Refusal.MALFORMED


@pytest.mark.parametrize(
    "change",
    [{"algorithm": "AEAD_AES_128_GCM"}, {"algorithm": None}, {"nonce": "x" * 13}, {"nonce": 5}, {"ciphertext": "*"},
     {"ciphertext": ""}, {"associated_data": ["transaction"]}, {"associated_data": "LONE"}],
)  # fmt: skip
def test_other_algorithms_and_shapes(change):
    body = wire.envelope({**wire.seal(wire.transaction()), **change}).replace(b"LONE", rb"\ud800")
    assert refusal(headers=wire.headers(body), body=body) in (Refusal.MALFORMED, Refusal.UNDECIPHERABLE)


@pytest.mark.parametrize(
    "plain", [b"", b"[]", b"null", b'{"a":1,"a":2}', b'{"a":NaN}', b"<xml></xml>", b"\xff", b"[" * 9000]
)
def test_sealed_nonsense(plain):
    body = wire.envelope(wire.seal(plain))
    assert refusal(headers=wire.headers(body), body=body) is Refusal.MALFORMED


def test_notification_of_the_old_api():
    body = b"<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>"
    assert refusal(headers={"Content-Type": "text/xml"}, body=body) is Refusal.UNSIGNED
