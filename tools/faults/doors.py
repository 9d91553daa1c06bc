"""The shop's HTTP doors, as a customer's client uses them: plain, over connections that are kept."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 5.0
_AT_THE_DOOR = ("Refused", "busy")  # on a 503: there was no thread for it, and nobody read it


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and after how many seconds. Status 0: nothing did, `why` says what was met;
    `heard` tells whether the shop may have begun anything: not without a connection, and not when it
    was refused at the door."""

    status: int
    took_s: float
    body: Any = None
    why: str = ""
    heard: bool = True


class Doors:
    """One customer's. `url` gives the present address of a service. For one thread."""

    def __init__(self, url: Callable[[str], str], patience_s: float = PATIENCE_S) -> None:
        self._url = url
        self._patience_s = patience_s
        self._open: dict[str, http.client.HTTPConnection] = {}

    def ask(
        self,
        method: str,
        service: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        repeatable: bool = False,
    ) -> Answer:
        """One exchange. What met a kept connection that turns out to be closed is sent once more over a
        new one, as every client with a pool does, if it is a GET or `repeatable`: with a key, or such
        that it does the same however often it is asked."""
        began = time.monotonic()
        kept = service in self._open
        answer = self._once(began, method, service, path, body, headers or {})
        if kept and (repeatable or method == "GET") and answer.why in _CLOSED:
            again = self._once(began, method, service, path, body, headers or {})
            # The first may have been heard, whatever became of the second.
            return replace(again, heard=True)
        return answer

    def close(self) -> None:
        """All connections."""
        while self._open:
            self._open.popitem()[1].close()

    def _once(
        self,
        began: float,
        method: str,
        service: str,
        path: str,
        body: object,
        headers: Mapping[str, str],
    ) -> Answer:
        sent = {**headers}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        heard = False
        try:
            connection = self._open.get(service)
            if connection is None:
                address = urlsplit(self._url(service)).netloc
                connection = http.client.HTTPConnection(address, timeout=self._patience_s)
                connection.connect()
                self._open[service] = connection
            heard = True
            connection.request(method, path, content, sent)
            response = connection.getresponse()
            read = response.read()
        except (OSError, http.client.HTTPException) as error:
            if broken := self._open.pop(service, None):
                broken.close()
            return Answer(0, time.monotonic() - began, None, type(error).__name__, heard)
        took_s = time.monotonic() - began
        heard = not (
            response.status == 503 and response.getheader(_AT_THE_DOOR[0]) == _AT_THE_DOOR[1]
        )
        try:
            said = json.loads(read) if read else None
        except ValueError:
            return Answer(response.status, took_s, None, "an answer that is no JSON", heard)
        return Answer(response.status, took_s, said, heard=heard)


_CLOSED = ("RemoteDisconnected", "ConnectionResetError", "BrokenPipeError")
