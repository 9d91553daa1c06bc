"""New names for things, unguessable; and names that are the same at each attempt."""

from __future__ import annotations

import hashlib
import os
import time

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def new_id(prefix: str) -> str:
    """`prefix_` and 26 characters: 48 bits of milliseconds, then 80 random ones, as in a ULID, so
    that what is made close in time lies close together in an index."""
    return _written(
        prefix, (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    )


def keyed_id(prefix: str, *parts: str) -> str:
    """`prefix_` and 26 characters that are the same for the same parts: for what a KEYED request
    makes, `keyed_id("ord", caller.user_id, idempotency_key())`, so that a repeat after a crash
    meets the traces of the first."""
    said = b"".join(b"%d:%b" % (len(part.encode()), part.encode()) for part in parts)
    return _written(prefix, int.from_bytes(hashlib.sha256(said).digest()[:16], "big"))


def _written(prefix: str, number: int) -> str:
    return f"{prefix}_" + "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
