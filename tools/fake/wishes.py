"""`Prefer: problem=NoSuchOrder` and `Prefer: code=409`: a refusal on demand, from any operation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from flask import Flask, Response, request

from contracts.core import Operation, Problem
from contracts.core.chassis import MalformedRequest
from libs.documents import possible_problems
from libs.operations.problems import reply_with
from libs.web.errors import response
from tools.fake.fake import Fake
from tools.fake.things import Json

_WISH = re.compile(r"(?:^|[,;])\s*(problem|code)\s*=\s*\"?([A-Za-z0-9]+)")


def grant_wishes(app: Flask, fake: Fake) -> None:
    """Answer what the header asks for before the request is looked at any further."""
    operations = {operation.name: operation for operation in fake.operations}

    @app.before_request
    def grant() -> Response | None:
        operation = operations.get(request.endpoint or "")
        wish = _WISH.search(request.headers.get("Prefer", ""))
        if operation is None or wish is None:
            return None
        problem = _wished(possible_problems(operation), wish[1], wish[2])
        if problem is None:
            if wish[1] == "code" and wish[2] == str(operation.status):
                return None
            names = ", ".join(_names(operation))
            unknown = f"{operation.name} has no {wish[1]} {wish[2]}; it has {names}"
            return response(app, reply_with(MalformedRequest(detail=unknown)))
        made = response(app, reply_with(fake.problem(problem, _said())))
        made.headers["Preference-Applied"] = f"{wish[1]}={wish[2]}"
        return made


def _wished(problems: Iterable[type[Problem]], by: str, what: str) -> type[Problem] | None:
    for problem in problems:
        if what == (problem.__name__ if by == "problem" else str(problem.__problem__.status)):
            return problem
    return None


def _names(operation: Operation) -> list[str]:
    return [f"{p.__name__} ({p.__problem__.status})" for p in possible_problems(operation)]


def _said() -> Json:
    """What the request speaks of, as far as it can be read: its first line, its body, its path."""
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        body = None
    sent = body if isinstance(body, dict) else {}
    lines = sent.get("lines")
    first = lines[0] if isinstance(lines, list) and lines and isinstance(lines[0], dict) else {}
    told = {name: value for name, value in {**first, **sent}.items() if isinstance(value, str)}
    return {**told, **(request.view_args or {})}
