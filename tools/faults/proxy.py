"""A TCP proxy of ours for every edge of the shop: one process, which a harness tells what to do.

`python -m tools.faults.proxy` reads orders from stdin, a line of JSON each, and answers each with a
line on stdout; it ends when stdin does. Idle connections cost nothing: it sleeps in one epoll.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import os
import selectors
import socket
import sys
import time
from collections.abc import Mapping
from typing import Any

from tools.faults.behaviours import PASS, Behaviour
from tools.faults.link import Link

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
    """The event loop; `run` returns when stdin has ended."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._edges: dict[str, Edge] = {}
        self._edge_of: dict[Link, Edge] = {}
        self._times: list[tuple[float, int, Link]] = []
        self._order = itertools.count()
        self._said = b""

    def run(self) -> None:
        """Until there is nobody to obey."""
        orders = sys.stdin.fileno()
        os.set_blocking(orders, False)
        self._selector.register(orders, selectors.EVENT_READ, None)
        while True:
            pause = max(0.0, self._times[0][0] - self.now()) if self._times else None
            for key, mask in self._selector.select(pause):
                if key.data is None:
                    if not self._obey(orders):
                        return
                elif isinstance(key.data, Edge):
                    self._accept(key.data)
                else:
                    # key.fileobj may be closed by what was done before it in this round.
                    sock = key.fileobj
                    if isinstance(sock, socket.socket) and sock.fileno() >= 0:
                        key.data.ready(
                            sock,
                            bool(mask & selectors.EVENT_READ),
                            bool(mask & selectors.EVENT_WRITE),
                        )
            while self._times and self._times[0][0] <= self.now():
                heapq.heappop(self._times)[2].tick()

    def now(self) -> float:
        return time.monotonic()

    def watch(self, sock: socket.socket, link: Link, read: bool, write: bool) -> None:
        mask = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
        registered = self._selector.get_map().get(sock)
        if registered is None:
            if mask:
                self._selector.register(sock, mask, link)
        elif not mask:
            self._selector.unregister(sock)
        elif registered.events != mask:
            self._selector.modify(sock, mask, link)

    def call_at(self, when: float, link: Link) -> None:
        heapq.heappush(self._times, (when, next(self._order), link))

    def gone(self, link: Link) -> None:
        edge = self._edge_of.pop(link, None)
        if edge is not None:
            edge.links.discard(link)

    def _accept(self, edge: Edge) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            client, _ = edge.listener.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            edge.accepted += 1
            link = Link(self, client, edge.target, edge.behaviour)
            if not link.closed:
                edge.links.add(link)
                self._edge_of[link] = edge

    def _obey(self, orders: int) -> bool:
        said = os.read(orders, 65536)
        *lines, self._said = (self._said + said).split(b"\n")
        for line in lines:
            answer = self._done(json.loads(line))
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
        return bool(said)

    def _done(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        name = str(order["edge"])
        match order["do"]:
            case "open":
                host, port = order["target"]
                edge = self._edges[name] = Edge((str(host), int(port)))
                self._selector.register(edge.listener, selectors.EVENT_READ, edge)
                return {"port": edge.port}
            case "behave":
                self._behave(self._edges[name], Behaviour(**order["behaviour"]))
                return {}
            case _:
                edge = self._edges[name]
                return {"accepted": edge.accepted, "open": len(edge.links)}

    def _behave(self, edge: Edge, behaviour: Behaviour) -> None:
        before, edge.behaviour = edge.behaviour, behaviour
        if before.accepts and not behaviour.accepts:
            self._selector.unregister(edge.listener)
            edge.plug()
        elif behaviour.accepts and not before.accepts:
            edge.unplug()
            self._selector.register(edge.listener, selectors.EVENT_READ, edge)
        for link in list(edge.links):
            link.behave(behaviour)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        Proxy().run()
