"""Forged, changed and strangers' notifications of Alipay: none of them is ever taken for a payment."""

from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import alipay_signing, alipay_trade, rsa_signing
from odoo.addons.ar_payment_gateways.core.alipay_trade import Verdict
from odoo.addons.ar_payment_gateways.core.form import parse_form

pytestmark = pytest.mark.no_cover  # thousands of messages: being traced they take half as long again

ALIPAY_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NUMBER = "AR20261123080000ABCDEFGHJK"
EXPECTED = alipay_trade.Expected(NUMBER, 12345, "2021000000000001", "2088000000000001")


def message(key=ALIPAY_KEY, **changes):
    fields = {
        "gmt_create": "2026-11-23 15:59:30",
        "charset": "utf-8",
        "gmt_payment": "2026-11-23 16:00:00",
        "notify_time": "2026-11-23 16:00:01",
        "subject": "深圳货款+测试 - 1",
        "notify_id": "2026112301222160000199160501632046",
        "fund_bill_list": '[{"amount":"123.45","fundChannel":"ALIPAYACCOUNT"}]',
        "notify_type": "trade_status_sync",
        "out_trade_no": NUMBER,
        "total_amount": "123.45",
        "trade_status": "TRADE_SUCCESS",
        "trade_no": "2026112322001499160501589436",
        "app_id": "2021000000000001",
        "seller_id": "2088000000000001",
        **changes,
    }
    content = alipay_signing.notification_string(fields).encode()
    return {**fields, "sign_type": "RSA2", "sign": rsa_signing.sign(content, key)}


FIELDS = message()
BODY = urlencode(FIELDS).encode()


def verdict(body, key=ALIPAY_KEY):
    """Return what a body is taken for; None if it is not believed."""
    form = parse_form(body)
    if form is None or not alipay_signing.verify_notification(form.fields, key.public_key(), form.charset):
        return None
    return alipay_trade.judge(alipay_trade.report_of_notification(form.fields), EXPECTED).verdict


def assert_refused_or_same(body):
    """A changed body is refused, or says exactly the same (%2b for %2B, another sign_type, an empty field)."""
    if verdict(body) is not None:
        fields = parse_form(body).fields
        said = {name: value for name, value in fields.items() if value != "" and name != "sign_type"}
        assert said == {name: value for name, value in FIELDS.items() if name != "sign_type"}


def test_the_untouched_message_pays():
    assert verdict(BODY) is Verdict.PAID


def test_every_single_changed_bit_of_the_body():
    for position in range(len(BODY)):
        for bit in range(8):
            body = bytearray(BODY)
            body[position] ^= 1 << bit
            assert_refused_or_same(bytes(body))


@settings(max_examples=2000)
@given(st.data())
def test_no_edit_of_the_body(data):
    start = data.draw(st.integers(0, len(BODY)))
    end = data.draw(st.integers(start, min(len(BODY), start + 30)))
    assert_refused_or_same(BODY[:start] + data.draw(st.binary(max_size=30)) + BODY[end:])


@settings(max_examples=1500)
@given(
    st.sampled_from(sorted(set(FIELDS) - {"sign_type"})), st.text(st.characters(exclude_categories=["Cs"]))
)
def test_no_other_value_of_any_field(name, value):
    if value != FIELDS[name]:
        assert verdict(urlencode({**FIELDS, name: value}).encode()) is None


@settings(max_examples=500)
@given(st.text("abcdefgh", min_size=1, max_size=8), st.text("xyz0", min_size=1, max_size=10))
def test_no_field_can_be_added_or_come_twice(name, value):
    assert verdict(BODY + urlencode({f"&{name}": value}).replace("%26", "&", 1).encode()) is None


def test_no_field_can_be_left_out():
    for name in set(FIELDS) - {"sign_type"}:
        left = {key: value for key, value in FIELDS.items() if key != name}
        assert verdict(urlencode(left).encode()) is None, name


def test_swapped_keys_and_strangers():
    assert verdict(urlencode(message(OTHER_KEY)).encode()) is None
    assert verdict(BODY, OTHER_KEY) is None


def test_other_merchants_valid_messages_are_foreign():
    """Alipay has a key for each application; if one key were ever shared, the fields still tell."""
    for change in (
        {"app_id": "2021000000000002"},
        {"seller_id": "2088000000000002"},
        {"out_trade_no": "AR1"},
    ):
        assert verdict(urlencode(message(**change)).encode()) is Verdict.FOREIGN


def test_genuine_messages_that_are_no_payment_of_ours():
    for change, expected in (
        ({"total_amount": "123.44"}, Verdict.MISMATCH),
        ({"trade_status": "WAIT_BUYER_PAY"}, Verdict.WAITING),
        ({"trade_status": "TRADE_CLOSED", "gmt_payment": ""}, Verdict.CLOSED),
        ({"refund_fee": "123.45"}, Verdict.REFUND),
    ):
        assert verdict(urlencode(message(**change)).encode()) is expected
