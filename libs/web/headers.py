"""HTTP headers to an envelope, and the other way round in `libs.client.neighbours`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contracts.core.chassis import MalformedRequest
from libs.operations.envelope import Envelope

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")

# What a proxy or a curious client may claim about who asks; only signed tokens count here.
FORGEABLE = (
    "HTTP_X_USER",
    "HTTP_X_USER_ID",
    "HTTP_X_AUTHENTICATED_USER",
    "HTTP_X_FORWARDED_USER",
    "HTTP_X_REMOTE_USER",
    "HTTP_REMOTE_USER",
    "REMOTE_USER",
)


def envelope_of(environ: Mapping[str, Any]) -> Envelope:
    """The envelope of a WSGI request. Raises MalformedRequest for a deadline that is no number."""
    get = environ.get
    deadline = get("HTTP_DEADLINE_MS")
    return Envelope(
        authorization=get("HTTP_AUTHORIZATION"),
        service_authorization=get("HTTP_SERVICE_AUTHORIZATION"),
        idempotency_key=get("HTTP_IDEMPOTENCY_KEY"),
        if_match=get("HTTP_IF_MATCH"),
        deadline_s=None if deadline is None else _seconds(deadline),
        traceparent=get("HTTP_TRACEPARENT"),
        request_id=request_id_of(environ),
    )


def request_id_of(environ: Mapping[str, Any]) -> str | None:
    """The request's own id, if it came with one that is safe to repeat."""
    said = environ.get("HTTP_X_REQUEST_ID")
    return said if said and _ID.fullmatch(said) else None


def _seconds(milliseconds: str) -> float:
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) <= 9):
        raise MalformedRequest(detail="Deadline-Ms is the number of milliseconds that are left")
    return int(milliseconds) / 1000
