"""A request's body, within its limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import (
    ClientDisconnected,
    RequestEntityTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)

from contracts.core.chassis import MalformedRequest

BODY_LIMIT = 1024 * 1024
# A client that is still sending hears our 413 only when we have read what it sent.
DRAIN_LIMIT = 8 * BODY_LIMIT


def body_of(request: Request) -> bytes:
    """The body, which is JSON, or empty. Raises RequestEntityTooLarge for one beyond the limit,
    UnsupportedMediaType for one of another kind, ClientDisconnected for one that ends early,
    RequestTimeout for one that does not end in time, MalformedRequest for chunks that are none."""
    environ = request.environ
    try:
        body = None if "stream" in vars(request) else _unread(environ)
        if body is None:
            body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        _drain(environ)
        raise
    except TimeoutError:
        raise RequestTimeout from None
    except ParseException:
        raise MalformedRequest(detail="The body is not in chunks, as its header says") from None
    if body and not _is_json(environ.get("CONTENT_TYPE", "")):
        raise UnsupportedMediaType
    return body


def _unread(environ: Mapping[str, Any]) -> bytes | None:
    """A body that nobody has begun to read, straight from the server (7 us less than through
    Werkzeug's stream); None where only Werkzeug knows how long it is."""
    length = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in environ:
        if length or not environ.get("wsgi.input_terminated"):
            return None
        # Werkzeug would cut it off at the limit, and call the rest well.
        body: bytes = environ["wsgi.input"].read(BODY_LIMIT + 1)
        if len(body) > BODY_LIMIT:
            raise RequestEntityTooLarge
        return body
    if not (length.isascii() and length.isdecimal() and len(length) <= len(str(BODY_LIMIT))):
        return None
    if int(length) > BODY_LIMIT:
        return None
    body = environ["wsgi.input"].read(int(length))
    if len(body) < int(length):
        raise ClientDisconnected
    return body


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _drain(environ: Mapping[str, Any]) -> None:
    left = DRAIN_LIMIT
    while left > 0:
        try:
            chunk = environ["wsgi.input"].read(min(65_536, left))
        except TimeoutError:
            return
        if not chunk:
            return
        left -= len(chunk)
