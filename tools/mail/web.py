"""The page and the API that show the mails. Loopback only, no foreign page may use it."""

import json
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tools.mail.mailbox import Mailbox

_PAGE = Path(__file__).with_name("page.html")
_OWN_NAMES = {"127.0.0.1", "localhost", "::1"}
_MAIL_POLICY = (
    # A mail is foreign text: no scripts, nothing fetched, links open in a tab of their own.
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:"
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    mailbox: Mailbox

    def do_GET(self) -> None:
        parts = [part for part in urlsplit(self.path).path.split("/") if part]
        match parts:
            case []:
                self._page()
            case ["livez"] | ["readyz"]:
                self._json({"status": "ok"})
            case ["api", "mails"]:
                self._json([mail.as_json() for mail in self.mailbox.mails()])
            case ["api", "summaries"]:
                self._summaries()
            case ["api", "mails", mail_id] if mail := self.mailbox.mail(mail_id):
                self._json(mail.as_json())
            case ["mails", mail_id, "html"] if mail := self.mailbox.mail(mail_id):
                body = f'<!doctype html><base target="_blank">{mail.html}'
                self._answer(body, "text/html", {"Content-Security-Policy": _MAIL_POLICY})
            case _:
                self._json({"title": "Not found", "status": 404}, HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        if urlsplit(self.path).path.rstrip("/") == "/api/mails":
            self.mailbox.clear()
            self._answer("", "application/json", status=HTTPStatus.NO_CONTENT)
        else:
            self._json({"title": "Not found", "status": 404}, HTTPStatus.NOT_FOUND)

    def parse_request(self) -> bool:
        """Refuses names other than this machine's: else a web page could point its own name
        here and read the mails."""
        if not super().parse_request():
            return False
        named = urlsplit("//" + self.headers.get("Host", "127.0.0.1")).hostname
        if named in _OWN_NAMES:
            return True
        self._json({"title": "Unknown host", "status": 421}, HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _page(self) -> None:
        nonce = secrets.token_urlsafe(12)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}';"
            " connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'"
        )
        page = _PAGE.read_text(encoding="utf-8").replace("{{nonce}}", nonce)
        self._answer(page, "text/html", {"Content-Security-Policy": policy})

    def _summaries(self) -> None:
        """For the page, which asks each second: no bodies, and nothing at all if nothing is new."""
        tag = f'"{self.mailbox.version}-{id(self.mailbox)}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer("", "application/json", {"ETag": tag}, HTTPStatus.NOT_MODIFIED)
            return
        mails = [mail.as_json() for mail in self.mailbox.mails()]
        for mail in mails:
            text = mail.pop("text")
            mail["excerpt"] = " ".join(str(text).split())[:140]
            del mail["html"]
        self._json(mails, headers={"ETag": tag})

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
        headers: dict[str, str] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the page asks each second."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no event worth a traceback."""


def web_server(mailbox: Mailbox, host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers between `serve_forever()` and `shutdown()`."""
    return _Server((host, port), type("_MailboxHandler", (_Handler,), {"mailbox": mailbox}))
