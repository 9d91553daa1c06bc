"""Visitors of one service who count each answer to their reads and keyed writes.

Who is told that there is too much to do comes again with the same request, and that is counted. Half of
them keep their connection, as clients with a pool do; where it was closed before a byte of an answer
came, they ask once more over a new one, which a read or a keyed write allows, and that is counted too.
Nothing else is repeated."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

_PATIENCE_S = 10.0
_AGAIN_S = 0.3
_TRIES = 20
_PUT_OFF = "told to come again"
_WRITES = 0.1  # of all requests


@dataclass
class Count:
    """What became of the requests."""

    reads: int = 0
    writes: int = 0
    failed: list[str] = field(default_factory=list)
    put_off: int = 0
    reconnects: int = 0
    took: list[tuple[float, float, bool]] = field(default_factory=list)
    """When each request began, how many seconds it took, whether it went well."""

    @property
    def asked(self) -> int:
        """All of them."""
        return self.reads + self.writes


class Visitors:
    """So many at once, until all requests that are wanted have been sent. They order `sku` with
    `token`, and list their orders. Every other one has a connection of its own for each request."""

    def __init__(self, port: int, *, token: str, sku: str, wanted: int, at_once: int = 4) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._order = json.dumps(
            {"lines": [{"sku": sku, "quantity": 1}], "payment_method": "pm_card_visa"}
        )
        self._numbers: Iterator[int] = iter(range(wanted))
        self._lock = threading.Lock()
        self.count = Count()
        self._threads = [
            threading.Thread(target=self._visit, args=(n % 2 == 0,), daemon=True)
            for n in range(at_once)
        ]

    def start(self) -> None:
        """They come in."""
        for thread in self._threads:
            thread.start()

    @property
    def are_inside(self) -> bool:
        """Whether some of them still have something to ask."""
        return any(thread.is_alive() for thread in self._threads)

    def send_away(self) -> None:
        """They finish what they began, and ask nothing more; returns when they have gone."""
        with self._lock:
            self._numbers = iter(())
        for thread in self._threads:
            thread.join()

    def _visit(self, keeps: bool) -> None:
        with closing(_Line(self._port, keeps=keeps)) as line:
            while (number := self._next()) is not None:
                write = number % round(1 / _WRITES) == 0
                began = time.monotonic()
                wrong, put_off = self._insist(line, number, write)
                with self._lock:
                    self.count.took.append((began, time.monotonic() - began, not wrong))
                    self.count.put_off += put_off
                    self.count.writes += write
                    self.count.reads += not write
                    if wrong:
                        kind = "write" if write else "read"
                        self.count.failed.append(f"{kind} {number}: {wrong}")
        with self._lock:
            self.count.reconnects += line.reconnects

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _insist(self, line: _Line, number: int, write: bool) -> tuple[str, int]:
        """What was wrong in the end, and how often they were told to come again before."""
        for put_off in range(_TRIES):
            wrong = self._place(line, number) if write else self._read(line)
            if not wrong.startswith(_PUT_OFF):
                return wrong, put_off
            time.sleep(_AGAIN_S)
        return wrong, _TRIES

    def _place(self, line: _Line, number: int) -> str:
        headers = {**self._headers, "Idempotency-Key": f"visitor-{number}"}
        return line.ask("POST", "/api/v1/orders", self._order, headers, 201)

    def _read(self, line: _Line) -> str:
        return line.ask("GET", "/api/v1/orders?limit=2", None, self._headers, 200)


class _Line:
    """One visitor's way to the shop, over one connection as long as that lasts, if it `keeps` it."""

    def __init__(self, port: int, *, keeps: bool) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
        self._keeps = keeps
        self.reconnects = 0

    def close(self) -> None:
        self._connection.close()

    def ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str], good: int
    ) -> str:
        """What was wrong; empty when nothing was."""
        sent = headers if self._keeps else {**headers, "Connection": "close"}
        try:
            response = self._answer(method, path, body, sent)
            said = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return f"{type(error).__name__}: {error}"
        if not self._keeps:
            self.close()
        if response.status == 503 and b"/problems/overloaded" in said:
            return f"{_PUT_OFF}, after {response.getheader('Retry-After')} s"
        return "" if response.status == good else f"{response.status} {said[:200]!r}"

    def _answer(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        # http.client lets go of the socket when the answer before said `Connection: close`.
        was_idle = self._connection.sock is not None
        try:
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()
        except (ConnectionResetError, BrokenPipeError):  # RemoteDisconnected is one of the first
            self.close()
            if not was_idle:
                raise
        # Both sides may end an idle connection, and cannot know what the other is just sending.
        self.reconnects += 1
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse()
