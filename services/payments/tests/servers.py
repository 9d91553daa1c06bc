"""A provider's API of a few lines: it says what a test tells it to, and remembers what it got."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class HttpProvider:
    """Answers every request with `status` and `answer`, after `delay_s`."""

    status: int = 200
    answer: object = None
    delay_s: float = 0
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator[HttpProvider]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                provider.asked.append((self.path, dict(self.headers.items()), body))
                time.sleep(provider.delay_s)
                answer = provider.answer
                if not isinstance(answer, bytes):
                    answer = json.dumps(answer).encode()
                with suppress(OSError):  # whoever asked has given up
                    self.send_response(provider.status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}"
            Thread(target=server.serve_forever, daemon=True).start()
            yield self
            server.shutdown()
