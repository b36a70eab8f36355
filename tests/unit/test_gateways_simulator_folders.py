"""What the demo's simulators leave in a folder is what our cores can load, and stays the same after a restart."""

import json

import pytest

from odoo.addons.ar_payment_gateways.core import (
    rsa_keys,
    unionpay_certificates,
    unionpay_merchant,
    wechat_keys,
)

from ..simulators import unionpay_keys
from ..simulators import wechat_keys as simulator_keys


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state"


def test_wechat(folder):
    made = simulator_keys.Merchant.in_folder(folder)
    again = simulator_keys.Merchant.in_folder(folder)
    data = json.loads((folder / "wechat_merchant.json").read_text())
    assert data["merchant_serial"] == made.merchant_serial == again.merchant_serial
    assert len(wechat_keys.load_apiv3_key(data["apiv3_key"])) == 32
    key = rsa_keys.load_private_key((folder / "wechat_merchant_private.pem").read_text())
    assert rsa_keys.is_pair(key, again.merchant_key.public_key())
    public = wechat_keys.public_key(data["key_id"], (folder / "wechat_platform_public.pem").read_text())
    assert rsa_keys.is_pair(made.platform_key, public.key)
    certificate = wechat_keys.platform_certificate((folder / "wechat_platform_certificate.pem").read_text())
    assert certificate.serial == data["platform_serial"] == again.platform_serial
    assert rsa_keys.is_pair(again.certificate_key, certificate.key)


def test_unionpay(folder):
    made = unionpay_keys.Merchant.in_folder(folder)
    again = unionpay_keys.Merchant.in_folder(folder)
    assert made.signer == again.signer
    data = json.loads((folder / "unionpay_merchant.json").read_text())
    pfx = (folder / "unionpay_merchant.pfx").read_bytes()
    unpacked = unionpay_merchant.unpack_pfx(pfx, data["password"])
    identity = unionpay_merchant.identity(unpacked.private_key, unpacked.certificate)
    assert identity.cert_id == str(again.merchant_certificate.serial_number)
    unionpay_certificates.load_trust(
        (folder / "unionpay_root.pem").read_text(), (folder / "unionpay_middle.pem").read_text()
    )
