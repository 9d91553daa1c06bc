"""gunicorn's worker with threads, and what it answers before a request reaches the application."""

from __future__ import annotations

import contextlib
import logging
import socket
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors

from libs.telemetry.trace import Trace
from libs.web.admission import Kind, problem_bytes
from libs.web.connections import Connection
from libs.web.event_loop import EventLoop

log = logging.getLogger("gunicorn.error")

# For a client to take in that it was refused.
LAST_WORDS_S = 0.5

_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (errors.ConfigurationProblem, 500),
    (errors.LimitRequestLine, 414),
    (errors.LimitRequestHeaders, 431),
    (errors.ExpectationFailed, 417),
    (errors.UnsupportedTransferCoding, 501),
    (errors.ForbiddenProxyRequest, 403),
    (errors.ParseException, 400),
    (TimeoutError, 408),
)


class Worker(EventLoop):
    """Answers with problems where gunicorn has pages of HTML that repeat what was sent, and logs
    neither: a header that cannot be read may be the one with the token."""

    def handle(self, conn: Any) -> Any:
        """One request that has arrived, in a thread. True to keep the connection, False to close
        it, None to close it once the client has heard why."""
        request = None
        try:
            request = next(conn.parser)
            if not request:
                return False
            if self.handle_request(request, conn):
                return self._is_at_its_end(conn)
            return False if conn.kind is not Kind.OPEN and not conn.rest.buf.getvalue() else None
        except (errors.NoMoreData, StopIteration):
            return False
        except OSError as error:
            if isinstance(error, TimeoutError) and request is None:
                self.handle_error(request, conn.sock, conn.client, error)
            return None  # it has gone, or is too slow
        except Exception as error:
            self.handle_error(request, conn.sock, conn.client, error)
            return None

    def _is_at_its_end(self, conn: Connection) -> bool | None:
        """Whether nothing of the body is left, or what was left could be thrown away: else one
        could not tell where the next request begins."""
        try:
            if conn.kind is not Kind.OPEN:
                return True if conn.parser.finish_body() else None  # all of it is here
            return True if conn.parser.finish_body(deadline=conn.rest.deadline) else None
        except errors.ParseException:
            return None  # the rest of a body that was refused already

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
            client.sendall(problem_bytes(HTTPStatus(status), trace.trace_id))
