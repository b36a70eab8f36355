"""RSA keys as people paste them: PEM (PKCS#1, PKCS#8, SubjectPublicKeyInfo) or the bare base64 of any of them.

Alipay's key tool hands out bare base64 in one line, its older versions PKCS#1, newer ones and Java PKCS#8.
"""

import base64
import binascii
import hashlib
import textwrap
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

MIN_KEY_BITS = 2048
"""RSA2 is defined with 2048 bits or more (Alipay open platform, "sign_type")."""


class KeyFormatError(ValueError):
    """What was given is not an RSA key of the wanted kind."""


class WeakKeyError(ValueError):
    """The key is an RSA key, but shorter than MIN_KEY_BITS."""


@lru_cache(maxsize=32)
def load_private_key(text: str) -> RSAPrivateKey:
    """Return the private key written in `text`; remembered, as checking one takes 50 ms and each request needs it.

    :raise KeyFormatError: not an RSA private key (a public key, another algorithm, encrypted, garbage).
    :raise WeakKeyError: shorter than MIN_KEY_BITS.
    """
    for pem in _candidates(text, "RSA PRIVATE KEY", "PRIVATE KEY"):
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            continue
        if isinstance(key, RSAPrivateKey):
            _check_size(key.key_size)
            return key
    raise KeyFormatError("not an RSA private key")


def load_public_key(text: str) -> RSAPublicKey:
    """Return the public key written in `text`.

    :raise KeyFormatError: not an RSA public key; a private key is refused too, so that nobody pastes his own
        private key where the gateway's public key belongs.
    :raise WeakKeyError: shorter than MIN_KEY_BITS.
    """
    for pem in _candidates(text, "PUBLIC KEY", "RSA PUBLIC KEY"):
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, TypeError):
            continue
        if isinstance(key, RSAPublicKey):
            _check_size(key.key_size)
            return key
    raise KeyFormatError("not an RSA public key")


def is_pair(private_key: RSAPrivateKey, public_key: RSAPublicKey) -> bool:
    """Tell whether the two belong together.

    Configured as "ours" and "the gateway's" they must not: then anyone who has our key could forge the gateway.
    """
    return private_key.public_key().public_numbers() == public_key.public_numbers()


def fingerprint(public_key: RSAPublicKey) -> str:
    """Return the first 16 hex digits of the SHA-256 of the key's DER form, in groups of four: to compare by eye."""
    der = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return " ".join(textwrap.wrap(hashlib.sha256(der).hexdigest()[:16], 4))


def _check_size(bits: int) -> None:
    if bits < MIN_KEY_BITS:
        raise WeakKeyError(f"{bits} bits")


def _candidates(text: str, *labels: str) -> list[bytes]:
    """Return `text` as PEM: itself if it has a header, else its base64 under each of `labels`."""
    text = text.strip()
    if text.startswith("-----BEGIN"):
        return [text.encode()]
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return []
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return [f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode() for label in labels]
