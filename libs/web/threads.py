"""gunicorn's worker with threads, and what it answers before a request reaches the application."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from libs.operations.problems import CONTENT_TYPE
from libs.telemetry.trace import Trace

log = logging.getLogger("gunicorn.error")

# How long a client may take to read that it was refused.
LAST_WORDS_S = 0.5

_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (errors.ConfigurationProblem, 500),
    (errors.LimitRequestLine, 414),
    (errors.LimitRequestHeaders, 431),
    (errors.ExpectationFailed, 417),
    (errors.UnsupportedTransferCoding, 501),
    (errors.ForbiddenProxyRequest, 403),
    (errors.ParseException, 400),
)


class Worker(ThreadWorker):
    """Answers with problems where gunicorn has pages of HTML that repeat what was sent, and logs
    neither: a header that cannot be read may be the one with the token."""

    def handle(self, conn: Any) -> Any:
        """One request on a connection, in a thread."""
        kept = super().handle(conn)
        if kept is False:
            # gunicorn lingers for two seconds in its one event loop, where everybody waits.
            util.close_graceful(conn.sock, timeout=LAST_WORDS_S)
        return kept

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        try:
            return bool(super()._keepalive_after(conn, keepalive))  # type: ignore[misc]  # stubs of 23
        except errors.ParseException:
            return False  # the rest of a body that was refused already

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Say to the client what was wrong with what it sent, or that it is our bug."""
        status = next((code for kind, code in _STATUSES if isinstance(exc, kind)), 500)
        if type(exc).__name__.startswith("InvalidResponse"):
            status = 500  # ours, though gunicorn derives them from the client's mistakes
        trace = Trace.begin()
        if status == 500:
            log.error("request failed trace_id=%s", trace.trace_id, exc_info=exc)
        else:
            log.warning("request refused %s: %s", status, type(exc).__name__)
        with contextlib.suppress(OSError):
            client.settimeout(LAST_WORDS_S)
            client.sendall(_problem(status, trace))


def _problem(status: int, trace: Trace) -> bytes:
    phrase = HTTPStatus(status).phrase
    body = {
        "type": "about:blank",
        "title": phrase,
        "status": status,
        "trace_id": trace.trace_id,
    }
    text = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {CONTENT_TYPE}\r\nConnection: close\r\n"
        f"Cache-Control: no-store\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text
