"""WeChat Pay APIv3: published vectors, signing, seals, contents of requests, verdicts."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import (
    rsa_keys,
    rsa_signing,
    wechat_keys,
    wechat_message,
    wechat_requests,
    wechat_signing,
)
from odoo.addons.ar_payment_gateways.core.wechat_signing import Refusal, RefusedMessageError

from . import wechat_messages as wire

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "gateway_vectors.json").read_text())
DOCS = VECTORS["wechat_docs"]


def refusal(call, *args):
    with pytest.raises(RefusedMessageError) as caught:
        call(*args)
    return caught.value.refusal


# --- published vectors ---------------------------------------------------------------------------


@pytest.mark.parametrize("vector", DOCS["requests"], ids=lambda vector: vector["name"])
def test_request_message_of_the_documentation(vector):
    message = wechat_signing.request_message(
        vector["method"],
        vector["url"],
        int(vector["timestamp"]),
        vector["nonce"],
        vector["body"].encode(),
    )
    assert message.decode() == vector["message"]
    # PKCS#1 v1.5 is deterministic: the published signature fits exactly this message.
    key = rsa_keys.load_public_key(DOCS["merchant_public_key_pem"])
    assert rsa_signing.verify(message, vector["signature"], key)


def docs_answer(**changes):
    answer = {**DOCS["response"], **changes}
    key_id = "PUB_KEY_ID_0000000000000024101100397200000006"
    ring = wechat_keys.key_ring([wechat_keys.public_key(key_id, answer["platform_public_key_pem"])])
    headers = {
        "wechatpay-timestamp": answer["timestamp"],
        "wechatpay-nonce": answer["nonce"],
        "wechatpay-serial": key_id,
        "wechatpay-signature": answer["signature"],
    }
    now = datetime.fromtimestamp(int(DOCS["response"]["timestamp"]), UTC)
    return headers, answer["body"].encode(), ring, now


def test_answer_of_the_documentation():
    answer = wechat_message.read_answer(*docs_answer())
    assert answer == {"code_url": "weixin://wxpay/bizpayurl?pr=JyC91EIz1"}
    changed = docs_answer(body=DOCS["response"]["body"] + " ")
    assert refusal(wechat_message.read_answer, *changed) is Refusal.BAD_SIGNATURE


def test_seal_of_wechatpay_go():
    vector = VECTORS["wechatpay_go_aes"]
    names = ("nonce", "associated_data", "ciphertext")
    plain = wechat_message.unseal(vector["key"].encode(), *(vector[name] for name in names))
    assert plain.decode() == vector["plaintext"]


def test_notification_of_wechatpay_go():
    vector = VECTORS["wechatpay_go_notify"]
    key = wechat_keys.platform_certificate(vector["certificate_pem"])
    assert key.serial == vector["headers"]["Wechatpay-Serial"]
    now = datetime.fromtimestamp(int(vector["headers"]["Wechatpay-Timestamp"]), UTC)
    body = vector["body"].encode()
    wechat_signing.check_message(vector["headers"], body, {key.serial: key}, now)
    resource = wechat_message.read_object(body)["resource"]
    names = ("nonce", "associated_data", "ciphertext")
    plain = wechat_message.unseal(vector["apiv3_key"].encode(), *(resource[name] for name in names))
    assert plain.decode() == vector["plaintext"]
    # Its key of 16 bytes shows the algorithm; in earnest it is refused.
    with pytest.raises(wechat_keys.ApiV3KeyError):
        wechat_message.open_resource(resource, vector["apiv3_key"].encode())


def test_certificate_of_wechatpay_java():
    vector = VECTORS["wechatpay_java_certificates"]
    sealed = {name: vector[name] for name in ("nonce", "associated_data", "ciphertext")}
    answer = {"data": [{"encrypt_certificate": {**sealed, "algorithm": "AEAD_AES_256_GCM"}}]}
    key = wechat_keys.load_apiv3_key(vector["apiv3_key"])
    (certificate,) = wechat_message.read_certificates(answer, key)
    assert certificate.serial == vector["plaintext_serial"]
    plain = wechat_message.open_resource({**sealed, "algorithm": "AEAD_AES_256_GCM"}, key)
    assert hashlib.sha256(plain).hexdigest() == vector["plaintext_sha256"]


def test_associated_data_may_be_anything():
    for associated_data in ("", "退款", "transaction"):
        resource = wire.seal(b"{}", associated_data=associated_data)
        assert wechat_message.open_resource(resource, wire.APIV3_KEY) == b"{}"


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "x" * 31, "x" * 33, "x" * 16, "密" * 32])
def test_apiv3_key_has_32_bytes(text):
    with pytest.raises(wechat_keys.ApiV3KeyError):
        wechat_keys.load_apiv3_key(text)


def test_what_is_no_key_of_the_platform():
    for key_id in (
        "",
        "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        "PUB_KEY_ID_",
        "PUB_KEY_ID_01142321349/../",
    ):
        with pytest.raises(rsa_keys.KeyFormatError):
            wechat_keys.public_key(key_id, wire.public_pem(wire.PLATFORM_KEY))
    with pytest.raises(rsa_keys.KeyFormatError):
        wechat_keys.platform_certificate(wire.public_pem(wire.PLATFORM_KEY))
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(rsa_keys.WeakKeyError):
        wechat_keys.platform_certificate(wire.certificate_pem(weak))


def test_serial_is_upper_case_hexadecimal():
    serial = wechat_keys.certificate_serial(wire.certificate_pem())
    assert serial == "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    assert int(serial, 16) == x509.load_pem_x509_certificate(wire.certificate_pem().encode()).serial_number


def test_both_kinds_of_keys_side_by_side_and_rotation():
    body = wire.envelope(wire.seal(wire.transaction()))
    by_certificate = wire.headers(body, wire.CERTIFICATE_KEY, wire.CERTIFICATE.serial)
    for headers in (wire.headers(body), by_certificate):
        wechat_message.read_notification(headers, body, wire.RING, wire.APIV3_KEY, wire.NOW)
    # Named as the one, signed with the other.
    crossed = wire.headers(body, wire.CERTIFICATE_KEY, wire.KEY_ID)
    assert refusal(wechat_signing.check_message, crossed, body, wire.RING, wire.NOW) is Refusal.BAD_SIGNATURE
    ring = wechat_keys.key_ring([wire.CERTIFICATE])
    assert (
        refusal(wechat_signing.check_message, wire.headers(body), body, ring, wire.NOW) is Refusal.UNKNOWN_KEY
    )
    later = wire.NOW + timedelta(days=1826)
    late = wire.headers(body, wire.CERTIFICATE_KEY, wire.CERTIFICATE.serial, later)
    assert refusal(wechat_signing.check_message, late, body, wire.RING, later) is Refusal.EXPIRED_KEY


# --- requests ------------------------------------------------------------------------------------


def test_authorization_header():
    value = wechat_signing.authorization(
        mchid="1900007291",
        certificate_serial="408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB",
        key=wire.OTHER_KEY,
        method="GET",
        target="/v3/certificates",
        timestamp=1554208460,
        nonce="593BEC0C930BF1AFEB40B4A08C8FB242",
    )
    scheme, fields = value.split(" ")
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    parts = dict(field.split("=", 1) for field in fields.split(","))
    assert list(parts) == ["mchid", "nonce_str", "signature", "timestamp", "serial_no"]
    message = b"GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n"
    assert rsa_signing.verify(message, parts["signature"].strip('"'), wire.OTHER_KEY.public_key())


def test_jsapi_parameters():
    parameters = wechat_signing.jsapi_parameters(
        appid="wx8888888888888888",
        prepay_id="wx201410272009395522657a690389285100",
        timestamp=1414561699,
        nonce="5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
        key=wire.OTHER_KEY,
    )
    message = (
        b"wx8888888888888888\n1414561699\n5K8264ILTKCH16CQ2502SI8ZNMTM67VS\n"
        b"prepay_id=wx201410272009395522657a690389285100\n"
    )
    assert parameters["package"] == "prepay_id=wx201410272009395522657a690389285100"
    assert (parameters["signType"], parameters["timeStamp"]) == ("RSA", "1414561699")
    assert rsa_signing.verify(message, parameters["paySign"], wire.OTHER_KEY.public_key())


ORDER = {
    "mchid": "1230000109",
    "appid": "wxd678efh567hg6787",
    "order_number": wire.NUMBER,
    "amount_minor": 12345,
    "description": "深圳某某公司\nINV/2026/00001",
    "notify_url": "https://erp.example.com/payment/wechatpay/notify/3",
    "expires_at": datetime(2026, 11, 23, 8, 30, 0, 123, tzinfo=UTC),
}


def test_contents_of_orders():
    order = wechat_requests.order_content(**ORDER)
    assert order["amount"] == {"total": 12345, "currency": "CNY"}
    assert order["time_expire"] == "2026-11-23T16:30:00+08:00"
    assert order["description"] == "深圳某某公司 INV/2026/00001"
    assert wechat_requests.encode(order) == wechat_requests.encode(wechat_requests.order_content(**ORDER))
    assert wechat_requests.jsapi_content(order, "oUpF8")["payer"] == {"openid": "oUpF8"}
    scene = wechat_requests.h5_content(order, "203.0.113.7")["scene_info"]
    assert scene == {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    link = wechat_requests.h5_link("https://wx.tenpay.com/x?prepay_id=1", "https://erp.example.com/pay/a?b=c")
    assert link.endswith("&redirect_url=https%3A%2F%2Ferp.example.com%2Fpay%2Fa%3Fb%3Dc")


@given(st.text(max_size=200), st.integers(1, 127))
def test_descriptions_are_cut_in_bytes_but_not_inside_a_character(text, limit):
    cut = wechat_requests.clean_text(text, limit)
    assert len(cut.encode()) <= limit
    assert "\n" not in cut
    assert cut == cut.strip()


def test_targets():
    assert wechat_requests.query_target("123", "A1") == "/v3/pay/transactions/out-trade-no/A1?mchid=123"
    # Signed as it is sent: requests turns '|' into %7C.
    assert wechat_requests.close_target("A|1") == "/v3/pay/transactions/out-trade-no/A%7C1/close"
    assert wechat_requests.refund_query_target("R1") == "/v3/refund/domestic/refunds/R1"
    day = date(2026, 11, 22)
    assert wechat_requests.trade_bill_target(day) == "/v3/bill/tradebill?bill_date=2026-11-22&bill_type=ALL"
    assert wechat_requests.fund_bill_target(day).endswith("bill_date=2026-11-22&account_type=BASIC")


def test_refund_content():
    content = wechat_requests.refund_content(
        order_number="A1",
        refund_number="R1",
        amount_minor=5,
        total_minor=9,
        reason=" ",
        notify_url="https://x/",
    )
    assert content["amount"] == {"refund": 5, "total": 9, "currency": "CNY"}
    assert "reason" not in content
