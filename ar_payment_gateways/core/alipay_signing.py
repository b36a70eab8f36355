"""Alipay's RSA2 signatures: what is signed, and where the signed bytes of an answer are.

Sources: Alipay open platform, "签名" (opendocs 291/105974) for requests, "异步通知验签" (opendocs 194/103296) for
notifications, "同步验签" for answers. Checked against messages signed by Alipay's sandbox (tests/data).

Only RSA2 (SHA256withRSA, PKCS#1 v1.5) is spoken. What a message says about its own `sign_type` is ignored:
accepting its word would let a forger choose SHA-1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from .rsa_signing import sign, verify

__all__ = [
    "MalformedAnswerError", "SignedNode", "notification_string", "request_string",
    "sign", "sign_request", "signed_node", "verify", "verify_notification",
]  # fmt: skip

_GBK_PAIR = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\s+', re.DOTALL)
_UNSIGNED_IN_REQUEST = frozenset({"sign"})
_UNSIGNED_IN_NOTIFICATION = frozenset({"sign", "sign_type"})


class MalformedAnswerError(ValueError):
    """The answer has not the shape that Alipay documents."""


@dataclass(frozen=True)
class SignedNode:
    """The signed part of a synchronous answer: the exact bytes between the node's braces (both included)."""

    name: str
    content: bytes
    signature: str
    """Base64; empty if the answer carries none."""
    certificate: str = ""
    """What the answer calls the certificate that it is signed with; empty in key mode."""


def _canonical(params: Mapping[str, str], without: frozenset[str]) -> str:
    return "&".join(
        f"{key}={value}" for key, value in sorted(params.items()) if key not in without and value != ""
    )


def request_string(params: Mapping[str, str]) -> str:
    """Return what is signed of a request: every non-empty parameter but `sign`, sorted, values not URL-encoded."""
    return _canonical(params, _UNSIGNED_IN_REQUEST)


def notification_string(params: Mapping[str, str]) -> str:
    """Return what is signed of a notification: as a request, but without `sign_type`; values URL-decoded once."""
    return _canonical(params, _UNSIGNED_IN_NOTIFICATION)


def sign_request(params: Mapping[str, str], key: RSAPrivateKey) -> dict[str, str]:
    """Return the non-empty `params` with their `sign`; UTF-8 is the charset of every request we make."""
    kept = {name: value for name, value in params.items() if value != "" and name != "sign"}
    return {**kept, "sign": sign(request_string(kept).encode(), key)}


def verify_notification(params: Mapping[str, str], key: RSAPublicKey, charset: str = "utf-8") -> bool:
    """Tell whether a notification was signed by the owner of `key`.

    :param params: the form fields, URL-decoded once.
    :param charset: what the fields were encoded in on the wire; the signature is over those bytes.
    """
    signature = params.get("sign", "")
    if not signature:
        return False
    try:
        content = notification_string(params).encode(charset)
    except (UnicodeEncodeError, LookupError):
        return False
    return verify(content, signature, key)


def signed_node(body: bytes, name: str) -> SignedNode:
    """Find the node `name` (or `error_response`) of an answer and its signature.

    The signature is over the node's text as it was sent, so it is cut out of the raw bytes, never re-serialised.
    Errors come in GBK now and then, whatever charset was asked for.

    :raise MalformedAnswerError: if there is no such node.
    """
    members = _members(body)
    signature = _text(members.get("sign", b'""'))
    certificate = _text(members.get("alipay_cert_sn", b'""'))
    for candidate in (name, "error_response"):
        content = members.get(candidate)
        if content is not None and content.startswith(b"{"):
            return SignedNode(candidate, content, signature, certificate)
    raise MalformedAnswerError("no node named " + name)


def _text(token: bytes) -> str:
    return token.strip(b'"').replace(b"\\/", b"/").decode("ascii", "replace")


def _members(body: bytes) -> dict[str, bytes]:
    """Return the raw bytes of each member of the JSON object `body`."""
    members: dict[str, bytes] = {}
    mask = _without_gbk_pairs(body)
    depth, end, name, start = 0, 0, b"", -1
    for match in _TOKEN.finditer(mask):
        token = match.group()
        if match.start() != end:
            break
        end = match.end()
        closes = depth == 1 and token == b"}"
        if (closes or (depth == 1 and token == b",")) and (name or members or not closes):
            _add_member(members, name, body[start : match.start()] if start >= 0 else b"")
            name, start = b"", -1
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
        elif depth == 1 and token == b":":
            start = end
        elif depth == 1 and start < 0 and token.startswith(b'"'):
            name = token
        if closes:
            break
    if depth != 0 or mask[end:].strip():
        raise MalformedAnswerError("not one JSON object")
    return members


def _add_member(members: dict[str, bytes], name: bytes, content: bytes) -> None:
    key = _text(name)
    # A name that comes twice means that somebody hopes we check one and read the other.
    if not key or key in members or not content.strip():
        raise MalformedAnswerError(f"bad member {key!r}")
    members[key] = content.strip(b" \t\r\n")


def _without_gbk_pairs(body: bytes) -> bytes:
    """Return `body` with each two-byte GBK character blanked out, if it is not UTF-8.

    The second byte of such a character may be 0x5C, which is no backslash then.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return _GBK_PAIR.sub(b"xx", body)
    return body
