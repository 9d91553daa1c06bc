"""The real server in a process of its own, and a client that sends exactly what it is given."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libs.servers import free_port

PROGRAM = Path(__file__).with_name("shop_server.py")


@dataclass(frozen=True)
class Answered:
    """An answer as it came: status, headers by lower-case name, body, and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    took_s: float

    @property
    def json(self) -> Any:
        """The body, which is JSON."""
        return json.loads(self.body)


@dataclass
class Running:
    """A server, its port, and where its output goes."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def raw(self, sent: bytes) -> Answered:
        """The answer to these very bytes; of a late one, the second, for the machine is shared."""
        answered = self.once(sent)
        return answered if answered.took_s < 0.1 else self.once(sent)

    def once(self, sent: bytes) -> Answered:
        """The answer to these very bytes, however long it takes."""
        with self.connect() as connection:
            started = time.monotonic()
            connection.sendall(sent)
            return receive(connection, started)

    def ask(self, method: str, target: str, *headers: str, body: bytes | None = None) -> Answered:
        """The answer to a request that says nothing else."""
        return self.raw(request(method, target, *headers, body=body))

    def workers(self) -> list[int]:
        """The processes that serve."""
        pid = self.process.pid
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def counted(self, metric: str) -> float:
        """A metric's value; 0 before it was first counted. With its labels as they are shown."""
        for line in self.ask("GET", "/metrics").body.decode().splitlines():
            if line.startswith(metric + " "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def log(self) -> list[dict[str, Any]]:
        """Its lines so far; each must be JSON."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]


def request(method: str, target: str, *headers: str, body: bytes | None = None) -> bytes:
    """A request's bytes; with a body, its length and, unless said otherwise, that it is JSON."""
    lines = [f"{method} {target} HTTP/1.1", "Host: shop", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
        if not any(line.lower().startswith("content-type") for line in headers):
            lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def receive(connection: socket.socket, started: float, *, method: str = "GET") -> Answered:
    """The next answer on the connection."""
    read = b""
    while b"\r\n\r\n" not in read:
        chunk = connection.recv(65_536)
        assert chunk, f"closed after {read!r}"
        read += chunk
    head, _, body = read.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while method != "HEAD" and len(body) < int(headers.get("content-length", 0)):
        chunk = connection.recv(65_536)
        assert chunk, "cut off"
        body += chunk
    body = body[: int(headers.get("content-length", 0))]  # what follows is the next answer's
    return Answered(int(first.split()[1]), headers, body, time.monotonic() - started)


@contextmanager
def shop_running(folder: Path, **told: str) -> Iterator[Running]:
    """Two workers of the shop of libs/testing, ready, unless it is told something else."""
    port = free_port()
    output = folder / "output"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            # As a file: as a module it would import libs.web, and metrics, before it can share them.
            [sys.executable, PROGRAM, str(port), str(folder)],
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
            | told,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    running = Running(process, port, output)
    try:
        for _ in range(400):
            try:
                running.connect().close()
                break
            except OSError:
                assert process.poll() is None, output.read_text()
                time.sleep(0.05)
        for _ in range(8):  # both workers have seen a request before time is taken
            running.ask("GET", "/livez")
        yield running
    finally:
        process.terminate()
        process.wait(30)
