"""Keys that WeChat Pay signs with, by the serial that its messages name.

Sources: pay.weixin.qq.com/doc/v3/merchant, "微信支付公钥", "平台证书", "APIv3密钥".

Two kinds live side by side: platform certificates (named by their hexadecimal serial, five years) and the WeChat Pay
public key (named PUB_KEY_ID_..., no end). While a merchant changes from one to the other, both kinds of signatures
arrive for a week; while a platform certificate is renewed, both certificates do. So a merchant has a ring of keys,
and a message is checked with the one it names; a name that is not on the ring is refused.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .rsa_keys import MIN_KEY_BITS, KeyFormatError, WeakKeyError, load_public_key

APIV3_KEY_BYTES = 32
_PUBLIC_KEY_ID = re.compile(r"PUB_KEY_ID_[0-9A-Za-z]{10,64}")
_SERIAL = re.compile(r"[0-9A-F]{8,40}")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class ApiV3KeyError(ValueError):
    """The APIv3 key has not exactly 32 bytes."""


@dataclass(frozen=True)
class PlatformKey:
    """A key of WeChat Pay and the time it may be believed in; None where it has no end."""

    serial: str
    key: RSAPublicKey
    not_before: datetime | None = None
    not_after: datetime | None = None

    def is_valid_at(self, moment: datetime) -> bool:
        """Tell whether the key may be believed at `moment` (with a zone)."""
        return (self.not_before is None or self.not_before <= moment) and (
            self.not_after is None or moment <= self.not_after
        )


KeyRing = Mapping[str, PlatformKey]


def key_ring(keys: Iterable[PlatformKey]) -> KeyRing:
    """Return the keys by their serials, as the messages name them."""
    return {key.serial: key for key in keys}


def public_key(key_id: str, text: str) -> PlatformKey:
    """Return the WeChat Pay public key of the merchant platform.

    :param key_id: its name, `PUB_KEY_ID_` and digits.
    :param text: PEM or bare base64.
    :raise KeyFormatError: if either is not one. :raise WeakKeyError: fewer than 2048 bits.
    """
    key_id = key_id.strip()
    if not _PUBLIC_KEY_ID.fullmatch(key_id):
        raise KeyFormatError("not a public key id")
    return PlatformKey(key_id, load_public_key(text))


def platform_certificate(pem: str) -> PlatformKey:
    """Return the key of a platform certificate (PEM).

    It is not traced to a root: WeChat hands it out sealed with the merchant's APIv3 key, or in its own console.

    :raise KeyFormatError: if it is not a certificate of an RSA key. :raise WeakKeyError: fewer than 2048 bits.
    """
    certificate = _certificate(pem)
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise KeyFormatError("not a certificate of an RSA key")
    if key.key_size < MIN_KEY_BITS:
        raise WeakKeyError(f"{key.key_size} bits")
    # The names that carry the zone came with cryptography 42; older ones give UTC without saying so.
    not_before = getattr(certificate, "not_valid_before_utc", None) or certificate.not_valid_before
    not_after = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after
    return PlatformKey(
        _serial(certificate), key, not_before.replace(tzinfo=UTC), not_after.replace(tzinfo=UTC)
    )


def platform_certificates(text: str) -> list[PlatformKey]:
    """Return the keys of platform certificates that are written one after the other.

    :raise KeyFormatError: if one of them is none, or something else stands between them. :raise WeakKeyError
    """
    if _CERTIFICATE.sub("", text).strip():
        raise KeyFormatError("not only certificates")
    return [platform_certificate(pem) for pem in _CERTIFICATE.findall(text)]


def merge_certificates(kept: str, fetched: Iterable[str], now: datetime) -> str:
    """Return the certificates to keep: all that may still be believed, old and new side by side, the newest last.

    :param kept: those we have, one after the other. :param fetched: those that WeChat has just named.
    """
    found = {
        key.serial: (pem, key) for pem in _CERTIFICATE.findall(kept) for key in [platform_certificate(pem)]
    }
    found.update((key.serial, (pem, key)) for pem in fetched for key in [platform_certificate(pem)])
    alive = [
        (pem.strip(), key) for pem, key in found.values() if key.not_after is None or key.not_after > now
    ]
    alive.sort(key=lambda each: each[1].not_after or now)
    return "\n".join(pem for pem, _key in alive)


def certificate_serial(text: str) -> str:
    """Return the serial of a certificate (the merchant's own) as requests name it: upper-case hexadecimal.

    :param text: that serial in any case, maybe with colons; or the certificate (PEM).
    :raise KeyFormatError: if it is neither.
    """
    serial = text.replace(":", "").replace(" ", "").strip().upper()
    return serial if _SERIAL.fullmatch(serial) else _serial(_certificate(text))


def load_apiv3_key(text: str) -> bytes:
    """Return the APIv3 key that seals notifications.

    :raise ApiV3KeyError: if it has not exactly 32 bytes; AES would take 16 or 24 as well, WeChat does not.
    """
    key = text.encode()
    if len(key) != APIV3_KEY_BYTES:
        raise ApiV3KeyError(f"{len(key)} bytes")
    return key


def _certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.strip().encode())
    except (ValueError, x509.InvalidVersion):
        raise KeyFormatError("not a certificate") from None


def _serial(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:X}"
