"""Alipay's certificate mode: how certificates are named in requests, and Alipay's key out of its own.

Source: Alipay open platform, "公钥证书签名": `app_cert_sn` and `alipay_root_cert_sn`. Checked against a published
request and its certificates (tests/data/gateway_vectors.json).
"""

import hashlib
import re

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import SignatureAlgorithmOID

from .rsa_keys import MIN_KEY_BITS, KeyFormatError, WeakKeyError

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_RSA_SIGNATURES = (SignatureAlgorithmOID.RSA_WITH_SHA1, SignatureAlgorithmOID.RSA_WITH_SHA256)
"""Only these of the root file count; it also has ones of SM2."""


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
    """Return a certificate's name in requests: the MD5 of its issuer (as RFC 4514 has it) and decimal serial number."""
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def app_serial(pem: str) -> str:
    """Return `app_cert_sn` of the app's certificate, or what Alipay calls its own in `alipay_cert_sn`.

    :raise KeyFormatError: if it is not a certificate.
    """
    return serial(certificates(pem)[0])


def root_serial(pem: str) -> str:
    """Return `alipay_root_cert_sn` of the file of root certificates.

    :raise KeyFormatError: if there is none of RSA in it.
    """
    serials = [serial(each) for each in certificates(pem) if each.signature_algorithm_oid in _RSA_SIGNATURES]
    if not serials:
        raise KeyFormatError("no root certificate of RSA")
    return "_".join(serials)


def certificate_key(pem: str) -> RSAPublicKey:
    """Return the key of Alipay's own certificate.

    :raise KeyFormatError: if it is not a certificate of an RSA key.
    :raise WeakKeyError: if the key is too short.
    """
    try:
        key = certificates(pem)[0].public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFormatError("not a certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise KeyFormatError("not a certificate of an RSA key")
    if key.key_size < MIN_KEY_BITS:
        raise WeakKeyError(f"{key.key_size} bits")
    return key
