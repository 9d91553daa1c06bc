"""An event loop for connections that pass through: one epoll for all of them."""

from __future__ import annotations

import heapq
import itertools
import select
import socket
import time
from collections.abc import Callable

from tools.faults.link import Link

Callback = Callable[[], None]

# An error or an end makes a socket ready for whatever it is watched for.
_BROKEN = select.EPOLLHUP | select.EPOLLERR
_READABLE = select.EPOLLIN | _BROKEN
_WRITABLE = select.EPOLLOUT | _BROKEN


class Links:
    """Carries links, and calls back for other things that can be read. For one thread; idle
    connections cost nothing."""

    def __init__(self) -> None:
        # Not `selectors`, which cannot watch for an end alone.
        self._epoll = select.epoll()
        self._listened: dict[int, Callback] = {}
        self._watched: dict[int, tuple[socket.socket, Link, int]] = {}
        self._times: list[tuple[float, int, Callback]] = []
        self._order = itertools.count()

    def listen(self, file: socket.socket | int, ready: Callback) -> None:
        """Call back when it can be read. Safe to repeat."""
        number = file if isinstance(file, int) else file.fileno()
        if number not in self._listened:
            self._epoll.register(number, select.EPOLLIN)
        self._listened[number] = ready

    def forget(self, file: socket.socket | int) -> None:
        """No more. Safe to repeat."""
        number = file if isinstance(file, int) else file.fileno()
        if self._listened.pop(number, None):
            self._epoll.unregister(number)

    def turn(self) -> None:
        """Wait until something happens, and do what there is to do."""
        pause = max(0.0, self._times[0][0] - self.now()) if self._times else None
        happened = self._epoll.poll(pause)
        watched = [(number, self._watched.get(number), mask) for number, mask in happened]
        for number, _ in happened:
            if ready := self._listened.get(number):
                ready()
        for number, entry, mask in watched:
            # What was done before in this turn may have closed it, and its number be given anew; and
            # what is still so after a change comes again in the next turn.
            if entry is not None and self._watched.get(number) is entry:
                sock, link, wanted = entry
                if wanted == select.EPOLLRDHUP:
                    link.hung_up()
                else:
                    link.ready(
                        sock,
                        bool(wanted & select.EPOLLIN and mask & _READABLE),
                        bool(wanted & select.EPOLLOUT and mask & _WRITABLE),
                    )
        while self._times and self._times[0][0] <= self.now():
            heapq.heappop(self._times)[2]()

    def now(self) -> float:
        """Of the monotonic clock."""
        return time.monotonic()

    def watch(
        self, sock: socket.socket, link: Link, read: bool, write: bool, end: bool = False
    ) -> None:
        """As of link.Loop."""
        number = sock.fileno()
        wanted = (select.EPOLLIN if read else 0) | (select.EPOLLOUT if write else 0)
        wanted = wanted or (select.EPOLLRDHUP if end else 0)
        known = self._watched.get(number)
        if known is None:
            if wanted:
                self._epoll.register(number, wanted)
        elif not wanted:
            self._epoll.unregister(number)
        elif known[2] != wanted:
            self._epoll.modify(number, wanted)
        else:
            return
        if wanted:
            self._watched[number] = (sock, link, wanted)
        else:
            self._watched.pop(number, None)

    def call_at(self, when: float, link: Link) -> None:
        """As of link.Loop."""
        self._at(when, link.tick)

    def call_in(self, seconds: float, back: Callback) -> None:
        """Call back after so long."""
        self._at(self.now() + seconds, back)

    def _at(self, when: float, back: Callback) -> None:
        heapq.heappush(self._times, (when, next(self._order), back))
