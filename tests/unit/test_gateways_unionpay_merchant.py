"""The merchant's .pfx and certificate, and which payments can be cancelled."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from odoo.addons.ar_payment_gateways.core import rsa_keys, unionpay_certificates, unionpay_merchant
from odoo.addons.ar_payment_gateways.core.trade import CHINA

from . import unionpay_messages as messages


def pfx(password=b"123456", key=messages.SIGNER_KEY, certificate=messages.SIGNER):
    encryption = serialization.BestAvailableEncryption(password)
    return pkcs12.serialize_key_and_certificates(b"sign", key, certificate, None, encryption)


def test_a_pfx_becomes_pem():
    found = unionpay_merchant.unpack_pfx(pfx(), "123456")
    ours = unionpay_merchant.identity(found.private_key, found.certificate)
    assert ours.cert_id == "69903319369"


@pytest.mark.parametrize(
    ("content", "password"), [(pfx(), "x"), (pfx(), ""), (b"", ""), (b"\x30\x82", "123456")]
)
def test_files_that_cannot_be_opened(content, password):
    with pytest.raises(rsa_keys.KeyFormatError):
        unionpay_merchant.unpack_pfx(content, password)


def test_key_and_certificate_that_do_not_belong_together():
    key = messages.OTHER_KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with pytest.raises(unionpay_merchant.PairError):
        unionpay_merchant.identity(key, messages.pem(messages.SIGNER))


def test_what_trust_may_consist_of():
    unionpay_certificates.check_trust(messages.TRUST, messages.NOW)
    for root, middle in ((messages.ROOT, messages.SIGNER), (messages.MIDDLE, messages.SIGNER)):
        trust = unionpay_certificates.Trust(root, middle)
        with pytest.raises(unionpay_certificates.UntrustedCertificateError):
            unionpay_certificates.check_trust(trust, messages.NOW)
    with pytest.raises(unionpay_certificates.UntrustedCertificateError):
        unionpay_certificates.check_trust(messages.TRUST, messages.NOW + timedelta(days=9999))


@pytest.mark.parametrize(
    ("paid", "now", "expected"),
    [
        ("10:00", "10:05", True),
        ("00:01", "22:40", True),
        ("10:00", "22:55", False),  # would arrive after the cut-off
        ("22:59", "23:05", False),
        ("23:01", "23:20", True),
        ("23:01", "23:55", False),
        ("10:05", "10:04", True),  # clocks differ by minutes
        ("10:30", "10:04", False),
    ],
)
def test_only_the_same_settlement_day_is_cancelled(paid, now, expected):
    day = datetime(2026, 11, 23, tzinfo=CHINA)

    def moment(text):
        hours, minutes = map(int, text.split(":"))
        return day + timedelta(hours=hours, minutes=minutes)

    assert unionpay_merchant.may_cancel(moment(paid), moment(now)) is expected
    assert not unionpay_merchant.may_cancel(moment(paid) - timedelta(days=1), moment(now))
