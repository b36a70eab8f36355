"""Keys and merchant data of the WeChat Pay simulator, made at start or kept as files in a folder."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from .alipay_keys import new_key, private_pem, public_pem

MCHID = "1900000109"
APPID = "wxd678efh567hg6787"
KEY_ID = "PUB_KEY_ID_0119000001092026112300000000"


def certificate(key, cn, issuer_cn="Tenpay.com Root CA"):
    """Return a certificate over `key` in PEM and its serial."""

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    start = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name(cn)).issuer_name(name(issuer_cn))
    builder = builder.public_key(key.public_key()).serial_number((1 << 158) + secrets.randbits(150))
    made = (
        builder.not_valid_before(start)
        .not_valid_after(start + timedelta(days=1825))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), f"{made.serial_number:X}"


@dataclass
class Merchant:
    """A merchant, his key, and WeChat's two keys: the public key with a name, and the platform certificate."""

    merchant_key: object = field(default_factory=new_key)
    platform_key: object = field(default_factory=new_key)
    certificate_key: object = field(default_factory=new_key)
    apiv3_key: str = "ar-suite-simulator-apiv3-key-032"
    appsecret: str = "0123456789abcdef0123456789abcdef"
    mchid: str = MCHID
    appid: str = APPID
    key_id: str = KEY_ID

    def __post_init__(self):
        self.merchant_certificate, self.merchant_serial = certificate(self.merchant_key, self.mchid)
        self.platform_certificate, self.platform_serial = certificate(self.certificate_key, "Tenpay.com sign")

    @property
    def platform_public_pem(self):
        return public_pem(self.platform_key)

    @property
    def merchant_private_pem(self):
        return private_pem(self.merchant_key)

    @classmethod
    def in_folder(cls, folder: Path):
        """Load the keys of `folder`, made there first if they are missing.

        wechat_merchant_private.pem and wechat_platform_public.pem are what the provider in Odoo is configured with;
        wechat_merchant.json holds mchid, appid, appsecret, merchant_serial, key_id and apiv3_key.
        """
        folder.mkdir(parents=True, exist_ok=True)
        keys = {}
        for who in ("merchant", "platform", "certificate"):
            path = folder / f"wechat_{who}_private.pem"
            if not path.exists():
                path.touch(mode=0o600)
                path.write_text(private_pem(new_key()))
            keys[f"{who}_key"] = serialization.load_pem_private_key(path.read_bytes(), password=None)
        merchant = cls(**keys)
        path = folder / "wechat_merchant.json"
        platform = folder / "wechat_platform_certificate.pem"
        if path.exists():  # serials stay what the provider was configured with
            data = json.loads(path.read_text())
            merchant.merchant_serial, merchant.platform_serial = (
                data["merchant_serial"],
                data["platform_serial"],
            )
            merchant.platform_certificate = platform.read_text()
        platform.write_text(merchant.platform_certificate)
        (folder / "wechat_platform_public.pem").write_text(merchant.platform_public_pem)
        names = ("mchid", "appid", "merchant_serial", "key_id", "apiv3_key", "appsecret", "platform_serial")
        path.write_text(json.dumps({name: getattr(merchant, name) for name in names}))
        return merchant
