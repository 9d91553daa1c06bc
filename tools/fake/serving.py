"""Fakes that listen, and what a user is told of them."""

from __future__ import annotations

import json
import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from contracts.core import KEYED, Operation
from contracts.core.feed import ReadFeed
from libs.documents import Schemas
from libs.servers import is_free
from tools.contracts.documents import contracts_of, services_of
from tools.dev.catalog import services_of as with_ports
from tools.dev.errors import Refusal
from tools.fake.application import create_app
from tools.fake.fake import Fake

_HOST = "127.0.0.1"
_MOST = 65_535


def serve_fakes(
    root: Path,
    services: Sequence[str],
    *,
    port: int | None = None,
    seed: str = "1",
    settle_s: float | None = 2.0,
    as_json: bool = False,
) -> None:
    """Answer as these services until SIGTERM; says what is served. `port` is the first one's.

    Raises Refusal for a service that is none, or has nothing to ask, and for a port that is taken;
    KeyboardInterrupt on Ctrl-C.
    """
    fakes = {service: fake_of(root, service, seed, settle_s) for service in services}
    ports = dict(zip(services, _ports(root, services, port), strict=True))
    stop = threading.Event()
    with _stopping(stop):
        servers = [_server(service, fake, root, ports[service]) for service, fake in fakes.items()]
        try:
            _tell(fakes, ports, as_json=as_json)
            stop.wait()
        finally:
            for server in servers:
                server.shutdown()
                server.server_close()


def fake_of(root: Path, service: str, seed: str, settle_s: float | None) -> Fake:
    """The fake of a service of the checkout."""
    known = services_of(root)
    if service not in known:
        raise Refusal(f"there is no service {service}; there are {', '.join(known)}", code=2)
    fake = Fake(contracts_of(root, service), seed=seed, settle_s=settle_s)
    if not fake.operations:
        raise Refusal(f"{service} only listens: it has no operation that could be faked", code=2)
    return fake


def _ports(root: Path, services: Sequence[str], first: int | None) -> Iterator[int]:
    documented = {service.name: service.port for service in with_ports(root)}
    for number, service in enumerate(services):
        port = documented[service] if first is None else first + number
        if not 0 < port <= _MOST:
            raise Refusal(f"{port} is no port", code=2)
        if not is_free(port):
            raise Refusal(
                f"port {port} is taken, perhaps by ./dev up; choose another one:"
                f" ./dev fake {' '.join(services)} --port {port + 1000}"
            )
        yield port


def _server(service: str, fake: Fake, root: Path, port: int) -> BaseWSGIServer:
    app = create_app(service, contracts_of(root, service), fake)
    # What is wrong with a request is told to who sent it.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(_HOST, port, app, threaded=True, request_handler=_Handler)
    threading.Thread(target=server.serve_forever, name=service, daemon=True).start()
    return server


class _Handler(WSGIRequestHandler):
    """Keeps connections open, as the real server does."""

    protocol_version = "HTTP/1.1"


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    """SIGTERM ends it well."""
    former = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _tell(fakes: dict[str, Fake], ports: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        told = [
            {
                "service": service,
                "url": f"http://{_HOST}:{ports[service]}",
                "operations": [f"{op.method} {op.path}" for op in fake.operations],
            }
            for service, fake in fakes.items()
        ]
        print(json.dumps(told, indent=2), flush=True)
        return
    for service, fake in fakes.items():
        url = f"http://{_HOST}:{ports[service]}"
        print(f"fake {service}  {url}  (to read and try: {url}/docs)")
        width = max(len(f"{op.method} {op.path}") for op in fake.operations)
        for operation in fake.operations:
            print(f"  {f'{operation.method} {operation.path}':<{width}}  {operation.name}")
        print("\nFor example:")
        for line in _examples(fake, url):
            print(f"  {line}")
        print()
    print("Any token will do, and none. Ctrl-C ends it, and all is forgotten.", flush=True)


def _examples(fake: Fake, url: str) -> Iterator[str]:
    operations = fake.operations
    for operation in operations:
        if operation.method == "GET" and operation.wire.request is not ReadFeed:
            yield f"curl {url}{fake.path_of(operation)}"
            break
    for operation in operations:
        if operation.method == "POST" and "{" not in operation.path:
            yield from _posting(operation, url)
            break
    for operation in operations:
        if operation.problems and operation.method == "GET":
            wish = f"'Prefer: problem={operation.problems[0].__name__}'"
            yield f"curl -H {wish} {url}{fake.path_of(operation)}"
            break


def _posting(operation: Operation, url: str) -> Iterator[str]:
    schemas = Schemas([operation])
    body = json.dumps(schemas.example(schemas.request(operation), operation.name))
    keyed = " -H 'Idempotency-Key: first'" if operation.repeat is KEYED else ""
    yield f"curl {url}{operation.path}{keyed} \\"
    yield "  -H 'Content-Type: application/json' \\"
    yield f"  -d '{body}'"
