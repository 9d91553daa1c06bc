"""Neighbours written by hand, which behave as badly as a test wants."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""A key and a certificate for localhost, good until 2120, trusted by nobody else."""


def read_request(peer: socket.socket) -> bytes:
    """One request with its body; empty when the peer has gone."""
    read = b""
    while b"\r\n\r\n" not in read:
        chunk = peer.recv(65_536)
        if not chunk:
            return b""
        read += chunk
    head, _, body = read.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += peer.recv(65_536)
    return head + b"\r\n\r\n" + body


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """An answer that keeps the connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def drip(peer: socket.socket, data: bytes, *, every_s: float) -> None:
    """One byte at a time."""
    for at in range(len(data)):
        peer.sendall(data[at : at + 1])
        time.sleep(every_s)


@contextmanager
def peer(
    talk: Callable[[socket.socket], None],
    *,
    tls: bool = False,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[int]:
    """A server, on a free port unless one is named; `talk` has each connection to itself, in a
    thread of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    listening = socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=64
    )
    open_ones: list[socket.socket] = []

    def have(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if tls:
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                talk(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            open_ones.append(connection)
            threading.Thread(target=have, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for connection in open_ones:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def always(reply: bytes, *, after_s: float = 0) -> Callable[[socket.socket], None]:
    """Gives the same answer to every request."""

    def talk(connection: socket.socket) -> None:
        while read_request(connection):
            time.sleep(after_s)
            connection.sendall(reply)

    return talk


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
