"""Forms: only ours are taken, and what is wrong with one is said beside the field."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from libs.telemetry.logs import get_logger
from services.storefront.deps import Deps
from services.storefront.visits import visit

log = get_logger(__name__)

# A form of ours is a few hundred bytes.
LARGEST = 32 * 1024
_LENGTH = 32


class NotOurForm(HTTPException):
    """Sent from another site, or from a page that is older than the session."""

    code = 403
    description = "This page had been open for too long. Go back, reload it, and try once more."


def form_token() -> str:
    """What makes a form ours: bound to the session, and masked anew each time, so that a
    compressed page tells nothing about it."""
    now = visit()
    now.needs_cookie = now.needs_cookie or not now.had_cookie
    if now.session_id != g.get("token_of"):
        g.token_of, g.token = now.session_id, _masked(now.session_id)
    return str(g.token)


def _masked(session_id: str) -> str:
    pad = os.urandom(_LENGTH)
    masked = bytes(a ^ b for a, b in zip(pad, _token(session_id), strict=True))
    return base64.urlsafe_b64encode(pad + masked).decode()


def mount(app: Flask, deps: Deps) -> None:
    """Refuse every POST that is not from a form of ours."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST
    app.config["MAX_FORM_PARTS"] = 100

    @app.before_request
    def check() -> None:
        if request.method in ("GET", "HEAD"):
            return
        if not _same_origin(deps.public_url) or not _is_ours(request.form.get("form_token", "")):
            log.warning("form refused", endpoint=request.endpoint)
            raise NotOurForm


def own_path(said: str | None, otherwise: str = "/") -> str:
    """The path when it is one of this shop; else the other one. Nobody is sent to a stranger."""
    if not said or not said.startswith("/") or len(said) > 500:
        return otherwise
    # Browsers read a backslash as a slash, and leave out tabs and line breaks.
    if said.startswith("//") or "\\" in said or any(c < "!" or c > "~" for c in said):
        return otherwise
    parts = urlsplit(said)
    return otherwise if parts.scheme or parts.netloc else said


def wrong_fields(error: ValidationError, words: Mapping[str, str]) -> dict[str, str]:
    """What to say beside each field that is wrong."""
    fields = [str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]]
    return {field: words.get(field, "This cannot be right") for field in fields}


def _token(session_id: str) -> bytes:
    # Not the id itself: what stands in a page may be read by what reads pages.
    return hashlib.sha256(b"a form of " + session_id.encode()).digest()


def _is_ours(said: str) -> bool:
    try:
        both = base64.urlsafe_b64decode(said.encode())
    except ValueError:
        return False
    pad, masked = both[:_LENGTH], both[_LENGTH:]
    if len(pad) != _LENGTH or len(masked) != _LENGTH:
        return False
    unmasked = bytes(a ^ b for a, b in zip(pad, masked, strict=True))
    return hmac.compare_digest(unmasked, _token(visit().session_id))


def _same_origin(public_url: str | None) -> bool:
    """Whether a browser says that the form was on a page of ours; one that says nothing is left to
    the token."""
    origin = request.headers.get("Origin")
    if origin is not None:
        if public_url is not None and origin == public_url.rstrip("/"):
            return True
        return public_url is None and urlsplit(origin).netloc == request.host
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
