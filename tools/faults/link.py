"""One connection through the proxy: two sockets, and what is on its way between them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import socket
import struct
import termios
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from tools.faults.behaviours import PASS, Behaviour

_CHUNK = 65536
_HELD = 262_144  # bytes on their way after which no more is read: the sender shall feel it
_TICK_S = 0.05  # dripping answers move so often
_RESET = struct.pack("ii", 1, 0)


class Loop(Protocol):
    """What a link asks of the proxy's event loop."""

    def now(self) -> float: ...

    def watch(
        self, sock: socket.socket, link: Link, read: bool, write: bool, end: bool = False
    ) -> None:
        """Have `ready` called when the socket can be read or written, or, with `end`, `hung_up` when
        its other side says no more; with none of them, forget it."""

    def call_at(self, when: float, link: Link) -> None:
        """Have `tick` called then."""


@dataclass(slots=True)
class Counts:
    """Of the connections of an edge: how many have met its behaviour, and how many bytes were asked."""

    met: int = 0
    asked: int = 0


class _Way:
    """One direction: bytes from a source that wait, with the time from which they may be sent."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.held: deque[tuple[float, memoryview]] = deque()
        self.bytes_held = 0
        self.ended = False  # the source says no more
        self.closed = False  # and the sink has been told
        self.blocked = False  # the sink takes no more for now
        self.passed = 0  # since the behaviour was set
        self.drip_at = 0.0

    def take(self, due: float, chunk: bytes) -> None:
        """Hold what was read until it is due, never before what came before it."""
        if self.held:
            due = max(due, self.held[-1][0])
        self.held.append((due, memoryview(chunk)))
        self.bytes_held += len(chunk)


class Link:
    """Made when a client was accepted. The behaviour may change at any time."""

    def __init__(
        self,
        loop: Loop,
        client: socket.socket,
        target: tuple[str, int],
        behaviour: Behaviour = PASS,
        counts: Counts | None = None,
    ) -> None:
        _prepare(client)
        self._counts = counts or Counts()
        self._met = False  # the behaviour
        self._loop = loop
        self._client = client
        self._target = target
        self._behaviour = behaviour
        self._server: socket.socket | None = None
        self._connecting = False
        self._requests = _Way(answers=False)
        self._answers = _Way(answers=True)
        self._lost = False
        self._closed = False
        self._tick_at: float | None = None
        if behaviour.stands_still:
            self._meets()  # nobody will hear it
        self._carry_on()

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def behave(self, behaviour: Behaviour) -> None:
        """From now on."""
        self._behaviour = behaviour
        self._met = False
        self._requests.passed = self._answers.passed = 0
        if self._lost and not behaviour.loses:
            self.reset()
        else:
            self._carry_on()

    def ready(self, sock: socket.socket, readable: bool, writable: bool) -> None:
        """The loop says that a socket can be read or written."""
        if self._closed:
            return
        if self._connecting and sock is self._server:
            if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.reset()
                return
            self._connecting = False
        try:
            into = self._requests if sock is self._client else self._answers
            if writable:
                out_of = self._answers if sock is self._client else self._requests
                out_of.blocked = False
            if readable and self._reads(into):
                self._read(sock, into)
        except OSError:
            self.reset()  # what one side met, the other meets
        else:
            self._move()

    def hung_up(self) -> None:
        """The client has gone before there was a server to tell."""
        self._close()

    def look(self) -> None:
        """Count it if something waits where nothing moves: of that no event tells."""
        ways, socks = (self._requests, self._answers), (self._client, self._server)
        if not self._closed and self._behaviour.stands_still:
            if any(way.held for way in ways) or any(sock and _has_bytes(sock) for sock in socks):
                self._meets()

    def tick(self) -> None:
        """The time has come that the loop was told."""
        self._tick_at = None
        self._move()

    def _move(self) -> None:
        """Send what is due, either way."""
        if self._closed or self._server is None or self._connecting:
            self._watch()
            return
        if not self._behaviour.stands_still:
            try:
                self._send(self._requests, self._server)
                self._send(self._answers, self._client)
            except OSError:
                self.reset()
                return
        self._watch()

    def reset(self) -> None:
        """End it at once, with a reset to both."""
        for sock in (self._client, self._server):
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._close()

    def _carry_on(self) -> None:
        if self._server is None and not self._behaviour.stands_still:
            try:
                self._server = socket.socket()
            except OSError:  # no descriptor is left for it
                self.reset()
                return
            _prepare(self._server)
            refused = self._server.connect_ex(self._target)
            if refused not in (0, errno.EINPROGRESS):
                self.reset()
                return
            self._connecting = refused == errno.EINPROGRESS
        self._move()

    def _read(self, sock: socket.socket, way: _Way) -> None:
        try:
            chunk = sock.recv(_CHUNK)
        except BlockingIOError:
            return
        if not way.answers:
            self._counts.asked += len(chunk)
        if not chunk:
            way.ended = True
        elif self._behaviour.loses == ("answers" if way.answers else "requests"):
            self._lost = True
            self._meets()
        else:
            held_s = 0.0 if way.answers else self._behaviour.latency_s
            way.take(self._loop.now() + held_s if held_s else 0.0, chunk)
            if held_s or (way.answers and self._behaviour.answer_bytes_per_s is not None):
                self._meets()

    def _send(self, way: _Way, sink: socket.socket) -> None:
        while way.held and not way.blocked and not self._closed:
            due, chunk = way.held[0]
            if due and due > self._loop.now():
                self._later(due)
                return
            allowed = self._allowed(way, len(chunk))
            if not allowed:
                return
            try:
                sent = sink.send(chunk[:allowed])
            except BlockingIOError:
                way.blocked = True
                return
            way.passed += sent
            way.bytes_held -= sent
            if sent == len(chunk):
                way.held.popleft()
            else:
                way.held[0] = (due, chunk[sent:])
            limit = self._behaviour.reset_after_bytes
            if way.answers and limit is not None and way.passed >= limit:
                self._meets()
                self.reset()
                return
        if way.ended and not way.held and not way.closed:
            way.closed = True
            sink.shutdown(socket.SHUT_WR)
            if self._requests.closed and self._answers.closed:
                self._close()

    def _allowed(self, way: _Way, wanted: int) -> int:
        """How many bytes may go now; none: later."""
        if not way.answers:
            return wanted
        if (limit := self._behaviour.reset_after_bytes) is not None:
            wanted = min(wanted, limit - way.passed)
        if (rate := self._behaviour.answer_bytes_per_s) is not None:
            now = self._loop.now()
            if now < way.drip_at:
                self._later(way.drip_at)
                return 0
            wanted = min(wanted, max(1, int(rate * _TICK_S)))
            way.drip_at = now + wanted / rate
        return wanted

    def _meets(self) -> None:
        self._counts.met += not self._met
        self._met = True

    def _later(self, when: float) -> None:
        if self._tick_at is None or when < self._tick_at:
            self._tick_at = when
            self._loop.call_at(when, self)

    def _reads(self, way: _Way) -> bool:
        return not (way.ended or self._behaviour.stands_still or way.bytes_held >= _HELD)

    def _watch(self) -> None:
        if self._closed:
            return
        server = self._server
        up = server is not None and not self._connecting
        self._loop.watch(
            self._client,
            self,
            read=up and self._reads(self._requests),
            write=self._answers.blocked,
            end=server is None,  # else each caller that gives up would cost a descriptor
        )
        if server is not None:
            self._loop.watch(
                server,
                self,
                read=up and self._reads(self._answers),
                write=self._connecting or self._requests.blocked,
            )

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for sock in (self._client, self._server):
            if sock is not None:
                self._loop.watch(sock, self, read=False, write=False)
                sock.close()


def _prepare(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _has_bytes(sock: socket.socket) -> bool:
    """Whether some came that were not read."""
    (count,) = struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))
    return bool(count)
