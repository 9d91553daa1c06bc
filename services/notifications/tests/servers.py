"""Mail providers of a few lines: they say what a test tells them to, and remember what they got."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


@dataclass
class SmtpServer:
    """Speaks just enough SMTP. `answers` replaces the reply to a verb; `hang_up_after_data` drops
    the connection once it has taken a mail, so that the client never hears of it."""

    answers: dict[str, str] = field(default_factory=dict)
    hang_up_after_data: bool = False
    taken: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def running(self) -> Iterator[SmtpServer]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            Thread(target=self._accept, args=(listener,), daemon=True).start()
            yield self

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        stream = connection.makefile("rwb")

        def say(line: str) -> None:
            stream.write(line.encode() + b"\r\n")
            stream.flush()

        say("220 test")
        while line := stream.readline():
            verb = line.decode().split()[0].upper()
            if verb in self.answers:
                say(self.answers[verb])
            elif verb == "DATA":
                say("354 go on")
                lines = list(iter(stream.readline, b".\r\n"))
                message = message_from_bytes(b"".join(lines), policy=policy.default)
                assert isinstance(message, EmailMessage)
                self.taken.append(message)
                if self.hang_up_after_data:
                    return
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


@dataclass
class HttpProvider:
    """Answers every POST with `status`, and remembers what was posted."""

    status: int = 202
    posted: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator[HttpProvider]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_json = "json" in self.headers["Content-Type"]
                fields: dict[str, Any] = json.loads(body) if is_json else parse_qs(body.decode())
                provider.posted.append((self.path, dict(self.headers.items()), fields))
                self.send_response(provider.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}"
            Thread(target=server.serve_forever, daemon=True).start()
            yield self
            server.shutdown()
