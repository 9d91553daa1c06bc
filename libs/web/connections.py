"""Connections that no thread has: between two requests, with half of one, or about to be closed."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

from gunicorn.http import get_parser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn

from libs.web.admission import Kind

# From a request's first byte to its last: a megabyte over a slow mobile network.
ARRIVE_S = 10.0
# How long a client may take to read an answer; then its thread is wanted elsewhere.
SEND_S = 10.0
READ_AT_ONCE = 64 * 1024


class Connection(TConn):
    """A client's connection, and what it sent that no thread has read yet."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        # To the system the socket never blocks, which `read` and `write` rely on.
        sock.settimeout(SEND_S)
        self.initialized = True
        self.rest = Rest(sock)
        self.parser: Any = get_parser(cfg, sock, client)
        self.parser.unreader = self.rest
        self.arrived = bytearray()
        self.needs = 1
        self.walked = 0
        self.kind = Kind.REQUEST
        self.room: Room | None = None
        self.since = self.ends = 0.0
        self.is_open = True

    def read(self) -> bytes | None:
        """What has come, b"" when the client has gone, None when nothing has come yet."""
        try:
            # Not through the socket, which would wait.
            return os.read(self.sock.fileno(), READ_AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return b""

    def write(self, answer: bytes) -> bool:
        """Whether the whole answer went off at once; a client that does not read gets none."""
        try:
            return os.write(self.sock.fileno(), answer) == len(answer)
        except OSError:
            return False

    def waited_s(self) -> float:
        """How long ago the last of what arrived did, whenever it was read."""
        try:
            # The field tcpi_last_data_recv of Linux, in milliseconds.
            info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 56)
            return int.from_bytes(info[52:56], "little") / 1000
        except (OSError, AttributeError):
            return 0.0

    def hang_up(self) -> None:
        """Send nothing more; what the client still sends is read, or it would not hear us."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)


class Rest(SocketUnreader):
    """What a thread reads of a request: first what had arrived, then, until `deadline`, what still
    comes. Raises TimeoutError then, however lively the client drips."""

    deadline = 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Some more of it."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request did not arrive in time")
        self.sock.settimeout(left)
        try:
            return bytes(super().chunk(size_hint))  # type: ignore[call-arg]  # stubs of 23
        finally:
            self.sock.settimeout(SEND_S)


class Room:
    """Connections that all may stay equally long, so that the first is the next to go."""

    def __init__(self, stay_s: float) -> None:
        self.stay_s = stay_s
        self._inside: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._inside)

    def enter(self, connection: Connection) -> None:
        """Come from wherever it was; whoever is here already keeps its time."""
        if connection.room is not self:
            if connection.room is not None:
                del connection.room._inside[connection]
            connection.room = self
            self._begin(connection)

    def renew(self, connection: Connection) -> None:
        """Let it stay as long as if it came only now."""
        del self._inside[connection]
        self._begin(connection)

    def leave(self, connection: Connection) -> None:
        """Go."""
        self._inside.pop(connection, None)
        connection.room = None

    def _begin(self, connection: Connection) -> None:
        connection.since = time.monotonic()
        connection.ends = connection.since + self.stay_s
        self._inside[connection] = None

    def oldest(self) -> Connection | None:
        """Who has been here for longest."""
        return next(iter(self._inside), None)

    def expired(self) -> Iterator[Connection]:
        """Whose time is over; each has to leave before the next is asked for."""
        now = time.monotonic()
        while (first := self.oldest()) is not None and first.ends <= now:
            yield first

    def close_at(self, moment: float) -> None:
        """Let nobody stay longer than until then."""
        self.stay_s = min(self.stay_s, max(0.0, moment - time.monotonic()))
        for connection in self._inside:
            connection.ends = min(connection.ends, moment)
