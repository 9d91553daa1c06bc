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
# A chunk's size and what some say after it.
_LONGEST_CHUNK_LINE = 256
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*[;\r]")


class Stage(Enum):
    """How far a request has come."""

    COMING = "coming"
    WHOLE = "whole"
    # Its thread has to read the rest: a client that waits to be told to go on, or more than we hold.
    OPEN = "open"


class Seen(NamedTuple):
    """The stage, and a number of bytes: for COMING those without which nothing changes, for WHOLE
    those of the request, which others may follow. `walked` is up to where chunks were looked at, to
    go on from there: to begin anew with each byte that comes would take for ever."""

    stage: Stage
    size: int
    walked: int = 0


def seen(arrived: bytearray, walked: int = 0) -> Seen:
    """What the bytes that arrived on a connection since its last request amount to, when up to
    `walked` they were seen before."""
    end = arrived.find(b"\r\n\r\n")
    if end < 0:
        more = len(arrived) <= LONGEST_HEAD
        return Seen(Stage.COMING, len(arrived) + 1) if more else Seen(Stage.OPEN, 0)
    size = end + 4
    head = bytes(arrived[:size]).lower()
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" not in head:
            return Seen(Stage.WHOLE, size)
        if b"\r\nexpect:" in head:
            return Seen(Stage.OPEN, 0)
        return _in_chunks(arrived, size, max(size, walked))
    said = head[at + 17 : head.find(b"\r\n", at + 2)].strip()
    if not said.isdigit() or len(said) > 9 or int(said) > BODY_LIMIT or b"\r\nexpect:" in head:
        return Seen(Stage.OPEN, 0)
    size += int(said)
    return Seen(Stage.WHOLE if len(arrived) >= size else Stage.COMING, size)


def _in_chunks(arrived: bytearray, begins: int, at: int) -> Seen:
    """Whole behind the chunk without bytes and what may trail it. What is not written as chunks are
    is the parser's at once."""
    while at - begins <= BODY_LIMIT:
        line_ends = arrived.find(b"\r\n", at, at + _LONGEST_CHUNK_LINE)
        if line_ends < 0:
            if len(arrived) - at >= _LONGEST_CHUNK_LINE:
                break
            return Seen(Stage.COMING, len(arrived) + 1, at)
        chunk = _CHUNK.match(arrived, at)
        if chunk is None:
            break
        size = int(chunk[1], 16)
        if size == 0:
            end = arrived.find(b"\r\n\r\n", line_ends)
            if end >= 0:
                return Seen(Stage.WHOLE, end + 4)
            if len(arrived) - line_ends > LONGEST_HEAD:
                break
            return Seen(Stage.COMING, len(arrived) + 1, at)
        following = line_ends + 2 + size + 2
        if following > len(arrived) and following - begins <= BODY_LIMIT:
            return Seen(Stage.COMING, following, at)
        at = following
    return Seen(Stage.OPEN, 0)
