"""A small balancer: new connections go in turns to the instances that say they are ready.

It does what an orchestrator's does and no more: it looks at /readyz each `PROBE_S`, and a connection
that an instance has is that instance's until it ends.
"""

from __future__ import annotations

import os
import socket
import threading
import urllib.request
from collections.abc import Sequence
from typing import Self

from tools.faults.link import Link
from tools.faults.links import Links

HOST = "127.0.0.1"
PROBE_S = 0.2
_PATIENCE_S = 1.0


class Balancer:
    """In front of the instances that listen on these ports; `port` is its own. Instances come and go
    behind it, and it takes connections all the while."""

    def __init__(self, instances: Sequence[int]) -> None:
        self._ready: frozenset[int] = frozenset()
        self._lock = threading.Lock()
        self._turn = 0
        self._links = Links()
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._ended = threading.Event()
        self._awake, self._wake = os.pipe()
        self._links.listen(self._listener, self._accept)
        self._links.listen(self._awake, lambda: None)
        self._threads = [
            threading.Thread(target=self._carry, name="balancer", daemon=True),
            *(threading.Thread(target=self._watch, args=(i,), daemon=True) for i in instances),
        ]

    def start(self) -> Self:
        """It takes connections."""
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """It takes no more, and carries none."""
        self._ended.set()
        os.write(self._wake, b"!")
        for thread in self._threads:
            thread.join()
        self._listener.close()
        os.close(self._awake)
        os.close(self._wake)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def ready(self) -> frozenset[int]:
        """The ports of those that get new connections now."""
        return self._ready

    def _carry(self) -> None:
        while not self._ended.is_set():
            self._links.turn()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        ready = sorted(self._ready)
        if not ready:
            client.close()
            return
        self._turn += 1
        Link(self._links, client, (HOST, ready[self._turn % len(ready)]))

    def _watch(self, port: int) -> None:
        while not self._ended.wait(PROBE_S):
            ready = _is_ready(port)
            if ready is None:
                continue
            with self._lock:
                self._ready = self._ready | {port} if ready else self._ready - {port}


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _is_ready(port: int) -> bool | None:
    """None when it does not say in time: on a crowded machine it is slow, and not about to end."""
    try:
        with _DIRECT.open(f"http://{HOST}:{port}/readyz", timeout=_PATIENCE_S) as answer:
            return bool(answer.status == 200)
    except TimeoutError:
        return None
    except OSError as error:
        return None if isinstance(getattr(error, "reason", None), TimeoutError) else False
