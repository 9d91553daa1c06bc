"""Somebody at the storefront who fills in its forms: plain HTTP over one connection, with a cookie."""

from __future__ import annotations

import gzip
import http.client
import re
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_FIELD = 'name="{}" value="([^"]*)"'
_FILE = re.compile(r'"(/static/[^"#]+)')
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as it came: `wire_bytes` with its headers, compressed as a browser takes it."""

    status: int
    text: str
    location: str
    wire_bytes: int
    seconds: float

    def field(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(_FIELD.format(name), self.text)
        if found is None:
            raise RuntimeError(f"the page has no {name}: {self.status}, {self.text[:300]}")
        return found[1]

    @property
    def files(self) -> list[str]:
        """What a browser fetches beside it, once."""
        return sorted(set(_FILE.findall(self.text)))


class Shopper:
    """Begins without a cookie."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        self._cookie = ""

    def get(self, path: str) -> Seen:
        """Look at a page; no redirect is followed. Raises RuntimeError for an error's page."""
        return self._ask("GET", path)

    def post(self, path: str, page: Seen, said: Mapping[str, str], *, htmx: bool = False) -> Seen:
        """Send a form of that page."""
        found = _TOKEN.search(page.text)
        both = {"form_token": found[1] if found else "", **said}
        # A POST never meets a connection that has idled out.
        self._connection.close()
        return self._ask("POST", path, urllib.parse.urlencode(both), htmx)

    def register(self) -> None:
        """Open an account, which logs in."""
        account = {"name": "Ada", "email": "ada@pages.example", "password": "correct horse battery"}
        self.post("/register", self.get("/register"), account)

    def add(self, sku: str) -> None:
        """Put one into the cart."""
        self.post("/cart/lines", self.get(f"/products/{sku}"), {"sku": sku}, htmx=True)

    def pay(self) -> str:
        """Check out; the order's page."""
        page = self.get("/checkout")
        said = {"key": page.field("key"), "total": page.field("total"), "card": "pm_card_visa"}
        return self.post("/checkout", page, said).location

    def buy(self, sku: str) -> str:
        """One of it; the order's page, once it says that it is confirmed."""
        self.add(sku)
        where = self.pay()
        ends = time.monotonic() + _PATIENCE_S
        while "is confirmed" not in self.get(where).text:
            if time.monotonic() > ends:
                raise RuntimeError(f"{where} is not confirmed")
            time.sleep(0.2)
        return where

    def _ask(self, method: str, path: str, body: str | None = None, htmx: bool = False) -> Seen:
        headers = {"Accept-Encoding": "gzip", "Cookie": self._cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if htmx:
            headers["HX-Request"] = "true"
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        read = answer.read()
        seconds = time.perf_counter() - began
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} was answered {answer.status}")
        if said := answer.getheader("Set-Cookie"):
            self._cookie = said.partition(";")[0]
        head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders()) + 17
        text = gzip.decompress(read) if answer.getheader("Content-Encoding") == "gzip" else read
        location = answer.getheader("Location") or ""
        return Seen(
            answer.status, text.decode(errors="replace"), location, head + len(read), seconds
        )
