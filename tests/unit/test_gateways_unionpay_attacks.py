"""Forged, changed and strangers' messages of UnionPay: none of them is ever believed."""

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import (
    unionpay_certificates,
    unionpay_form,
    unionpay_gateway,
    unionpay_signing,
)
from odoo.addons.ar_payment_gateways.core.unionpay_certificates import UntrustedCertificateError
from odoo.addons.ar_payment_gateways.core.unionpay_signing import RefusedMessageError

from . import unionpay_messages as wire

pytestmark = pytest.mark.no_cover  # thousands of messages: being traced they take half as long again

FIELDS = wire.notification()
BODY = unionpay_form.encode(FIELDS)


def accepts(fields, trust=wire.TRUST, now=wire.NOW):
    try:
        unionpay_signing.check_message(fields, trust, now)
    except RefusedMessageError:
        return False
    return True


def refusal(fields, trust=wire.TRUST, now=wire.NOW):
    with pytest.raises(RefusedMessageError) as caught:
        unionpay_signing.check_message(fields, trust, now)
    return str(caught.value)


def assert_refused_or_same(body):
    """A changed body is refused, or says exactly the same (%2b for %2B)."""
    fields = unionpay_form.parse_notification(body)
    if fields is not None and accepts(fields):
        signed = {name: value for name, value in fields.items() if value != ""}
        assert signed == FIELDS


def test_the_untouched_message_is_believed():
    assert accepts(unionpay_form.parse_notification(BODY))


def test_every_single_changed_byte_of_the_body():
    for position in range(len(BODY)):
        for bit in (0, 3, 5):
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
@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=40))
def test_no_other_value_of_any_field(name, value):
    if value != FIELDS[name]:
        assert not accepts({**FIELDS, name: value})


@settings(max_examples=500)
@given(st.text("abcdefgh", min_size=1, max_size=8), st.text(min_size=1, max_size=10))
def test_no_field_can_be_added(name, value):
    assert not accepts({**FIELDS, name: value})


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_no_field_can_be_left_out(name):
    assert not accepts({key: value for key, value in FIELDS.items() if key != name})


@settings(max_examples=500)
@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=8))
def test_garbage(fields):
    assert not accepts(fields)


def test_a_strangers_self_signed_certificate_with_unionpays_name():
    """What several libraries accept: anybody's certificate, and a signature that fits it."""
    forged = wire.certificate(wire.CN, wire.OTHER_KEY)
    assert refusal(wire.notification(wire.OTHER_KEY, forged)) == "certificate: issuer"
    forged = wire.certificate(wire.CN, wire.OTHER_KEY, "Test OCA1", wire.OTHER_KEY)
    assert refusal(wire.notification(wire.OTHER_KEY, forged)) == "certificate: issuer"


def test_a_merchants_certificate_of_the_same_authority():
    """Every merchant has a certificate of this very chain, and its key."""
    merchant = wire.certificate(
        "041@Z2014-11-11@700000000000001:SIGN@00000003", wire.OTHER_KEY, "Test OCA1", wire.MIDDLE_KEY
    )
    assert refusal(wire.notification(wire.OTHER_KEY, merchant)) == "certificate: owner"


@pytest.mark.parametrize(
    "cn",
    ["中国银联股份有限公司", "041@中国银联股份有限公司", "@@x中国银联股份有限公司", "041@x@ 中国银联股份有限公司@1",
     "041@x@00040000:SIGN@1", "x"],
)  # fmt: skip
def test_names_that_only_look_like_unionpays(cn):
    signer = wire.certificate(cn, wire.OTHER_KEY, "Test OCA1", wire.MIDDLE_KEY)
    assert refusal(wire.notification(wire.OTHER_KEY, signer)) == "certificate: owner"


def test_the_test_gateways_name_counts_only_where_it_is_allowed():
    signer = wire.certificate("041@x@00040000:SIGN@1", wire.OTHER_KEY, "Test OCA1", wire.MIDDLE_KEY)
    owners = frozenset({unionpay_certificates.OWNER, unionpay_certificates.TEST_OWNER})
    trust = unionpay_certificates.load_trust(wire.pem(wire.ROOT), wire.pem(wire.MIDDLE), owners)
    assert accepts(wire.notification(wire.OTHER_KEY, signer), trust)


def test_a_certificate_issued_by_a_merchants_certificate():
    """A leaf is no authority: else every merchant could make a UnionPay of his own."""
    leaf = wire.certificate(wire.CN, wire.OTHER_KEY, wire.CN, wire.SIGNER_KEY)
    assert refusal(wire.notification(wire.OTHER_KEY, leaf)) == "certificate: issuer"
    not_ca = wire.certificate("Test OCA1", wire.MIDDLE_KEY, "Test Root", wire.ROOT_KEY)
    trust = unionpay_certificates.Trust(wire.ROOT, not_ca)
    with pytest.raises(UntrustedCertificateError, match="authority"):
        unionpay_certificates.signer_key(wire.pem(wire.SIGNER), trust, wire.NOW)


