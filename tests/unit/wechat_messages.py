"""Messages as WeChat Pay would send them, signed and sealed with keys made for the tests."""

import base64
import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from odoo.addons.ar_payment_gateways.core import rsa_signing, wechat_keys
from odoo.addons.ar_payment_gateways.core.trade import Expected

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
APIV3_KEY = b"0123456789abcdef0123456789ABCDEF"
KEY_ID = "PUB_KEY_ID_0114232134912410000000000000"
PLATFORM_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CERTIFICATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NUMBER = "AR20261123080000ABCDEFGHJK"
EXPECTED = Expected(NUMBER, 12345, "wxd678efh567hg6787", "1230000109")


def public_pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def certificate_pem(key=CERTIFICATE_KEY, start=NOW - timedelta(days=30), days=1825):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1)
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=days))
    certificate = builder.sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


PUBLIC_KEY = wechat_keys.public_key(KEY_ID, public_pem(PLATFORM_KEY))
CERTIFICATE = wechat_keys.platform_certificate(certificate_pem())
RING = wechat_keys.key_ring([PUBLIC_KEY, CERTIFICATE])


def transaction(**changes):
    content = {
        "mchid": "1230000109",
        "appid": "wxd678efh567hg6787",
        "out_trade_no": NUMBER,
        "transaction_id": "4200000925202611234997714292",
        "trade_type": "NATIVE",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": "2026-11-23T15:59:58+08:00",
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "amount": {"total": 12345, "payer_total": 12000, "currency": "CNY", "payer_currency": "CNY"},
    }
    return {**content, **changes}


def seal(content, key=APIV3_KEY, associated_data="transaction", nonce="EcZ9Cmy4Xyx1"):
    plain = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    sealed = AESGCM(key).encrypt(nonce.encode(), plain, associated_data.encode())
    return {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": associated_data,
        "nonce": nonce,
    }


def envelope(resource, event_type="TRANSACTION.SUCCESS"):
    return json.dumps(
        {
            "id": "EV-2018022511223320873",
            "create_time": "2026-11-23T16:00:00+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "支付成功",
            "resource": resource,
        },
        ensure_ascii=False,
    ).encode()


def headers(body, key=PLATFORM_KEY, serial=KEY_ID, at=NOW, nonce="5K8264ILTKCH16CQ2502SI8ZNMTM67VS"):
    timestamp = str(int(at.timestamp()))
    signature = rsa_signing.sign(f"{timestamp}\n{nonce}\n".encode() + body + b"\n", key)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": signature,
    }
