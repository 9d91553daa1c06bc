"""An open-loop load: so many requests a second are due, whether or not the earlier ones were answered.

A client that waits for its answer before it asks again slows down with the server, and so hides what
an overload does. Here each request has a moment at which it is due, and its time counts from then.

    with started(Plan(port=8002, requests=(get("/api/v1/products"),), rate=2000, seconds=5)) as load:
        ...                                    # it runs in a process of its own
        told = summed(load.answers())          # waits for the end

`python -m tools.faults.load --port 8002 --get /api/v1/products --rate 2000 --seconds 5` for people.
"""

from __future__ import annotations

import argparse
import json
import math
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent: `requests` are whole ones in bytes (see `get` and `post`), taken in turns.

    At most `connections` are open at once; who finds none free waits, and that counts. After
    `patience_s` from when it was due a request counts as not answered. With `until_it_closes` who
    still waits for a connection at the end leaves uncounted: so one asks as fast as can be answered.
    """

    port: int
    requests: tuple[bytes, ...]
    rate: float
    seconds: float
    connections: int = 400
    patience_s: float = 5.0
    until_it_closes: bool = False
    host: str = "127.0.0.1"


class Answer(NamedTuple):
    """How one request went: which of the plan's requests it was, when it was due (seconds from the
    start), how long it took from then, its status (0: none), and whether it had a Retry-After."""

    which: int
    due_s: float
    took_s: float
    status: int
    retry_after: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The answers of a load in figures; times in milliseconds, 0 where there was nothing to time."""

    offered_per_s: float
    good_per_s: float
    good: int
    refused: int
    wrong: int
    lost: int
    without_retry_after: int
    good_p50_ms: float
    good_p95_ms: float
    refused_p50_ms: float
    refused_p99_ms: float
    refused_max_ms: float


def get(path: str, *headers: str) -> bytes:
    """A GET; each header as `Name: value`."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: shop", *headers, "", ""]).encode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A POST of JSON."""
    head = [f"POST {path} HTTP/1.1", "Host: shop", *headers, "Content-Type: application/json"]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


def summed(answers: Sequence[Answer], *, seconds: float | None = None) -> Told:
    """The figures. Good is below 400, refused is 429 or 503, wrong every other status, lost none.
    `good_per_s` counts what was answered while the load was offered, not what came afterwards."""
    span = seconds or max((a.due_s for a in answers), default=0.0) or 1.0
    good = [a for a in answers if 0 < a.status < 400]
    refused = [a for a in answers if a.status in (429, 503)]
    lost = sum(a.status == 0 for a in answers)
    return Told(
        offered_per_s=round(len(answers) / span, 1),
        good_per_s=round(sum(a.due_s + a.took_s <= span for a in good) / span, 1),
        good=len(good),
        refused=len(refused),
        wrong=len(answers) - len(good) - len(refused) - lost,
        lost=lost,
        without_retry_after=sum(not a.retry_after for a in refused),
        good_p50_ms=_at(good, 0.5),
        good_p95_ms=_at(good, 0.95),
        refused_p50_ms=_at(refused, 0.5),
        refused_p99_ms=_at(refused, 0.99),
        refused_max_ms=_at(refused, 1.0),
    )


def _at(answers: Sequence[Answer], part: float) -> float:
    times = sorted(a.took_s for a in answers)
    return round(times[math.ceil(part * len(times)) - 1] * 1000, 1) if times else 0.0


class _Connection:
    __slots__ = ("answer", "number", "sending", "sock")

    def __init__(self, host: str, port: int) -> None:
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect_ex((host, port))
        self.number: int | None = None
        self.sending = b""
        self.answer = b""


