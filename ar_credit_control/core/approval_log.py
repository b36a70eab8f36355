"""The log of decisions as a chain: each entry's SHA-256 covers the entry before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

GENESIS = "0" * 64


def entry_hash(previous: str, entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry: SHA-256 over the previous hash and the entry as canonical JSON.

    :param entry: plain JSON data; no floats (their text differs between machines).
    """
    text = json.dumps(dict(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def first_broken(entries: Iterable[tuple[Mapping[str, Any], str, str]], head: str, count: int) -> int | None:
    """Return the number (from 1) of the first entry that was changed, removed or put in; None if all is well.

    :param entries: (entry, previous hash as stored, hash as stored) in order.
    :param head: the hash kept apart from the log, of its last entry (GENESIS for an empty log).
    :param count: the number of entries kept apart from the log.
    """
    previous, number = GENESIS, 0
    for number, (entry, stored_previous, stored) in enumerate(entries, 1):  # used after the loop
        if stored_previous != previous or entry_hash(previous, entry) != stored:
            return number
        previous = stored
    return None if (previous, number) == (head, count) else number + 1
