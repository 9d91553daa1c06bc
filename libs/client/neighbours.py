"""The two ways to reach a neighbour: over HTTP behind a breaker, or in the same process."""

from __future__ import annotations

import math
import os
from typing import Any
from urllib.parse import urlencode

import httpx

from libs.client.api import Call
from libs.client.breaker import Breaker, Outcome
from libs.client.transport import PooledTransport
from libs.operations.dispatch import Dispatcher
from libs.operations.envelope import Envelope, Reply
from libs.operations.errors import Unavailable


class HttpNeighbour:
    """A service at an address. Each process has its own connections and its own breaker, made at
    the first call: a client from before a fork gave answers to the wrong callers."""

    def __init__(self, service: str, neighbour: str, url: str, *, connections: int = 32) -> None:
        self._service = service
        self._neighbour = neighbour
        self._url = httpx.URL(url)
        self._connections = connections
        self._pid = 0
        self._client: httpx.Client
        self._breaker: Breaker

    def exchange(self, call: Call) -> Reply:
        """The neighbour's reply. Raises Unavailable when there is none, or before asking while the
        breaker is open."""
        if self._pid != os.getpid():
            self._connect()
        self._breaker.admit()
        outcome = Outcome.FAILURE
        try:
            response = self._client.send(self._request(call))
            outcome = _outcome(response.status_code)
        except httpx.PoolTimeout as error:
            outcome = Outcome.NEITHER
            raise Unavailable(self._neighbour, str(error), retry_after_s=0.5) from error
        except httpx.TransportError as error:
            why = f"{type(error).__name__}: {error}"
            raise Unavailable(self._neighbour, why) from error
        finally:
            self._breaker.ended(outcome)
        return Reply(response.status_code, response.content, tuple(response.headers.items()))

    def _connect(self) -> None:
        self._breaker = Breaker(self._service, self._neighbour)
        self._client = httpx.Client(
            transport=PooledTransport(connections=self._connections),
            trust_env=False,
            follow_redirects=False,
        )
        self._pid = os.getpid()

    def _request(self, call: Call) -> httpx.Request:
        sent = call.operation.wire.write(call.request)
        target = self._url.raw_path.rstrip(b"/") + sent.path.encode()
        if sent.query:
            target += b"?" + urlencode(sent.query).encode()
        headers = headers_of(call.envelope)
        headers["Host"] = self._url.netloc.decode()
        if sent.body is not None:
            headers["Content-Type"] = "application/json"
        return httpx.Request(
            call.operation.method,
            self._url.copy_with(raw_path=target),
            headers=headers,
            content=sent.body,
            extensions={"deadline": call.deadline},
        )


class LocalNeighbour:
    """A service in this process: bytes through dispatch, and no breaker, for it dies with us."""

    def __init__(self, dispatcher: Dispatcher[Any]) -> None:
        self._dispatcher = dispatcher

    def exchange(self, call: Call) -> Reply:
        """The reply of the neighbour's dispatch."""
        sent = call.operation.wire.write(call.request)
        return self._dispatcher.dispatch(
            call.operation.name, sent.values, sent.query, sent.body or b"", call.envelope
        )


def headers_of(envelope: Envelope) -> dict[str, str]:
    """The envelope as HTTP headers; `libs.web` reads them back."""
    headers = {"Accept": "application/json"}
    if envelope.authorization is not None:
        headers["Authorization"] = envelope.authorization
    if envelope.service_authorization is not None:
        headers["Service-Authorization"] = envelope.service_authorization
    if envelope.idempotency_key is not None:
        headers["Idempotency-Key"] = envelope.idempotency_key
    if envelope.deadline_s is not None:
        headers["Deadline-Ms"] = str(math.ceil(envelope.deadline_s * 1000))
    if envelope.traceparent is not None:
        headers["Traceparent"] = envelope.traceparent
    if envelope.request_id is not None:
        headers["X-Request-Id"] = envelope.request_id
    return headers


def _outcome(status: int) -> Outcome:
    if status >= 500:
        # A neighbour that sheds load is alive and says when to come back; the rest is failure.
        return Outcome.FAILURE
    return Outcome.NEITHER if status >= 400 else Outcome.SUCCESS
