"""The simulator's API, its ledger as JSON and as a page. Loopback only, no foreign page may use it."""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tools.provider.faults import Control
from tools.provider.ledger import Entry, Ledger, Refusal
from tools.provider.webhooks import Herald

_PAGE = Path(__file__).with_name("page.html")
_OWN_NAMES = {"127.0.0.1", "localhost", "::1"}
_LONGEST_BODY = 64 * 1024
_MOST_CENTS = 10**12


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    ledger: Ledger
    control: Control
    herald: Herald
    api_key: str

    def do_GET(self) -> None:
        match urlsplit(self.path).path:
            case "/":
                self._page()
            case "/livez" | "/readyz":
                self._json({"status": "ok"})
            case "/ledger":
                self._ledger()
            case "/control":
                self._json(self.control.faults.model_dump())
            case _:
                self._json({"reason": "not found"}, HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        try:
            body = self._body()
        except ValueError as error:
            self._json({"reason": str(error)}, HTTPStatus.BAD_REQUEST)
            return
        match urlsplit(self.path).path:
            case "/control":
                self._set(body)
            case "/v1/captures" | "/v1/refunds" as path:
                self._money(path, body)
            case _:
                self._json({"reason": "not found"}, HTTPStatus.NOT_FOUND)

    def parse_request(self) -> bool:
        """Refuses names other than this machine's: else a web page could point its own name
        here."""
        if not super().parse_request():
            return False
        named = urlsplit("//" + self.headers.get("Host", "127.0.0.1")).hostname
        if named in _OWN_NAMES:
            return True
        self.close_connection = True
        self._json({"reason": "unknown host"}, HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _set(self, words: dict[str, object]) -> None:
        try:
            self._json(self.control.set(words).model_dump())
        except ValueError as error:
            self._json({"reason": str(error)}, HTTPStatus.BAD_REQUEST)

    def _money(self, path: str, wish: dict[str, object]) -> None:
        said = self.headers.get("Authorization", "").encode("latin-1", "replace")
        if not hmac.compare_digest(said, f"Bearer {self.api_key}".encode()):
            self._json({"reason": "no such API key"}, HTTPStatus.UNAUTHORIZED)
            return
        faults = self.control.next()
        if faults and faults.status and not faults.drop:
            time.sleep(faults.delay_s)
            self._json({"reason": "told to fail"}, HTTPStatus(faults.status))
            return
        outcome = self._grant(path, wish)
        if faults:
            time.sleep(faults.delay_s)
        if faults and faults.drop:
            self._hang_up()
        elif isinstance(outcome, Refusal):
            self._json({"reason": outcome.reason}, HTTPStatus(outcome.status))
        elif outcome.kind == "decline":
            answer = {"status": "declined", "reason": outcome.reason}
            self._json(answer, HTTPStatus.PAYMENT_REQUIRED)
        else:
            status = "captured" if outcome.kind == "capture" else "refunded"
            self._json({"status": status, "reference": outcome.reference})

    def _grant(self, path: str, wish: dict[str, object]) -> Entry | Refusal:
        key = self.headers.get("Idempotency-Key", "")
        cents = wish.get("cents")
        words = {name: str(wish.get(name, "")) for name in ("order_id", "currency")}
        if not key or not all(words.values()):
            return Refusal(400, "needs Idempotency-Key, order_id, cents and currency")
        if not isinstance(cents, int) or isinstance(cents, bool) or not 0 < cents <= _MOST_CENTS:
            return Refusal(400, f"cents cannot be {cents!r}")
        if path == "/v1/captures":
            method = str(wish.get("payment_method", ""))
            outcome, is_new = self.ledger.capture(key, cents=cents, payment_method=method, **words)
        else:
            capture = str(wish.get("capture", ""))
            outcome, is_new = self.ledger.refund(key, cents=cents, capture=capture, **words)
        if is_new and isinstance(outcome, Entry):
            self.herald.tell(outcome)
        return outcome

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _body(self) -> dict[str, object]:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LONGEST_BODY:
            self.close_connection = True
            raise ValueError(f"a body of at most {_LONGEST_BODY} bytes, with its Content-Length")
        content = self.rfile.read(int(length))
        # A form of a foreign page cannot send this type.
        if self.headers.get_content_type() != "application/json":
            raise ValueError("the body must be application/json")
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            raise ValueError("the body is no JSON") from None
        if not isinstance(body, dict):
            raise ValueError("the body is no object")
        return body

    def _ledger(self) -> None:
        tag = f'"{self.ledger.version}-{id(self.ledger)}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer("", "application/json", {"ETag": tag}, HTTPStatus.NOT_MODIFIED)
            return
        entries = [asdict(entry) for entry in self.ledger.entries()]
        self._json({"entries": entries}, headers={"ETag": tag})

    def _page(self) -> None:
        nonce = secrets.token_urlsafe(12)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}';"
            " connect-src 'self'; img-src data:; base-uri 'none'"
        )
        page = _PAGE.read_text(encoding="utf-8").replace("{{nonce}}", nonce)
        self._answer(page, "text/html", {"Content-Security-Policy": policy})

    def _json(
        self,
        body: object,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> None:
        self._answer(json.dumps(body), "application/json", headers or {}, status)

    def _answer(
        self,
        text: str,
        kind: str,
        headers: dict[str, str],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the page asks each second."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up is no event worth a traceback."""


def web_server(
    ledger: Ledger, control: Control, herald: Herald, *, api_key: str, host: str, port: int
) -> ThreadingHTTPServer:
    """A server that answers between `serve_forever()` and `shutdown()`."""
    parts = {"ledger": ledger, "control": control, "herald": herald, "api_key": api_key}
    return _Server((host, port), type("_ProviderHandler", (_Handler,), parts))
