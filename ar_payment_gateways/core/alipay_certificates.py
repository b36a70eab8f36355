"""Alipay's certificate mode: how certificates are named, Alipay's keys out of its own, and which new one is believed.

Source: Alipay open platform, "公钥证书签名": `app_cert_sn`, `alipay_root_cert_sn`, `alipay_cert_sn`. Checked against a
published request and its certificates (tests/data/gateway_vectors.json).

Alipay's file holds its certificate and the authority's that issued it. When Alipay renews its certificate, answers name
one that we have not got; it can be downloaded, and is believed only if it can be traced to the root file, is in its
time, and has the name of the one before: the same authority issues the certificates of all merchants' apps.
"""

import base64
import binascii
import hashlib
import re
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import SignatureAlgorithmOID

from .rsa_keys import MIN_KEY_BITS, KeyFormatError, WeakKeyError
from .trade import CHINA

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_RSA_SIGNATURES = (SignatureAlgorithmOID.RSA_WITH_SHA1, SignatureAlgorithmOID.RSA_WITH_SHA256)
"""Only these of the root file count; it also has ones of SM2 and of elliptic curves."""
_HASHES = frozenset({"sha256", "sha384", "sha512"})
_MAX_CHAIN = 5
_GRACE = timedelta(days=1)


class UntrustedCertificateError(ValueError):
    """A certificate that must not be believed; the text is the step that failed."""


def certificates(pem: str) -> list[x509.Certificate]:
    """Return the certificates written in `pem`, one or several.

    :raise KeyFormatError: if there is none, or one that cannot be read.
    """
    found = _PEM.findall(pem)
    if not found:
        raise KeyFormatError("no certificate")
    try:
        return [x509.load_pem_x509_certificate(each.encode()) for each in found]
    except (ValueError, x509.InvalidVersion):
        raise KeyFormatError("not a certificate") from None


def serial(certificate: x509.Certificate) -> str:
    """Return a certificate's name in messages: the MD5 of its issuer (as RFC 4514 has it) and decimal serial number."""
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def app_serial(pem: str) -> str:
    """Return `app_cert_sn` of the app's certificate.

    :raise KeyFormatError: if it is not a certificate.
    """
    return serial(certificates(pem)[0])


def root_serial(pem: str) -> str:
    """Return `alipay_root_cert_sn` of the file of root certificates.

    :raise KeyFormatError: if there is none of RSA in it.
    """
    return "_".join(serial(each) for each in _roots(pem))


def certificate_key(certificate: x509.Certificate) -> RSAPublicKey:
    """Return the key of a certificate.

    :raise KeyFormatError: if it is not of RSA. :raise WeakKeyError: if it is too short.
    """
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFormatError("not a certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise KeyFormatError("not a certificate of an RSA key")
    if key.key_size < MIN_KEY_BITS:
        raise WeakKeyError(f"{key.key_size} bits")
    return key


def app_key(pem: str) -> RSAPublicKey:
    """Return the key of the app's certificate; errors as `certificates` and `certificate_key`."""
    return certificate_key(certificates(pem)[0])


def signers(pem: str) -> dict[str, x509.Certificate]:
    """Return by their names those of Alipay's certificates that sign messages: all but those that issued another.

    :raise KeyFormatError: if there is none.
    """
    found = certificates(pem)
    issuers = {each.issuer for each in found}
    signing = {serial(each): each for each in found if each.subject not in issuers}
    if not signing:
        raise KeyFormatError("authorities only")
    return signing


def signer_keys(pem: str, now: datetime | None = None) -> dict[str, RSAPublicKey]:
    """Return the keys that Alipay signs with, by the names of their certificates; errors as `certificate_key`.

    :param now: with a zone: without those whose time was over a day ago. Clocks differ, and messages come late.
    """
    return {
        name: certificate_key(each)
        for name, each in signers(pem).items()
        if now is None or now <= _end(each) + _GRACE
    }


def last_day(pem: str) -> date:
    """Return the last day, in China, of the certificate in `pem` that lasts longest.

    :raise KeyFormatError: if it is none.
    """
    return max(_end(each) for each in signers(pem).values()).astimezone(CHINA).date()


def decode(content: str) -> str:
    """Return the certificates of an answer to alipay.open.app.alipaycert.download: base64 of their file.

    :raise KeyFormatError: if it is not.
    """
    try:
        return base64.b64decode("".join(content.split()), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise KeyFormatError("not base64 of a certificate") from None


def renewed(kept: str, fetched: str, name: str, roots: str, now: datetime) -> str:
    """Return Alipay's certificates with a new one, which stands beside those that we have.

    :param kept: the file that was entered, and what came since. :param fetched: the new certificate's file.
    :param name: what messages call the new one. :param roots: the root file. :param now: with a zone.
    :raise UntrustedCertificateError: if the new one must not be believed. :raise KeyFormatError
    """
    signing = signers(kept)
    entered = [each for each in certificates(kept) if serial(each) not in signing]
    theirs = certificates(fetched)
    fresh = next((each for each in theirs if serial(each) == name), None)
    if fresh is None:
        raise UntrustedCertificateError("another one")
    if fresh.subject not in {each.subject for each in signing.values()}:
        raise UntrustedCertificateError("owner")
    certificate_key(fresh)
    # Authorities that come along count if they say they are; those that were entered are believed to be.
    come_along = [each for each in theirs if _is_authority(each)]
    trace(fresh, [*entered, *come_along], roots, now)
    added = [each.public_bytes(Encoding.PEM).decode().strip() for each in (fresh, *come_along)]
    return "\n".join([kept.strip(), *added])


def trace(
    certificate: x509.Certificate, authorities: list[x509.Certificate], roots: str, now: datetime
) -> None:
    """Return if `certificate` can be traced to the root file, each step of the way in its time.

    :raise UntrustedCertificateError: in every other case. :raise KeyFormatError: if the root file is none.
    """
    trusted = _roots(roots)
    for _step in range(_MAX_CHAIN):
        if not _start(certificate) <= now <= _end(certificate):
            raise UntrustedCertificateError("expired")
        issuer = _issuer(certificate, trusted)
        if issuer is not None:
            if not _start(issuer) <= now <= _end(issuer):
                raise UntrustedCertificateError("expired")
            return
        issuer = _issuer(certificate, [each for each in authorities if each != certificate])
        if issuer is None:
            raise UntrustedCertificateError("issuer")
        certificate = issuer
    raise UntrustedCertificateError("chain")


def _issuer(certificate: x509.Certificate, candidates: list[x509.Certificate]) -> x509.Certificate | None:
    return next((each for each in candidates if _has_issued(each, certificate)), None)


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return False
    if certificate.issuer != issuer.subject or algorithm is None or algorithm.name not in _HASHES:
        return False
    try:
        certificate_key(issuer).verify(
            certificate.signature, certificate.tbs_certificate_bytes, PKCS1v15(), algorithm
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _roots(pem: str) -> list[x509.Certificate]:
    found = [each for each in certificates(pem) if each.signature_algorithm_oid in _RSA_SIGNATURES]
    if not found:
        raise KeyFormatError("no root certificate of RSA")
    return found


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


# The names that carry the zone came with cryptography 42; older ones give UTC without saying so.
def _start(certificate: x509.Certificate) -> datetime:
    start = getattr(certificate, "not_valid_before_utc", None) or certificate.not_valid_before
    return start.replace(tzinfo=UTC)


def _end(certificate: x509.Certificate) -> datetime:
    end = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after
    return end.replace(tzinfo=UTC)
