"""Names of certificates in Alipay's certificate mode, against published ones."""

import json
from pathlib import Path

import pytest

from odoo.addons.ar_payment_gateways.core import alipay_certificates
from odoo.addons.ar_payment_gateways.core.rsa_keys import KeyFormatError

TEXT = (Path(__file__).parent.parent / "data" / "gateway_vectors.json").read_text()


def members(value):
    """All members of a nested object by name."""
    if not isinstance(value, dict):
        return {}
    found = dict(value)
    for each in value.values():
        found = {**members(each), **found}
    return found


VECTORS = members(json.loads(TEXT))


def test_published_names():
    assert alipay_certificates.app_serial(VECTORS["app_public_cert_pem"]) == VECTORS["app_cert_sn"]
    bundle = VECTORS["root_cert_pem_bundle"]
    assert alipay_certificates.root_serial(bundle) == VECTORS["alipay_root_cert_sn"]
    assert len(alipay_certificates.certificates(bundle)) > 2  # those of SM2 do not count
    assert alipay_certificates.certificate_key(VECTORS["alipay_public_cert_pem"]).key_size == 2048


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate(text):
    for read in (
        alipay_certificates.app_serial,
        alipay_certificates.root_serial,
        alipay_certificates.certificate_key,
    ):
        with pytest.raises(KeyFormatError):
            read(text)
