"""The merchant's own key and certificate at UnionPay: from the .pfx that UnionPay hands out to PEM, and checked.

Source: UnionPay open platform, ACP 5.1.0 access manual, "证书": the sign certificate is a PKCS#12 file with a password.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

from .rsa_keys import KeyFormatError, is_pair, load_private_key
from .trade import CHINA
from .unionpay_certificates import Identity, Trust, cert_id, load_certificate, rsa_key_of

CUT_OFF_HOUR = 23
"""UnionPay's settlement day ends at 23:00 China time ("清算日切"); merchants may agree on midnight."""
CUT_OFF_MARGIN = timedelta(minutes=10)
"""A cancellation that arrives after the cut-off is refused: none is begun shortly before it."""


class PairError(ValueError):
    """The private key is not the one of the certificate."""


@dataclass(frozen=True)
class Unpacked:
    """What is in a .pfx, as PEM."""

    private_key: str
    certificate: str


def unpack_pfx(pfx: bytes, password: str) -> Unpacked:
    """Return key and certificate of the merchant's .pfx.

    :raise KeyFormatError: wrong password, not a PKCS#12 file, no RSA key or no certificate in it.
    """
    try:
        key, certificate, _others = pkcs12.load_key_and_certificates(pfx, password.encode() or None)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFormatError("not a PKCS#12 file of this password") from None
    if not isinstance(key, RSAPrivateKey) or certificate is None:
        raise KeyFormatError("no RSA key with a certificate")
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return Unpacked(
        key.private_bytes(pem, pkcs8, plain).decode(),
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )


def identity(private_key: str, certificate: str) -> Identity:
    """Return what we sign with.

    :raise KeyFormatError: not an RSA key, or not a certificate.
    :raise WeakKeyError: fewer than 2048 bits.
    :raise PairError: if they do not belong together.
    """
    key, found = load_private_key(private_key), load_certificate(certificate)
    if not is_pair(key, rsa_key_of(found)):
        raise PairError("key and certificate")
    return Identity(key, cert_id(found))


def last_day(certificate: x509.Certificate) -> date:
    """Return the last day, in China, on which a certificate is good."""
    # The name that carries the zone came with cryptography 42; older ones give UTC without saying so.
    end = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after
    return end.replace(tzinfo=UTC).astimezone(CHINA).date()


def trust_ends(trust: Trust) -> date:
    """Return the last day on which signatures can be traced with `trust`."""
    return min(last_day(trust.root), last_day(trust.middle))


def may_cancel(paid_at: datetime, now: datetime) -> bool:
    """Tell whether a payment is of the settlement day of `now`, so that it can be cancelled as a whole.

    True only if it is by both readings of where the day ends: midnight and CUT_OFF_HOUR.

    :param paid_at, now: with a zone.
    """
    paid, moment = paid_at.astimezone(CHINA), now.astimezone(CHINA) + CUT_OFF_MARGIN
    if paid > moment or paid.date() != moment.date():
        return False
    return (paid.hour >= CUT_OFF_HOUR) == (moment.hour >= CUT_OFF_HOUR)
