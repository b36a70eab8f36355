"""How UnionPay's fields travel: requests and notifications as forms, answers as plain pairs.

Source: UnionPay open platform, ACP 5.1.0 access manual, "报文格式". Requests are signed first and percent-encoded
afterwards. Answers are `k=v&k=v` and not percent-encoded: a value may hold `=` and `+` (base64), and `&` inside
braces or brackets.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from .form import MAX_FIELDS, parse_form

_OPEN, _CLOSE = "{[", "}]"


def encode(params: Mapping[str, str]) -> bytes:
    """Return the body of a request."""
    return urlencode(dict(params), encoding="utf-8").encode("ascii")


def parse_notification(body: bytes) -> dict[str, str] | None:
    """Return the fields of a notification, or of the form with which the browser comes back; None if it is none."""
    form = parse_form(body)
    if form is None or form.charset != "utf-8" or not _is_utf8(form.fields):
        return None
    return form.fields


def parse_answer(body: bytes) -> dict[str, str] | None:
    """Return the fields of an answer; None if it is not one: not UTF-8, a field that comes twice or has no name."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    pairs = _split(text.strip())
    if len(pairs) > MAX_FIELDS:
        return None
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name or name in fields:
            return None
        fields[name] = value
    return fields if fields and _is_utf8(fields) else None


def _is_utf8(fields: Mapping[str, str]) -> bool:
    return fields.get("encoding", "UTF-8").upper() == "UTF-8"


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter in _OPEN:
            depth += 1
        elif letter in _CLOSE:
            depth = max(0, depth - 1)
        elif letter == "&" and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
