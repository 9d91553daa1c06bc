"""An event loop for connections that pass through: one epoll for all of them."""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from collections.abc import Callable

from tools.faults.link import Link

Callback = Callable[[], None]


class Links:
    """Carries links, and calls back for other things that can be read. For one thread; idle
    connections cost nothing."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._times: list[tuple[float, int, Link]] = []
        self._order = itertools.count()

    def listen(self, file: socket.socket | int, ready: Callback) -> None:
        """Call back when it can be read."""
        self._selector.register(file, selectors.EVENT_READ, ready)

    def forget(self, file: socket.socket | int) -> None:
        """No more."""
        self._selector.unregister(file)

    def turn(self) -> None:
        """Wait until something happens, and do what there is to do."""
        pause = max(0.0, self._times[0][0] - self.now()) if self._times else None
        for key, mask in self._selector.select(pause):
            sock = key.fileobj
            if not isinstance(key.data, Link):
                key.data()
            elif isinstance(sock, socket.socket) and sock.fileno() >= 0:
                # Else it was closed by what was done before it in this turn.
                key.data.ready(
                    sock, bool(mask & selectors.EVENT_READ), bool(mask & selectors.EVENT_WRITE)
                )
        while self._times and self._times[0][0] <= self.now():
            heapq.heappop(self._times)[2].tick()

    def now(self) -> float:
        """Of the monotonic clock."""
        return time.monotonic()

    def watch(self, sock: socket.socket, link: Link, read: bool, write: bool) -> None:
        """As of link.Loop."""
        mask = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
        registered = self._selector.get_map().get(sock)
        if registered is None:
            if mask:
                self._selector.register(sock, mask, link)
        elif not mask:
            self._selector.unregister(sock)
        elif registered.events != mask:
            self._selector.modify(sock, mask, link)

    def call_at(self, when: float, link: Link) -> None:
        """As of link.Loop."""
        heapq.heappush(self._times, (when, next(self._order), link))
