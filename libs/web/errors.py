"""Every error as a problem: what Flask and Werkzeug refuse, and what nobody caught."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from contracts.core import Problem, chassis
from libs.operations.context import Context, current, within
from libs.operations.envelope import Reply
from libs.operations.errors import Unavailable
from libs.operations.problems import reply_of, reply_with, whole_seconds
from libs.telemetry.logs import get_logger
from libs.telemetry.trace import Trace
from libs.web.answers import ALWAYS
from libs.web.headers import request_id_of

log = get_logger(__name__)


def answer_with_problems(app: Flask, body_limit: int) -> None:
    """Register the handlers; plain views of the app are covered as well as operations."""

    def refused(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if code < 400:
            return error.get_response()
        with _traced():
            if code >= 500:
                log.error("refused", status=code, error=error.name)
            return response(app, _reply(error, code, body_limit))

    def problem(error: Problem) -> Response:
        with _traced():
            return response(app, reply_with(error))

    def unavailable(error: Unavailable) -> Response:
        with _traced():
            log.warning("unavailable", why=str(error))
            again = chassis.Overloaded(retry_after_s=whole_seconds(error.retry_after_s))
            return response(app, reply_with(again))

    def bug(error: Exception) -> Response:
        with _traced():
            log.exception("bug", error=type(error).__name__)
            return response(app, reply_with(chassis.InternalError()))

    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(Problem, problem)
    app.register_error_handler(Unavailable, unavailable)
    app.register_error_handler(Exception, bug)


def _reply(error: HTTPException, code: int, body_limit: int) -> Reply:
    problem: Problem | None = None
    if isinstance(error, MethodNotAllowed):
        allowed = tuple(sorted(error.valid_methods or ()))
        allow = ("Allow", ", ".join(allowed))
        return reply_with(chassis.MethodNotAllowed(allowed=allowed), headers=(allow,))
    if code == 413:
        problem = chassis.BodyTooLarge(limit_bytes=body_limit)
    elif code == 404:
        problem = chassis.NotFound()
    elif code == 415:
        problem = chassis.UnsupportedMediaType()
    elif code == 400:
        # Not its description: that may repeat what was sent.
        problem = chassis.BadRequest(detail=error.name)
    elif code == 500:
        problem = chassis.InternalError()
    elif code == 503:
        problem = chassis.Overloaded()
    return reply_of(code, error.name) if problem is None else reply_with(problem)


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
    """A reply to the request at hand as Flask's response."""
    made = app.response_class(reply.body, reply.status, [*reply.headers, *ALWAYS])
    if request_id := request_id_of(request.environ):
        made.headers["X-Request-Id"] = request_id
    return made
