"""A line to somebody: connections behind a breaker, each process its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Self

import httpx

from libs.client.breaker import Breaker, Outcome
from libs.client.transport import PooledTransport
from libs.operations.envelope import REFUSED, Reply
from libs.operations.errors import Unavailable


@dataclass(frozen=True, slots=True)
class _Ends:
    pid: int
    transport: PooledTransport
    client: httpx.Client
    breaker: Breaker


class Line:
    """Sends requests to one address. Connections and breaker are made at the first request of each
    process: a client from before a fork gave answers to the wrong callers."""

    def __init__(self, service: str, neighbour: str, url: str, *, connections: int) -> None:
        self._service = service
        self._neighbour = neighbour
        self._url = httpx.URL(url)
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise ValueError(f"{neighbour}: {url} is no address; write it as https://host")
        self._origin = (
            self._url.host,
            self._url.port or (443 if self._url.scheme == "https" else 80),
        )
        self._connections = connections
        self._guard = Lock()
        self._ends: _Ends | None = None

    def ask(
        self, send: Callable[[httpx.Client], httpx.Response], *, in_a_hurry: bool = False
    ) -> httpx.Response:
        """The response, whatever its status. Raises Unavailable when there is none, and at once
        while the breaker is open.

        A call `in_a_hurry` gives the other side less time than it may take: that it came late
        then says nothing. Whoever sends us requests with a millisecond to live must not open the
        breaker for everybody.
        """
        ends = self._of_this_process()
        with _Guarded(ends.breaker, self._neighbour, in_a_hurry) as guarded:
            response = send(ends.client)
            guarded.status = response.status_code
        return response

    def exchange(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float,
        *,
        in_a_hurry: bool = False,
    ) -> Reply:
        """As `ask`, for less: what httpx's client adds for strangers (cookies, redirects, URLs)
        takes half of a call's CPU, and our neighbours have no use for it."""
        ends = self._of_this_process()
        with _Guarded(ends.breaker, self._neighbour, in_a_hurry) as guarded:
            reply = ends.transport.exchange(
                self._origin, method, target, headers.items(), body, deadline
            )
            # Too much was asked of it, which a well neighbour says: nothing had begun.
            refused = reply.status == 503 and REFUSED in reply.headers
            guarded.status = 429 if refused else reply.status
        return reply

    def _of_this_process(self) -> _Ends:
        ends = self._ends
        if ends is None or ends.pid != os.getpid():
            with self._guard:
                ends = self._ends
                if ends is None or ends.pid != os.getpid():
                    ends = self._ends = self._connect()
        return ends

    def _connect(self) -> _Ends:
        secure = self._url.scheme == "https"
        transport = PooledTransport(
            connections=self._connections,
            tls=httpx.create_ssl_context(trust_env=False) if secure else None,
        )
        client = httpx.Client(
            base_url=self._url,
            # Uncompressed: the limit on an answer's length is one on what it takes here.
            headers={"Accept-Encoding": "identity"},
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )
        breaker = Breaker(self._service, self._neighbour)
        return _Ends(os.getpid(), transport, client, breaker)


class _Guarded:
    """A call that the breaker lets begin and is told the end of."""

    __slots__ = ("_breaker", "_epoch", "_in_a_hurry", "_neighbour", "status")

    def __init__(self, breaker: Breaker, neighbour: str, in_a_hurry: bool) -> None:
        self._breaker = breaker
        self._neighbour = neighbour
        self._in_a_hurry = in_a_hurry
        self.status = 0

    def __enter__(self) -> Self:
        self._epoch = self._breaker.admit()
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            self._breaker.ended(_outcome(self.status), self._epoch)
            return
        # What is nobody's failure over there, such as a bug of ours, counts as neither.
        outcome = Outcome.NEITHER
        late = self._in_a_hurry and isinstance(error, httpx.TimeoutException)
        if isinstance(error, httpx.RequestError) and not isinstance(error, httpx.PoolTimeout):
            outcome = Outcome.NEITHER if late else Outcome.FAILURE
        self._breaker.ended(outcome, self._epoch)
        if isinstance(error, httpx.PoolTimeout):
            raise Unavailable(self._neighbour, str(error), retry_after_s=0.5) from error
        if isinstance(error, httpx.RequestError):
            why = f"{type(error).__name__}: {error}"
            raise Unavailable(self._neighbour, why) from error


def _outcome(status: int) -> Outcome:
    if status >= 500:
        return Outcome.FAILURE
    return Outcome.NEITHER if status >= 400 else Outcome.SUCCESS