def test_a_broken_certificate_breaks_nothing():
    """Each byte of its DER changed: refused with a reason, whatever part no longer parses."""
    der = wire.SIGNER.public_bytes(serialization.Encoding.DER)
    for position in range(len(der)):
        for value in (0x00, 0x7F, der[position] ^ 0x40):
            broken = der[:position] + bytes([value]) + der[position + 1 :]
            if broken != der:
                text = base64.encodebytes(broken).decode()
                pem = f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----"
                with pytest.raises(UntrustedCertificateError):
                    unionpay_certificates.signer_key(pem, wire.TRUST, wire.NOW)


def test_the_authorities_themselves_sign_no_messages():
    middle = wire.certificate(wire.CN, wire.MIDDLE_KEY, "Test OCA1", wire.MIDDLE_KEY, ca=True)
    assert refusal(wire.notification(wire.MIDDLE_KEY, middle)) == "certificate: authority"


def test_out_of_time():
    for days in (-31, 336):
        assert refusal(FIELDS, now=wire.NOW + timedelta(days=days)) == "certificate: expired"
    old = wire.certificate("Test OCA1", wire.MIDDLE_KEY, "Test Root", wire.ROOT_KEY, ca=True, days=10)
    trust = unionpay_certificates.Trust(wire.ROOT, old)
    assert refusal(FIELDS, trust) == "certificate: expired"


def test_weak_hashes_and_keys():
    weak_hash = wire.certificate(
        wire.CN, wire.OTHER_KEY, "Test OCA1", wire.MIDDLE_KEY, digest=hashes.SHA224()
    )
    assert refusal(wire.notification(wire.OTHER_KEY, weak_hash)) == "certificate: hash"
    small = wire.new_key(1024)
    weak_key = wire.certificate(wire.CN, small, "Test OCA1", wire.MIDDLE_KEY)
    assert refusal(wire.notification(small, weak_key)) == "certificate: key"


def test_good_certificate_but_another_key():
    assert refusal(wire.notification(wire.OTHER_KEY)) == "signature"


def test_other_roots_are_noticed_when_they_are_configured():
    stranger = wire.certificate("Test Root", wire.OTHER_KEY, ca=True)
    with pytest.raises(UntrustedCertificateError, match="issuer"):
        unionpay_certificates.load_trust(wire.pem(stranger), wire.pem(wire.MIDDLE))


@pytest.mark.parametrize(
    ("name", "value"),
    [("version", "5.0.0"), ("version", "6.0.0"), ("signMethod", "11"), ("signMethod", "12")],
)
def test_other_promises_than_ours(name, value):
    assert refusal(wire.notification(**{name: value})) == "version"


# --- genuine messages of another kind, or about another order --------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        # To a question about an order that is not paid: 00 says that the question was in order.
        {"origRespCode": "05", "origRespMsg": "x"},
        {"origRespCode": "01"},
        # To asking for a code.
        {"qrCode": "https://qr.95516.com/00010000/1", "queryId": "", "traceTime": ""},
        # To a refund: accepted, not yet paid out.
        {"txnType": "04", "orderId": "RF20261123000001", "traceTime": ""},
        {"traceTime": ""},
    ],
)
def test_an_answer_sent_as_a_notification_is_none(changes):
    fields = wire.notification(**changes)
    assert accepts({name: value for name, value in fields.items() if value})  # UnionPay has signed it
    with pytest.raises(RefusedMessageError, match="answer"):
        unionpay_gateway.notification(unionpay_form.encode(fields), wire.TRUST, wire.NOW)


def answer(**changes):
    fields = wire.notification(**{"origRespCode": "00", **changes})
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode()


@pytest.mark.parametrize(
    "changes",
    [{"orderId": "AR20261123160000ZZZZZZZZZZ"}, {"txnTime": "20261122160000"}, {"merId": "777290058167152"}],
)
def test_a_genuine_answer_about_another_order_is_none(changes):
    asked = {name: FIELDS[name] for name in ("merId", "orderId", "txnTime")}
    assert unionpay_gateway.read_reply(answer(), wire.TRUST, wire.NOW, asked)["origRespCode"] == "00"
    with pytest.raises(RefusedMessageError, match="another order"):
        unionpay_gateway.read_reply(answer(**changes), wire.TRUST, wire.NOW, asked)
