"""A TCP proxy of ours for every edge of the shop: one process, which a harness tells what to do.

`python -m tools.faults.proxy` reads orders from stdin, a line of JSON each, and answers each with a
line on stdout; it ends when stdin does. Idle connections cost nothing: it sleeps in one epoll.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from tools.faults.behaviours import PASS, Behaviour
from tools.faults.link import Counts, Link
from tools.faults.links import Links

HOST = "127.0.0.1"
_BACKLOG = 128
_MOST_FILES = 65536  # two a connection
_NO_FILES_LEFT = (errno.EMFILE, errno.ENFILE)
_PAUSE_S = 0.2
_SO_MEMINFO = 55  # include/uapi/asm-generic/socket.h; of its nine numbers the last counts drops


class Edge:
    """A port of ours, and who is behind it."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.behaviour = PASS
        self.links: set[Link] = set()
        self.accepted = 0
        self.counts = Counts()
        self.listener = socket.create_server((HOST, 0), backlog=_BACKLOG)
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self._plugs: list[socket.socket] = []
        self._dropped = 0

    def plug(self) -> None:
        """Have whoever connects wait: the kernel's queue for this port is full."""
        self.listener.listen(0)
        with contextlib.suppress(OSError):
            while True:
                plug = socket.socket()
                plug.setblocking(False)
                plug.connect_ex((HOST, self.port))
                plug.getpeername()  # raises for the first that found no place
                self._plugs.append(plug)
        self._dropped = self._drops()

    @property
    def met(self) -> int:
        """How many connections have met the behaviour, and how often it was tried in vain to connect."""
        for link in self.links:
            link.look()
        return self.counts.met + (self._drops() - self._dropped if self._plugs else 0)

    def unplug(self) -> None:
        """Undo that."""
        for plug in self._plugs:
            plug.close()
        self._plugs.clear()
        self.listener.listen(_BACKLOG)

    def _drops(self) -> int:
        """How often the kernel had no place for who wanted to connect."""
        told = self.listener.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36)
        return int(struct.unpack("9I", told)[8])


class Proxy:
    """All edges; `run` returns when stdin has ended."""

    def __init__(self) -> None:
        self._links = Links()
        self._edges: dict[str, Edge] = {}
        self._said = b""
        self._obeys = True

    def run(self) -> None:
        """Until there is nobody to obey."""
        _take_all_files()
        os.set_blocking(sys.stdin.fileno(), False)
        self._links.listen(sys.stdin.fileno(), self._obey)
        while self._obeys:
            self._links.turn()

    def _accept(self, edge: Edge) -> None:
        try:
            client, _ = edge.listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _NO_FILES_LEFT:
                raise
            # Who wants to connect waits; asked again at once, it would only be said again.
            self._links.forget(edge.listener)
            self._links.call_in(_PAUSE_S, partial(self._listen, edge))
            return
        edge.accepted += 1
        edge.links = {link for link in edge.links if not link.closed}
        edge.links.add(Link(self._links, client, edge.target, edge.behaviour, edge.counts))

    def _listen(self, edge: Edge) -> None:
        if edge.behaviour.accepts:
            self._links.listen(edge.listener, partial(self._accept, edge))

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
                self._listen(edge)
                return {"port": edge.port}
            case "behave":
                self._behave(self._edges[name], Behaviour(**order["behaviour"]))
                return {}
            case _:
                edge = self._edges[name]
                links = sum(not link.closed for link in edge.links)
                return {
                    "accepted": edge.accepted,
                    "open": links,
                    "met": edge.met,
                    "asked": edge.counts.asked,
                }

    def _behave(self, edge: Edge, behaviour: Behaviour) -> None:
        before, edge.behaviour = edge.behaviour, behaviour
        if before.accepts and not behaviour.accepts:
            self._links.forget(edge.listener)
            edge.plug()
        elif behaviour.accepts and not before.accepts:
            edge.unplug()
            self._listen(edge)
        edge.counts.met = 0
        for link in edge.links:
            if not link.closed:
                link.behave(behaviour)


def _take_all_files() -> None:
    """As many open files as this process may have: each connection takes two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        Proxy().run()
