"""Certificates of the UnionPay simulator: root, middle, UnionPay's own signer, and the merchant's .pfx."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from .alipay_keys import new_key

MER_ID = "777290058167151"
PASSWORD = "000000"
SIGNER_CN = "041@8310000000083040@中国银联股份有限公司@00016495"
MERCHANT_CN = "041@Z2014-11-11@700000000000001:SIGN@00000003"


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issue(cn, key, issuer_cn, issuer_key, ca=False, serial=None):
    """Return a certificate of three years."""
    start = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(_name(cn)).issuer_name(_name(issuer_cn))
    builder = builder.public_key(key.public_key()).serial_number(serial or x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=1095))
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class Merchant:
    """A merchant and the authorities above him and UnionPay."""

    merchant_key: object
    signer_key: object
    root: object
    middle: object
    signer: object
    merchant_certificate: object
    mer_id: str = MER_ID
    password: str = PASSWORD
    middle_key: object = None  # of the authority; only where it was made just now

    @classmethod
    def new(cls):
        root_key, middle_key, signer_key, merchant_key = (new_key() for _ in range(4))
        return cls(
            merchant_key=merchant_key,
            signer_key=signer_key,
            middle_key=middle_key,
            root=issue("Simulator Root CA", root_key, "Simulator Root CA", root_key, ca=True),
            middle=issue("Simulator OCA1", middle_key, "Simulator Root CA", root_key, ca=True),
            signer=issue(SIGNER_CN, signer_key, "Simulator OCA1", middle_key),
            merchant_certificate=issue(
                MERCHANT_CN, merchant_key, "Simulator OCA1", middle_key, serial=69903319369
            ),
        )

    @property
    def pfx(self):
        encryption = serialization.BestAvailableEncryption(self.password.encode())
        return pkcs12.serialize_key_and_certificates(
            b"sign", self.merchant_key, self.merchant_certificate, None, encryption
        )

    @classmethod
    def in_folder(cls, folder: Path):
        """Load what is in `folder`, made there first if it is missing.

        unionpay_merchant.pfx (password in unionpay_merchant.json, with mer_id), unionpay_root.pem and
        unionpay_middle.pem are what the provider in Odoo is configured with.
        """
        folder.mkdir(parents=True, exist_ok=True)
        secret = folder / "unionpay_signer_private.pem"
        if not secret.exists():
            made = cls.new()
            plain = serialization.NoEncryption()
            secret.touch(mode=0o600)
            secret.write_bytes(
                made.signer_key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
                )
            )
            (folder / "unionpay_merchant.pfx").write_bytes(made.pfx)
            for name in ("root", "middle", "signer"):
                (folder / f"unionpay_{name}.pem").write_text(pem(getattr(made, name)))
            data = {"mer_id": made.mer_id, "password": made.password}
            (folder / "unionpay_merchant.json").write_text(json.dumps(data))
        pfx = (folder / "unionpay_merchant.pfx").read_bytes()
        key, certificate, _others = pkcs12.load_key_and_certificates(pfx, PASSWORD.encode())
        certificates = {
            name: x509.load_pem_x509_certificate((folder / f"unionpay_{name}.pem").read_bytes())
            for name in ("root", "middle", "signer")
        }
        signer_key = serialization.load_pem_private_key(secret.read_bytes(), password=None)
        return cls(key, signer_key, merchant_certificate=certificate, **certificates)
