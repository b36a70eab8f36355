"""RSA2: canonical strings, signatures and the signed node, against messages of Alipay's own sandbox."""

import contextlib
import json
import string
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import alipay_signing as signing
from odoo.addons.ar_payment_gateways.core import rsa_keys

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "alipay_vectors.json").read_text())
OUR_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def alipay_key():
    pem = VECTORS["alipay_public_cert_pem"].encode()
    return x509.load_pem_x509_certificate(pem).public_key()


def answer(name="alipay_trade_precreate_response", node=None, signature=None):
    node = VECTORS["sync_response_json"] if node is None else node
    signature = VECTORS["sync_response_sign"] if signature is None else signature
    return f'{{"{name}":{node},"alipay_cert_sn":"x","sign":"{signature}"}}'.encode()


# --- published vectors ---------------------------------------------------------------------------


def test_request_string_of_the_sandbox():
    request = VECTORS["request"]
    assert signing.request_string(request["params"]) == request["sign_content"]


def test_request_signature_of_the_sandbox_bit_for_bit():
    request = VECTORS["request"]
    key = rsa_keys.load_private_key(request["app_private_key_pkcs1_b64"])
    signed = signing.sign_request(request["params"], key)
    assert signed["sign"] == request["sign"]


def test_answer_of_the_sandbox_verifies_over_its_raw_text():
    node = signing.signed_node(answer("x_response"), "x_response")
    assert node.content.decode() == VECTORS["sync_response_json"]
    assert signing.verify(node.content, node.signature, alipay_key())


@pytest.mark.parametrize("position", [1, 20, 100, -2])
def test_one_changed_byte_of_the_answer_is_noticed(position):
    text = list(VECTORS["sync_response_json"])
    text[position] = chr(ord(text[position]) ^ 1)
    assert not signing.verify("".join(text).encode(), VECTORS["sync_response_sign"], alipay_key())


def test_another_key_does_not_verify():
    content = VECTORS["sync_response_json"].encode()
    assert not signing.verify(content, VECTORS["sync_response_sign"], OTHER_KEY.public_key())


# --- canonical string ----------------------------------------------------------------------------

names = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12)
values = st.text(max_size=30)


@given(st.dictionaries(names, values, max_size=8))
def test_canonical_string_ignores_order_and_empty_values(params):
    shuffled = dict(reversed(params.items()))
    assert signing.request_string(params) == signing.request_string(shuffled)
    assert signing.request_string(params) == signing.request_string({**params, "zzz_empty": ""})


@given(st.dictionaries(names, values, max_size=8))
def test_what_we_sign_verifies_as_a_notification(params):
    params = {key: value for key, value in params.items() if key not in ("sign", "sign_type")}
    content = signing.notification_string(params).encode()
    message = {**params, "sign_type": "RSA2", "sign": signing.sign(content, OUR_KEY)}
    assert signing.verify_notification(message, OUR_KEY.public_key())
    assert not signing.verify_notification(message, OTHER_KEY.public_key())


@given(st.dictionaries(names, values, min_size=1, max_size=6), st.data())
def test_any_changed_value_is_noticed(params, data):
    params = {key: value for key, value in params.items() if key not in ("sign", "sign_type")} or {"a": "1"}
    signature = signing.sign(signing.notification_string(params).encode(), OUR_KEY)
    changed = dict(params)
    name = data.draw(st.sampled_from(sorted(params)))
    changed[name] = changed[name] + "0"
    assert not signing.verify_notification({**changed, "sign": signature}, OUR_KEY.public_key())


def test_sign_type_of_the_message_is_not_believed():
    params = {"a": "1", "sign_type": "RSA"}
    signature = signing.sign(b"a=1", OUR_KEY)
    assert signing.verify_notification({**params, "sign": signature}, OUR_KEY.public_key())
    sha1 = {**params, "sign_type": "RSA", "sign": "AAAA"}
    assert not signing.verify_notification(sha1, OUR_KEY.public_key())


@pytest.mark.parametrize("signature", ["", "!", "AAAA", "签名", "A" * 344, "=" * 10])
def test_nonsense_is_no_signature(signature):
    assert not signing.verify_notification({"a": "1", "sign": signature}, OUR_KEY.public_key())


def test_plus_sign_and_chinese_survive():
    params = {"subject": "yansongda+测试 - 1&x=y"}
    signature = signing.sign("subject=yansongda+测试 - 1&x=y".encode(), OUR_KEY)
    assert signing.verify_notification({**params, "sign": signature}, OUR_KEY.public_key())


def test_gbk_notification():
    params = {"subject": "货款"}
    signature = signing.sign("subject=货款".encode("gbk"), OUR_KEY)
    assert signing.verify_notification({**params, "sign": signature}, OUR_KEY.public_key(), "gbk")
    assert not signing.verify_notification({**params, "sign": signature}, OUR_KEY.public_key())


# --- the signed node -----------------------------------------------------------------------------


@given(st.dictionaries(names, st.text(max_size=20), max_size=5))
def test_node_is_cut_out_exactly(content):
    for escape in (True, False):
        node = json.dumps(content, ensure_ascii=escape)
        found = signing.signed_node(answer("n_response", node, "c2ln"), "n_response")
        assert found.content == node.encode()
        assert found.signature == "c2ln"


def test_braces_quotes_and_escapes_inside_strings():
    node = '{"sub_msg":"a \\" } , { : \\\\","x":[{"y":"]"}]}'
    assert signing.signed_node(answer("n_response", node), "n_response").content == node.encode()


def test_gbk_text_with_a_backslash_in_its_second_byte():
    node = '{"sub_msg":"誠\\""}'.encode("gbk")
    assert b"\\\\" in node
    body = b'{"n_response":' + node + b',"sign":"c2ln"}'
    assert signing.signed_node(body, "n_response").content == node


def test_escaped_slash_in_the_signature():
    assert signing.signed_node(b'{"a_response":{},"sign":"x\\/y"}', "a_response").signature == "x/y"


def test_error_response_is_found_without_signature():
    node = signing.signed_node(b'{"error_response":{"code":"40002"}}', "a_response")
    assert (node.name, node.signature) == ("error_response", "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html>",
        b"[]",
        b'{"a_response":{}',
        b'{"a_response":{},"a_response":{}}',
        b'{"a_response":{}}{"b":1}',
        b'{"a_response":"text"}',
        b'{"a_response":{"x":"}}',
        b'{"other":{}}',
        b'{,"a_response":{}}',
    ],
)
def test_malformed_answers(body):
    with pytest.raises(signing.MalformedAnswerError):
        signing.signed_node(body, "a_response")


@given(st.binary(max_size=60))
def test_garbage_never_breaks_the_parser(body):
    with contextlib.suppress(signing.MalformedAnswerError):
        signing.signed_node(body, "a_response")
