"""How many requests are worked on at once, and what the others are told.

A request beyond the limit would wait unseen, be answered when nobody waits for it any more, and keep
the probes waiting with it. Refused it costs a fiftieth of an answer, and the caller can go elsewhere.
As many as are worked on may wait for a moment, for callers come in bursts: a page asks three
things at once, and each takes milliseconds. Neighbours that read the feed can wait for longer, and get
half of the threads at most: an event comes a little later, and no customer is sent away for it. Two
threads are left for probes: a service that is busy is alive.
"""

from __future__ import annotations

import json
import random
import re
from enum import Enum
from http import HTTPStatus

from contracts.core import chassis
from contracts.core.problems import Problem
from libs.operations.envelope import REFUSED
from libs.operations.problems import reply_of, reply_with
from libs.telemetry.metrics import counter, gauge
from libs.web.answers import ALWAYS

# Threads that no request is given.
FOR_PROBES = 2
# Requests whose thread has to wait for the rest of a body; the others must not wait for them.
OPEN_AT_ONCE = 2
# How long a request may wait for a thread. A refusal is to come within 50 ms, and this leaves the rest
# to a machine that has much to do.
PATIENCE_S = 0.02
# Of who reads the feed; it asks again a second after a refusal.
FEED_PATIENCE_S = 0.5
_PROBES = tuple(
    f"{method} {path}{after}".encode()
    for method in ("GET", "HEAD")
    for path in ("/livez", "/readyz", "/metrics")
    for after in (" ", "?")
)
_FEED = (b"GET /feed?", b"GET /feed ")

_refused = counter(
    "concord_web_refused_total", "Requests that were refused before any work", ("reason",)
)
_at_work = gauge("concord_web_requests_at_work", "Requests that have a thread, once a second")
_connections = gauge("concord_web_connections", "Connections that are open, once a second")


class Kind(Enum):
    """What a thread is given to."""

    REQUEST = "request"
    FEED = "feed"
    OPEN = "open"
    PROBE = "probe"


class Reason(Enum):
    """Why a request was refused; the label of the metric."""

    BUSY = "busy"  # as many are worked on as may be
    LATE = "late"  # it waited too long to be read
    SLOW = "slow"  # it did not arrive in time
    FULL = "full"  # there are too many connections, or they hold too much


class Admission:
    """Counts who is at work in a process with so many threads."""

    def __init__(self, threads: int) -> None:
        self.limit = max(1, threads - FOR_PROBES)
        half = max(1, self.limit // 2)
        self._limits = {Kind.FEED: half, Kind.OPEN: min(OPEN_AT_ONCE, half)}
        self._at_work = dict.fromkeys(Kind, 0)
        self._refused = {reason: _refused.labels(reason.value) for reason in Reason}

    def admit(self, kind: Kind) -> bool:
        """Whether one more of this kind may begin; it then counts until `ended`."""
        at_work = self._at_work
        if kind is Kind.PROBE:
            free = at_work[Kind.PROBE] < FOR_PROBES
        else:
            free = self._threads_in_use() < self.limit
            if kind in self._limits:
                free = free and at_work[kind] < self._limits[kind]
        if free:
            at_work[kind] += 1
        return free

    def ended(self, kind: Kind) -> None:
        """Its thread is free again."""
        self._at_work[kind] -= 1

    def refused(self, reason: Reason) -> None:
        """Count a refusal."""
        self._refused[reason].inc()

    def show(self, connections: int) -> None:
        """Tell the metrics how it is at this moment."""
        _at_work.set(self._threads_in_use())
        _connections.set(connections)

    def _threads_in_use(self) -> int:
        """Not counting those that are left for probes."""
        at_work = self._at_work
        return at_work[Kind.REQUEST] + at_work[Kind.FEED] + at_work[Kind.OPEN]


def kind_of(arrived: bytearray) -> Kind:
    """What these bytes begin, told from who asks such a thing."""
    if arrived.startswith(_FEED):
        return Kind.FEED
    return Kind.PROBE if arrived.startswith(_PROBES) else Kind.REQUEST


def problem_bytes(
    problem: Problem | HTTPStatus,
    trace_id: str,
    *headers: tuple[str, str],
    close: bool = True,
) -> bytes:
    """A whole answer for a request that no application sees."""
    reply = (
        reply_of(problem.value, problem.phrase)
        if isinstance(problem, HTTPStatus)
        else reply_with(problem)
    )
    status, body = HTTPStatus(reply.status), json.loads(reply.body)
    text = json.dumps({**body, "trace_id": trace_id}).encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {value}" for name, value in (*reply.headers, *ALWAYS, *headers)),
        *(["Connection: close"] if close else []),
        f"Content-Length: {len(text)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + text


_NO_TRACE = "0" * 32
_TRACEPARENT = re.compile(rb"\r\ntraceparent: *00-([0-9a-f]{32})-", re.IGNORECASE)
_OVERLOADED = {
    close: problem_bytes(chassis.Overloaded(), _NO_TRACE, REFUSED, close=close)
    for close in (True, False)
}


def overloaded(arrived: bytearray, *, close: bool) -> bytes:
    """The answer `Overloaded` to this request, made in a few microseconds, with its own trace."""
    said = _TRACEPARENT.search(arrived)
    trace_id = said[1].decode() if said else f"{random.getrandbits(128):032x}"
    answer = _OVERLOADED[close].replace(_NO_TRACE.encode(), trace_id.encode())
    if arrived.startswith(b"HEAD "):
        answer = answer[: answer.index(b"\r\n\r\n") + 4]
    return answer
