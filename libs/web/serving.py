"""Operations under Flask: one URL rule for each, all of it done by dispatch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask, Response, request
from typing_extensions import TypeVar

from contracts.core import Binding, Operation
from libs.operations.dispatch import Dispatcher
from libs.operations.envelope import Access
from libs.operations.repeats import Repeats
from libs.web.answers import ALWAYS, Answer
from libs.web.bodies import BODY_LIMIT, body_of
from libs.web.console import mount_console
from libs.web.errors import answer_with_problems
from libs.web.forms import forms_dispatcher
from libs.web.headers import FORGEABLE, envelope_of
from libs.web.openapi import mount_openapi
from libs.web.probes import Check, mount_probes
from libs.web.queries import query_of
from libs.web.tuning import tune

D = TypeVar("D")


def serve(
    app: Flask,
    contracts: ModuleType | Iterable[ModuleType],
    routes: Iterable[Binding[D]],
    deps: D,
    *,
    access: Access,
    knows: Iterable[ModuleType] = (),
    repeats: Repeats | None = None,
    ready: Mapping[str, Check] | None = None,
) -> Dispatcher[D]:
    """Serve the operations of these contracts, with probes, metrics, OpenAPI, and problems for
    every error; to services also the forms of these contracts, and of those that it `knows` of its
    neighbours. Raises TypeError when an operation has no handler, or two, or when one is KEYED
    and there are no `repeats` (libs.db.StoredRepeats) to remember its answers.

    `ready` names what must answer before requests are sent here.
    """
    pages = (contracts,) if isinstance(contracts, ModuleType) else tuple(contracts)
    dispatcher = Dispatcher(_service_of(app), pages, routes, deps, access, repeats=repeats)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    tune(app)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    app.wsgi_app = _WithoutForgeries(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way
    answer_with_problems(app, BODY_LIMIT)
    told = forms_dispatcher(dispatcher.service, pages, knows, access, _folder_of(app))
    for each in (dispatcher, told):
        for operation in each.operations:
            app.add_url_rule(
                re.sub(r"\{(\w+)\}", r"<\1>", operation.path),
                endpoint=operation.name,
                methods=[operation.method],
                view_func=_view(each, operation),
                provide_automatic_options=False,
            )
    mount_probes(app, ready or {})
    mount_openapi(app, dispatcher, pages)
    mount_console(app, dispatcher.service)
    app.extensions["concord"] = dispatcher
    return dispatcher


def _service_of(app: Flask) -> str:
    """`users` for an app that was made as Flask(__name__) in services/users/app.py."""
    place, _, rest = app.import_name.partition(".")
    return rest.split(".")[0] if place == "services" and rest else app.name


def _folder_of(app: Flask) -> Path | None:
    """Where a service's source is; None for an app that is no service's."""
    return Path(app.root_path) if app.import_name.startswith("services.") else None


def dispatcher_of(app: Flask) -> Dispatcher[Any]:
    """The operations that an app serves."""
    dispatcher: Dispatcher[Any] = app.extensions["concord"]
    return dispatcher


def _view(dispatcher: Dispatcher[Any], operation: Operation) -> Callable[..., Response]:
    name = operation.name
    has_body = operation.method in ("POST", "PUT", "PATCH")
    dispatch = dispatcher.dispatch

    def view(**path: str) -> Response:
        environ = request.environ
        envelope = envelope_of(environ)
        query = query_of(environ)
        body = body_of(request) if has_body else b""
        reply = dispatch(name, path, query, body, envelope)
        headers = [*reply.headers, *ALWAYS]
        if envelope.request_id:
            headers.append(("X-Request-Id", envelope.request_id))
        return Answer(reply.body, reply.status, headers)

    return view


class _WithoutForgeries:
    """Takes away what outsiders claim about who they are, before any view can believe it."""

    def __init__(self, app: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for name in FORGEABLE:
            environ.pop(name, None)
        return self._app(environ, start_response)
