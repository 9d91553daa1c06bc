"""The harness's hand on the proxy process."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, Self

from tools.faults.behaviours import PASS, Behaviour


@dataclass(frozen=True, slots=True)
class Traffic:
    """Of an edge: connections taken since it was opened, and those open now; how many have `met` its
    present behaviour, by a byte that it did something to or by a call that nobody takes; and the
    bytes that were `asked` over it since it was opened."""

    accepted: int
    open: int
    met: int
    asked: int


class Proxies:
    """All edges of a shop, through one process that ends with this one. Safe to use from several
    threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._edges: dict[str, int] = {}

    def start(self) -> Self:
        """Nothing is open yet."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.faults.proxy"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the harness
        )
        return self

    def stop(self) -> None:
        """Every connection ends. Safe to repeat."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the process that carries all traffic."""
        assert self._process is not None, "start the proxies first"
        return self._process.pid

    def open(self, edge: str, port: int, host: str = "127.0.0.1") -> int:
        """A port that leads to that one."""
        answer = self._ask({"do": "open", "edge": edge, "target": [host, port]})
        self._edges[edge] = int(answer["port"])
        return self._edges[edge]

    def port(self, edge: str) -> int:
        """The one that `open` returned."""
        self._known(edge)
        return self._edges[edge]

    def behave(self, edge: str, behaviour: Behaviour) -> None:
        """From when this returns, for connections old and new. Raises LookupError for an edge that
        was not opened."""
        self._known(edge)
        self._ask({"do": "behave", "edge": edge, "behaviour": asdict(behaviour)})

    def named(self, *patterns: str) -> list[str]:
        """The edges with such a name: `orders.*->catalog.web`. Raises LookupError when a pattern has none:
        a fault on an edge that isn't there proves nothing."""
        for pattern in patterns:
            if not any(fnmatchcase(edge, pattern) for edge in self._edges):
                raise LookupError(self._unknown(pattern))
        return [e for e in self._edges if any(fnmatchcase(e, pattern) for pattern in patterns)]

    @contextmanager
    def behaving(self, behaviour: Behaviour, *patterns: str) -> Iterator[None]:
        """All edges of these names, for as long as the block takes."""
        edges = self.named(*patterns)
        try:
            for edge in edges:
                self.behave(edge, behaviour)
            yield
        finally:
            for edge in edges:
                self.behave(edge, PASS)

    def heal(self, edge: str) -> Traffic:
        """All passes again; what went over it until then."""
        traffic = self.traffic(edge)
        self.behave(edge, PASS)
        return traffic

    def traffic(self, edge: str) -> Traffic:
        """What went over it: a fault on an edge that nobody used proves nothing."""
        self._known(edge)
        return Traffic(**self._ask({"do": "count", "edge": edge}))

    @property
    def edges(self) -> frozenset[str]:
        """The names of those that are open."""
        return frozenset(self._edges)

    def _known(self, edge: str) -> None:
        if edge not in self._edges:
            raise LookupError(self._unknown(edge))

    def _unknown(self, edge: str) -> str:
        return f"no edge {edge!r}; there are {', '.join(sorted(self._edges))}"

    def _ask(self, order: dict[str, object]) -> Any:
        with self._lock:
            process = self._process
            assert process is not None and process.stdin and process.stdout
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        if not answer:
            raise RuntimeError("the proxy has ended")
        return json.loads(answer)
