"""A neighbour for the benchmarks: `python -m tools.bench.neighbour` prints its port, answers every
GET with one order (after `--delay-ms`), and ends when its standard input does.

It does as little as it can, over kept-open connections, so that the caller's CPU is what differs.
"""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen

from tools.bench import apps

# What our services say before a body.
_HEAD = b"""HTTP/1.1 200 OK\r
Server: gunicorn\r
Date: Sun, 22 Nov 2026 12:00:00 GMT\r
Connection: keep-alive\r
Content-Type: application/json\r
Cache-Control: no-store\r
X-Content-Type-Options: nosniff\r
Content-Length: %d\r
\r
"""


@contextmanager
def running(delay_ms: float) -> Iterator[str]:
    """Its address, while it runs in another process."""
    command = [sys.executable, "-m", __name__, "--delay-ms", str(delay_ms)]
    with Popen(command, stdin=PIPE, stdout=PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def serve(delay_ms: float) -> None:
    """Answer until standard input ends."""
    body = apps.an_order().model_dump_json().encode()
    answer = _HEAD % len(body) + body
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            peer, _ = listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_talk, args=(peer, answer, delay_ms), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def _talk(peer: socket.socket, answer: bytes, delay_ms: float) -> None:
    with peer, suppress(OSError):
        heard = b""
        while said := peer.recv(65_536):
            heard += said
            while b"\r\n\r\n" in heard:
                heard = heard.partition(b"\r\n\r\n")[2]
                if delay_ms:
                    time.sleep(delay_ms / 1000)
                peer.sendall(answer)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay-ms", type=float, default=0)
    serve(parser.parse_args().delay_ms)
