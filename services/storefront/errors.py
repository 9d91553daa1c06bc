"""What goes wrong, in the shop's own clothes: what happened, what to do, and the trace that finds it."""

from __future__ import annotations

from flask import Flask, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from contracts.core import Problem
from libs.operations.context import current
from libs.operations.errors import Misunderstood, Unavailable
from libs.operations.problems import whole_seconds
from libs.telemetry.logs import get_logger
from libs.telemetry.trace import Trace
from services.storefront import words
from services.storefront.carts import Cart
from services.storefront.forms import own_path
from services.storefront.page import is_htmx, page
from services.storefront.visits import Visit

log = get_logger(__name__)

_WORDS = {
    400: ("That could not be read", "The address or the form is not one that this shop made."),
    403: ("This form is too old", ""),
    404: ("Nothing is here", "The page has moved, or never was. The shelves are still full."),
    405: ("Not this way", "This address is for a form. Start from the shop's front page."),
    413: ("That is too much", "What was sent is longer than anything this shop reads."),
    429: ("Slow down a little", ""),
    500: ("Something broke on our side", "It is written down, and somebody will look at it."),
    503: ("We cannot answer right now", "A part of the shop is resting. Nothing of yours is lost."),
}


class LogInFirst(Exception):
    """This page is for somebody whose token is good; they are sent back to it afterwards."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back


class TooManyTries(Exception):
    """Somebody tries too often."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"for {retry_after_s} s")
        self.retry_after_s = retry_after_s


def mount(app: Flask) -> None:
    """In place of the chassis' problems, which are for programs."""

    def refused(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if code < 400:
            return error.get_response()
        own = error.description if type(error).__module__.startswith("services.") else None
        response = _page(code, detail=own)
        if code == 405 and (allowed := getattr(error, "valid_methods", None)):
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response

    def log_in_first(error: LogInFirst) -> ResponseReturnValue:
        where = url_for("log_in", next=own_path(error.back))
        if is_htmx():
            return Response(status=200, headers={"HX-Redirect": where})
        return redirect(where, 303)

    def too_many(error: TooManyTries) -> Response:
        again = f"Please wait {words.wait(error.retry_after_s)} before the next try."
        response = _page(429, detail=again)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    def unavailable(error: Unavailable) -> Response:
        log.warning("unavailable", why=str(error))
        response = _page(503, who=error.who)
        response.headers["Retry-After"] = str(whole_seconds(error.retry_after_s))
        return response

    def misunderstood(error: Misunderstood) -> ResponseReturnValue:
        if error.status == 401:
            # The token is no longer taken: its keys are gone, or clocks differ.
            return log_in_first(
                LogInFirst(own_path(request.path if request.method == "GET" else "/"))
            )
        return bug(error)

    def bug(error: Exception) -> Response:
        log.exception("bug", error=type(error).__name__)
        return _page(500)

    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(LogInFirst, log_in_first)
    app.register_error_handler(TooManyTries, too_many)
    app.register_error_handler(Unavailable, unavailable)
    app.register_error_handler(Misunderstood, misunderstood)
    # One that a page did not expect is a bug of the page.
    app.register_error_handler(Problem, bug)
    app.register_error_handler(Exception, bug)


def _page(code: int, *, detail: str | None = None, who: str = "") -> Response:
    title, sentence = _WORDS.get(code, _WORDS[400 if code < 500 else 500])
    _be_somebody()
    context = current()
    trace_id = (context.trace if context else Trace.begin()).trace_id
    return page(
        "error.html",
        code,
        title=title,
        sentence=detail or sentence,
        who=who,
        code=code,
        trace_id=trace_id,
    )


def _be_somebody() -> None:
    """A request that failed before its visit began still gets a page."""
    if "visit" not in g:
        g.visit = Visit(session_id="", cart=Cart())
