"""What is no operation of the contract: the import of a product file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, cast

from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from contracts.core import Admin
from contracts.core.chassis import BodyTooLarge, Forbidden, Unauthenticated, UnsupportedMediaType
from libs.web.headers import envelope_of
from services.catalog.deps import Deps
from services.catalog.importing import load
from services.catalog.product_files import Format

BODY_LIMIT = 16 * 1024 * 1024
DRAIN_LIMIT = 4 * BODY_LIMIT
FORMATS: Mapping[str, Format] = {
    "text/csv": "csv",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
}


def mount(app: Flask, deps: Deps) -> None:
    """`POST /api/v1/products/import`, for admins: the file is the body, the answer a report."""

    @app.post("/api/v1/products/import", provide_automatic_options=False)
    def import_products() -> Response:
        _only_admins(deps)
        kind = FORMATS.get(request.mimetype)
        if kind is None:
            raise UnsupportedMediaType(supported=tuple(FORMATS))
        request.max_content_length = BODY_LIMIT
        try:
            # Its lines are read while they arrive; nothing holds the whole file.
            lines = io.BufferedReader(cast(Any, request.stream), 65_536)
            report = load(deps.messages.database, lines, kind)
        except RequestEntityTooLarge:
            _drain()
            raise BodyTooLarge(limit_bytes=BODY_LIMIT) from None
        made = Response(report.as_json(), content_type="application/json")
        made.cache_control.no_store = True
        return made


def _drain() -> None:
    """A client that is still sending hears the answer only when we have read what it sent."""
    source, left = request.environ["wsgi.input"], DRAIN_LIMIT
    while left > 0 and (chunk := source.read(min(65_536, left))):
        left -= len(chunk)


def _only_admins(deps: Deps) -> None:
    identity = deps.access.identify(envelope_of(request.environ))
    if isinstance(identity.user, Admin):
        return
    if identity.user is None and identity.service is None:
        raise Unauthenticated(detail="This needs a token: Authorization: Bearer <access_token>")
    raise Forbidden(detail="Only for callers of this kind: admin")
