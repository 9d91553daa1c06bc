"""A TCP proxy of ours for every edge of the shop: one process, which a harness tells what to do.

`python -m tools.faults.proxy` reads orders from stdin, a line of JSON each, and answers each with a
line on stdout; it ends when stdin does. Idle connections cost nothing: it sleeps in one epoll.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from tools.faults.behaviours import PASS, Behaviour
from tools.faults.link import Link
from tools.faults.links import Links

HOST = "127.0.0.1"
_BACKLOG = 128


class Edge:
    """A port of ours, and who is behind it."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.behaviour = PASS
        self.links: set[Link] = set()
        self.accepted = 0
        self.listener = socket.create_server((HOST, 0), backlog=_BACKLOG)
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self._plugs: list[socket.socket] = []

    def plug(self) -> None:
        """Have whoever connects wait: the kernel's queue for this port is full."""
        self.listener.listen(0)
        for _ in range(4):
            plug = socket.socket()
            plug.setblocking(False)
            plug.connect_ex((HOST, self.port))
            self._plugs.append(plug)

    def unplug(self) -> None:
        """Undo that."""
        for plug in self._plugs:
            plug.close()
        self._plugs.clear()
        self.listener.listen(_BACKLOG)


class Proxy:
    """All edges; `run` returns when stdin has ended."""

    def __init__(self) -> None:
        self._links = Links()
        self._edges: dict[str, Edge] = {}
        self._said = b""
        self._obeys = True

    def run(self) -> None:
        """Until there is nobody to obey."""
        os.set_blocking(sys.stdin.fileno(), False)
        self._links.listen(sys.stdin.fileno(), self._obey)
        while self._obeys:
            self._links.turn()

    def _accept(self, edge: Edge) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            client, _ = edge.listener.accept()
            edge.accepted += 1
            edge.links = {link for link in edge.links if not link.closed}
            edge.links.add(Link(self._links, client, edge.target, edge.behaviour))

    def _obey(self) -> None:
        said = os.read(sys.stdin.fileno(), 65536)
        self._obeys = bool(said)
        *lines, self._said = (self._said + said).split(b"\n")
        for line in lines:
            sys.stdout.write(json.dumps(self._done(json.loads(line))) + "\n")
            sys.stdout.flush()

    def _done(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        name = str(order["edge"])
        match order["do"]:
            case "open":
                host, port = order["target"]
                edge = self._edges[name] = Edge((str(host), int(port)))
                self._links.listen(edge.listener, partial(self._accept, edge))
                return {"port": edge.port}
            case "behave":
                self._behave(self._edges[name], Behaviour(**order["behaviour"]))
                return {}
            case _:
                edge = self._edges[name]
                links = sum(not link.closed for link in edge.links)
                return {"accepted": edge.accepted, "open": links}

    def _behave(self, edge: Edge, behaviour: Behaviour) -> None:
        before, edge.behaviour = edge.behaviour, behaviour
        if before.accepts and not behaviour.accepts:
            self._links.forget(edge.listener)
            edge.plug()
        elif behaviour.accepts and not before.accepts:
            edge.unplug()
            self._links.listen(edge.listener, partial(self._accept, edge))
        for link in edge.links:
            if not link.closed:
                link.behave(behaviour)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        Proxy().run()
