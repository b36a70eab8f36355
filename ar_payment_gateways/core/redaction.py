"""What may be kept of a message: enough to find out what happened, no key, no signature, no person."""

from collections.abc import Mapping

_SECRET = frozenset(
    """
    sign signature signpubkeycert alipay_cert_sn app_cert_sn alipay_root_cert_sn certid ciphertext authorization
    app_auth_token auth_token access_token refresh_token paysign bill_download_url download_url
    """.split()
)
"""Of these only the length is told."""

_PERSONAL = frozenset(
    """
    buyer_id buyer_user_id buyer_open_id buyer_logon_id buyer_user_name buyer_name openid sub_openid payer_client_ip
    unionid accno customerinfo payer_name user_received_account buyer_user_type
    """.split()
)
"""Of these the first and the last character stay, so that one can tell two people apart."""

_MAX_CHARS = 500


def redact(value: object, name: str = "") -> object:
    """Return a copy of a message (mappings, sequences, plain values) without what must not be kept.

    :param name: of the field that holds `value`.
    """
    key = name.lower()
    if key in _SECRET:
        return f"[{len(str(value))}]"
    if isinstance(value, Mapping):
        return {str(field): redact(content, str(field)) for field, content in value.items()}
    if isinstance(value, list | tuple):
        return [redact(content, name) for content in value]
    if key in _PERSONAL:
        return mask(str(value))
    if isinstance(value, str) and len(value) > _MAX_CHARS:
        return f"{value[:_MAX_CHARS]}…"
    return value


def mask(text: str) -> str:
    """Return the first and the last character of `text`, stars between them; all stars if it is short."""
    return f"{text[0]}***{text[-1]}" if len(text) > 3 else "***"
