"""WeChat Pay APIv3: bodies of answers and notifications, and the sealed resource inside the latter.

Sources: pay.weixin.qq.com/doc/v3/merchant, "支付成功回调通知", "如何解密回调报文", "获取平台证书".
Checked against the test-suites of WeChat's own libraries (tests/data).

If a refund was made without a notify address, or in the merchant console, WeChat sends XML of the old API to the
address of the console: it carries no APIv3 signature, so it is refused as unsigned like anything else that has none.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .rsa_keys import KeyFormatError, WeakKeyError
from .wechat_keys import APIV3_KEY_BYTES, ApiV3KeyError, KeyRing, PlatformKey, platform_certificate
from .wechat_signing import Refusal, RefusedMessageError, check_message

ALGORITHM = "AEAD_AES_256_GCM"
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Notification:
    """A notification that WeChat Pay signed and sealed for us; `content` is the opened resource."""

    event_id: str
    event_type: str
    original_type: str
    content: dict[str, Any]


def read_notification(
    headers: Mapping[str, str], body: bytes, keys: KeyRing, apiv3_key: bytes, now: datetime
) -> Notification:
    """Check, read and open a notification. The signature comes first: nothing unsigned is even parsed.

    :raise RefusedMessageError: unless it is WeChat's, recent, and sealed with our key.
    """
    check_message(headers, body, keys, now)
    envelope = read_object(body)
    resource = envelope.get("resource")
    if not isinstance(resource, dict):
        raise RefusedMessageError(Refusal.MALFORMED)
    return Notification(
        event_id=_text(envelope, "id"),
        event_type=_text(envelope, "event_type"),
        original_type=_text(resource, "original_type"),
        content=read_object(open_resource(resource, apiv3_key)),
    )


def read_answer(headers: Mapping[str, str], body: bytes, keys: KeyRing, now: datetime) -> dict[str, Any]:
    """Check and read an answer of status 2xx; {} if it has no body (204).

    :raise RefusedMessageError: unless WeChat signed it.
    """
    check_message(headers, body, keys, now)
    return read_object(body) if body else {}


def open_certificates(answer: Mapping[str, Any], apiv3_key: bytes) -> list[str]:
    """Return the platform certificates (PEM) of an answer of GET /v3/certificates.

    :raise RefusedMessageError: MALFORMED or UNDECIPHERABLE.
    """
    entries = answer.get("data")
    if not isinstance(entries, list):
        raise RefusedMessageError(Refusal.MALFORMED)
    certificates = []
    for entry in entries:
        sealed = entry.get("encrypt_certificate") if isinstance(entry, dict) else None
        if not isinstance(sealed, dict):
            raise RefusedMessageError(Refusal.MALFORMED)
        try:
            certificates.append(open_resource(sealed, apiv3_key).decode())
        except UnicodeDecodeError:
            raise RefusedMessageError(Refusal.MALFORMED) from None
    return certificates


def read_certificates(answer: Mapping[str, Any], apiv3_key: bytes) -> list[PlatformKey]:
    """Return the keys of those certificates.

    :raise RefusedMessageError: MALFORMED or UNDECIPHERABLE.
    """
    try:
        return [platform_certificate(pem) for pem in open_certificates(answer, apiv3_key)]
    except (KeyFormatError, WeakKeyError):
        raise RefusedMessageError(Refusal.MALFORMED) from None


def renew_certificates(
    headers: Mapping[str, str], body: bytes, keys: KeyRing, apiv3_key: bytes, now: datetime
) -> list[str]:
    """Check and read an answer of GET /v3/certificates; return the certificates (PEM).

    It may be signed with a key that is only inside it: then the seal, which takes our APIv3 key, vouches for that one.

    :raise RefusedMessageError: unless WeChat signed it and sealed it for us.
    """
    answer = read_object(body)
    known = {**keys, **{key.serial: key for key in read_certificates(answer, apiv3_key)}}
    check_message(headers, body, known, now)
    return open_certificates(answer, apiv3_key)


def open_resource(resource: Mapping[str, Any], apiv3_key: bytes) -> bytes:
    """Return the plain bytes of a sealed resource.

    :raise ApiV3KeyError: if our key has not 32 bytes: it would be another cipher.
    :raise RefusedMessageError: MALFORMED or UNDECIPHERABLE.
    """
    if len(apiv3_key) != APIV3_KEY_BYTES:
        raise ApiV3KeyError(f"{len(apiv3_key)} bytes")
    if resource.get("algorithm") != ALGORITHM:
        raise RefusedMessageError(Refusal.MALFORMED)
    # The associated data may be absent, empty or any text: it is handed on as it came.
    associated = resource.get("associated_data") or ""
    nonce, ciphertext = _text(resource, "nonce"), _text(resource, "ciphertext")
    if not isinstance(associated, str):
        raise RefusedMessageError(Refusal.MALFORMED)
    return unseal(apiv3_key, nonce, associated, ciphertext)


def unseal(key: bytes, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """Open AES-GCM: `ciphertext` is base64 of the sealed bytes and the 16 bytes of the tag.

    :param key: 16, 24 or 32 bytes; `open_resource` sees to it that it is ours of 32.
    :raise RefusedMessageError: MALFORMED or UNDECIPHERABLE.
    """
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        nonce_bytes = nonce.encode()
        if len(nonce_bytes) != _NONCE_BYTES:
            raise RefusedMessageError(Refusal.MALFORMED)
        return AESGCM(key).decrypt(nonce_bytes, sealed, associated_data.encode())
    except (binascii.Error, UnicodeEncodeError):
        raise RefusedMessageError(Refusal.MALFORMED) from None
    except (InvalidTag, ValueError) as error:
        if isinstance(error, RefusedMessageError):
            raise
        raise RefusedMessageError(Refusal.UNDECIPHERABLE) from None


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`.

    :raise RefusedMessageError: MALFORMED, if it is not exactly one object, or names a member twice (which of the
        two would be acted on?).
    """
    try:
        content = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RefusedMessageError(Refusal.MALFORMED) from None
    if not isinstance(content, dict):
        raise RefusedMessageError(Refusal.MALFORMED)
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member comes twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise RefusedMessageError(Refusal.MALFORMED)
    return value
