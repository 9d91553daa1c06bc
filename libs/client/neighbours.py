"""The two ways to reach a neighbour: over HTTP behind a breaker, or in the same process."""

from __future__ import annotations

import math
import time
from typing import Any
from urllib.parse import urlencode

import httpx

from contracts.core.chassis import NotFound
from libs.client.api import Call
from libs.client.bulkhead import AT_ONCE, Bulkhead
from libs.client.line import Line
from libs.client.retries import RetryBudget, may_be_repeated, pause
from libs.operations.context import current
from libs.operations.dispatch import Dispatcher
from libs.operations.envelope import Envelope, Reply
from libs.operations.errors import DeadlineExceeded, Unavailable
from libs.operations.problems import reply_with


class HttpNeighbour:
    """A service at an address, which may have a path before the contract's. Raises ValueError for
    an address that is none."""

    def __init__(
        self,
        service: str,
        neighbour: str,
        url: str,
        *,
        connections: int = 32,
        at_once: int = AT_ONCE,
    ) -> None:
        self._neighbour = neighbour
        self._bulkhead = Bulkhead(service, neighbour, at_once)
        self._budget = RetryBudget(service, neighbour)
        self._line = Line(service, neighbour, url, connections=connections)
        self._root = httpx.URL(url).raw_path.decode().rstrip("/")
        self._host = httpx.URL(url).netloc.decode()

    def exchange(self, call: Call) -> Reply:
        """The neighbour's reply. Raises Unavailable when there is none, or before asking while the
        breaker is open, or too many calls are under way. When the connection was lost, a request
        that may be repeated is asked once more (`retries.py`)."""
        self._budget.called()
        with self._bulkhead.enter():
            try:
                return self._ask(call)
            except Unavailable as error:
                if not may_be_repeated(call, error) or not self._budget.spend():
                    raise
            pause(call.deadline)
            return self._ask(call)

    def _ask(self, call: Call) -> Reply:
        sent = call.operation.wire.write(call.request)
        target = self._root + sent.path
        if sent.query:
            target += "?" + urlencode(sent.query)
        left = call.deadline - time.monotonic()
        headers = headers_of(call.envelope, max(0.0, left))
        headers["Host"] = self._host
        if sent.body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(sent.body))
        return self._line.exchange(
            call.operation.method,
            target,
            headers,
            sent.body,
            call.deadline,
            in_a_hurry=left < call.operation.deadline_s / 2,
        )

    def get(self, path: str, *, deadline_s: float = 1.0) -> bytes:
        """What a plain view of the neighbour shows to anyone, such as the JWKS of users. Raises
        Unavailable when it does not, or not in time."""
        context = current()
        left = None if context is None else context.remaining_s()
        deadline = time.monotonic() + (deadline_s if left is None else min(deadline_s, left))
        response = self._line.ask(
            lambda client: client.get(path, extensions={"deadline": deadline})
        )
        if response.status_code != 200:
            raise Unavailable(self._neighbour, f"it answered {path} with {response.status_code}")
        return response.content


class LocalNeighbour:
    """A service in this process: bytes through dispatch, and no breaker, for it dies with us."""

    def __init__(self, dispatcher: Dispatcher[Any]) -> None:
        self._dispatcher = dispatcher

    def exchange(self, call: Call) -> Reply:
        """The reply of the neighbour's dispatch."""
        sent = call.operation.wire.write(call.request)
        if any("/" in value for value in sent.values.values()):
            # Over HTTP a server sees it decoded, as one segment more, and finds nothing there.
            return reply_with(NotFound())
        reply = self._dispatcher.dispatch(
            call.operation.name, sent.values, sent.query, sent.body or b"", call.envelope
        )
        if time.monotonic() > call.deadline:
            # Over HTTP the caller would have stopped waiting.
            raise DeadlineExceeded(call.operation.service, "the deadline has passed")
        return reply


def headers_of(envelope: Envelope, left_s: float | None = None) -> dict[str, str]:
    """The envelope as HTTP headers, with the time that is left by now; `libs.web` reads them back."""
    headers = {"Accept": "application/json"}
    if envelope.authorization is not None:
        headers["Authorization"] = envelope.authorization
    if envelope.service_authorization is not None:
        headers["Service-Authorization"] = envelope.service_authorization
    if envelope.idempotency_key is not None:
        headers["Idempotency-Key"] = envelope.idempotency_key
    deadline_s = envelope.deadline_s if left_s is None else left_s
    if deadline_s is not None:
        headers["Deadline-Ms"] = str(math.ceil(deadline_s * 1000))
    if envelope.traceparent is not None:
        headers["Traceparent"] = envelope.traceparent
    if envelope.request_id is not None:
        headers["X-Request-Id"] = envelope.request_id
    return headers
