"""Has a request arrived? Told from its bytes, before anybody reads them as HTTP.

A thread is given to a request only when there is something for it to do. What this takes for whole
is not yet well-formed: gunicorn's parser decides that, from the same bytes.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from libs.web.bodies import BODY_LIMIT

# More than gunicorn reads of a head before it refuses it.
LONGEST_HEAD = 64 * 1024
_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8}[ \t]*[;\r]")
_LAST_CHUNK = b"\r\n0\r\n\r\n"


class Stage(Enum):
    """How far a request has come."""

    COMING = "coming"
    WHOLE = "whole"
    # Its thread has to read the rest: a client that waits to be told to go on, or more than we hold.
    OPEN = "open"


class Seen(NamedTuple):
    """The stage, and a number of bytes: for COMING those without which nothing changes, for WHOLE
    those of the request, which others may follow."""

    stage: Stage
    size: int


def seen(arrived: bytearray) -> Seen:
    """What the bytes that arrived on a connection since its last request amount to."""
    end = arrived.find(b"\r\n\r\n")
    if end < 0:
        more = len(arrived) <= LONGEST_HEAD
        return Seen(Stage.COMING, len(arrived) + 1) if more else Seen(Stage.OPEN, 0)
    size = end + 4
    head = bytes(arrived[:size]).lower()
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" in head:
            return _in_chunks(arrived, size, head)
        return Seen(Stage.WHOLE, size)
    said = head[at + 17 : head.find(b"\r\n", at + 2)].strip()
    if not said.isdigit() or len(said) > 9 or int(said) > BODY_LIMIT or b"\r\nexpect:" in head:
        return Seen(Stage.OPEN, 0)
    size += int(said)
    return Seen(Stage.WHOLE if len(arrived) >= size else Stage.COMING, size)


def _in_chunks(arrived: bytearray, begins: int, head: bytes) -> Seen:
    """Whole when it ends as chunks end: when that was no end, the parser waits for more. What does
    not begin as a chunk does is the parser's at once."""
    if b"\r\nexpect:" in head or len(arrived) > begins + BODY_LIMIT:
        return Seen(Stage.OPEN, 0)
    if arrived.endswith(_LAST_CHUNK) or arrived[begins:] == _LAST_CHUNK[2:]:
        return Seen(Stage.WHOLE, len(arrived))
    first = arrived[begins : begins + 20]
    if b"\r\n" in first and not _CHUNK.match(first):
        return Seen(Stage.OPEN, 0)
    return Seen(Stage.COMING, len(arrived) + 1)
