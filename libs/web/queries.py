"""What stands in the address of a request, when it can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from contracts.core.chassis import MalformedRequest, NotFound

PARAMETERS = 100
_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")


def query_of(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parameters of a WSGI request, in their order. Raises MalformedRequest when they, or the
    path, are percent-encoded wrongly or are no UTF-8, and for more than a hundred of them; NotFound
    for a path that begins with two slashes."""
    # The path comes decoded, with what cannot be decoded replaced: only here it can be seen.
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if target.startswith("//"):
        # Werkzeug takes it for one slash; a proxy that guards paths may not have.
        raise NotFound()
    _check(target)
    text = environ.get("QUERY_STRING")
    if not text:
        return []
    _check(text)
    if not text.isascii():
        text = text.encode("latin-1").decode()  # as WSGI hands over bytes
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS)
    except ValueError:
        raise MalformedRequest(detail=f"More than {PARAMETERS} parameters") from None


def _check(target: str) -> None:
    if "%" not in target and target.isascii():
        return
    if _HALF_ENCODED.search(target):
        raise MalformedRequest(detail="A % in the address is not followed by two hex digits")
    try:
        unquote_to_bytes(target.encode("latin-1")).decode()
    except UnicodeError:
        raise MalformedRequest(detail="The address is no UTF-8") from None
