"""Visitors of one service who count each answer to their reads and keyed writes.

Nothing is repeated that was not answered; who is told that there is too much to do comes again with the
same request, and that is counted."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
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
    took: list[tuple[float, float, bool]] = field(default_factory=list)
    """When each request began, how many seconds it took, whether it went well."""

    @property
    def asked(self) -> int:
        """All of them."""
        return self.reads + self.writes


class Visitors:
    """So many at once, each over a connection of its own for each request, until all that are wanted
    have been sent. They order `sku` with `token`, and list their orders."""

    def __init__(self, port: int, *, token: str, sku: str, wanted: int, at_once: int = 4) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._order = json.dumps(
            {"lines": [{"sku": sku, "quantity": 1}], "payment_method": "pm_card_visa"}
        )
        self._numbers: Iterator[int] = iter(range(wanted))
        self._lock = threading.Lock()
        self.count = Count()
        self._threads = [threading.Thread(target=self._visit, daemon=True) for _ in range(at_once)]

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

    def _visit(self) -> None:
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            write = number % round(1 / _WRITES) == 0
            began = time.monotonic()
            wrong, put_off = self._insist(number, write)
            with self._lock:
                self.count.took.append((began, time.monotonic() - began, not wrong))
                self.count.put_off += put_off
                self.count.writes += write
                self.count.reads += not write
                if wrong:
                    self.count.failed.append(f"{'write' if write else 'read'} {number}: {wrong}")

    def _insist(self, number: int, write: bool) -> tuple[str, int]:
        """What was wrong in the end, and how often they were told to come again before."""
        for put_off in range(_TRIES):
            wrong = self._place(number) if write else self._read()
            if not wrong.startswith(_PUT_OFF):
                return wrong, put_off
            time.sleep(_AGAIN_S)
        return wrong, _TRIES

    def _place(self, number: int) -> str:
        key = {"Idempotency-Key": f"visitor-{number}"}
        return self._ask("POST", self._order, 201, key)

    def _read(self) -> str:
        return self._ask("GET", None, 200, {})

    def _ask(self, method: str, body: str | None, good: int, more: Mapping[str, str]) -> str:
        """What was wrong; empty when nothing was."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE_S)
        path = "/api/v1/orders" + ("" if body else "?limit=2")
        try:
            connection.request(method, path, body, {**self._headers, **more, "Connection": "close"})
            response = connection.getresponse()
            said = response.read()
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        if response.status == 503 and b"/problems/overloaded" in said:
            return f"{_PUT_OFF}, after {response.getheader('Retry-After')} s"
        return "" if response.status == good else f"{response.status} {said[:200]!r}"
