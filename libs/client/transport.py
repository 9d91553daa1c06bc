"""An httpx transport over pooled connections of the standard library, with a deadline for the
whole exchange.

httpx's own time-out is per read: a peer that drips a byte a second holds a caller for as long as it
likes. Here every read and write of an exchange gets only what is left until the deadline. Against
httpx's own transport it also halves the CPU of a call (tools/bench).
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, cast

import httpx

from libs.client.response import Response
from libs.operations.envelope import Reply

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

# Shorter than any server's keep-alive (ours: 75 s), so that no request meets a closing connection.
IDLE_S = 5.0
LONGEST_BODY = 16 * 1024 * 1024


def left_until(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError when it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


class DeadlineSocket(socket.socket):
    """A connected socket that raises TimeoutError once its deadline has passed."""

    deadline: float = 0.0

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        """As of socket, within the deadline."""
        self.settimeout(left_until(self.deadline))
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """As of socket; the deadline is for all of it."""
        self.settimeout(left_until(self.deadline))
        super().sendall(data, flags)


class DeadlineTlsSocket(ssl.SSLSocket):
    """The same over TLS; contexts make it through their `sslsocket_class`."""

    deadline: float = 0.0

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        """As of SSLSocket, within the deadline."""
        self.settimeout(left_until(self.deadline))
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        """As of SSLSocket, whose `sendall` is made of it: a peer that reads in drips gets no
        longer than until the deadline for all of it."""
        self.settimeout(left_until(self.deadline))
        return super().send(data, flags)


class _Connection(http.client.HTTPConnection):
    """A connection whose socket keeps the deadline of the exchange at hand."""

    response_class = Response

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self._tls = tls
        self.deadline = 0.0
        self.idle_since = 0.0

    def connect(self) -> None:
        """Connect, and agree on TLS, within the deadline."""
        plain = self._plain()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            plain.settimeout(left_until(self.deadline))
            try:
                self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
            except BaseException:
                plain.close()
                raise
        else:
            self.sock = plain
        self.within(self.deadline)

    def _plain(self) -> DeadlineSocket:
        """Connected to the first of the host's addresses that answers."""
        failed: OSError | None = None
        for family, kind, number, _, address in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            plain = DeadlineSocket(family, kind, number)
            try:
                # socket.create_connection would give each address the whole time.
                plain.settimeout(left_until(self.deadline))
                plain.connect(address)
            except OSError as error:
                plain.close()
                failed = error
            else:
                return plain
        raise failed or OSError(f"{self.host} has no address")

    def within(self, deadline: float) -> None:
        """Hold the next exchange to this deadline."""
        self.deadline = deadline
        if isinstance(self.sock, DeadlineSocket | DeadlineTlsSocket):
            self.sock.deadline = deadline

    def is_stale(self) -> bool:
        """Whether the peer has closed it, or said something that nobody asked for."""
        # Not select(): a server with many connections has descriptors beyond its 1024.
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))


class PooledTransport(httpx.BaseTransport):
    """Exchanges with one origin over at most `connections` kept-open connections.

    A request without a free connection waits `pool_wait_s`, then raises httpx.PoolTimeout. The
    deadline is the request's extension `deadline` (on the clock of time.monotonic). Answers are
    read whole; one that is longer than 16 MB, or cut off, raises httpx.RemoteProtocolError.
    """

    def __init__(
        self,
        *,
        connections: int = 32,
        pool_wait_s: float = 0.2,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        if tls is not None:
            tls.sslsocket_class = DeadlineTlsSocket
        self._slots = BoundedSemaphore(connections)
        self._pool_wait_s = pool_wait_s
        self._idle: deque[_Connection] = deque()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange. Raises httpx.TransportError of the kind that happened."""
        url = request.url
        reply = self.exchange(
            (url.host, url.port or (443 if self._tls else 80)),
            request.method,
            url.raw_path.decode("ascii"),
            request.headers.raw,
            request.read(),
            request.extensions["deadline"],
        )
        headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in reply.headers]
        return httpx.Response(reply.status, headers=headers, content=reply.body, request=request)

    def exchange(
        self,
        origin: tuple[str, int],
        method: str,
        target: str,
        headers: Iterable[tuple[str | bytes, str | bytes]],
        body: bytes | None,
        deadline: float,
    ) -> Reply:
        """The same without httpx's objects, which take as much CPU as the exchange itself."""
        wait = min(self._pool_wait_s, max(0.0, deadline - time.monotonic()))
        if not self._slots.acquire(timeout=wait):
            raise httpx.PoolTimeout("every connection is in use")
        try:
            return self._exchange(origin, method, target, headers, body, deadline)
        finally:
            self._slots.release()

    def _exchange(
        self,
        origin: tuple[str, int],
        method: str,
        target: str,
        headers: Iterable[tuple[str | bytes, str | bytes]],
        body: bytes | None,
        deadline: float,
    ) -> Reply:
        connection = self._connection(origin)
        connection.within(deadline)
        phase: type[httpx.TransportError] = httpx.ConnectTimeout
        try:
            if connection.sock is None:
                connection.connect()
            phase = httpx.ReadTimeout
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = cast(Response, connection.getresponse())
            read = _body(answer)
        except TimeoutError as error:
            connection.close()
            raise phase(str(error) or "timed out") from error
        except http.client.HTTPException as error:
            connection.close()
            raise httpx.RemoteProtocolError(f"{type(error).__name__}: {error}") from error
        except OSError as error:
            connection.close()
            failed = httpx.ConnectError if phase is httpx.ConnectTimeout else httpx.ReadError
            raise failed(str(error)) from error
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            connection.idle_since = time.monotonic()
            if answer.status == 503:
                # It may lead to one busy process of several: the others are asked first, or who
                # refuses fastest would be asked the most.
                self._idle.appendleft(connection)
            else:
                self._idle.append(connection)
        return Reply(answer.status, read, answer.pairs)

    def _connection(self, origin: tuple[str, int]) -> _Connection:
        while True:
            try:
                # The last one used is the least likely to be stale; the others may idle away.
                connection = self._idle.pop()
            except IndexError:
                return _Connection(*origin, self._tls)
            fresh = time.monotonic() - connection.idle_since < IDLE_S
            if connection.sock is not None and fresh and not connection.is_stale():
                return connection
            connection.close()

    def close(self) -> None:
        """Close the connections that idle."""
        while self._idle:
            self._idle.pop().close()


def _body(answer: http.client.HTTPResponse) -> bytes:
    """All of the answer. Raises HTTPException for one that is not whole, too long, or preliminary."""
    if answer.status < 200:
        # http.client takes 103 for the answer; the real one would come as that of the next request.
        raise http.client.HTTPException(f"status {answer.status} is no answer")
    body = answer.read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        raise http.client.HTTPException("the answer is longer than 16 MB")
    if answer.length:
        # Given a size to read, http.client passes a body that was cut off as a short one.
        raise http.client.IncompleteRead(body, answer.length)
    return body
