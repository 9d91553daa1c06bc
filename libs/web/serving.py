"""Operations under Flask: one URL rule for each, all of it done by dispatch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Response, request
from typing_extensions import TypeVar
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from contracts.core import Binding, Operation
from contracts.core.chassis import MalformedRequest
from libs.operations.dispatch import Dispatcher
from libs.operations.envelope import Access
from libs.operations.problems import reply_with
from libs.operations.repeats import Repeats
from libs.web.answers import Answer
from libs.web.errors import answer_with_problems, response
from libs.web.headers import FORGEABLE, envelope_of
from libs.web.openapi import mount_openapi
from libs.web.probes import Check, mount_probes
from libs.web.tuning import tune

D = TypeVar("D")

BODY_LIMIT = 1024 * 1024
# A client that is still sending hears our 413 only when we have read what it sent.
DRAIN_LIMIT = 8 * BODY_LIMIT
_ALWAYS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]


def serve(
    app: Flask,
    contracts: ModuleType | Iterable[ModuleType],
    routes: Iterable[Binding[D]],
    deps: D,
    *,
    access: Access,
    repeats: Repeats | None = None,
    ready: Mapping[str, Check] | None = None,
) -> Dispatcher[D]:
    """Serve the operations of these contracts, with probes, metrics, OpenAPI, and problems for
    every error. Raises TypeError when an operation has no handler, or two, or when one is KEYED
    and there are no `repeats` (libs.db.StoredRepeats) to remember its answers.

    `ready` names what must answer before requests are sent here.
    """
    pages = (contracts,) if isinstance(contracts, ModuleType) else tuple(contracts)
    dispatcher = Dispatcher(
        app.import_name.split(".")[1], pages, routes, deps, access, repeats=repeats
    )
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    tune(app)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    app.wsgi_app = _WithoutForgeries(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way
    answer_with_problems(app, BODY_LIMIT)
    for operation in dispatcher.operations:
        app.add_url_rule(
            re.sub(r"\{(\w+)\}", r"<\1>", operation.path),
            endpoint=operation.name,
            methods=[operation.method],
            view_func=_view(app, dispatcher, operation),
            provide_automatic_options=False,
        )
    mount_probes(app, ready or {})
    mount_openapi(app, dispatcher)
    app.extensions["concord"] = dispatcher
    return dispatcher


def dispatcher_of(app: Flask) -> Dispatcher[Any]:
    """The operations that an app serves."""
    dispatcher: Dispatcher[Any] = app.extensions["concord"]
    return dispatcher


def _view(app: Flask, dispatcher: Dispatcher[Any], operation: Operation) -> Callable[..., Response]:
    name = operation.name
    has_body = operation.method in ("POST", "PUT", "PATCH")
    dispatch = dispatcher.dispatch

    def view(**path: str) -> Response:
        environ = request.environ
        try:
            envelope = envelope_of(environ)
            text = environ.get("QUERY_STRING")
            query = parse_qsl(text, keep_blank_values=True, max_num_fields=100) if text else []
        except MalformedRequest as wrong:
            return response(app, reply_with(wrong))
        except ValueError:
            too_many = MalformedRequest(detail="The query has more than 100 parameters")
            return response(app, reply_with(too_many))
        body = _body() if has_body else b""
        reply = dispatch(name, path, query, body, envelope)
        headers = [*reply.headers, *_ALWAYS]
        if envelope.request_id:
            headers.append(("X-Request-Id", envelope.request_id))
        return Answer(reply.body, reply.status, headers)

    return view


def _body() -> bytes:
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        _drain(request.environ)
        raise
    if body and not _is_json(request.environ.get("CONTENT_TYPE", "")):
        raise UnsupportedMediaType
    return body


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _drain(environ: Mapping[str, Any]) -> None:
    left = DRAIN_LIMIT
    while left > 0:
        chunk = environ["wsgi.input"].read(min(65_536, left))
        if not chunk:
            return
        left -= len(chunk)


class _WithoutForgeries:
    """Takes away what outsiders claim about who they are, before any view can believe it."""

    def __init__(self, app: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for name in FORGEABLE:
            environ.pop(name, None)
        return self._app(environ, start_response)
