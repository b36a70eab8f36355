"""WeChat Pay APIv3: what is signed of requests, answers and notifications.

Sources: pay.weixin.qq.com/doc/v3/merchant, "如何构造请求签名" 4012365334, "如何验证签名" 4013053420, "调起支付的参数
签名" 4012365336; "签名探测流量" in "如何验证签名". Checked against the published values (tests/data).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from .rsa_signing import sign, verify
from .wechat_keys import KeyRing

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE_PREFIX = "WECHATPAY/SIGNTEST/"
"""WeChat sends messages with such signatures now and then, to see whether merchants check: they must be refused."""
WINDOW = timedelta(minutes=5)
"""Older messages are replays: each retry of WeChat's is signed afresh ("请检查时间戳与当前时间的差距在5分钟内")."""

_SECONDS = re.compile(r"[0-9]{1,12}")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]{1,1024}")


class Refusal(Enum):
    """Why a message is not believed."""

    UNSIGNED = "unsigned"
    """A header is missing, or has a shape that WeChat does not give it."""
    PROBE = "probe"
    STALE = "stale"
    """Too old, or from the future: a replay, or one of the two clocks is wrong."""
    UNKNOWN_KEY = "unknown_key"
    """Signed with a key that is not on our ring: renewed (fetch it), or somebody else's."""
    EXPIRED_KEY = "expired_key"
    BAD_SIGNATURE = "bad_signature"
    MALFORMED = "malformed"
    """Signed, but not of the documented shape."""
    UNDECIPHERABLE = "undecipherable"
    """Signed, but not sealed with our APIv3 key: another merchant's, or our key is wrong."""


class RefusedMessageError(ValueError):
    """A message that must not be acted on; `refusal` says why, `skew` by how much a stale one is off."""

    def __init__(self, refusal: Refusal, skew: timedelta | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.skew = skew


@dataclass(frozen=True)
class Signed:
    """The headers that carry the signature of an answer or a notification."""

    timestamp: str
    nonce: str
    serial: str
    signature: str


def request_message(method: str, target: str, timestamp: int, nonce: str, body: bytes) -> bytes:
    """Return what is signed of a request.

    :param target: path and query as they are sent, that is after percent-encoding.
    :param timestamp: seconds since 1970.
    :param body: the bytes that are sent; empty for GET.
    """
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def authorization(
    *,
    mchid: str,
    certificate_serial: str,
    key: RSAPrivateKey,
    method: str,
    target: str,
    timestamp: int,
    nonce: str,
    body: bytes = b"",
) -> str:
    """Return the value of the `Authorization` header of a request."""
    signature = sign(request_message(method, target, timestamp, nonce, body), key)
    return (
        f'{SCHEME} mchid="{mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp}",serial_no="{certificate_serial}"'
    )


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """Return what is signed of an answer and of a notification; `body` as it came, byte for byte."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def jsapi_parameters(
    *, appid: str, prepay_id: str, timestamp: int, nonce: str, key: RSAPrivateKey
) -> dict[str, str]:
    """Return what a page in WeChat's browser hands to `WeixinJSBridge.invoke('getBrandWCPayRequest', ...)`."""
    package = f"prepay_id={prepay_id}"
    message = f"{appid}\n{timestamp}\n{nonce}\n{package}\n".encode()
    return {
        "appId": appid,
        "timeStamp": str(timestamp),
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": sign(message, key),
    }


def check_message(headers: Mapping[str, str], body: bytes, keys: KeyRing, now: datetime) -> None:
    """Return if WeChat Pay signed this answer or notification just now with a key of ours to check.

    Answers outside 2xx and downloaded bills carry no signature: nothing in them may be taken for money.

    :param headers: of the message; the case of the names does not matter.
    :param now: with a zone.
    :raise RefusedMessageError: in every other case.
    """
    signed = read_headers(headers)
    if signed.signature.startswith(PROBE_PREFIX):
        raise RefusedMessageError(Refusal.PROBE)
    skew = datetime.fromtimestamp(int(signed.timestamp), UTC) - now
    if abs(skew) > WINDOW:
        raise RefusedMessageError(Refusal.STALE, skew)
    key = keys.get(signed.serial)
    if key is None:
        raise RefusedMessageError(Refusal.UNKNOWN_KEY)
    if not key.is_valid_at(now):
        raise RefusedMessageError(Refusal.EXPIRED_KEY)
    if not verify(answer_message(signed.timestamp, signed.nonce, body), signed.signature, key.key):
        raise RefusedMessageError(Refusal.BAD_SIGNATURE)


def read_headers(headers: Mapping[str, str]) -> Signed:
    """Return the headers of a signature.

    `Wechatpay-Signature-Type` is not looked at: it may be absent, and there is one algorithm only.

    :raise RefusedMessageError: UNSIGNED, if one is missing, comes twice or is not of its shape.
    """
    lower = [name.lower() for name in headers]
    values = {name.lower(): value for name, value in headers.items()}
    names = [f"wechatpay-{name}" for name in ("timestamp", "nonce", "serial", "signature")]
    found = [values.get(name, "") for name in names]
    if any(lower.count(name) != 1 for name in names) or not all(map(_HEADER_VALUE.fullmatch, found)):
        raise RefusedMessageError(Refusal.UNSIGNED)
    if not _SECONDS.fullmatch(found[0]):
        raise RefusedMessageError(Refusal.UNSIGNED)
    return Signed(*found)
