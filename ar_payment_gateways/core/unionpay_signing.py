"""UnionPay ACP 5.1.0: signatures of requests, answers and notifications.

Source: UnionPay open platform, "签名与验签" of the ACP 5.1.0 access manual. Checked against messages signed by
UnionPay's test gateway (tests/data). The fields are joined, hashed with SHA-256, and the *hexadecimal text* of that
hash is what is signed with SHA256withRSA: two hashes, one over the other.

Only signMethod 01 (RSA) of version 5.1.0 is spoken. A message that names another is refused: 11 (a shared secret),
12 (SM3, which `cryptography` lacks) and versions 5.0.0 and older (SHA-1) would be other promises.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from .rsa_signing import sign, verify
from .unionpay_certificates import Identity, Trust, UntrustedCertificateError, signer_key

VERSION = "5.1.0"
SIGN_METHOD = "01"


class RefusedMessageError(ValueError):
    """A message that must not be acted on; the text says why: unsigned, version, signature, certificate: which."""


def canonical(params: Mapping[str, str]) -> str:
    """Return the joined fields: all that are not empty but `signature`, sorted by name, values as they are."""
    return "&".join(
        f"{name}={value}" for name, value in sorted(params.items()) if name != "signature" and value != ""
    )


def digest(params: Mapping[str, str]) -> bytes:
    """Return what is signed: the SHA-256 of `canonical` in lower-case hexadecimal, as text."""
    return hashlib.sha256(canonical(params).encode()).hexdigest().encode()


def sign_request(params: Mapping[str, str], identity: Identity) -> dict[str, str]:
    """Return the non-empty `params` with certId, signMethod and signature."""
    kept = {name: value for name, value in params.items() if value != "" and name != "signature"}
    kept.update(certId=identity.cert_id, signMethod=SIGN_METHOD)
    return {**kept, "signature": sign(digest(kept), identity.key)}


def check_message(params: Mapping[str, str], trust: Trust, now: datetime) -> None:
    """Return if UnionPay signed these fields, of an answer or of a notification.

    The certificate comes first: the signature is not even looked at before it is known whose it would be.

    :param now: with a zone.
    :raise RefusedMessageError: in every other case.
    """
    signature, certificate = params.get("signature", ""), params.get("signPubKeyCert", "")
    if not signature or not certificate:
        raise RefusedMessageError("unsigned")
    if (params.get("version"), params.get("signMethod")) != (VERSION, SIGN_METHOD):
        raise RefusedMessageError("version")
    try:
        key = signer_key(certificate, trust, now)
    except UntrustedCertificateError as error:
        raise RefusedMessageError(f"certificate: {error}") from None
    try:
        content = digest(params)
    except UnicodeEncodeError:
        raise RefusedMessageError("signature") from None
    if not verify(content, signature, key):
        raise RefusedMessageError("signature")
