"""Probes and metrics of a process that serves nothing else: a worker."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server

from flask import Flask

from libs.web.probes import Check, mount_probes


def serve_probes(address: str, checks: Mapping[str, Check]) -> None:
    """Answer `/livez`, `/readyz` and `/metrics` at `host:port` from a thread, until the process
    ends. Raises OSError when the port is taken."""
    app = Flask("probes")
    mount_probes(app, checks)
    host, _, port = address.rpartition(":")
    server = make_server(host, int(port), app, handler_class=_Silent)
    Thread(target=server.serve_forever, name="probes", daemon=True).start()


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A probe each second is no news."""
