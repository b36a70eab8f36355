"""What is entered about a merchant: which of it is secret, and which keys it holds."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .rsa_keys import fingerprint, load_private_key, load_public_key
from .wechat_keys import platform_certificates


class Kind(Enum):
    """What has to be in a field; everything else is for the gateway's own checks."""

    TEXT = "text"
    OUR_KEY = "our key"
    """The merchant's private key."""
    THEIR_KEY = "their key"
    """A public key of the gateway."""
    THEIR_CERTIFICATES = "their certificates"
    """Certificates of the gateway, one after the other."""


@dataclass(frozen=True)
class Credential:
    """A field of payment.provider that is emptied when the provider is reset."""

    field: str
    kind: Kind = Kind.TEXT
    is_secret: bool = False
    """Whether it is written and used, and never shown."""


_READERS: dict[Kind, Callable[[str], list[RSAPublicKey]]] = {
    Kind.OUR_KEY: lambda text: [load_private_key(text).public_key()],
    Kind.THEIR_KEY: lambda text: [load_public_key(text)],
    Kind.THEIR_CERTIFICATES: lambda text: [each.key for each in platform_certificates(text)],
}


def public_keys(kind: Kind, text: str) -> list[RSAPublicKey]:
    """Return the public halves of the keys written in `text`.

    :raise KeyFormatError: if it does not hold what it has to. :raise WeakKeyError: fewer than 2048 bits.
    """
    return _READERS[kind](text) if kind in _READERS else []


def shown(credential: Credential, text: str) -> str:
    """Return what may be seen of a secret: the fingerprint of a key, of anything else only that it is there."""
    if not text:
        return ""
    try:
        keys = public_keys(credential.kind, text)
    except ValueError:
        keys = []
    return fingerprint(keys[0]) if keys else "••••••••"
