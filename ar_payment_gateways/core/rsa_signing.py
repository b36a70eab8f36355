"""SHA256withRSA (PKCS#1 v1.5) in base64: the one signature that Alipay (RSA2), WeChat Pay and UnionPay (01) share.

The algorithm is pinned here. What a message says about its own algorithm is never asked.
"""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


def sign(content: bytes, key: RSAPrivateKey) -> str:
    """Return the signature of `content` in base64."""
    return base64.b64encode(key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(content: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Tell whether `signature` (base64) is the signature of `content`; never raises on bad input."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, content, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    # Base64 has bits to spare at its end; only the one canonical spelling is accepted.
    return base64.b64encode(raw).decode() == signature
