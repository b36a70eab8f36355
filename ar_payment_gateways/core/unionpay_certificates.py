"""Certificates of UnionPay (ACP 5.1.0): ours to sign with, theirs to believe.

Source: UnionPay open platform, "签名与验签" of the ACP 5.1.0 access manual. Each message of UnionPay brings the
certificate that it was signed with (`signPubKeyCert`). Taken alone that proves nothing: anybody can make a certificate
and sign with it. So it is believed only if it was issued by the configured middle certificate, that one by the
configured root, all three are in their time, and its common name says that it is UnionPay's.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import NameOID

from .rsa_keys import MIN_KEY_BITS, KeyFormatError

OWNER = "中国银联股份有限公司"
"""Third part of the common name, between at signs: 041@8310000000083040@中国银联股份有限公司@00000016."""
TEST_OWNER = "00040000:SIGN"
"""What UnionPay's own libraries accept besides while they talk to the test gateway."""

_HASHES = frozenset({"sha256", "sha384", "sha512"})
"""Certificates over SHA-1 can be forged. UnionPay's test gateway still had some until 2025."""


class UntrustedCertificateError(ValueError):
    """A certificate that must not be believed; the text is the step that failed: issuer, expired, owner, ..."""


@dataclass(frozen=True)
class Identity:
    """What we sign with: the key of the .pfx and the number of its certificate as messages name it (decimal)."""

    key: RSAPrivateKey
    cert_id: str


@dataclass(frozen=True)
class Trust:
    """What UnionPay's signatures are traced to."""

    root: x509.Certificate
    middle: x509.Certificate
    owners: frozenset[str] = frozenset({OWNER})


def load_certificate(pem: str) -> x509.Certificate:
    """Return the certificate written in `pem`.

    :raise KeyFormatError: if it is not one.
    """
    try:
        return x509.load_pem_x509_certificate(pem.strip().encode())
    except (ValueError, x509.InvalidVersion):
        raise KeyFormatError("not a certificate") from None


def cert_id(certificate: x509.Certificate) -> str:
    """Return the serial as the field `certId` has it: decimal."""
    return str(certificate.serial_number)


def load_trust(root_pem: str, middle_pem: str, owners: frozenset[str] = frozenset({OWNER})) -> Trust:
    """Return the certificates to trace signatures to, as configured.

    :raise KeyFormatError: if either is not a certificate.
    :raise UntrustedCertificateError: if the root did not issue the middle one, so no signature could ever fit.
    """
    trust = Trust(load_certificate(root_pem), load_certificate(middle_pem), owners)
    _check_issued(trust.middle, trust.root)
    return trust


def signer_key(pem: str, trust: Trust, now: datetime) -> RSAPublicKey:
    """Return the key of a message's own certificate, if it is UnionPay's.

    :param now: with a zone.
    :raise UntrustedCertificateError: in every other case.
    """
    try:
        return _signer_key(load_certificate(pem), trust, now)
    except UntrustedCertificateError:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        # Parts of a certificate are parsed only when they are looked at, and a stranger wrote this one.
        raise UntrustedCertificateError("certificate") from None


def _signer_key(certificate: x509.Certificate, trust: Trust, now: datetime) -> RSAPublicKey:
    _check_issued(certificate, trust.middle)
    _check_issued(trust.middle, trust.root)
    for each in (certificate, trust.middle, trust.root):
        _check_time(each, now)
    if _is_authority(certificate):
        raise UntrustedCertificateError("authority")
    if owner(certificate) not in trust.owners:
        raise UntrustedCertificateError("owner")
    return rsa_key_of(certificate)


def owner(certificate: x509.Certificate) -> str:
    """Return the third part of the common name, '' if there is none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    parts = str(names[0].value).split("@") if len(names) == 1 else []
    return parts[2] if len(parts) > 2 else ""


def check_trust(trust: Trust, now: datetime) -> None:
    """Return if signatures can be traced to these certificates at all.

    :param now: with a zone.
    :raise UntrustedCertificateError: in every other case.
    """
    _check_issued(trust.middle, trust.root)
    for each in (trust.middle, trust.root):
        if not _is_authority(each):
            raise UntrustedCertificateError("issuer is no authority")
        _check_time(each, now)


def _check_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    if not _is_authority(issuer):
        raise UntrustedCertificateError("issuer is no authority")
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name not in _HASHES:
        raise UntrustedCertificateError("hash")
    # The signature first: nothing else of a stranger's certificate is parsed before somebody has vouched for it.
    try:
        rsa_key_of(issuer).verify(
            certificate.signature, certificate.tbs_certificate_bytes, PKCS1v15(), algorithm
        )
    except InvalidSignature:
        raise UntrustedCertificateError("issuer") from None
    if certificate.issuer != issuer.subject:
        raise UntrustedCertificateError("issuer")


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    # The names that carry the zone came with cryptography 42; older ones give UTC without saying so.
    start = getattr(certificate, "not_valid_before_utc", None) or certificate.not_valid_before
    end = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after
    if not start.replace(tzinfo=UTC) <= now <= end.replace(tzinfo=UTC):
        raise UntrustedCertificateError("expired")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return constraints.ca


def rsa_key_of(certificate: x509.Certificate) -> RSAPublicKey:
    """Return the key of a certificate, of RSA and long enough.

    :raise UntrustedCertificateError: if it has no such key.
    """
    try:
        key = certificate.public_key()
    except ValueError:
        raise UntrustedCertificateError("key") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        raise UntrustedCertificateError("key")
    return key
