"""The shop of libs/testing, served, and somebody who asks it: over HTTP or in the same process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from libs.access import Access, ServiceKeys, ServiceTokens, SigningKeys, UserTokens
from libs.access.keys import load_private, new_key
from libs.access.tokens import LIFETIME_S
from libs.client import LocalNeighbour, Peers
from libs.operations.context import Context
from libs.telemetry.trace import Trace
from libs.testing import shop
from libs.web import dispatcher_of, serve


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def running(app: Flask) -> Iterator[str]:
    """The app on a free port, each connection with a thread of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Street:
    """Services that all know one another's keys."""

    folder: Path
    over_http: bool
    stack: ExitStack
    users: UserTokens = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "users").mkdir()
        (self.folder / "public").mkdir()
        (self.folder / "users" / "a.pem").write_bytes(new_key()[0])
        self._signing = SigningKeys(self.folder / "users")
        self.users = UserTokens(self._signing)

    def service(self, world: shop.World) -> Flask:
        """A shop with this world."""
        app = Flask("shop")
        access = Access("shop", self._signing, ServiceKeys(self.folder / "public"))
        serve(app, shop.page, shop.routes, world, access=access)
        return app

    def peers(self, name: str, world: shop.World) -> Peers:
        """What the service `name` asks a shop with this world through."""
        app = self.service(world)
        path = self.folder / f"{name}.pem"
        if not path.exists():
            private, public = new_key()
            path.write_bytes(private)
            (self.folder / "public" / f"{name}.pem").write_bytes(public)
        tokens = ServiceTokens(name, load_private(path))
        if self.over_http:
            url = self.stack.enter_context(running(app))
            return Peers(name, (shop.page,), {"shop": url}, tokens)
        peers = Peers(name, (shop.page,), {"shop": "http://127.0.0.1:9"}, tokens)
        peers.put("shop", LocalNeighbour(dispatcher_of(app)))
        return peers

    def ended(self) -> str:
        """A token of Ada's that was good until a minute ago."""
        with time_machine.travel(time.time() - LIFETIME_S - 60):
            return f"Bearer {self.users.issue(shop.ADA, admin=False)}"


@pytest.fixture(params=["http", "local"])
def street(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Street]:
    with ExitStack() as stack:
        yield Street(tmp_path, request.param == "http", stack)


@pytest.fixture
def http_street(tmp_path: Path) -> Iterator[Street]:
    with ExitStack() as stack:
        yield Street(tmp_path, True, stack)


def context_of(street: Street, *, left_s: float = 1.0) -> Context:
    """The context of a request that Ada makes."""
    token = street.users.issue(shop.ADA, admin=False)
    return Context(Trace.begin(), "r-7", time.monotonic() + left_s, f"Bearer {token}")