class _Load:
    """One epoll over all connections; about 30 us of CPU a request."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._poll = select.epoll()
        self._open: dict[int, _Connection] = {}
        self._idle: deque[_Connection] = deque()
        self._waiting: deque[int] = deque()
        # In the order in which they were due, which is that in which their patience ends.
        self._under_way: dict[int, _Connection] = {}
        self._answers: list[Answer] = []

    def run(self) -> list[Answer]:
        plan, total = self._plan, round(self._plan.rate * self._plan.seconds)
        self._begun = time.monotonic()
        number = 0
        while len(self._answers) < total:
            now = time.monotonic() - self._begun
            while number < total and number / plan.rate <= now:
                self._waiting.append(number)
                number += 1
            while self._waiting and self._send(self._waiting[0]):
                self._waiting.popleft()
            if plan.until_it_closes and now >= plan.seconds and self._waiting:
                total = number = self._waiting[0]
                self._waiting.clear()
            self._give_up(now)
            wait = number / plan.rate - now if number < total else 0.05
            for descriptor, _ in self._poll.poll(min(max(wait, 0.0), 0.05)):
                if connection := self._open.get(descriptor):
                    self._ready(connection)
        for connection in list(self._open.values()):
            self._close(connection)
        self._poll.close()
        return sorted(self._answers, key=lambda answer: answer.due_s)

    def _send(self, number: int) -> bool:
        if self._idle:
            # In turns, as many clients would: the last one used would lead to who refuses fastest.
            connection = self._idle.popleft()
        elif len(self._open) < self._plan.connections:
            try:
                connection = _Connection(self._plan.host, self._plan.port)
            except OSError:  # no descriptor is left
                return False
            self._open[connection.sock.fileno()] = connection
            self._poll.register(connection.sock, select.EPOLLIN)
        else:
            return False
        connection.number, connection.answer = number, b""
        connection.sending = self._plan.requests[number % len(self._plan.requests)]
        self._under_way[number] = connection
        self._write(connection)
        return True

    def _write(self, connection: _Connection) -> None:
        try:
            sent = connection.sock.send(connection.sending)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._ended(connection, 0)
            return
        connection.sending = connection.sending[sent:]
        waits = select.EPOLLIN | (select.EPOLLOUT if connection.sending else 0)
        if connection.sending or not sent:
            self._poll.modify(connection.sock, waits)

    def _ready(self, connection: _Connection) -> None:
        if connection.sending:
            self._write(connection)
            if not connection.sending and connection.number is not None:
                self._poll.modify(connection.sock, select.EPOLLIN)
            return
        try:
            read = connection.sock.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        if not read or connection.number is None:
            self._ended(connection, 0)
            return
        connection.answer = read = connection.answer + read
        end = read.find(b"\r\n\r\n")
        if end < 0:
            return
        head = read[:end].lower()
        if len(read) >= end + 4 + _length_of(head):
            self._ended(connection, int(read[9:12]), head)

    def _ended(self, connection: _Connection, status: int, head: bytes = b"") -> None:
        if (number := connection.number) is not None:
            due = number / self._plan.rate
            took = time.monotonic() - self._begun - due
            which = number % len(self._plan.requests)
            self._answers.append(Answer(which, due, took, status, b"\r\nretry-after:" in head))
            self._under_way.pop(number, None)
        connection.number = None
        if status == 0 or b"\r\nconnection: close" in head:
            self._close(connection)
        else:
            self._idle.append(connection)

    def _give_up(self, now: float) -> None:
        patience = self._plan.patience_s
        while self._under_way:
            number, connection = next(iter(self._under_way.items()))
            if now - number / self._plan.rate < patience:
                break
            self._ended(connection, 0)
        while self._waiting and now - self._waiting[0] / self._plan.rate >= patience:
            number = self._waiting.popleft()
            which, due = number % len(self._plan.requests), number / self._plan.rate
            self._answers.append(Answer(which, due, now - due, 0, False))

    def _close(self, connection: _Connection) -> None:
        self._open.pop(connection.sock.fileno(), None)
        if connection in self._idle:
            self._idle.remove(connection)
        connection.sock.close()


def _length_of(head: bytes) -> int:
    start = head.find(b"\r\ncontent-length:")
    return int(head[start + 17 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


def fire(plan: Plan) -> list[Answer]:
    """Send what is planned from this process, and return the answers in the order they were due."""
    return _Load(plan).run()


class Running:
    """A load that is being sent by a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], sent: bytes) -> None:
        self._process = process
        assert process.stdin is not None
        process.stdin.write(sent)
        process.stdin.close()
        process.stdin = None  # so that communicate() does not flush it again

    def answers(self) -> list[Answer]:
        """Wait for the end. Raises RuntimeError when the process failed."""
        out, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise RuntimeError(f"the load ended with {self._process.returncode}")
        return [Answer(*row) for row in json.loads(out)]


@contextmanager
def started(plan: Plan) -> Iterator[Running]:
    """Send it from a process of its own, so that neither delays the other; ended with the block."""
    command = [sys.executable, "-m", "tools.faults.load", "--plan"]
    requests = [request.decode("latin-1") for request in plan.requests]
    sent = json.dumps({**asdict(plan), "requests": requests}).encode()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Running(process, sent)
        finally:
            process.kill()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.faults.load", description=__doc__)
    parser.add_argument("--plan", action="store_true", help="take the plan in JSON from stdin")
    parser.add_argument("--port", type=int)
    parser.add_argument("--get", metavar="PATH", default="/livez")
    parser.add_argument("--header", action="append", default=[], metavar="'Name: value'")
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=400)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    said = parser.parse_args()
    if said.plan:
        read = json.load(sys.stdin)
        read["requests"] = tuple(request.encode("latin-1") for request in read["requests"])
        json.dump(fire(Plan(**read)), sys.stdout)
        return 0
    if said.port is None:
        parser.error("--port says where to")
    requests = (get(said.get, *said.header),)
    plan = Plan(said.port, requests, said.rate, said.seconds, said.connections)
    for name, value in asdict(summed(fire(plan), seconds=said.seconds)).items():
        print(f"{name:20} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
