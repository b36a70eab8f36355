"""The secret in the address of a payment link.

Whoever knows it sees the open amount of the documents behind it, so it has to be impossible to guess: 128 bits
from the system's random source. 22 characters keep the QR code small (version 4, 33 modules, for a usual host).
"""

import hashlib
import re
import secrets

TOKEN_BYTES = 16
_SHAPE = re.compile(r"[A-Za-z0-9_-]{22}")


def new_token() -> str:
    """Return a fresh token: 22 characters, safe in a URL."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """Return the SHA-256 of `token` in hex.

    Links are looked up by it: a database index compares byte by byte, and the time that takes tells an attacker
    nothing about the token when what is compared is its hash.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def has_token_shape(token: str) -> bool:
    """Tell whether `token` could be one of ours; saves the database the nonsense of scanners."""
    return _SHAPE.fullmatch(token) is not None
