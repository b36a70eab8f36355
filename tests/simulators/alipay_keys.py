"""Keys and merchant data of the Alipay simulator, made at start or kept as PEM files in a folder."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

APP_ID = "2021000000000001"
SELLER_ID = "2088000000000001"


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def sign(content: bytes, key) -> str:
    return base64.b64encode(key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


def verifies(content: bytes, signature: str, key) -> bool:
    try:
        key.public_key().verify(base64.b64decode(signature), content, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass
class Merchant:
    """One application and its account, with both key pairs: the merchant's and Alipay's."""

    merchant_key: object
    alipay_key: object
    app_id: str = APP_ID
    seller_id: str = SELLER_ID

    @classmethod
    def new(cls):
        return cls(merchant_key=new_key(), alipay_key=new_key())

    @classmethod
    def in_folder(cls, folder: Path):
        """Load the keys of `folder`, made there first if they are missing.

        merchant_private.pem and alipay_public.pem are what the provider in Odoo is configured with;
        merchant.json holds app_id and seller_id.
        """
        folder.mkdir(parents=True, exist_ok=True)
        keys = {}
        for who in ("merchant", "alipay"):
            path = folder / f"{who}_private.pem"
            if not path.exists():
                key = new_key()
                path.touch(mode=0o600)
                path.write_text(private_pem(key))
            keys[who] = serialization.load_pem_private_key(path.read_bytes(), password=None)
            (folder / f"{who}_public.pem").write_text(public_pem(keys[who]))
        merchant = cls(merchant_key=keys["merchant"], alipay_key=keys["alipay"])
        data = {"app_id": merchant.app_id, "seller_id": merchant.seller_id}
        (folder / "merchant.json").write_text(json.dumps(data))
        return merchant
