"""Our number of an attempt to pay at a gateway.

Gateways differ in what they take: Alipay up to 64 [0-9A-Za-z_], WeChat Pay 6-32 [0-9A-Za-z_-|*], UnionPay 8-40
alphanumeric. Letters and digits, 20 to 32 of them, fit all; a transaction's reference (INV/2026/0001-2) does not.
"""

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so that a number read over the telephone arrives."""

_RANDOM_CHARS = 10


def new_order_number(now: datetime, prefix: str = "AR") -> str:
    """Return a new number of 26 characters: two letters, the time `now` (yyyymmddhhmmss), 50 random bits.

    The time makes it sortable and easy to find in a gateway's console; the random part makes it unique.
    """
    return f"{prefix}{now:%Y%m%d%H%M%S}" + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARS))
