"""Every error as a problem: what Flask and Werkzeug refuse, and what nobody caught."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from contracts.core import Problem, chassis
from libs.operations.context import Context, current, within
from libs.operations.envelope import Reply
from libs.operations.errors import Unavailable
from libs.operations.problems import reply_with
from libs.telemetry.logs import get_logger
from libs.telemetry.trace import Trace

log = get_logger(__name__)


def answer_with_problems(app: Flask, body_limit: int) -> None:
    """Register the handlers; plain views of the app are covered as well as operations."""

    def refused(error: HTTPException) -> Response:
        problem: Problem
        headers: tuple[tuple[str, str], ...] = ()
        if isinstance(error, MethodNotAllowed):
            allowed = tuple(sorted(error.valid_methods or ()))
            problem, headers = (
                chassis.MethodNotAllowed(allowed=allowed),
                (("Allow", ", ".join(allowed)),),
            )
        elif isinstance(error, RequestEntityTooLarge):
            problem = chassis.BodyTooLarge(limit_bytes=body_limit)
        elif error.code == 404:
            problem = chassis.NotFound()
        elif error.code == 415:
            problem = chassis.UnsupportedMediaType()
        elif error.code is not None and 300 <= error.code < 400:
            return Response(status=error.code, headers=error.get_headers())
        elif error.code is not None and error.code < 500:
            problem = chassis.BadRequest(detail=error.name)
        else:
            problem = chassis.InternalError()
        with _traced():
            return response(app, reply_with(problem, headers=headers))

    def problem(error: Problem) -> Response:
        with _traced():
            return response(app, reply_with(error))

    def unavailable(error: Unavailable) -> Response:
        with _traced():
            log.warning("unavailable", why=str(error))
            after_s = max(1, math.ceil(error.retry_after_s))
            return response(app, reply_with(chassis.Overloaded(retry_after_s=after_s)))

    def bug(error: Exception) -> Response:
        with _traced():
            log.exception("bug", error=type(error).__name__)
            return response(app, reply_with(chassis.InternalError()))

    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(Problem, problem)
    app.register_error_handler(Unavailable, unavailable)
    app.register_error_handler(Exception, bug)


@contextmanager
def _traced() -> Iterator[None]:
    """Give the problem of a request that reached no operation the trace that it came with."""
    if current() is not None:
        yield
        return
    trace = Trace.continued(request.headers.get("Traceparent"))
    with within(Context(trace=trace, request_id=trace.span_id)):
        yield


def response(app: Flask, reply: Reply) -> Response:
    """A reply as Flask's response."""
    return app.response_class(reply.body, reply.status, list(reply.headers))
