"""Probes and metrics of a process that serves nothing else: a worker."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from flask import Flask

from libs.telemetry.logs import get_logger
from libs.web.errors import answer_with_problems
from libs.web.probes import Check, mount_probes

log = get_logger(__name__)

# A probe sends one line; who takes longer is none.
PATIENCE_S = 5.0


def serve_probes(address: str, checks: Mapping[str, Check]) -> int:
    """Answer `/livez`, `/readyz` and `/metrics` at `host:port` from threads, until the process
    ends; port 0 takes a free one. Returns the port. Raises OSError when it is taken."""
    app = Flask("probes")
    answer_with_problems(app, 0)
    mount_probes(app, checks)
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    server = make_server(
        host, int(port), app, _ServerOfVersionSix if ":" in host else _Server, _Handler
    )
    Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server.server_port


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection: one that says nothing must not keep the probes waiting."""

    daemon_threads = True
    # The five of the standard library are full of one careless client; then a probe waits a second.
    request_queue_size = 64

    def server_bind(self) -> None:
        """As of WSGIServer, without asking the DNS for our name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]  # of TCP
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news either."""
        log.debug("probe not answered", exc_info=True)


class _ServerOfVersionSix(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE_S

    def log_message(self, format: str, *args: object) -> None:
        """A probe each second is no news."""
