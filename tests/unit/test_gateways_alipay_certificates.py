"""Alipay's certificate mode: published names, and which new certificate is believed."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from odoo.addons.ar_payment_gateways.core import alipay_certificates as certs
from odoo.addons.ar_payment_gateways.core import alipay_signing, rsa_keys
from odoo.addons.ar_payment_gateways.core.alipay_certificates import UntrustedCertificateError
from odoo.addons.ar_payment_gateways.core.rsa_keys import KeyFormatError

from tests.simulators import alipay_certificates as simulated
from tests.simulators.alipay_certificates import Certificates, issue, name_of, pem
from tests.simulators.alipay_keys import Merchant, new_key

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "gateway_vectors.json").read_text())[
    "alipay_sandbox"
]
NOW = datetime.now(UTC)
OURS = Certificates(Merchant.new())
APP_FILE, SIGNER_FILE, ROOT_FILE = OURS.files
STRANGER = new_key()


def test_published_names():
    assert certs.app_serial(VECTORS["app_public_cert_pem"]) == VECTORS["app_cert_sn"]
    bundle = VECTORS["root_cert_pem_bundle"]
    assert certs.root_serial(bundle) == VECTORS["alipay_root_cert_sn"]
    assert len(certs.certificates(bundle)) > 2  # those of SM2 and of elliptic curves do not count
    [(_name, key)] = certs.signer_keys(
        VECTORS["alipay_public_cert_pem"]
    ).items()  # the authority's is not one
    assert alipay_signing.verify(VECTORS["sync_response_json"].encode(), VECTORS["sync_response_sign"], key)


def test_published_request_signed_by_certificates():
    request = VECTORS["request"]
    params = {
        **request["params"],
        "app_cert_sn": certs.app_serial(VECTORS["app_public_cert_pem"]),
        "alipay_root_cert_sn": certs.root_serial(VECTORS["root_cert_pem_bundle"]),
    }
    key = rsa_keys.load_private_key(request["app_private_key_pkcs1_b64"])
    assert rsa_keys.is_pair(key, certs.app_key(VECTORS["app_public_cert_pem"]))
    assert alipay_signing.sign_request(params, key)["sign"] == request["sign"]


def test_names_are_those_that_the_simulator_puts_together_by_hand():
    assert certs.app_serial(APP_FILE) == OURS.app_name
    assert certs.root_serial(ROOT_FILE) == OURS.root_name
    assert list(certs.signers(SIGNER_FILE)) == [OURS.signer_name]
    assert certs.last_day(SIGNER_FILE) >= (NOW + timedelta(days=998)).date()


def test_who_signs_with_a_certificate_that_ended_is_not_believed():
    ends = datetime.combine(certs.last_day(SIGNER_FILE), datetime.min.time(), UTC)
    assert list(certs.signer_keys(SIGNER_FILE, ends)) == [OURS.signer_name]
    assert certs.signer_keys(SIGNER_FILE, ends + timedelta(days=3)) == {}


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate(text):
    for read in (certs.app_serial, certs.root_serial, certs.app_key, certs.signer_keys, certs.last_day):
        with pytest.raises(KeyFormatError):
            read(text)


def test_only_roots_of_rsa_make_a_root_file():
    with pytest.raises(KeyFormatError):
        certs.root_serial(pem(OURS.decoy))


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode("证书".encode()).decode()])
def test_what_is_no_download(text):
    with pytest.raises(KeyFormatError):
        certs.certificates(certs.decode(text))


def renew(certificate, *others, kept=SIGNER_FILE, roots=ROOT_FILE, name=None, now=NOW):
    name = name or name_of(certificate, simulated.AUTHORITY)
    return certs.renewed(kept, pem(certificate, *others), name, roots, now)


def test_a_new_certificate_stands_beside_the_old_one():
    key = new_key()
    fresh = OURS.issue(OURS.company, key)
    merged = renew(fresh, OURS.authority)
    keys = certs.signer_keys(merged)
    assert list(keys) == [OURS.signer_name, name_of(fresh, simulated.AUTHORITY)]
    assert rsa_keys.is_pair(key, list(keys.values())[1])
    assert certs.signer_keys(renew(OURS.issue(OURS.company, new_key()), kept=merged)).keys() > keys.keys()


def refusal(*args, **kwargs):
    with pytest.raises(UntrustedCertificateError) as raised:
        renew(*args, **kwargs)
    return str(raised.value)


def test_what_is_not_believed():
    good = OURS.issue(OURS.company, STRANGER)
    subject = ("CN", "simulator@example.com", "Alipay", OURS.company)
    forged = issue(subject, STRANGER, subject, STRANGER)  # signs itself
    assert refusal(forged, name=certs.serial(forged)) == "issuer"
    # A self-made authority of the right name, with everything that belongs to it.
    fake = issue(simulated.AUTHORITY, STRANGER, simulated.AUTHORITY, STRANGER, ca=True)
    below = issue(subject, STRANGER, simulated.AUTHORITY, STRANGER)
    assert refusal(below, fake) == "issuer"
    # The app's certificate of another merchant, which the same authority has issued.
    other = OURS.issue("2088000000000099-2021000000000099", STRANGER)
    assert refusal(other, OURS.authority) == "owner"
    # Signed by a merchant's app, as if that were an authority.
    app = OURS.issue("2088000000000099-2021000000000099", STRANGER)
    names = ("CN", "simulator@example.com", "Alipay", "2088000000000099-2021000000000099")
    by_app = issue(subject, STRANGER, names, STRANGER)
    assert refusal(by_app, app, name=certs.serial(by_app)) == "issuer"
    assert refusal(good, name="0" * 32) == "another one"
    assert refusal(OURS.issue(OURS.company, STRANGER, days=-1)) == "expired"
    assert refusal(good, now=NOW - timedelta(days=30)) == "expired"
    strange = Certificates(Merchant.new())
    assert refusal(good, roots=strange.files[2]) == "issuer"


def test_what_came_along_once_is_no_authority_later():
    """A certificate that was smuggled in beside a genuine one must not vouch for the next."""
    app = OURS.issue("2088000000000099-2021000000000099", STRANGER)
    merged = renew(OURS.issue(OURS.company, new_key()), OURS.authority, app)
    assert name_of(app, simulated.AUTHORITY) not in certs.signers(merged)
    names = ("CN", "simulator@example.com", "Alipay", "2088000000000099-2021000000000099")
    subject = ("CN", "simulator@example.com", "Alipay", OURS.company)
    by_app = issue(subject, STRANGER, names, STRANGER)
    assert refusal(by_app, app, name=certs.serial(by_app), kept=merged) == "issuer"
