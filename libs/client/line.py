"""A line to somebody: connections behind a breaker, each process its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import httpx

from libs.client.breaker import Breaker, Outcome
from libs.client.transport import PooledTransport
from libs.operations.errors import Unavailable


@dataclass(frozen=True, slots=True)
class _Ends:
    pid: int
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
        epoch = ends.breaker.admit()
        # What is nobody's failure over there, such as a bug of ours, counts as neither.
        outcome = Outcome.NEITHER
        try:
            response = send(ends.client)
            outcome = _outcome(response.status_code)
        except httpx.PoolTimeout as error:
            raise Unavailable(self._neighbour, str(error), retry_after_s=0.5) from error
        except httpx.RequestError as error:
            if not (in_a_hurry and isinstance(error, httpx.TimeoutException)):
                outcome = Outcome.FAILURE
            why = f"{type(error).__name__}: {error}"
            raise Unavailable(self._neighbour, why) from error
        finally:
            ends.breaker.ended(outcome, epoch)
        return response

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
        client = httpx.Client(
            base_url=self._url,
            # Uncompressed: the limit on an answer's length is one on what it takes here.
            headers={"Accept-Encoding": "identity"},
            transport=PooledTransport(
                connections=self._connections,
                tls=httpx.create_ssl_context(trust_env=False) if secure else None,
            ),
            trust_env=False,
            follow_redirects=False,
        )
        return _Ends(os.getpid(), client, Breaker(self._service, self._neighbour))


def _outcome(status: int) -> Outcome:
    if status >= 500:
        return Outcome.FAILURE
    return Outcome.NEITHER if status >= 400 else Outcome.SUCCESS
