"""What a service tells of itself: `/openapi.json`, `/asyncapi.json`, and a page for each problem."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from flask import Flask, Response, abort

from contracts.core import Problem
from libs.operations.dispatch import Dispatcher


def mount_openapi(
    app: Flask, dispatcher: Dispatcher[Any], contracts: Sequence[ModuleType] = ()
) -> None:
    """The documents, each made when it is first asked for, and a page for each problem under the path
    that is its type."""

    def openapi() -> bytes:
        from libs.documents import openapi  # and pydantic's generator: few processes ever need it

        return _json(openapi(dispatcher.service, contracts, operations=dispatcher.operations))

    def asyncapi() -> bytes:
        from libs.documents import asyncapi

        return _json(asyncapi(dispatcher.service, contracts))

    def problem_page(name: str) -> Response:
        from libs.documents import problems_of

        for problem in problems_of(dispatcher.operations):
            if problem.__problem__.type == f"/problems/{name}":
                return Response(_page(problem), content_type="text/html; charset=utf-8")
        abort(404)

    for path, name, view in (
        ("/openapi.json", "openapi", _document(openapi)),
        ("/asyncapi.json", "asyncapi", _document(asyncapi)),
        ("/problems/<path:name>", "problem_page", problem_page),
    ):
        app.add_url_rule(
            path,
            endpoint=name,
            view_func=view,
            methods=["GET"],
            provide_automatic_options=False,
        )


def _document(make: Callable[[], bytes]) -> Callable[[], Response]:
    made: list[bytes] = []

    def view() -> Response:
        if not made:
            made.append(make())
        return Response(made[0], content_type="application/json")

    return view


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _page(problem: type[Problem]) -> str:
    said = problem.__problem__
    text = html.escape((problem.__doc__ or "").strip())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>{html.escape(said.title)}</title>"
        f"<h1>{html.escape(said.title)}</h1><p>{text}</p><p>HTTP status {said.status}</p></html>"
    )
