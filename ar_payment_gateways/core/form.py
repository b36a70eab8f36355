"""A gateway's form as it came over the wire.

Alipay writes UTF-8 when it was asked to, and GBK when it forgets; web servers decode everything as UTF-8 and put a
replacement character where that fails, after which no signature fits. So the bytes are decoded here, strictly.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gbk", "gb2312": "gbk", "gb18030": "gb18030"}
MAX_FIELDS = 200


@dataclass(frozen=True)
class Form:
    """The fields, URL-decoded once, and the charset they were in."""

    fields: dict[str, str]
    charset: str


def parse_form(body: bytes) -> Form | None:
    """Read an application/x-www-form-urlencoded body.

    :return: None if it is not one that a gateway sends: a field that comes twice (which of them was signed?), a
        charset that it does not name or does not keep to, or far too many fields.
    """
    try:
        plain = dict(_pairs(body, "latin-1"))
        charset = CHARSETS[plain.get("charset", "utf-8").lower()]
        pairs = _pairs(body, charset)
    except (KeyError, UnicodeDecodeError, ValueError):
        return None
    fields = dict(pairs)
    return Form(fields, charset) if len(fields) == len(pairs) else None


def _pairs(body: bytes, charset: str) -> list[tuple[str, str]]:
    return parse_qsl(
        body.decode("ascii"),
        keep_blank_values=True,
        encoding=charset,
        errors="strict",
        max_num_fields=MAX_FIELDS,
    )
